import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { waitFor } from '@sluice/kernel';
import { GitProcesses } from './git-process.js';

describe('git processes of several accounts', () => {
  let server: Server;
  let asked = 0;
  beforeEach(async () => {
    asked = 0;
    server = createServer(() => (asked += 1));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('go on while one account has servers that never answer in all of its places', async () => {
    const processes = new GitProcesses(2, 1);
    const stop = new AbortController();
    const args = ['ls-remote', `http://127.0.0.1:${(server.address() as AddressInfo).port}/r.git`];
    const hung = [1, 2, 3].map(() => processes.run({ args, signal: stop.signal, accountId: 'a' }).catch(() => 'stopped'));
    await waitFor(() => asked === 1, { timeoutMs: 60_000, what: 'the server asked' });
    const answer = await processes.run({ args: ['--version'], signal: AbortSignal.timeout(60_000), accountId: 'b' });
    expect([answer.toString(), asked]).toEqual([expect.stringContaining('git version'), 1]);
    stop.abort(new Error('over'));
    expect(await Promise.all(hung)).toEqual(['stopped', 'stopped', 'stopped']);
  }, 180_000);
});
