import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { GitSource } from '@sluice/delegate-protocol';
import { waitFor } from '@sluice/kernel';
import { Tracing, createLogger } from '@sluice/telemetry';
import { parseConfig } from '../config.js';
import { GitOverHttp } from '../testing/git-over-http.js';
import { runGit } from './git-command.js';
import type { GitCredentials } from './git-credentials.js';
import { GitMirror } from './git-mirror.js';
import { MirrorSweep } from './mirror-sweep.js';
import { SourceTree } from './source-tree.js';

const NOBODY: GitCredentials = { username: undefined, password: undefined };
const never = new AbortController().signal;

describe('a Git mirror heals by itself', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-healing-'));
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
  let git: GitOverHttp;
  let exports = 0;
  let changes = 0;

  beforeAll(async () => {
    git = await GitOverHttp.start();
    // Enough for git to keep it as a pack rather than as loose objects.
    await git.commit(
      Object.fromEntries(
        Array.from({ length: 150 }, (_, index) => [`db/part-${index}.sql`, `select ${index};\n`.repeat(20)]),
      ),
    );
  });
  afterAll(async () => {
    await git.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }); // git may still tidy a mirror
  });

  const checkOut = (ref: Partial<GitSource> = { branch: 'main' }) =>
    trees.checkOut(
      { source: { name: 'orders', url: git.url, ...ref }, credentials: NOBODY, traceparent: undefined, signal: never },
      join(folder, `tree-${(exports += 1)}`),
    );
  const publish = (branch = 'main') => git.commit({ 'db/changing.sql': `select ${(changes += 1)};\n` }, branch);
  const filesIn = (gitDir: string, wanted: RegExp) =>
    readdirSync(gitDir, { recursive: true, encoding: 'utf8' })
      .filter((path) => wanted.test(path) && statSync(join(gitDir, path)).isFile())
      .map((path) => join(gitDir, path));
  const local = (gitDir: string, ...args: string[]) =>
    execFileSync('git', ['--git-dir', gitDir, ...args], { encoding: 'utf8' }).trim();
  const overwrite = (file: string, content: string | Buffer) => {
    mkdirSync(dirname(file), { recursive: true });
    if (existsSync(file)) chmodSync(file, 0o600);
    writeFileSync(file, content);
  };
  const flip = (file: string) => {
    const bytes = readFileSync(file);
    for (let at = Math.floor(bytes.length / 3); at < Math.min(bytes.length, Math.floor(bytes.length / 3) + 64); at += 1)
      bytes[at] = (bytes[at] ?? 0) ^ 0xff;
    overwrite(file, bytes);
  };
  const unpack = (gitDir: string) => {
    for (const pack of filesIn(gitDir, /\.pack$/)) {
      const away = join(folder, 'away.pack');
      execFileSync('mv', [pack, away]);
      execFileSync('git', ['--git-dir', gitDir, 'unpack-objects', '-q'], { input: readFileSync(away) });
    }
  };

  it.each([
    ['becomes a folder', 'feature', 'feature/x'],
    ['becomes a folder of folders', 'deep', 'deep/a/b'],
    ['was a folder', 'group/a', 'group'],
  ])('when a branch %s', async (_, before, after) => {
    await publish(before);
    await checkOut({ branch: before });
    await git.deleteBranch(before);
    const commit = await publish(after);
    expect((await checkOut({ branch: after })).fetched).toMatchObject({ commit, notes: [] });
    await expect(checkOut({ branch: before })).rejects.toThrow(/^branch ".*" does not exist in /);
  });

  it.each([
    'refs/heads/main.lock',
    'refs/kept/commit.lock',
    'packed-refs.lock',
    'shallow.lock',
    'config.lock',
    'HEAD.lock',
    'index.lock',
    'FETCH_HEAD.lock',
    'gc.pid',
    'gc.pid.lock',
    'objects/info/commit-graph.lock',
    'objects/pack/multi-pack-index.lock',
    'objects/maintenance.lock',
  ])('from a leftover %s', async (lock) => {
    const { fetched } = await checkOut();
    overwrite(join(fetched.gitDir, lock), '');
    const commit = await publish();
    const again = await checkOut();
    expect(again.fetched).toMatchObject({ commit, making: fetched.making, notes: [expect.stringContaining(lock)] });
    expect(existsSync(join(fetched.gitDir, lock))).toBe(false);
  });

  it('from the lock of the very ref it fetches, and from one that is a folder', async () => {
    const { fetched } = await checkOut();
    for (const ref of filesIn(fetched.gitDir, /^refs\/kept\//)) overwrite(`${ref}.lock`, '');
    mkdirSync(join(fetched.gitDir, 'packed-refs.lock/x'), { recursive: true });
    const commit = await publish();
    expect((await checkOut()).fetched).toMatchObject({ commit, making: fetched.making });
  });

  it.each<[string, (gitDir: string, commit: string) => void]>([
    [
      'a pack cut in half',
      (gitDir) =>
        filesIn(gitDir, /\.pack$/).forEach(
          (file) => (chmodSync(file, 0o600), truncateSync(file, Math.floor(statSync(file).size / 2))),
        ),
    ],
    ['an empty pack', (gitDir) => filesIn(gitDir, /\.pack$/).forEach((file) => overwrite(file, ''))],
    ['a pack with other bytes', (gitDir) => filesIn(gitDir, /\.pack$/).forEach(flip)],
    ['a missing pack', (gitDir) => filesIn(gitDir, /\.pack$/).forEach((file) => rmSync(file))],
    ['a missing index of a pack', (gitDir) => filesIn(gitDir, /\.idx$/).forEach((file) => rmSync(file))],
    ['an empty index of a pack', (gitDir) => filesIn(gitDir, /\.idx$/).forEach((file) => overwrite(file, ''))],
    ['an index with other bytes', (gitDir) => filesIn(gitDir, /\.idx$/).forEach(flip)],
    ['no objects', (gitDir) => rmSync(join(gitDir, 'objects'), { recursive: true })],
    [
      'a file in place of the objects',
      (gitDir) => (rmSync(join(gitDir, 'objects'), { recursive: true }), writeFileSync(join(gitDir, 'objects'), '')),
    ],
    [
      'empty loose objects',
      (gitDir) => (unpack(gitDir), filesIn(gitDir, /^objects\/[0-9a-f]{2}\//).forEach((file) => overwrite(file, ''))),
    ],
    [
      'garbage for loose objects',
      (gitDir) => (
        unpack(gitDir),
        filesIn(gitDir, /^objects\/[0-9a-f]{2}\//).forEach((file) => overwrite(file, 'garbage'))
      ),
    ],
    [
      'a missing file of the tree',
      (gitDir, commit) => (
        unpack(gitDir),
        rmSync(objectFile(gitDir, local(gitDir, 'rev-parse', `${commit}:db/part-7.sql`)))
      ),
    ],
    [
      'a missing tree',
      (gitDir, commit) => (unpack(gitDir), rmSync(objectFile(gitDir, local(gitDir, 'rev-parse', `${commit}:db`)))),
    ],
    ['a missing commit', (gitDir, commit) => (unpack(gitDir), rmSync(objectFile(gitDir, commit)))],
    [
      'refs that name no object',
      (gitDir) => filesIn(gitDir, /^refs\//).forEach((file) => overwrite(file, `${'1'.repeat(40)}\n`)),
    ],
    ['empty refs', (gitDir) => filesIn(gitDir, /^refs\//).forEach((file) => overwrite(file, ''))],
    [
      'refs that are folders',
      (gitDir) =>
        filesIn(gitDir, /^refs\//).forEach(
          (file) => (
            rmSync(file),
            mkdirSync(join(file, 'in/the/way'), { recursive: true }),
            writeFileSync(join(file, 'in/the/way/x'), 'x')
          ),
        ),
    ],
    ['garbage for packed refs', (gitDir) => overwrite(join(gitDir, 'packed-refs'), 'garbage\n\0\n')],
    ['garbage for shallow', (gitDir) => overwrite(join(gitDir, 'shallow'), 'garbage\n')],
    [
      'alternates that lead nowhere',
      (gitDir) => overwrite(join(gitDir, 'objects/info/alternates'), '/nowhere/objects\n'),
    ],
    ['an empty configuration', (gitDir) => overwrite(join(gitDir, 'config'), '')],
    ['garbage for a configuration', (gitDir) => overwrite(join(gitDir, 'config'), '[core\n\0')],
    ['no configuration', (gitDir) => rmSync(join(gitDir, 'config'))],
    ['a folder for a configuration', (gitDir) => (rmSync(join(gitDir, 'config')), mkdirSync(join(gitDir, 'config')))],
    ['an empty HEAD', (gitDir) => overwrite(join(gitDir, 'HEAD'), '')],
    ['garbage for HEAD', (gitDir) => overwrite(join(gitDir, 'HEAD'), 'garbage')],
    [
      'no HEAD and no refs',
      (gitDir) => (rmSync(join(gitDir, 'HEAD')), rmSync(join(gitDir, 'refs'), { recursive: true })),
    ],
    [
      'a folder for FETCH_HEAD',
      (gitDir) => (rmSync(join(gitDir, 'FETCH_HEAD')), mkdirSync(join(gitDir, 'FETCH_HEAD'))),
    ],
    ['an empty folder', (gitDir) => (rmSync(gitDir, { recursive: true }), mkdirSync(gitDir))],
    [
      'a folder that is no repository',
      (gitDir) => (rmSync(gitDir, { recursive: true }), overwrite(join(gitDir, 'readme.txt'), 'hello')),
    ],
    ['a file in place of the mirror', (gitDir) => (rmSync(gitDir, { recursive: true }), writeFileSync(gitDir, ''))],
    ['no mirror', (gitDir) => rmSync(gitDir, { recursive: true })],
  ])('from %s, by branch and by commit', async (_, damage) => {
    const at = await publish();
    const { fetched } = await checkOut();
    for (const ref of [{ branch: 'main' }, { commitSha: at }]) {
      damage(fetched.gitDir, at);
      const tree = await checkOut(ref);
      expect(tree.fetched.commit).toBe(at);
      expect(readFileSync(join(tree.folder, 'db/part-7.sql'), 'utf8')).toContain('select 7;');
      expect(readFileSync(join(tree.folder, 'db/changing.sql'), 'utf8')).toBe(`select ${changes};\n`);
    }
  });

  it('from a tag whose object is lost', async () => {
    const commit = await publish();
    await git.tag('v1');
    const { fetched } = await checkOut({ gitTag: 'v1' });
    rmSync(join(fetched.gitDir, 'objects'), { recursive: true });
    expect((await checkOut({ gitTag: 'v1' })).fetched.commit).toBe(commit);
  });

  it('says what it has done', async () => {
    const { fetched } = await checkOut();
    for (const file of filesIn(fetched.gitDir, /\.pack$/)) overwrite(file, '');
    await publish();
    expect((await checkOut()).fetched.notes.join()).toMatch(
      /^The copy of http:\S+ on the delegate was damaged and has been fetched afresh \(/,
    );
  });

  it('for trees that are written from it at the same time', async () => {
    const { fetched } = await checkOut();
    for (const file of filesIn(fetched.gitDir, /\.pack$/)) overwrite(file, '');
    const all = await Promise.all(Array.from({ length: 4 }, () => checkOut()));
    expect(new Set(all.map((tree) => tree.fetched.commit))).toEqual(new Set([fetched.commit]));
  });

  it('and keeps the mirror it has when the server is away', async () => {
    const { fetched } = await checkOut();
    git.credentials = { username: 'a', password: 'b' };
    await expect(checkOut()).rejects.toThrow(/refuses the credentials/);
    git.credentials = undefined;
    expect((await checkOut()).fetched).toEqual(fetched);
  });

  it('and is removed when it is not used, and when all mirrors together are too large', async () => {
    const sweepOf = (over: Record<string, string>) =>
      new MirrorSweep(mirror, config(over), createLogger('delegate', 'silent'));
    const { fetched } = await checkOut();
    const hoursAgo = (hours: number) =>
      utimesSync(
        join(fetched.gitDir, 'config'),
        new Date(Date.now() - hours * 3_600_000),
        new Date(Date.now() - hours * 3_600_000),
      );
    hoursAgo(3);
    expect(await sweepOf({ DELEGATE_GIT_UNUSED_HOURS: '4' }).sweep()).toEqual([]);
    expect(await sweepOf({ DELEGATE_GIT_UNUSED_HOURS: '2' }).sweep()).toEqual([fetched.gitDir]);
    expect((await checkOut()).fetched.commit).toBe(fetched.commit);
    await git.commit({
      'db/large.bin': Buffer.from(
        Array.from({ length: 1_500_000 }, (_, index) => (index * 7919 * (index % 251)) % 251),
      ).toString('latin1'),
    });
    await checkOut();
    expect(await sweepOf({ DELEGATE_GIT_MIRRORS_MAX_MB: '1' }).sweep()).toEqual([]);
    hoursAgo(1);
    overwrite(join(fetched.gitDir, 'objects/large'), Buffer.alloc(2 * 1024 * 1024));
    expect(await sweepOf({ DELEGATE_GIT_MIRRORS_MAX_MB: '1' }).sweep()).toEqual([fetched.gitDir]);
    await checkOut();
  });

  function objectFile(gitDir: string, id: string): string {
    return join(gitDir, 'objects', id.slice(0, 2), id.slice(2));
  }
});

describe('a git process that has to end', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-git-end-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  /** Stands in for git: what matters is how it is ended. */
  const standIn = (script: string) => writeFileSync(join(folder, 'git'), `#!/bin/sh\n${script}\n`, { mode: 0o700 });
  const command = (graceMs: number, signal: AbortSignal) => ({
    args: ['fetch'],
    cwd: folder,
    environment: { PATH: `${folder}:/usr/bin:/bin` },
    timeoutMs: 60_000,
    graceMs,
    signal,
  });

  it('is asked first, and removes its own locks', async () => {
    standIn('touch held.lock; trap "rm held.lock; exit 1" TERM; touch running; while :; do sleep 0.05; done');
    const stop = new AbortController();
    const ended = runGit(command(60_000, stop.signal));
    await waitFor(() => existsSync(join(folder, 'running')), { timeoutMs: 120_000, what: 'the stand-in to run' });
    stop.abort();
    expect(await ended).toEqual({ status: 'aborted' });
    expect(existsSync(join(folder, 'held.lock'))).toBe(false);
  });

  it('is ended by force when it does not listen', async () => {
    standIn('trap "" TERM; touch deaf; while :; do sleep 0.05; done');
    const stop = new AbortController();
    const ended = runGit(command(100, stop.signal));
    await waitFor(() => existsSync(join(folder, 'deaf')), { timeoutMs: 120_000, what: 'the stand-in to run' });
    stop.abort();
    expect(await ended).toEqual({ status: 'aborted' });
  });
});
