import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '@sluice/kernel';
import { echo, runGateway, signedInAs, type RunningGateway } from './testing/running-gateway.js';

/** Bodies that drip hold their places for longer than a machine stands still. */
const BODY_SECONDS = 30;

describe('places at the gateway', () => {
  let gateway: RunningGateway;
  let keys = 0;
  const sockets: Socket[] = [];
  beforeAll(async () => {
    gateway = await runGateway({
      GATEWAY_MAX_CONCURRENT_REQUESTS: '30',
      GATEWAY_MAX_CONCURRENT_REQUESTS_PER_ACCOUNT: '20',
      GATEWAY_MAX_CONCURRENT_REQUESTS_PER_KEY: '8',
      GATEWAY_MAX_STREAMS: '12',
      GATEWAY_MAX_STREAMS_PER_ACCOUNT: '6',
      GATEWAY_MAX_STREAMS_PER_KEY: '4',
      GATEWAY_BODY_TIMEOUT_SECONDS: String(BODY_SECONDS),
      GATEWAY_STALLED_CLIENT_SECONDS: '2',
    });
  });
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
    for (const double of Object.values(gateway.doubles)) double.handler = echo;
  });
  afterAll(() => gateway.stop());

  const newKey = (account = 'ACCA'): string => {
    keys += 1;
    gateway.keys.set(`pat.${account}.places${keys}.x`, signedInAs(account, `places${keys}`));
    return `pat.${account}.places${keys}.x`;
  };
  /** A client that announces a small body and sends one byte of it; what it was answered. */
  const dripping = (key: string): { readonly socket: Socket; readonly answer: () => string } => {
    const socket = connect(Number(new URL(gateway.app.url).port), '127.0.0.1');
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString())).on('error', () => undefined);
    socket.write(
      `POST /ng/api/x HTTP/1.1\r\nhost: x\r\nx-api-key: ${key}\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{`,
    );
    sockets.push(socket);
    return { socket, answer: () => text };
  };
  const open = async (): Promise<number> =>
    Number(/^gateway_active_requests(?:\{[^}]*\})? (\d+)/m.exec(await (await gateway.call('/metrics')).text())?.[1]);
  const tail = (key: string, stop: AbortSignal): Promise<Response> =>
    gateway.call('/log-service/stream?key=a', { signal: stop }, key);
  const tailing = (): void => {
    gateway.doubles['log-service'].handler = (_, response) =>
      void response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': ping\n\n');
  };

  it('are held by one key up to its share, with bodies that drip; others go on, and its further requests are refused at once', async () => {
    const key = newKey();
    const clients = Array.from({ length: 60 }, () => dripping(key));
    await waitFor(() => clients.filter(({ answer }) => answer().startsWith('HTTP/1.1 429')).length === 52, {
      timeoutMs: 120_000,
      what: '52 of 60 refused',
    });
    const refused = clients.find(({ answer }) => answer().startsWith('HTTP/1.1 429'));
    expect(refused?.answer()).toMatch(
      /retry-after: 1\r\n[\s\S]*"code":"TOO_MANY_REQUESTS"[\s\S]*one key may have 8 requests under way/i,
    );
    await waitFor(() => refused?.socket.destroyed ?? false, {
      timeoutMs: 120_000,
      what: 'the connection of a refused client closed',
    });
    const others = await Promise.all(Array.from({ length: 6 }, () => gateway.call('/ng/api/x', {}, newKey())));
    expect(others.map(({ status }) => status)).toEqual(others.map(() => 200));
  });

  it('are free again when a small body has not come in time, and its client is answered so', async () => {
    const client = dripping(newKey());
    await waitFor(() => client.answer().includes('\r\n\r\n') && client.answer().includes('BODY_TOO_SLOW'), {
      timeoutMs: 120_000,
      what: 'an answer',
    });
    expect(client.answer()).toMatch(new RegExp(`^HTTP/1.1 408 [\\s\\S]*within ${BODY_SECONDS} s`));
    await waitFor(() => client.socket.destroyed, { timeoutMs: 120_000, what: 'the connection closed' });
    await waitFor(async () => (await open()) === 0, { timeoutMs: 120_000, what: 'no request open' });
  });

  it('a refused client may send its body to the end and use its connection again', async () => {
    const socket = connect(Number(new URL(gateway.app.url).port), '127.0.0.1');
    sockets.push(socket);
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const request = (length: number): string =>
      `POST /ng/api/x HTTP/1.1\r\nhost: x\r\nx-api-key: garbage\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n`;
    socket.write(request(300_000));
    for (let sent = 0; sent < 300_000; sent += 100_000)
      await new Promise<void>((resolve, reject) =>
        socket.write('x'.repeat(100_000), (cause) => (cause ? reject(cause) : setImmediate(resolve))),
      );
    await waitFor(() => text.includes('HTTP/1.1 401'), { timeoutMs: 120_000, what: 'the refusal' });
    expect(text).not.toMatch(/connection: close/i);
    socket.write(`${request(1)}x`);
    await waitFor(() => text.split('HTTP/1.1 401').length === 3, {
      timeoutMs: 120_000,
      what: 'the second answer on the same connection',
    });
  });

  it('are held by a client that reads nothing of its answer until it is cut, and free then', async () => {
    const large = Buffer.alloc(96 * 1024 * 1024, 'x');
    gateway.doubles.pipeline.handler = (_, response) =>
      void response.writeHead(200, { 'content-length': large.length }).end(large);
    const key = newKey();
    const asked = gateway.doubles.pipeline.seen.length + 8;
    for (let client = 0; client < 8; client += 1) {
      const socket = connect(Number(new URL(gateway.app.url).port), '127.0.0.1');
      socket.on('error', () => undefined).pause();
      socket.write(`GET /pipeline/api/x HTTP/1.1\r\nhost: x\r\nx-api-key: ${key}\r\n\r\n`);
      sockets.push(socket);
    }
    await waitFor(() => gateway.doubles.pipeline.seen.length >= asked, {
      timeoutMs: 120_000,
      what: 'eight answers under way',
    });
    await waitFor(async () => (await open()) === 0, { timeoutMs: 120_000, what: 'no request open' });
    expect((await gateway.call('/ng/api/x', {}, key)).status).toBe(200);
  }, 180_000);

  it('are free again when clients hang up', async () => {
    const key = newKey();
    for (const { socket } of Array.from({ length: 8 }, () => dripping(key)))
      socket.once('connect', () => setImmediate(() => socket.destroy()));
    await waitFor(async () => (await gateway.call('/ng/api/x', {}, key)).status === 200, {
      timeoutMs: 120_000,
      what: 'a place for the key',
    });
    await waitFor(async () => (await open()) === 0, { timeoutMs: 120_000, what: 'no request open' });
  });

  it('are held by one account up to its share, with however many keys', async () => {
    const waiting: (() => void)[] = [];
    gateway.doubles.pipeline.handler = async (request, response, seen) => {
      await new Promise<void>((resolve) => waiting.push(resolve));
      await echo(request, response, seen);
    };
    const under = Array.from({ length: 20 }, () => gateway.call('/pipeline/api/x', {}, newKey('ACCB')));
    await waitFor(() => waiting.length === 20, { timeoutMs: 120_000, what: 'twenty requests under way' });
    const refused = await gateway.call('/pipeline/api/x', {}, newKey('ACCB'));
    expect([refused.status, refused.headers.get('retry-after'), await refused.json()]).toEqual([
      429,
      '1',
      expect.objectContaining({
        code: 'TOO_MANY_REQUESTS',
        message: expect.stringContaining('one account may have 20 requests'),
      }),
    ]);
    expect((await gateway.call('/ng/api/x', {}, newKey('ACCC'))).status).toBe(200);
    for (const release of waiting) release();
    expect((await Promise.all(under)).every(({ status }) => status === 200)).toBe(true);
  });

  it('of log tails are apart from those of requests, with shares of their own, and free when a tail ends', async () => {
    tailing();
    const stop = new AbortController();
    const key = newKey('ACCD');
    expect(
      (await Promise.all(Array.from({ length: 4 }, () => tail(key, stop.signal)))).map(({ status }) => status),
    ).toEqual([200, 200, 200, 200]);
    const refused = await tail(key, stop.signal);
    expect([refused.status, refused.headers.get('retry-after'), await refused.json()]).toEqual([
      429,
      '1',
      expect.objectContaining({ error_msg: expect.stringContaining('one key may have 4 log tails') }),
    ]);
    const second = newKey('ACCD');
    expect([
      (await tail(second, stop.signal)).status,
      (await tail(second, stop.signal)).status,
      (await tail(second, stop.signal)).status,
    ]).toEqual([200, 200, 429]);
    expect((await tail(newKey('ACCE'), stop.signal)).status).toBe(200);
    expect((await gateway.call('/ng/api/x', {}, key)).status).toBe(200);
    stop.abort();
    const again = new AbortController();
    await waitFor(async () => (await tail(key, again.signal)).status === 200, {
      timeoutMs: 120_000,
      what: 'a place for a tail',
    });
    again.abort();
  });
});
