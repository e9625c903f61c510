import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
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
    await run('git', [
      '-c',
      `http.extraHeader=traceparent: ${traceparent}`,
      '-c',
      'http.userAgent=sluice-delegate/1',
      'ls-remote',
      server.urlOf('orders'),
    ]);
    expect(server.requests.at(-1)).toMatchObject({ repository: 'orders', traceparent, caller: 'delegate' });
  });

  it('adds commits on a branch of its own and on main', async () => {
    const onMain = await server.commit(
      'orders',
      { 'db/two.sql': 'select 2', 'README.md': null },
      { message: 'Second' },
    );
    const onBranch = await server.commit('orders', { 'db/three.sql': 'select 3' }, { branch: 'feature' });
    const { stdout } = await run('git', ['ls-remote', server.urlOf('orders')]);
    expect(stdout).toContain(`${onMain}\trefs/heads/main`);
    expect(stdout).toContain(`${onBranch}\trefs/heads/feature`);
    const { stdout: files } = await run('git', [
      '--git-dir',
      join(folder, 'orders.git'),
      'ls-tree',
      '-r',
      '--name-only',
      'feature',
    ]);
    expect(files.trim().split('\n')).toEqual(['db/master.xml', 'db/three.sql', 'db/two.sql']);
  });

  it('takes a push', async () => {
    const clone = join(folder, 'pusher');
    await run('git', ['clone', '--quiet', server.urlOf('orders'), clone]);
    const git = (...args: string[]): Promise<unknown> =>
      run('git', ['-C', clone, '-c', 'user.name=a', '-c', 'user.email=a@b', ...args]);
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

  it('takes pushes from who shows the password alone, however the address is written, and lets everybody read', async () => {
    const guarded = await startGitServer({ folder, port: 0, pushCredentials: { username: 'sluice', password: 'p w' } });
    const clone = join(folder, 'guarded');
    const git = (...args: string[]): Promise<unknown> =>
      run('git', ['-C', clone, '-c', 'user.name=a', '-c', 'user.email=a@b', '-c', 'credential.helper=', ...args], {
        env: { ...process.env, GIT_TERMINAL_PROMPT: '0' },
      });
    const newest = async () =>
      (await run('git', ['--git-dir', join(folder, 'orders.git'), 'log', '-1', '--format=%s', 'main'])).stdout.trim();
    try {
      await run('git', ['clone', '--quiet', guarded.urlOf('orders'), clone]);
      await git('commit', '--quiet', '--allow-empty', '-m', 'guarded');
      const before = await newest();
      await expect(git('push', '--quiet', 'origin', 'main')).rejects.toThrow();
      await expect(
        git('push', '--quiet', guarded.urlOf('orders').replace('http://', 'http://sluice:guess@'), 'main'),
      ).rejects.toThrow();
      for (const path of [
        '/orders.git/git-receive-pack',
        '/orders.git/git-receive%2Dpack',
        '/orders.git/%67it-receive-pack',
        '/orders.git/x/../git-receive-pack',
        '/orders.git/git-receive-pack?service=git-upload-pack',
      ]) {
        const { status } = await fetch(`${guarded.url}${path}`, {
          method: 'POST',
          headers: { 'content-type': 'application/x-git-receive-pack-request' },
          body: '0000',
        });
        expect([path, status]).toEqual([path, 401]);
      }
      expect((await fetch(`${guarded.urlOf('orders')}/info/refs?service=git-receive-pack`)).status).toBe(401);
      expect(await newest()).toBe(before);
      await git('push', '--quiet', guarded.urlOf('orders').replace('http://', 'http://sluice:p%20w@'), 'main');
      expect(await newest()).toBe('guarded');
    } finally {
      await guarded.close();
    }
  });

  it.each(['/%zz', '/orders.git/%', '//', '//%00', 'http://', '/%00'])('survives the address %s', async (path) => {
    const { hostname, port } = new URL(server.url);
    const status = await new Promise((resolve, reject) =>
      request({ hostname, port, path }, (response) => resolve(response.resume().statusCode))
        .on('error', reject)
        .end(),
    );
    expect(status).toBeGreaterThanOrEqual(400);
    expect((await fetch(`${server.urlOf('orders')}/info/refs?service=git-upload-pack`)).status).toBe(200);
  });

  it('answers 404 for a repository that does not exist and for a path outside', async () => {
    for (const path of [
      '/none.git/info/refs?service=git-upload-pack',
      '/../../etc/passwd',
      '/orders.git/../../secret',
    ]) {
      expect((await fetch(`${server.url}${path}`)).status).toBe(404);
    }
  });
});
