import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EXIT, main } from './main.js';

describe('keys command', () => {
  let server: Server;
  const asked: string[] = [];
  const answers: Record<string, unknown> = {
    'GET /gateway/ng/api/encryption-keys?accountIdentifier=ACC': { data: { currentKeyId: 'local:new', dataKeys: [{ version: 1, keyId: 'local:old', isCurrent: false, createdAt: 1 }] } },
    'POST /gateway/ng/api/encryption-keys/rotate?accountIdentifier=ACC': { data: { currentKeyId: 'local:new', rewrapped: 1, unchanged: 0 } },
  };
  const run = async (...args: string[]): Promise<{ code: number; lines: string[] }> => {
    const lines: string[] = [];
    const { port } = server.address() as AddressInfo;
    const env = { SLUICE_URL: `http://127.0.0.1:${port}`, SLUICE_API_KEY: 'pat.ACC.id.secret' };
    const say = (line: string): void => void lines.push(line);
    return { code: await main({ args, env, print: say, complain: say, signal: new AbortController().signal, defaultDataDir: '/nonexistent' }), lines };
  };

  beforeAll(async () => {
    server = createServer((request, response) => {
      const call = `${request.method ?? ''} ${request.url ?? ''}`;
      asked.push(call);
      const known = answers[call];
      response.writeHead(known ? 200 : 403, { 'content-type': 'application/json' }).end(JSON.stringify(known ?? { message: 'Admin lacks account.edit', code: 'ACCESS_DENIED' }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  it('shows which key wraps what', async () => {
    const { code, lines } = await run('keys', 'show');
    expect([code, lines]).toEqual([EXIT.success, ['current key-encryption key: local:new', 'data key 1 of account ACC: wrapped by local:old (not current; run keys rotate)']]);
  });

  it('rotates and says what changed', async () => {
    const { code, lines } = await run('keys', 'rotate');
    expect([code, lines]).toEqual([EXIT.success, ['account ACC: 1 data key(s) wrapped anew, 0 were under local:new already']]);
  });

  it('fails with the reason of the gateway', async () => {
    delete answers['POST /gateway/ng/api/encryption-keys/rotate?accountIdentifier=ACC'];
    const { code, lines } = await run('keys', 'rotate');
    expect([code, lines.join()]).toEqual([EXIT.failed, expect.stringContaining('Admin lacks account.edit')]);
  });

  it.each([['keys'], ['keys', 'melt'], ['keys', 'rotate', 'twice'], ['keys', 'show', '--force']])('%s %s %s is not understood', async (...args) => {
    const { code, lines } = await run(...args);
    expect([code, lines.join()]).toEqual([EXIT.usage, expect.stringContaining('--help')]);
  });
});
