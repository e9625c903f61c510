import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EXIT, main } from './main.js';

const HASH = 'ab'.repeat(32);
const head = { position: 3, hash: HASH };

describe('audit command', () => {
  let server: Server;
  let answers: Record<string, unknown> = {};
  const run = async (...args: string[]): Promise<{ code: number; lines: string[] }> => {
    const lines: string[] = [];
    const { port } = server.address() as AddressInfo;
    const env = { SLUICE_URL: `http://127.0.0.1:${port}`, SLUICE_API_KEY: 'pat.ACC.id.secret' };
    const say = (line: string): void => void lines.push(line);
    return { code: await main({ args, env, print: say, complain: say, signal: new AbortController().signal, defaultDataDir: '/nonexistent' }), lines };
  };

  beforeAll(async () => {
    server = createServer((request, response) => {
      const known = answers[request.url ?? ''];
      response.writeHead(known ? 200 : 403, { 'content-type': 'application/json' }).end(JSON.stringify(known ? { data: known } : { message: 'Ann lacks audit.view', code: 'ACCESS_DENIED' }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  const at = (more: string): string => `/gateway/ng/api/audits/verify?accountIdentifier=ACC&${more}`;

  it('reads the trail to its end, piece by piece, and says how to find a trail that was cut off', async () => {
    answers = {
      [at('fromPosition=1')]: { ok: true, checked: 2, checkedTo: 2, isComplete: false, head },
      [at('fromPosition=3')]: { ok: true, checked: 1, checkedTo: 3, isComplete: true, head },
    };
    const { code, lines } = await run('audit', 'verify');
    expect([code, lines]).toEqual([EXIT.success, ['account ACC: 3 event(s), nothing changed or removed', `keep this place somewhere else and give it next time: --known 3:${HASH}`]]);
  });

  it('fails where the trail is broken', async () => {
    answers = { [at(`fromPosition=1&known=3%3A${HASH}`)]: { ok: false, checked: 1, checkedTo: 1, isComplete: false, head, brokenAt: 2, reason: 'event 2 is missing' } };
    const { code, lines } = await run('audit', 'verify', '--known', `3:${HASH}`);
    expect([code, lines]).toEqual([EXIT.failed, ['account ACC: BROKEN at event 2: event 2 is missing (1 event(s) before it are whole)']]);
  });

  it('fails with the reason of the gateway', async () => {
    answers = {};
    const { code, lines } = await run('audit', 'verify');
    expect([code, lines.join()]).toEqual([EXIT.failed, expect.stringContaining('Ann lacks audit.view')]);
  });

  it.each([['audit'], ['audit', 'erase'], ['audit', 'verify', 'twice'], ['audit', 'verify', '--known', 'x']])('%s %s %s %s is not understood', async (...args) => {
    const { code, lines } = await run(...args);
    expect([code, lines.join()]).toEqual([EXIT.usage, expect.stringContaining('--help')]);
  });
});
