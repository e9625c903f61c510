import { describe, expect, it } from '@jest/globals';

import { GatewayClient } from '../../gateway/gateway-client.js';
import { followLog, type LogState } from './follow-log.js';
import { LogBuffer } from './log-buffer.js';
import { gatewayLogSource } from './log.api.js';

const TIMING = { waitMs: 5, silenceMs: 40, backoff: { baseMs: 1, maxMs: 5 } };
const wireLine = (index: number): string =>
  JSON.stringify({ level: 'INFO', pos: index, out: `line ${index}\n`, time: '2026-11-20T10:00:00Z', args: null });
const event = (index: number): string => `id: ${index}\ndata: ${wireLine(index)}\n\n`;
const END = 'event: error\ndata: eof\n\n';
const MISSING = (): Response => Response.json({ error_msg: 'no such log' }, { status: 404 });

/** A body that sends the chunks and then closes, or stays open until the request is cancelled. */
function streamOf(
  chunks: readonly string[],
  init: RequestInit,
  options: { readonly staysOpen?: boolean } = {},
): Response {
  return new Response(
    new ReadableStream({
      start: (controller) => {
        for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk));
        if (!options.staysOpen) controller.close();
        init.signal?.addEventListener('abort', () => controller.error(init.signal?.reason));
      },
    }),
  );
}

interface Script {
  /** Answers of GET /stream, one after the other; the last one repeats. */
  readonly stream: readonly ((init: RequestInit) => Response)[];
  readonly blob: readonly ((init: RequestInit) => Response)[];
  readonly isStepEnded?: () => boolean;
}

async function follow(script: Script) {
  const states: LogState[] = [];
  const resumedAfter: (string | null)[] = [];
  const counts = { stream: 0, blob: 0 };
  const gateway = new GatewayClient({
    credentials: () => ({ apiKey: 'pat.ACC.id.secret', accountId: 'ACC' }),
    onUnauthorized: () => undefined,
    fetch: async (url, init = {}) => {
      const kind = String(url).includes('/stream') ? 'stream' : 'blob';
      if (kind === 'stream') resumedAfter.push(new Headers(init.headers).get('last-event-id'));
      const answers = script[kind];
      const answer = answers[Math.min(counts[kind], answers.length - 1)] ?? MISSING;
      counts[kind] += 1;
      return answer(init);
    },
  });
  const buffer = new LogBuffer();
  await followLog({
    source: gatewayLogSource(gateway),
    key: 'ACC/pipeline/p/1/-E/step',
    buffer,
    isStepEnded: script.isStepEnded ?? (() => false),
    onLines: () => undefined,
    onState: (state) => states.push(state),
    signal: AbortSignal.timeout(60_000),
    timing: TIMING,
  });
  return {
    states: states.map((state) => state.status),
    lines: buffer.rows.map((row) => row.plain),
    resumedAfter,
    counts,
    last: states.at(-1),
  };
}

describe('following a log', () => {
  it('reads live lines until the end marker, however the bytes are cut', async () => {
    const bytes = event(0) + ': ping\n\n' + event(1) + END;
    const chunks = Array.from({ length: Math.ceil(bytes.length / 7) }, (_, part) =>
      bytes.slice(part * 7, part * 7 + 7),
    );
    const result = await follow({ stream: [(init) => streamOf(chunks, init)], blob: [] });
    expect([result.lines, result.states]).toEqual([
      ['line 0', 'line 1'],
      ['connecting', 'live', 'complete'],
    ]);
  });

  it('resumes after the last line when the connection breaks, without repeating or losing lines', async () => {
    const result = await follow({
      stream: [
        (init) => streamOf([event(0), event(1)], init),
        () => new Response('bad gateway', { status: 502 }),
        (init) => streamOf([event(1), event(2), END], init),
      ],
      blob: [MISSING],
    });
    expect(result.lines).toEqual(['line 0', 'line 1', 'line 2']);
    expect(result.resumedAfter).toEqual([null, '1', '1']);
    expect(result.states).toContain('reconnecting');
  });

  it('waits for a running step that has not written yet', async () => {
    const result = await follow({
      stream: [MISSING, MISSING, (init) => streamOf([event(0), END], init)],
      blob: [MISSING],
    });
    expect([result.lines, result.states]).toEqual([
      ['line 0'],
      ['connecting', 'waiting', 'waiting', 'live', 'complete'],
    ]);
  });

  it('takes an ended step from the store, and from the stream while the store has nothing', async () => {
    const stored = await follow({
      stream: [],
      blob: [(init) => streamOf([`${wireLine(0)}\n${wireLine(1)}`, '\n'], init)],
      isStepEnded: () => true,
    });
    expect([stored.lines, stored.counts.stream]).toEqual([['line 0', 'line 1'], 0]);
    const streamed = await follow({
      stream: [(init) => streamOf([event(0), END], init)],
      blob: [MISSING],
      isStepEnded: () => true,
    });
    expect(streamed.lines).toEqual(['line 0']);
  });

  it('fills up from the store what the stream had dropped', async () => {
    const result = await follow({
      stream: [(init) => streamOf([event(2), END], init)],
      blob: [(init) => streamOf([[0, 1, 2].map(wireLine).join('\n')], init)],
    });
    expect(result.lines).toEqual(['line 0', 'line 1', 'line 2']);
  });

  it('goes to the store when the step ended and the stream stays silent', async () => {
    let requests = 0;
    const result = await follow({
      stream: [
        (init) => {
          requests += 1;
          return streamOf([event(0)], init, { staysOpen: true });
        },
      ],
      blob: [(init) => streamOf([[0, 1].map(wireLine).join('\n')], init)],
      isStepEnded: () => requests > 0,
    });
    expect([result.lines, result.last?.status]).toEqual([['line 0', 'line 1'], 'complete']);
  });

  it('goes on waiting when a stream nobody opened ends while the step runs', async () => {
    const result = await follow({
      stream: [(init) => streamOf([': ping\n\n', END], init), (init) => streamOf([event(0), END], init)],
      blob: [MISSING],
    });
    expect([result.lines, result.states]).toEqual([['line 0'], ['connecting', 'live', 'waiting', 'live', 'complete']]);
  });

  it('takes a refusal inside the stream for what it is', async () => {
    const result = await follow({
      stream: [(init) => streamOf(['event: error\ndata: access denied\n\n'], init)],
      blob: [],
    });
    expect([result.last?.status, result.counts.stream]).toEqual(['failed', 1]);
  });

  it('says that an ended step has no log after a few looks', async () => {
    const result = await follow({ stream: [MISSING], blob: [MISSING], isStepEnded: () => true });
    expect([result.last?.status, result.counts.blob]).toEqual(['missing', 4]);
  });

  it('says so too when the stream of an ended step is there and silent for good', async () => {
    const result = await follow({
      stream: [(init) => streamOf([': ping\n\n'], init, { staysOpen: true })],
      blob: [MISSING],
      isStepEnded: () => true,
    });
    expect([result.last?.status, result.counts.blob]).toEqual(['missing', 4]);
  });

  it('does not try again what is refused', async () => {
    const result = await follow({
      stream: [() => Response.json({ error_msg: 'not yours' }, { status: 403 })],
      blob: [],
    });
    expect([result.last?.status, result.counts.stream]).toEqual(['failed', 1]);
  });
});
