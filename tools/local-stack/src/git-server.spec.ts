import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startGitServer, type GitServer } from './git-server.js';

const run = promisify(execFile);

describe('Git server', () => {
  let folder: string;
  let server: GitServer;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-git-'));
    server = await startGitServer({ folder, port: 0 });
    await server.createRepository('orders', { 'db/master.xml': '<one/>', 'README.md': 'hello' });
  });
  afterAll(async () => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('serves a clone of what was committed', async () => {
    const clone = join(folder, 'clone');
    await run('git', ['clone', '--quiet', server.urlOf('orders'), clone]);
    expect(readFileSync(join(clone, 'db/master.xml'), 'utf8')).toBe('<one/>');
  });

  it('records who asked and the trace the request belongs to', async () => {
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    await run('git', ['-c', `http.extraHeader=traceparent: ${traceparent}`, '-c', 'http.userAgent=sluice-delegate/1', 'ls-remote', server.urlOf('orders')]);
    expect(server.requests.at(-1)).toMatchObject({ repository: 'orders', traceparent, caller: 'delegate' });
  });

  it('adds commits on a branch of its own and on main', async () => {
    const onMain = await server.commit('orders', { 'db/two.sql': 'select 2', 'README.md': null }, { message: 'Second' });
    const onBranch = await server.commit('orders', { 'db/three.sql': 'select 3' }, { branch: 'feature' });
    const { stdout } = await run('git', ['ls-remote', server.urlOf('orders')]);
    expect(stdout).toContain(`${onMain}\trefs/heads/main`);
    expect(stdout).toContain(`${onBranch}\trefs/heads/feature`);
    const { stdout: files } = await run('git', ['--git-dir', join(folder, 'orders.git'), 'ls-tree', '-r', '--name-only', 'feature']);
    expect(files.trim().split('\n')).toEqual(['db/master.xml', 'db/three.sql', 'db/two.sql']);
  });

  it('takes a push', async () => {
    const clone = join(folder, 'pusher');
    await run('git', ['clone', '--quiet', server.urlOf('orders'), clone]);
    const git = (...args: string[]): Promise<unknown> => run('git', ['-C', clone, '-c', 'user.name=a', '-c', 'user.email=a@b', ...args]);
    await git('commit', '--quiet', '--allow-empty', '-m', 'empty');
    await git('push', '--quiet', 'origin', 'main');
    const { stdout } = await run('git', ['--git-dir', join(folder, 'orders.git'), 'log', '-1', '--format=%s', 'main']);
    expect(stdout.trim()).toBe('empty');
  });

  it('answers 401 without the credentials it was given', async () => {
    const closed = await startGitServer({ folder, port: 0, credentials: { username: 'u', password: 'p w' } });
    try {
      expect((await fetch(`${closed.urlOf('orders')}/info/refs?service=git-upload-pack`)).status).toBe(401);
      const withPassword = closed.urlOf('orders').replace('http://', 'http://u:p%20w@');
      const { stdout } = await run('git', ['ls-remote', withPassword, 'main']);
      expect(stdout).toContain('refs/heads/main');
    } finally {
      await closed.close();
    }
  });

  it('answers 404 for a repository that does not exist and for a path outside', async () => {
    for (const path of ['/none.git/info/refs?service=git-upload-pack', '/../../etc/passwd', '/orders.git/../../secret']) {
      expect((await fetch(`${server.url}${path}`)).status).toBe(404);
    }
  });
});
