import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EXIT, main } from './main.js';

const ROOT = '/gateway/v1/orgs/o/projects/p/dbschema';
const HOLDER = 'host#sluice-abc session=s (10.0.0.8)';
const FREE = { locked: false, holder: null, since: null, engine: null, session: null };
const HELD = { locked: true, holder: HOLDER, since: '2026-01-31T09:30:00', engine: 'sluice-abc', session: 'gone' };
const RELEASE = [
  'release',
  '--org',
  'o',
  '--project',
  'p',
  '--schema',
  'orders',
  '--instance',
  'prod',
  '--holder',
  HOLDER,
];

describe('locks command', () => {
  /** Answers by method and path; everything else is not there. */
  let answers: Record<string, unknown> = {};
  const bodies: unknown[] = [];
  const server: Server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request
      .on('data', (part: Buffer) => parts.push(part))
      .on('end', () => {
        const answer = answers[`${request.method ?? ''} ${(request.url ?? '').split('?')[0] ?? ''}`];
        if (request.url?.includes('/release')) bodies.push(JSON.parse(Buffer.concat(parts).toString()));
        response
          .writeHead(answer === undefined ? 503 : 200, { 'content-type': 'application/json' })
          .end(JSON.stringify(answer ?? { code: 'UPSTREAM_UNAVAILABLE', message: 'no delegate is connected' }));
      });
  });
  const run = async (...args: string[]) => {
    const lines: string[] = [];
    const say = (line: string): void => void lines.push(line);
    const env = {
      SLUICE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      SLUICE_API_KEY: 'pat.ACC.id.secret',
    };
    return {
      code: await main({
        args: ['locks', ...args],
        env,
        print: say,
        complain: say,
        signal: new AbortController().signal,
        defaultDataDir: '/nonexistent',
      }),
      lines,
    };
  };
  beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  it('list shows every instance of the project, and fails where one cannot be asked without hiding the others', async () => {
    answers = {
      [`GET ${ROOT}`]: [{ identifier: 'orders' }],
      [`POST ${ROOT}/orders/instancelist`]: [{ identifier: 'dev' }, { identifier: 'prod' }, { identifier: 'qa' }],
      [`GET ${ROOT}/orders/instance/dev/changelog-lock`]: FREE,
      [`GET ${ROOT}/orders/instance/qa/changelog-lock`]: {
        ...HELD,
        holder: 'build-7 (10.0.0.7)',
        since: null,
        engine: null,
        session: 'unknown',
      },
    };
    const partly = await run('list', '--org', 'o', '--project', 'p');
    expect(partly.code).toBe(EXIT.failed);
    expect(partly.lines).toEqual([
      'orders/dev: free',
      expect.stringMatching(/^orders\/prod: not known: .*no delegate is connected/),
      'orders/qa: locked by "build-7 (10.0.0.7)" (no engine of Sluice; whether its session is open cannot be seen from here)',
    ]);
    answers[`GET ${ROOT}/orders/instance/prod/changelog-lock`] = HELD;
    const whole = await run('list', '--org', 'o', '--project', 'p');
    expect([whole.code, whole.lines[1]]).toEqual([
      EXIT.success,
      `orders/prod: locked since 2026-01-31T09:30:00 (the holder's clock) by "${HOLDER}" (Sluice engine sluice-abc; its session is gone, so the next run takes the lock over)`,
    ]);
  });

  it.each([
    ['released', FREE, EXIT.success, `released from ${HOLDER}`],
    ['notLocked', FREE, EXIT.success, 'the lock was free already'],
    ['otherHolder', HELD, EXIT.failed, 'somebody else holds it now'],
    ['sessionAlive', HELD, EXIT.failed, '--force releases it all the same'],
  ])('release says what happened: %s', async (release, lock, code, text) => {
    answers = { [`POST ${ROOT}/orders/instance/prod/changelog-lock/release`]: { release, lock } };
    const done = await run(...RELEASE);
    expect([done.code, done.lines.join('\n')]).toEqual([
      code,
      expect.stringContaining(`orders/prod: ${code === EXIT.success ? '' : 'not released, because '}`),
    ]);
    expect(done.lines.join('\n')).toContain(text);
    expect(bodies.at(-1)).toEqual({ holder: HOLDER, force: false });
    await run(...RELEASE, '--force');
    expect(bodies.at(-1)).toEqual({ holder: HOLDER, force: true });
  });

  it.each([
    [[]],
    [['melt']],
    [['list', 'more']],
    [['list', '--holder', 'x']],
    [['release', '--schema', 's', '--instance', 'i']],
    [['release', '--holder', 'x']],
  ])('%j is not understood', async (args) => {
    const { code, lines } = await run(...args);
    expect([code, lines.join()]).toEqual([EXIT.usage, expect.stringContaining('--help')]);
  });
});
