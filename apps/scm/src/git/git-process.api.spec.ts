import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
    const hung = [1, 2, 3].map(() =>
      processes.run({ args, signal: stop.signal, accountId: 'a' }).catch(() => 'stopped'),
    );
    await waitFor(() => asked === 1, { timeoutMs: 120_000, what: 'the server asked' });
    const answer = await processes.run({ args: ['--version'], signal: AbortSignal.timeout(60_000), accountId: 'b' });
    expect([answer.toString(), asked]).toEqual([expect.stringContaining('git version'), 1]);
    stop.abort(new Error('over'));
    expect(await Promise.all(hung)).toEqual(['stopped', 'stopped', 'stopped']);
  }, 180_000);
});

it('a git process that is stopped is asked to end first, so that it removes its locks', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-git-process-'));
  try {
    const [started, cleaned] = [join(folder, 'started'), join(folder, 'cleaned')];
    const stop = new AbortController();
    const script = `!trap 'touch ${cleaned}; exit 1' TERM; touch ${started}; while :; do sleep 0.1; done`;
    const run = new GitProcesses(1, 1).run({ args: ['-c', `alias.wait=${script}`, 'wait'], signal: stop.signal });
    await waitFor(() => existsSync(started), { timeoutMs: 120_000, what: 'git to work' });
    stop.abort(new Error('over'));
    await expect(run).rejects.toThrow('over');
    await waitFor(() => existsSync(cleaned), { timeoutMs: 120_000, what: 'its locks to be removed' });
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}, 180_000);
