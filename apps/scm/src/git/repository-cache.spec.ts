import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GitExit, GitProcesses } from './git-process.js';
import { RepositoryCache } from './repository-cache.js';

const signal = new AbortController().signal;

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
    const cache = new RepositoryCache(root, 4, new GitProcesses(8));
    for (let round = 0; round < 5; round += 1) {
      for (let at = 0; at < 60; at += 1) mkdirSync(join(root, `left-${round}-${at}/objects`), { recursive: true });
      const newcomers = Array.from({ length: 12 }, async (_, at) => {
        await meanwhile(at * 3);
        return cache.use('acc', `https://git.example.com/${round}-${at}`, signal, (folder) => Promise.resolve(existsSync(join(folder, 'HEAD'))));
      });
      expect(await Promise.all(newcomers)).toEqual(newcomers.map(() => true));
    }
  });

  it('never removes a repository under whoever works in it', async () => {
    const cache = new RepositoryCache(root, 2, new GitProcesses(4));
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
    const cache = new RepositoryCache(root, 2, new GitProcesses(4));
    const use = (name: string): Promise<string> => cache.use('acc', `https://git.example.com/${name}`, signal, (folder) => Promise.resolve(folder));
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
    const cache = new RepositoryCache(root, 4, new GitProcesses(4));
    const use = <T>(work: (folder: string) => T): Promise<T> => cache.use('acc', 'https://git.example.com/a', signal, async (folder) => work(folder));
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
});
