import { afterEach, describe, expect, it } from '@jest/globals';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { waitFor } from '@sluice/kernel';
import { GatewayClient } from './gateway-client.js';
import { tailLog } from './log-tail.js';

const line = (pos: number): string =>
  JSON.stringify({ level: 'INFO', pos, out: `line ${pos}\n`, time: '2026-01-01T00:00:00Z', args: null });
const event = (pos: number): string => `id: ${pos + 1}\ndata: ${line(pos)}\n\n`;
const EOF_EVENT = 'event: error\ndata: eof\n\n';

/** The log service's side of the contract (api-contract 5), played step by step. */
describe('following a log', () => {
  let server: Server;
  let lines: string[];
  afterEach(() => new Promise((done) => server.close(done)));

  async function follow(answers: {
    stream: ((response: ServerResponse, resumedAfter: string | undefined) => void)[];
    blob?: string;
    over?: AbortSignal;
  }): Promise<string[]> {
    const streams = [...answers.stream];
    server = createServer((request, response) => {
      if (request.url?.startsWith('/gateway/log-service/blob')) {
        response.writeHead(answers.blob === undefined ? 404 : 200).end(answers.blob);
        return;
      }
      const next = streams.shift();
      if (!next) {
        response.writeHead(404).end('{"error_msg":"no such stream"}');
        return;
      }
      next(response, request.headers['last-event-id'] as string | undefined);
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as { port: number };
    lines = [];
    const gateway = new GatewayClient({ url: `http://127.0.0.1:${port}`, apiKey: 'pat.account.id.secret' });
    await tailLog(gateway, {
      key: 'account/pipeline/p/1/-x/s',
      signal: AbortSignal.timeout(60_000),
      ...(answers.over ? { over: answers.over } : {}),
      onLine: (one) => lines.push(one.out.trimEnd()),
    });
    server.closeAllConnections();
    return lines;
  }
  const sse = (response: ServerResponse, text: string): ServerResponse => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(text);
    return response;
  };
  /** Breaks a stream once the client has given that many lines: what is still under way then is lost with the connection. */
  const breakOff = (response: ServerResponse, seen: number): void =>
    void waitFor(() => lines.length === seen, { timeoutMs: 30_000, what: 'the lines before the break' }).finally(() =>
      response.destroy(),
    );

  it('gives every line of the stream and ends with it', async () => {
    expect(await follow({ stream: [(response) => sse(response, event(0) + event(1) + EOF_EVENT).end()] })).toEqual([
      'line 0',
      'line 1',
    ]);
  });

  it('resumes after the last event it has seen when the connection breaks, and repeats nothing', async () => {
    const seen: (string | undefined)[] = [];
    await follow({
      stream: [
        (response) => {
          sse(response, event(0) + event(1));
          breakOff(response, 2);
        },
        (response, after) => {
          seen.push(after);
          sse(response, event(1) + event(2) + EOF_EVENT).end();
        },
      ],
    });
    expect(seen).toEqual(['2']);
    expect(lines).toEqual(['line 0', 'line 1', 'line 2']);
  });

  it('waits for a log that is not open yet', async () => {
    expect(
      await follow({
        stream: [(response) => response.writeHead(404).end(), (response) => sse(response, event(0) + EOF_EVENT).end()],
      }),
    ).toEqual(['line 0']);
  });

  it('reads the stored log when the stream has gone', async () => {
    expect(await follow({ stream: [], blob: `${line(0)}\n${line(1)}\n` })).toEqual(['line 0', 'line 1']);
  });

  it('waits no longer for a log without a line once nothing new can begin', async () => {
    const over = new AbortController();
    const lines = await follow({
      stream: [
        (response) => {
          sse(response, ': ping\n\n');
          over.abort();
        },
      ],
      over: over.signal,
    });
    expect(lines).toEqual([]);
  });

  it('adds from the stored log only what the broken stream did not give', async () => {
    const broken = (response: ServerResponse): void => {
      sse(response, event(0));
      breakOff(response, 1);
    };
    expect(await follow({ stream: [broken], blob: [line(0), line(1), line(2)].join('\n') })).toEqual([
      'line 0',
      'line 1',
      'line 2',
    ]);
  });
});
