import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '@sluice/kernel';
import { testUser } from '@sluice/testing';
import {
  ADMIN,
  OUTSIDER,
  linesOf,
  newRun,
  readTail,
  runLogService,
  type RunningLogService,
} from './testing/running-log-service.js';

describe('live logs', () => {
  let service: RunningLogService;
  beforeAll(async () => {
    service = await runLogService({
      LOG_SERVICE_STREAM_MAX_LINES: '1000',
      LOG_SERVICE_TAIL_OPEN_WAIT_SECONDS: '20',
      LOG_SERVICE_TAILS_PER_ACCOUNT: '120',
      LOG_SERVICE_PING_SECONDS: '1',
    });
  });
  afterAll(() => service.stop());

  const open = async (key: string): Promise<Response> =>
    service.call(`/stream?accountID=ACC&key=${key}`, { method: 'POST', headers: await service.pod(key) });
  const append = async (key: string, from: number | undefined, lines: unknown): Promise<Response> =>
    service.call(`/stream?accountID=ACC&key=${key}${from === undefined ? '' : `&from=${from}`}`, {
      method: 'PUT',
      headers: await service.pod(key),
      body: JSON.stringify(lines),
    });
  const close = async (key: string, query = ''): Promise<Response> =>
    service.call(`/stream?accountID=ACC&key=${key}${query}`, { method: 'DELETE', headers: await service.pod(key) });
  const whole = async (key: string, query = '') => service.tail(key, await service.user(ADMIN), query);

  it('come out as they went in, numbered, with an end mark', async () => {
    const key = `${newRun()}/stage/step`;
    expect((await open(key)).status).toBe(204);
    const first = await append(key, 0, linesOf(0, 3));
    expect([first.status, first.headers.get('x-sluice-next-index'), await first.text()]).toEqual([204, '3', '']);
    await append(key, undefined, linesOf(3, 5));
    expect((await close(key)).status).toBe(204);
    const { lines, end } = await whole(key);
    expect(lines.map(({ id, line }) => [id, line.pos, line.out])).toEqual(
      [0, 1, 2, 3, 4].map((index) => [index, index, `line ${index}\n`]),
    );
    expect(end).toBe('eof');
  });

  it('reach a tail at once, and the tail ends at once when they are closed', async () => {
    const key = `${newRun()}/stage/step`;
    await open(key);
    const response = await service.call(`/stream?key=${key}`, { headers: await service.user(ADMIN) });
    const seen: number[] = [];
    const reading = readTail(response, (lines) => {
      seen[lines.length - 1] ??= Date.now();
      return false;
    });
    const sentAt: number[] = [];
    for (let index = 0; index < 3; index += 1) {
      sentAt.push(Date.now());
      await append(key, index, linesOf(index, index + 1));
      await waitFor(() => seen.length > index, { timeoutMs: 120_000, what: `line ${index}` });
    }
    const closing = Date.now();
    await close(key);
    expect((await reading).end).toBe('eof');
    // Each of these began just after the clock had woken the tail, so without being told it would have slept for most of a second.
    const delays = [...[1, 2].map((index) => (seen[index] ?? 0) - (sentAt[index] ?? 0)), Date.now() - closing];
    expect(Math.min(...delays)).toBeLessThan(700);
  });

  it('are resumed with Last-Event-ID, without loss or repeat', async () => {
    const key = `${newRun()}/stage/step`;
    await open(key);
    await append(key, 0, linesOf(0, 600));
    const started = await readTail(
      await service.call(`/stream?key=${key}`, { headers: await service.user(ADMIN) }),
      (lines) => lines.length >= 250,
    );
    const last = started.lines.at(-1)?.id ?? -1;
    await append(key, 600, linesOf(600, 700));
    await close(key);
    const rest = await service.tail(key, { ...(await service.user(ADMIN)), 'last-event-id': String(last) });
    expect([...started.lines, ...rest.lines].map(({ id }) => id)).toEqual(
      Array.from({ length: 700 }, (_, index) => index),
    );
    expect((await whole(key, '&from=695')).lines.map(({ line }) => line.out)).toEqual(
      linesOf(695, 700).map(({ out }) => out),
    );
  });

  it('ignore lines that came before, and keep the new part of a batch that overlaps', async () => {
    const key = `${newRun()}/stage/step`;
    await open(key);
    await append(key, 0, linesOf(0, 4));
    expect((await append(key, 0, linesOf(0, 4))).headers.get('x-sluice-next-index')).toBe('4');
    expect((await append(key, 2, linesOf(2, 7))).headers.get('x-sluice-next-index')).toBe('7');
    await close(key);
    expect((await append(key, 5, linesOf(5, 7))).status).toBe(204);
    expect((await whole(key)).lines.map(({ line }) => line.out)).toEqual(linesOf(0, 7).map(({ out }) => out));
  });

  it('refuse a gap and say where to go on', async () => {
    const key = `${newRun()}/stage/step`;
    await open(key);
    await append(key, 0, linesOf(0, 2));
    const refused = await append(key, 5, linesOf(5, 6));
    expect([refused.status, refused.headers.get('x-sluice-next-index')]).toEqual([409, '2']);
    expect(await refused.json()).toEqual({
      error_msg: expect.stringContaining('send from line 2'),
      message: expect.stringContaining('send from line 2'),
    });
  });

  it('are not wiped by a second open', async () => {
    const key = `${newRun()}/stage/step`;
    await open(key);
    await append(key, 0, linesOf(0, 2));
    const again = await open(key);
    expect([again.status, again.headers.get('x-sluice-next-index')]).toEqual([204, '2']);
    await close(key);
    expect((await open(key)).status).toBe(409);
    expect((await whole(key)).lines).toHaveLength(2);
  });

  it('answer 4xx to a writer whose stream is unknown or closed', async () => {
    const key = `${newRun()}/stage/step`;
    const unknown = await append(key, 0, linesOf(0, 1));
    expect([unknown.status, await unknown.json()]).toEqual([
      404,
      { error_msg: expect.stringContaining('open it first'), message: expect.stringContaining('open it first') },
    ]);
    expect((await close(key)).status).toBe(404);
    await open(key);
    await close(key);
    expect((await append(key, 0, linesOf(0, 1))).status).toBe(400);
    expect((await close(key)).status).toBe(204);
  });

  it.each([
    ['no lines at all', { hello: 1 }],
    ['a negative position', [{ ...linesOf(0, 1)[0], pos: -1 }]],
    ['no text', [{ level: 'INFO', pos: 0, time: 'now' }]],
    ['too many lines', Array.from({ length: 10_001 }, () => linesOf(0, 1)[0])],
  ])('refuse a body with %s', async (_, body) => {
    const key = `${newRun()}/stage/step`;
    await open(key);
    const refused = await append(key, 0, body);
    expect([refused.status, await refused.json()]).toEqual([
      400,
      { error_msg: expect.stringContaining('body'), message: expect.stringContaining('body') },
    ]);
  });

  it('cut a line that is too long between two characters, and say so', async () => {
    const key = `${newRun()}/stage/step`;
    await open(key);
    await append(key, 0, [{ ...linesOf(0, 1)[0], out: `${'ä€😀'.repeat(20_000)}\n` }]);
    await close(key);
    const [entry] = (await whole(key)).lines;
    expect(Buffer.byteLength(entry?.line.out ?? '')).toBeLessThanOrEqual(71_680);
    expect(entry?.line.out).toMatch(/^(ä€😀)+(ä|ä€)?… \[line cut: it has 180001 bytes\]\n$/);
  });

  it('keep the newest lines when there are too many, and tell a late reader what is missing', async () => {
    const key = `${newRun()}/stage/step`;
    await open(key);
    for (let from = 0; from < 3_000; from += 500) await append(key, from, linesOf(from, from + 500));
    await close(key, '&snapshot=true');
    const { lines, end } = await whole(key);
    expect([lines[0]?.id, lines[0]?.line.out]).toEqual([1_999, expect.stringContaining('2000 earlier lines')]);
    expect([lines.length, lines.at(-1)?.id, end]).toEqual([1_001, 2_999, 'eof']);
  });

  it('are waited for when nobody has opened them yet, for a bounded time', async () => {
    const key = `${newRun()}/stage/step`;
    const reading = whole(key);
    await open(key);
    await append(key, 0, linesOf(0, 1));
    await close(key);
    expect(await reading).toMatchObject({ lines: [{ id: 0 }], end: 'eof' });
    const before = Date.now();
    expect(await whole(`${newRun()}/never`)).toEqual({ lines: [], end: 'eof' });
    expect(Date.now() - before).toBeGreaterThan(1_500);
  });

  it('are closed below a prefix without touching run 12 when run 1 ends', async () => {
    const [one, twelve] = ['ACC/pipeline/prefixes/1', 'ACC/pipeline/prefixes/12'];
    for (const run of [one, twelve]) {
      await open(`${run}/-EX/a`);
      await open(`${run}/-EX/b`);
      await append(`${run}/-EX/a`, 0, linesOf(0, 1));
    }
    expect((await close(one, '&prefix=true&snapshot=true')).status).toBe(204);
    expect((await append(`${one}/-EX/b`, 0, linesOf(0, 1))).status).toBe(400);
    expect((await append(`${twelve}/-EX/b`, 0, linesOf(0, 1))).status).toBe(204);
    const headers = await service.user(ADMIN);
    expect((await service.call(`/blob?key=${one}/-EX/a`, { headers })).status).toBe(200);
    expect((await service.call(`/blob?key=${twelve}/-EX/a`, { headers })).status).toBe(404);
  });

  it('serve a hundred tails of one stream, from one connection, each whole', async () => {
    const key = `${newRun()}/stage/step`;
    await open(key);
    const headers = await service.user(ADMIN);
    const tails = Array.from({ length: 100 }, () => service.tail(key, headers));
    for (let from = 0; from < 1_000; from += 100) await append(key, from, linesOf(from, from + 100));
    await close(key);
    for (const { lines, end } of await Promise.all(tails)) {
      expect(end).toBe('eof');
      expect(lines.map(({ id }) => id)).toEqual(Array.from({ length: 1_000 }, (_, index) => index));
    }
  });

  it('have a limit of open tails per account, and get the place back when a reader goes', async () => {
    const key = `${newRun()}/stage/step`;
    await open(key);
    const headers = await service.user(ADMIN);
    const controllers = Array.from({ length: 120 }, () => new AbortController());
    const responses = await Promise.all(
      controllers.map(({ signal }) => service.call(`/stream?key=${key}`, { headers, signal })),
    );
    expect(responses.every(({ status }) => status === 200)).toBe(true);
    const refused = await service.call(`/stream?key=${key}`, { headers });
    expect([refused.status, await refused.json()]).toEqual([
      429,
      { error_msg: expect.stringContaining('120 log tails'), message: expect.stringContaining('120 log tails') },
    ]);
    for (const controller of controllers) controller.abort();
    const again = await waitFor(
      async () => {
        const response = await service.call(`/stream?key=${key}`, { headers });
        return response.status === 200 && response;
      },
      { timeoutMs: 120_000, what: 'a free place' },
    );
    await again.body?.cancel();
  });

  it('are pinged while nothing happens', async () => {
    const key = `${newRun()}/stage/step`;
    await open(key);
    const response = await service.call(`/stream?key=${key}`, { headers: await service.user(ADMIN) });
    const reader = response.body?.getReader();
    let text = '';
    await waitFor(
      async () => {
        text += new TextDecoder().decode((await reader?.read())?.value);
        return text.split(': ping\n\n').length >= 3;
      },
      { timeoutMs: 120_000, what: 'two pings' },
    );
    await reader?.cancel();
  });

  it('are seen by people of their project only', async () => {
    const key = `${newRun()}/stage/step`;
    await open(key);
    await append(key, 0, linesOf(0, 1));
    await close(key);
    const status = async (who: Parameters<RunningLogService['user']>[0]): Promise<number> => {
      const response = await service.call(`/stream?key=${key}`, { headers: await service.user(who) });
      await response.body?.cancel();
      return response.status;
    };
    expect(await status(testUser('ACC', [{ role: 'viewer', orgId: 'default', projectId: 'shop' }]))).toBe(200);
    expect(await status(testUser('ACC', [{ role: 'viewer', orgId: 'default', projectId: 'other' }]))).toBe(403);
    expect(await status(OUTSIDER)).toBe(403);
  });

  it('tell nothing to a reader without the right who waited for them', async () => {
    const key = `${newRun()}/stage/step`;
    const reading = service.tail(
      key,
      await service.user(testUser('ACC', [{ role: 'viewer', orgId: 'default', projectId: 'other' }])),
    );
    await open(key);
    await append(key, 0, linesOf(0, 1));
    expect(await reading).toEqual({ lines: [], end: 'access denied' });
  });

  it('are written below the prefix of the token only, with a right to write', async () => {
    const [mine, other] = [newRun(), newRun()];
    const write = async (key: string, headers: Record<string, string>): Promise<number> =>
      (await service.call(`/stream?key=${key}`, { method: 'POST', headers })).status;
    expect(await write(`${mine}/step`, await service.pod(`${mine}/step`))).toBe(204);
    expect(await write(`${mine}/step2`, await service.pod(`${mine}/step`))).toBe(403);
    expect(await write(`${other}/step`, await service.pod(mine))).toBe(403);
    expect(await write(`${mine}/step`, await service.pod(mine, { rights: ['read'] }))).toBe(403);
    expect(await write(`OTHER${mine.slice(3)}/step`, await service.pod(mine, { keyPrefix: 'OTHER' }))).toBe(403);
    expect(await write(`${mine}/step`, await service.user(ADMIN))).toBe(403);
    expect(await write(`${mine}/step`, {})).toBe(401);
    expect(await write(`${mine}/step`, { 'x-harness-token': 'nonsense' })).toBe(403);
    expect(
      (
        await service.call(`/stream?key=${mine}/step&accountID=OTHER`, {
          method: 'POST',
          headers: await service.pod(mine),
        })
      ).status,
    ).toBe(403);
  });

  it('survive a crash of Redis in the middle: the writer repeats, the tail goes on, nothing is lost or doubled', async () => {
    const key = `${newRun()}/stage/step`;
    await open(key);
    await append(key, 0, linesOf(0, 10));
    let seen = 0;
    const tail = await service.call(`/stream?accountID=ACC&key=${key}`, { headers: await service.user(ADMIN) });
    const reading = readTail(tail, (lines) => {
      seen = lines.length;
      return false;
    });
    await waitFor(() => seen === 10, { timeoutMs: 120_000, what: 'the lines before the crash' });
    await service.redis.kill();
    const refused = await append(key, 10, linesOf(10, 20));
    expect([refused.status, await refused.json()]).toEqual([
      503,
      {
        error_msg: expect.stringContaining('send the same request again'),
        message: expect.stringContaining('send the same request again'),
      },
    ]);
    await service.redis.restart();
    await waitFor(async () => (await append(key, 10, linesOf(10, 20))).status === 204, {
      timeoutMs: 120_000,
      what: 'the repeated append',
    });
    expect((await append(key, 10, linesOf(10, 20))).status).toBe(204);
    await close(key);
    const { lines, end } = await reading;
    expect([lines.map(({ id }) => id), end]).toEqual([Array.from({ length: 20 }, (_, index) => index), 'eof']);
  });
});
