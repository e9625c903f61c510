import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GitExit, GitProcesses } from './git-process.js';
import { RepositoryCache } from './repository-cache.js';

const signal = new AbortController().signal;

/** More than any repository here. */
const LARGE = 1024 ** 3;

describe('the cache of repositories', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'sluice-cache-'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  /** Lets the others go on for a while; how far they get is different every time. */
  const meanwhile = async (looks: number): Promise<void> => {
    for (let look = 0; look < looks; look += 1) await readdir(root);
  };

  it('makes room for several newcomers at once, although each finds the others’ folders gone', async () => {
    const cache = new RepositoryCache(root, { repositories: 4, repositoryBytes: LARGE }, new GitProcesses(8));
    for (let round = 0; round < 5; round += 1) {
      for (let at = 0; at < 60; at += 1) mkdirSync(join(root, `left-${round}-${at}/objects`), { recursive: true });
      const newcomers = Array.from({ length: 12 }, async (_, at) => {
        await meanwhile(at * 3);
        return cache.use('acc', `https://git.example.com/${round}-${at}`, signal, (folder) =>
          Promise.resolve(existsSync(join(folder, 'HEAD'))),
        );
      });
      expect(await Promise.all(newcomers)).toEqual(newcomers.map(() => true));
    }
  });

  it('never removes a repository under whoever works in it', async () => {
    const cache = new RepositoryCache(root, { repositories: 2, repositoryBytes: LARGE }, new GitProcesses(4));
    const uses = Array.from({ length: 120 }, async (_, at) => {
      await meanwhile((at * 7) % 50);
      return cache.use('acc', `https://git.example.com/${at % 5}`, signal, async (folder) => {
        writeFileSync(join(folder, 'work'), String(at));
        await meanwhile(at % 4);
        return existsSync(join(folder, 'HEAD')) && existsSync(join(folder, 'work'));
      });
    });
    expect(await Promise.all(uses)).toEqual(uses.map(() => true));
  });

  it('keeps as many as it may, those used last', async () => {
    const cache = new RepositoryCache(root, { repositories: 2, repositoryBytes: LARGE }, new GitProcesses(4));
    const use = (name: string): Promise<string> =>
      cache.use('acc', `https://git.example.com/${name}`, signal, (folder) => Promise.resolve(folder));
    const first = await use('first');
    const second = await use('second');
    utimesSync(first, 1, 1);
    utimesSync(second, 2, 2);
    const third = await use('third');
    expect([first, second, third].map(existsSync)).toEqual([false, true, true]);
  });

  it.each([
    ['made anew once, when git fails in it', 'fatal: Unable to create shallow.lock: File exists.', 2, false],
    ['kept, when the server refuses', 'fatal: Authentication failed', 1, true],
    ['kept, when the server fails', 'fatal: unable to access: The requested URL returned error: 503', 1, true],
  ])('a folder is %s', async (_, stderr, runs, isKept) => {
    const cache = new RepositoryCache(root, { repositories: 4, repositoryBytes: LARGE }, new GitProcesses(4));
    const use = <T>(work: (folder: string) => T): Promise<T> =>
      cache.use('acc', 'https://git.example.com/a', signal, async (folder) => work(folder));
    const folder = await use((name) => name);
    writeFileSync(join(folder, 'work'), '');
    let tries = 0;
    const failing = use(() => {
      tries += 1;
      throw new GitExit(128, stderr);
    });
    await expect(failing).rejects.toThrow(stderr);
    expect([tries, existsSync(join(folder, 'work'))]).toEqual([runs, isKept]);
  });

  const untilEnded = (ends: AbortSignal): Promise<never> =>
    new Promise((_, reject) => ends.addEventListener('abort', () => reject(ends.reason), { once: true }));

  it('ends what lets a folder grow above the limit, and removes the folder', async () => {
    const cache = new RepositoryCache(root, { repositories: 4, repositoryBytes: 1024 * 1024 }, new GitProcesses(4));
    let used = '';
    const growing = cache.use('acc', 'https://git.example.com/endless', signal, (folder, ends) => {
      used = folder;
      writeFileSync(join(folder, 'objects/pack/tmp_pack_1'), Buffer.alloc(2 * 1024 * 1024));
      return untilEnded(ends);
    });
    await expect(growing).rejects.toMatchObject({
      code: 'PAYLOAD_TOO_LARGE',
      message: expect.stringContaining('SCM_REPOSITORY_MAX_MB'),
    });
    expect([used === '', existsSync(used)]).toEqual([false, false]);
  }, 300_000);

  it('removes a folder that has grown above the limit by work that was done before anybody looked', async () => {
    const cache = new RepositoryCache(root, { repositories: 4, repositoryBytes: 1024 * 1024 }, new GitProcesses(4));
    const used = await cache.use('acc', 'https://git.example.com/large', signal, async (folder) => {
      writeFileSync(join(folder, 'objects/pack/pack-1.pack'), Buffer.alloc(2 * 1024 * 1024));
      return folder;
    });
    expect(existsSync(used)).toBe(false);
  }, 300_000);

  it('keeps nothing unfinished of work that was stopped', async () => {
    const cache = new RepositoryCache(root, { repositories: 4, repositoryBytes: LARGE }, new GitProcesses(4));
    const timeout = new AbortController();
    let used = '';
    const stopped = cache.use('acc', 'https://git.example.com/slow', timeout.signal, (folder, ends) => {
      used = folder;
      for (const name of ['pack/tmp_pack_1', 'pack/pack-1.pack']) writeFileSync(join(folder, 'objects', name), 'x');
      const ended = untilEnded(ends);
      timeout.abort(new Error('20 s are over'));
      return ended;
    });
    await expect(stopped).rejects.toThrow('20 s are over');
    expect(await readdir(join(used, 'objects/pack'))).toEqual(['pack-1.pack']);
  }, 300_000);
});
