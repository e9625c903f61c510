import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RouteClient, type RunningApp } from '@sluice/http';
import { messageOf } from '@sluice/kernel';
import { listBranches, listCommits, readRepositoryFile } from '@sluice/scm-api';
import { startGit, testIdentities, testUser, type TestGit } from '@sluice/testing';
import { bootstrap } from './bootstrap.js';
import { AddressPolicy } from './git/address-policy.js';
import { GitProcesses } from './git/git-process.js';
import { GitService } from './git/git.service.js';
import { RepositoryCache } from './git/repository-cache.js';

const credentials = { username: 'reader', password: 'p@ss:word' };
const ctx = { ...testUser('acc'), correlationId: 'c1', traceparent: undefined };

/** More than any repository here. */
const LARGE = 1024 ** 3;

describe('scm', () => {
  const identities = testIdentities();
  const cacheDir = mkdtempSync(join(tmpdir(), 'sluice-scm-'));
  let git: TestGit;
  let app: RunningApp;
  let client: RouteClient;
  let strict: RunningApp;
  const env = {
    SCM_PORT: '0',
    SCM_SERVICE_KEY_FILE: identities.keyFile('scm'),
    SERVICE_KEYS_DIR: identities.keysDir,
    SCM_CACHE_DIR: cacheDir,
    SCM_CACHE_REPOSITORIES: '3',
    LOG_LEVEL: 'silent',
  };
  const read = (ref: string, path: string, repository = { url: git.urlOf('app'), ...credentials }) =>
    client.call(ctx, readRepositoryFile, { body: { repository, ref, path } });

  beforeAll(async () => {
    git = await startGit({ credentials });
    await git.commit(
      'app',
      {
        'db/changelog.xml': '<one/>',
        'db/big.sql': 'x'.repeat(1024 * 1024 + 1),
        'db/latest.xml': { link: 'changelog.xml' },
        'db/escape': { link: '../../etc/passwd' },
      },
      { message: 'First' },
    );
    app = await bootstrap({ ...env, SCM_ALLOWED_HOSTS: '127.0.0.1' });
    strict = await bootstrap(env);
    client = new RouteClient({ target: 'scm', baseUrl: app.url, identity: await identities.of('ng-manager') });
  });
  afterAll(async () => {
    await client.close();
    await app.close();
    await strict.close();
    await git.stop();
    identities.stop();
    rmSync(cacheDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  });

  it('reads a file at a branch, and the new content after the branch moved', async () => {
    const first = await read('main', 'db/changelog.xml');
    const moved = await git.commit('app', { 'db/changelog.xml': '<two/>' }, { message: 'Second' });
    expect(first.content).toBe('<one/>');
    expect(await read('main', 'db/changelog.xml')).toEqual({
      path: 'db/changelog.xml',
      commit: moved,
      content: '<two/>',
      sizeBytes: 6,
    });
    expect((await read(first.commit, './db/changelog.xml')).content).toBe('<one/>');
  });

  it('reads at an annotated tag', async () => {
    execFileSync(
      'git',
      ['-c', 'user.name=t', '-c', 'user.email=t@example.com', 'tag', '-a', '-m', 'v1', 'v1', 'main'],
      { cwd: git.folderOf('app') },
    );
    expect((await read('v1', 'db/changelog.xml')).content).toContain('<');
  });

  it('treats a branch named like an option as a branch', async () => {
    await git.commit('app', { 'x.txt': 'harmless' }, { branch: '--output=x' });
    expect((await read('--output=x', 'x.txt')).content).toBe('harmless');
    expect(
      (
        await client.call(ctx, listCommits, {
          body: { repository: { url: git.urlOf('app'), ...credentials }, ref: '--output=x' },
        })
      ).commits,
    ).toHaveLength(1);
  });

  it('lists branches with the default one, and finds by part of the name', async () => {
    const repository = { url: git.urlOf('app'), ...credentials };
    const all = await client.call(ctx, listBranches, { body: { repository } });
    expect(all.defaultBranch).toBe('main');
    expect(all.branches.map(({ name }) => name).sort()).toEqual(['--output=x', 'main']);
    expect((await client.call(ctx, listBranches, { body: { repository, search: 'MAI' } })).branches).toHaveLength(1);
  });

  it('lists commits, newest first, and reads files afterwards as before', async () => {
    const { commits } = await client.call(ctx, listCommits, {
      body: { repository: { url: git.urlOf('app'), ...credentials }, ref: 'main', limit: 2 },
    });
    expect(commits.map(({ subject, author }) => [subject, author])).toEqual([
      ['Second', 'Test'],
      ['First', 'Test'],
    ]);
    expect(commits[0]?.at).toBeGreaterThan(1_600_000_000_000);
    expect((await read('main', 'db/changelog.xml')).content).toBe('<two/>');
  });

  it('follows a link inside the repository and refuses one that leads out', async () => {
    expect((await read('main', 'db/latest.xml')).content).toBe('<two/>');
    await expect(read('main', 'db/escape')).rejects.toMatchObject({ code: 'PATH_OUTSIDE_REPOSITORY' });
  });

  it.each([
    ['an unknown file', 'main', 'db/none.xml', 'GIT_FILE_NOT_FOUND'],
    ['an unknown branch', 'nowhere', 'db/changelog.xml', 'GIT_FILE_NOT_FOUND'],
    ['an unknown commit', 'f'.repeat(40), 'db/changelog.xml', 'GIT_FILE_NOT_FOUND'],
    ['a folder', 'main', 'db', 'GIT_FILE_NOT_FOUND'],
    ['a path that leaves the repository', 'main', '../x', 'PATH_OUTSIDE_REPOSITORY'],
    ['a file over the limit', 'main', 'db/big.sql', 'PAYLOAD_TOO_LARGE'],
  ])('says clearly what is wrong with %s', async (_, ref, path, code) => {
    await expect(read(ref, path)).rejects.toMatchObject({ code });
  });

  it('calls a folder a folder', async () => {
    await expect(read('main', 'db')).rejects.toThrow(
      /^"db" is a folder at main \(commit [0-9a-f]{10}\) of .*; name a file in it$/,
    );
  });

  it('refuses wrong or missing credentials, also for a commit that is in the cache', async () => {
    const { commit } = await read('main', 'db/changelog.xml');
    const bad = { url: git.urlOf('app'), username: 'reader', password: 'wrong' };
    await expect(read('main', 'db/changelog.xml', bad)).rejects.toThrow(/refused the credentials/);
    await expect(read(commit, 'db/changelog.xml', bad)).rejects.toThrow(/refused the credentials/);
    await expect(client.call(ctx, listBranches, { body: { repository: { url: git.urlOf('app') } } })).rejects.toThrow(
      /refused the credentials/,
    );
  });

  it('names an unknown repository and a host that does not answer', async () => {
    await expect(read('main', 'x', { url: git.urlOf('other'), ...credentials })).rejects.toThrow(/no repository at/);
    await expect(read('main', 'x', { url: 'http://127.0.0.1:1/x.git', ...credentials })).rejects.toThrow(
      /cannot be reached/,
    );
  });

  it('does not dial loopback unless the operator allows it', async () => {
    const other = new RouteClient({ target: 'scm', baseUrl: strict.url, identity: await identities.of('ng-manager') });
    const call = other.call(ctx, readRepositoryFile, {
      body: { repository: { url: git.urlOf('app'), ...credentials }, ref: 'main', path: 'x' },
    });
    await expect(call).rejects.toThrow(/not a public address/);
    await other.close();
  });

  it('follows no redirection, wherever it leads', async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.writeHead(302, { location: `${git.urlOf('app')}${request.url?.replace(/^\/r\.git/, '') ?? ''}` }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/r.git`;
    const refusal = await read('main', 'db/changelog.xml', { url, ...credentials }).then(() => 'followed', messageOf);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    expect([refusal, asked.length]).toEqual([expect.stringContaining('answers with a redirect'), 1]);
  });

  it('lets git dial only the addresses that were checked, whatever the resolver says by then', async () => {
    const processes = new GitProcesses(2);
    let asked = 0;
    // A name no resolver knows: git can only get there by the address it is handed.
    const policy = new AddressPolicy(['git.pinned.invalid'], async () => {
      asked += 1;
      return ['127.0.0.1'];
    });
    const service = new GitService(
      policy,
      new RepositoryCache(cacheDir, { repositories: 3, repositoryBytes: LARGE }, processes),
      processes,
    );
    const url = git.urlOf('app').replace('127.0.0.1', 'git.pinned.invalid');
    const { branches } = await service.branches(
      { ...ctx, signal: new AbortController().signal },
      { url, ...credentials },
      { limit: 10 },
    );
    expect([branches.map(({ name }) => name), asked]).toEqual([expect.arrayContaining(['main']), 1]);
  });

  it.each<[string, (folder: string, commit: string) => void]>([
    ['the lock of a killed fetch', (folder) => writeFileSync(join(folder, 'shallow.lock'), '')],
    ['the lock of a killed update of refs', (folder, commit) => lockRef(join(folder, 'refs/sluice'), commit)],
    ['no HEAD', (folder) => rmSync(join(folder, 'HEAD'))],
    ['packs cut short', (folder) => cutPacks(join(folder, 'objects/pack'))],
  ])('reads a new commit although its cache holds %s', async (held, damage) => {
    const repository = { url: git.urlOf('mended'), ...credentials };
    await git.commit('mended', { 'a.sql': 'select 1;' });
    await read('main', 'a.sql', repository);
    const commit = await git.commit('mended', { 'a.sql': `select '${held}';` });
    for (const name of readdirSync(cacheDir)) damage(join(cacheDir, name), commit);
    expect(await read('main', 'a.sql', repository)).toMatchObject({ commit, content: `select '${held}';` });
    expect(await read('main', 'a.sql', repository)).toMatchObject({ commit });
  });

  it('takes calls from ng-manager only', async () => {
    const other = new RouteClient({ target: 'scm', baseUrl: app.url, identity: await identities.of('pipeline') });
    await expect(
      other.call(ctx, listBranches, { body: { repository: { url: git.urlOf('app') } } }),
    ).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
    await other.close();
  });

  it('leaves no credentials in its cache', () => {
    const found = execFileSync('sh', [
      '-c',
      `grep -rl -e '${credentials.password}' -e '${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}' "$1" || true`,
      'sh',
      cacheDir,
    ]).toString();
    expect(found).toBe('');
  });

  it('answers reads of many at once', async () => {
    const answers = await Promise.all(Array.from({ length: 12 }, () => read('main', 'db/changelog.xml')));
    expect(new Set(answers.map(({ content }) => content))).toEqual(new Set(['<two/>']));
  });
});

function lockRef(folder: string, commit: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${commit}.lock`), '');
}

function cutPacks(folder: string): void {
  for (const file of (existsSync(folder) ? readdirSync(folder) : []).filter((name) => name.endsWith('.pack'))) {
    chmodSync(join(folder, file), 0o600);
    truncateSync(join(folder, file), 20);
  }
}
