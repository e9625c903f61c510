import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GitSource } from '@sluice/delegate-protocol';
import { waitFor } from '@sluice/kernel';
import { freePort, quickestMs } from '@sluice/testing';
import { Tracing } from '@sluice/telemetry';
import { parseConfig } from '../config.js';
import { GitOverHttp } from '../testing/git-over-http.js';
import type { GitCredentials } from './git-credentials.js';
import { GitMirror } from './git-mirror.js';
import { SourceTree } from './source-tree.js';

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const NOBODY: GitCredentials = { username: undefined, password: undefined };

describe('the Git mirror', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-mirror-'));
  const config = (over: Record<string, string> = {}) =>
    parseConfig({
      PATH: process.env['PATH'],
      DELEGATE_SERVICE_URL: 'ws://nowhere:1',
      DELEGATE_TOKEN_FILE: '/nowhere',
      DELEGATE_DATA_DIR: folder,
      ...over,
    });
  const mirror = new GitMirror(config(), Tracing.create('delegate', undefined));
  const trees = new SourceTree(mirror, config());
  const never = new AbortController().signal;
  let git: GitOverHttp;
  let exports = 0;

  beforeAll(async () => {
    git = await GitOverHttp.start();
    await git.commit({ 'db/changelog.yaml': 'databaseChangeLog: []\n', 'db/parts/one.sql': 'select 1;\n' });
  });
  afterAll(async () => {
    await git.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }); // git may still tidy a mirror
  });

  const fetch = (ref: Partial<GitSource>, credentials = NOBODY, from = mirror) =>
    from.fetch({
      source: { name: 'orders', url: git.url, ...ref },
      credentials,
      traceparent: TRACEPARENT,
      signal: never,
    });
  const exported = async (ref: Partial<GitSource> = { branch: 'main' }) =>
    trees.export(await fetch(ref), join(folder, `tree-${(exports += 1)}`), never);

  it('brings the tree of a branch, with its commit, and carries the trace to the server', async () => {
    const commit = await git.commit({ 'db/parts/two.sql': 'select 2;\n' });
    const tree = await exported();
    expect(tree.fetched.commit).toBe(commit);
    expect(readdirSync(join(tree.folder, 'db/parts')).sort()).toEqual(['one.sql', 'two.sql']);
    expect(readdirSync(tree.folder)).not.toContain('.git');
    const headers = git.requests.at(-1)?.headers;
    expect(headers?.['user-agent']).toMatch(/^sluice-delegate\//);
    expect(headers?.['traceparent']).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-/);
  });

  it.each([
    [
      'files and folders',
      { DELEGATE_TREE_MAX_ENTRIES: '1000' },
      /holds more than 1000 files and folders, the limit of this delegate \(DELEGATE_TREE_MAX_ENTRIES\)/,
    ],
    [
      'bytes',
      { DELEGATE_TREE_MAX_MB: '5' },
      /holds more than 5 MB of files, the limit of this delegate \(DELEGATE_TREE_MAX_MB\)/,
    ],
  ])(
    'refuses a tree that unpacks to more %s than the limit, before anything of it is written',
    async (_, limits, message) => {
      await git.commitBomb('bomb', { levels: 6, width: 10, content: 'x'.repeat(1_000) });
      const fetched = await fetch({ branch: 'bomb' });
      const target = join(folder, `tree-${(exports += 1)}`);
      const refused = await quickestMs(20_000, async () => {
        const startedAt = Date.now();
        await expect(new SourceTree(mirror, config(limits)).export(fetched, target, never)).rejects.toMatchObject({
          code: 'PAYLOAD_TOO_LARGE',
          message: expect.stringMatching(message),
        });
        return Date.now() - startedAt;
      });
      expect(refused).toBeLessThan(20_000);
      expect(existsSync(target)).toBe(false);
    },
  );

  it('names the submodules it does not fetch, also for a changelog that lies in one', async () => {
    await git.commitSubmodule('mounted', 'gemeinsam-ä');
    const tree = await exported({ branch: 'mounted' });
    expect(tree.submodules).toEqual(['gemeinsam-ä']);
    await trees.requireFile(tree, 'one.sql');
    await expect(trees.requireFile(tree, 'gemeinsam-ä/db/changelog.sql')).rejects.toMatchObject({
      code: 'GIT_FILE_NOT_FOUND',
      message: expect.stringMatching(
        /^changelog "gemeinsam-ä\/db\/changelog\.sql" lies in the submodule gemeinsam-ä of .*, and submodules are not fetched; deploy it from its own repository$/,
      ),
    });
  });

  it('fetches only what is new, and of a commit it has only the proof that the server gives it', async () => {
    const commit = await git.commit({ 'big.txt': 'x'.repeat(200_000) });
    await fetch({ branch: 'main' });
    const before = git.requests.length;
    await fetch({ branch: 'main' });
    expect(git.requests.slice(before).some(({ path }) => path.endsWith('/git-upload-pack'))).toBe(true);
    expect(git.requests.length - before).toBe(2);
    expect((await fetch({ commitSha: commit })).commit).toBe(commit);
    expect((await fetch({ commitSha: commit.toUpperCase() })).commit).toBe(commit);
    expect(git.requests.length - before).toBe(6);
  });

  it('can be packed like any repository', async () => {
    const { gitDir, commit } = await fetch({ branch: 'main' });
    await mirror.local(gitDir, ['gc', '--quiet'], never);
    expect((await fetch({ commitSha: commit })).commit).toBe(commit);
    expect((await fetch({ branch: 'main' })).commit).toBe(commit);
  });

  it('finds tags and commits that are on no branch tip', async () => {
    const old = await git.commit({ 'v.txt': '1' });
    await git.tag('v1');
    await git.commit({ 'v.txt': '2' });
    expect((await fetch({ gitTag: 'v1' })).commit).toBe(old);
    const fresh = new GitMirror(
      config({ DELEGATE_DATA_DIR: join(folder, 'fresh') }),
      Tracing.create('delegate', undefined),
    );
    expect((await fetch({ commitSha: old }, NOBODY, fresh)).commit).toBe(old);
  });

  it('follows a branch whose history was rewritten', async () => {
    await git.commit({ 'side.txt': 'a' }, 'side');
    await fetch({ branch: 'side' });
    const other = await git.commit({ 'side.txt': 'b' }, 'side');
    expect((await fetch({ branch: 'side' })).commit).toBe(other);
  });

  it('serves many fetches of one repository at once', async () => {
    const commits = await Promise.all(Array.from({ length: 5 }, () => fetch({ branch: 'main' })));
    expect(new Set(commits.map(({ commit }) => commit)).size).toBe(1);
  });

  it.each<[string, Partial<GitSource>, RegExp]>([
    [
      'an unknown branch',
      { branch: 'nope' },
      /^branch "nope" does not exist in http:\/\/127\.0\.0\.1:\d+\/orders\.git$/,
    ],
    ['an unknown tag', { gitTag: 'v9' }, /^tag "v9" does not exist in /],
    ['an unknown commit', { commitSha: 'f'.repeat(40) }, /^commit f{40} does not exist in /],
    ['a branch that is an option', { branch: '--upload-pack=touch /tmp/x' }, /is not a branch name Git allows$/],
    ['a branch that is a pattern', { branch: '*' }, /is not a branch name Git allows$/],
    ['no ref at all', {}, /name exactly one of branch, tag and commit$/],
    [
      'a commit that is none',
      { commitSha: 'HEAD' },
      /^commit: "HEAD" is no commit id; write the whole commit id, 40 hexadecimal digits \(64 in a SHA-256 repository\)/,
    ],
    [
      'an abbreviated commit',
      { commitSha: '0123456' },
      /^commit: "0123456" is no commit id; write the whole commit id/,
    ],
    ['a commit of 41 digits', { commitSha: 'f'.repeat(41) }, /is no commit id; write the whole commit id/],
    ['another protocol', { url: 'file:///etc', branch: 'main' }, /the protocol "file" is not allowed/],
    ['a program in the URL', { url: 'ext::sh -c id', branch: 'main' }, /is not allowed|is not the URL/],
    ...['\\n', '\\r', '\\t', ' ', '"', "'", '\\\\', '\\0', '`'].map<[string, Partial<GitSource>, RegExp]>((bad) => [
      `${JSON.stringify(bad)} in the URL`,
      { url: `https://git.example/a${bad}b.git`, branch: 'main' },
      /^url: .* holds a blank, a line break, a quote or a backslash; write it percent-encoded$/,
    ]),
    [
      'a password in the URL',
      { url: 'https://me:pw@git.example/r.git', branch: 'main' },
      /holds a password; put it into a secret/,
    ],
  ])('names what is wrong with %s', async (_what, ref, text) => {
    await expect(fetch(ref)).rejects.toThrow(text);
  });

  it('tells an unreachable server, an unknown host and a missing repository apart', async () => {
    const port = await freePort();
    await expect(fetch({ url: `http://127.0.0.1:${port}/x.git`, branch: 'main' })).rejects.toMatchObject({
      code: 'GIT_CONNECTION_ERROR',
      message: expect.stringContaining('cannot be reached from the delegate'),
    });
    await expect(fetch({ url: 'http://no-such-host.invalid/x.git', branch: 'main' })).rejects.toThrow(
      /the host of .* cannot be found by the delegate/,
    );
    await expect(fetch({ url: git.urlOf('missing'), branch: 'main' })).rejects.toThrow(
      /^there is no Git repository at /,
    );
  });

  it('gives up on a server that does not answer', async () => {
    const silent = createServer((socket) => void socket.resume());
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const address = silent.address();
    const port = address && typeof address === 'object' ? address.port : 0;
    const impatient = new GitMirror(config({ DELEGATE_GIT_TIMEOUT_MS: '1000' }), Tracing.create('delegate', undefined));
    await expect(fetch({ url: `http://127.0.0.1:${port}/x.git`, branch: 'main' }, NOBODY, impatient)).rejects.toThrow(
      /did not deliver within 1 s$/,
    );
    silent.close();
  });

  it('stops a fetch of a repository that is too large', async () => {
    const small = new GitMirror(
      { ...config({ DELEGATE_DATA_DIR: join(folder, 'small') }), git: { ...config().git, maxBytes: -1 } },
      Tracing.create('delegate', undefined),
    );
    const slow = createServer((socket) => void socket.resume());
    await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve));
    const address = slow.address();
    await expect(
      fetch(
        { url: `http://127.0.0.1:${address && typeof address === 'object' ? address.port : 0}/x.git`, branch: 'main' },
        NOBODY,
        small,
      ),
    ).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
    slow.close();
  });

  describe('with credentials', () => {
    beforeAll(() => {
      git.credentials = { username: 'reader', password: 'p ä:ss/wörd' };
    });
    afterAll(() => {
      git.credentials = undefined;
    });

    it('signs in without ever showing them in arguments, URL or configuration', async () => {
      const running: string[] = [];
      const looking = setInterval(() => {
        for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
          try {
            running.push(readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
          } catch {
            // It ended meanwhile.
          }
        }
      }, 10);
      const isGit = (line: string): boolean => line.includes('git-remote-http') || line.startsWith('git');
      git.gate = () => waitFor(() => running.some(isGit), { timeoutMs: 120_000, what: 'git to be seen' });
      await fetch({ branch: 'main' }, { username: 'reader', password: 'p ä:ss/wörd' }).finally(() => {
        git.gate = () => Promise.resolve();
        clearInterval(looking);
      });
      const basic = Buffer.from('reader:p ä:ss/wörd').toString('base64');
      expect(running.some(isGit)).toBe(true);
      for (const line of running) {
        expect(line).not.toContain('wörd');
        expect(line).not.toContain(basic);
      }
      for (const path of readdirSync(join(folder, 'git'), { recursive: true, encoding: 'utf8' })) {
        const file = join(folder, 'git', path);
        if (existsSync(file) && statSync(file).isFile()) expect(readFileSync(file, 'latin1')).not.toContain(basic);
      }
    });

    it('says that they are wrong, without repeating them', async () => {
      const refused = fetch({ branch: 'main' }, { username: 'reader', password: 'guess' });
      await expect(refused).rejects.toThrow(
        /refuses the credentials of the Git connector; check its user name and password or token$/,
      );
      await expect(refused).rejects.toMatchObject({ details: { failureType: 'Authentication' } });
      await expect(fetch({ branch: 'main' })).rejects.toThrow(/refuses the credentials/);
    });

    it('probes a connection: right, wrong, unknown branch', async () => {
      const probe = (password: string, branch?: string) =>
        mirror.probe({
          source: { name: 'orders', url: git.url, ...(branch ? { branch } : {}) },
          credentials: { username: 'reader', password },
          traceparent: undefined,
          signal: never,
        });
      await probe('p ä:ss/wörd');
      await probe('p ä:ss/wörd', 'main');
      await expect(probe('p ä:ss/wörd', 'nope')).rejects.toThrow(/^branch "nope" does not exist/);
      await expect(probe('x')).rejects.toThrow(/refuses the credentials/);
    });
  });

  describe('a private repository that was fetched with credentials', () => {
    const owner = { username: 'owner', password: 'right' };
    let commit: string;
    let orphan: string;

    beforeAll(async () => {
      git.credentials = owner;
      orphan = await git.commit({ 'gone.sql': 'select 0;' }, 'force-pushed');
      await fetch({ branch: 'force-pushed' }, owner);
      commit = await git.commit({ 'private.sql': 'select 1;' }, 'force-pushed');
      await fetch({ branch: 'force-pushed' }, owner);
    });
    afterAll(() => {
      git.credentials = undefined;
    });

    it.each<[string, GitCredentials]>([
      ['no credentials', NOBODY],
      ['other credentials', { username: 'owner', password: 'guess' }],
    ])('is not given to who has %s, by branch or by any spelling of a commit', async (_, credentials) => {
      await expect(fetch({ branch: 'force-pushed' }, credentials)).rejects.toThrow(/refuses the credentials/);
      for (const id of [commit, commit.toUpperCase(), orphan])
        await expect(fetch({ commitSha: id }, credentials)).rejects.toThrow(/refuses the credentials/);
      for (const id of [commit.slice(0, 7), commit.slice(0, 39)])
        await expect(fetch({ commitSha: id }, credentials)).rejects.toThrow(/is no commit id/);
    });

    it('is not given any more to credentials that were good once', async () => {
      expect((await fetch({ commitSha: commit }, owner)).commit).toBe(commit);
      git.credentials = { ...owner, password: 'changed' };
      await expect(fetch({ commitSha: commit }, owner)).rejects.toThrow(/refuses the credentials/);
      git.credentials = owner;
    });

    it('gives a commit on no branch as long as its server gives it', async () => {
      const lost = await git.commit({ 'lost.sql': 'select 2;' }, 'lost');
      await fetch({ branch: 'lost' }, owner);
      await git.deleteBranch('lost');
      expect((await fetch({ commitSha: lost }, owner)).commit).toBe(lost);
      git.protocol = 'old';
      await expect(fetch({ commitSha: lost }, owner)).rejects.toThrow(
        /^commit [0-9a-f]{40} does not exist in \S+ on any branch or tag, and its server gives no other commits$/,
      );
      git.protocol = 'current';
    });

    it('gives a commit behind a branch tip where the server gives none by id', async () => {
      const behind = await git.commit({ 'behind.sql': 'select 3;' }, 'main');
      await git.commit({ 'front.sql': 'select 4;' }, 'main');
      git.protocol = 'old';
      const fresh = new GitMirror(
        config({ DELEGATE_DATA_DIR: join(folder, 'old-server') }),
        Tracing.create('delegate', undefined),
      );
      expect((await fetch({ commitSha: behind }, owner, fresh)).commit).toBe(behind);
      expect((await fetch({ commitSha: behind }, owner, fresh)).commit).toBe(behind);
      await expect(fetch({ commitSha: behind }, NOBODY, fresh)).rejects.toThrow(/refuses the credentials/);
      await expect(fetch({ commitSha: 'f'.repeat(40) }, owner, fresh)).rejects.toThrow(
        /^commit f{40} does not exist in /,
      );
      git.protocol = 'current';
    });
  });

  describe('paths of changelogs', () => {
    it('accepts files of the tree, also through links inside it', async () => {
      await git.commit({ 'link.yaml': { link: 'db/changelog.yaml' }, parts: { link: 'db/parts' } });
      const tree = await exported();
      for (const path of ['db/changelog.yaml', './db/../db/changelog.yaml', 'link.yaml', 'parts/one.sql'])
        await trees.requireFile(tree, path);
      expect(tree.leftOut).toEqual([]);
    });

    it('names path, ref and repository when a file is missing', async () => {
      const tree = await exported();
      await expect(trees.requireFile(tree, 'db/chnagelog.yaml')).rejects.toThrow(
        /^changelog "db\/chnagelog\.yaml" does not exist in http:\/\/127\.0\.0\.1:\d+\/orders\.git at branch main \(commit [0-9a-f]{12}\)$/,
      );
      await expect(trees.requireFile(tree, 'db')).rejects.toThrow(/is a folder, not a file/);
    });

    it('refuses paths and links that leave the repository, and leaves such links out of the tree', async () => {
      await git.commit({ passwd: { link: '/etc/passwd' }, up: { link: '../../../..' }, chain: { link: 'up/etc' } });
      const tree = await exported();
      expect([...tree.leftOut].sort()).toEqual(['chain', 'passwd', 'up']);
      for (const path of [
        '../tree-1/db/changelog.yaml',
        '/etc/passwd',
        'db/../../x',
        'passwd',
        'up/etc/passwd',
        'chain/passwd',
      ]) {
        await expect(trees.requireFile(tree, path)).rejects.toMatchObject({ code: 'PATH_OUTSIDE_REPOSITORY' });
      }
      for (const link of tree.leftOut) expect(existsSync(join(tree.folder, link))).toBe(false);
    });

    it('runs neither hooks nor filters of a repository', async () => {
      const mark = join(folder, 'executed');
      await git.commit({
        '.gitattributes': '*.sql filter=evil\n',
        '.gitconfig': `[filter "evil"]\n\tsmudge = touch ${mark}\n`,
        'a.sql': 'select 1;',
      });
      await exported();
      await waitFor(() => true, { timeoutMs: 10, what: 'a moment' });
      expect(existsSync(mark)).toBe(false);
    });
  });

  it('stops when the task is aborted', async () => {
    const stop = new AbortController();
    stop.abort(new Error('aborted on request'));
    await expect(
      mirror.fetch({
        source: { name: 'o', url: git.url, branch: 'main' },
        credentials: NOBODY,
        traceparent: undefined,
        signal: stop.signal,
      }),
    ).rejects.toThrow('aborted on request');
  });
});
