import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, Turns, mebibytes } from '@sluice/kernel';
import { isOfServer } from './git-errors.js';
import { GitExit, type GitProcesses } from './git-process.js';
import { removeUnfinished, sizeOf } from './repository-folder.js';

/** Fetches leave packs behind; a repository with more than this is made anew instead of being tidied up. */
const MOST_PACKS = 60;

/** Written last: a folder without it was left by a process that ended too early. */
const READY = 'sluice-ready';
/** How often the size of a folder is looked at while git works in it. */
const SIZE_CHECK_MS = 500;

/** What the cache may hold. */
export interface CacheLimits {
  readonly repositories: number;
  /** Of one repository, also while it is fetched. */
  readonly repositoryBytes: number;
}

/**
 * Bare partial clones on disk, one per account and URL, so that a second look at a repository transfers only what is new. Holds no
 * credentials; everything in it may be deleted at any time while scm is stopped.
 */
export class RepositoryCache {
  /** One user of a folder at a time, its removal included. */
  private readonly folders = new Turns();
  private readonly evictions = new Turns();

  constructor(
    private readonly root: string,
    private readonly limits: CacheLimits,
    private readonly processes: GitProcesses,
  ) {}

  /**
   * Runs `work` alone in the repository's folder; others for the same repository wait, until `signal` says stop. Where git fails for another
   * reason than the server, the folder may hold the lock of a killed process or a damaged file: it is made anew, and `work` runs once more.
   * @param work gets a signal that also ends it when the folder becomes too large @throws AppError PAYLOAD_TOO_LARGE then, with the folder removed
   */
  use<T>(
    accountId: string,
    url: string,
    signal: AbortSignal,
    work: (folder: string, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const name = createHash('sha256').update(`${accountId}\n${url}`).digest('hex').slice(0, 40);
    return this.folders.take(name, async () => {
      signal.throwIfAborted();
      const { folder, isNew } = await this.prepare(name, url, signal);
      try {
        return await this.bounded(folder, signal, work);
      } catch (cause) {
        if (isNew || !(cause instanceof GitExit) || isOfServer(cause.stderr)) throw cause;
        await discard(folder);
        return this.bounded((await this.prepare(name, url, signal)).folder, signal, work);
      }
    });
  }

  /** A server may send without end, and what a killed git leaves behind is in nobody's way but on the disk. */
  private async bounded<T>(
    folder: string,
    signal: AbortSignal,
    work: (folder: string, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const { repositoryBytes } = this.limits;
    const tooLarge = new AbortController();
    const watch = setInterval(() => {
      void sizeOf(folder).then((bytes) => {
        if (bytes > repositoryBytes)
          tooLarge.abort(
            new AppError(
              'PAYLOAD_TOO_LARGE',
              `what is read of the repository takes more than ${mebibytes(repositoryBytes)}, the limit of SCM_REPOSITORY_MAX_MB; name a smaller repository`,
            ),
          );
      });
    }, SIZE_CHECK_MS);
    const ends = AbortSignal.any([signal, tooLarge.signal]);
    try {
      return await work(folder, ends);
    } catch (cause) {
      throw tooLarge.signal.aborted ? tooLarge.signal.reason : cause;
    } finally {
      clearInterval(watch);
      if (tooLarge.signal.aborted || (await sizeOf(folder)) > repositoryBytes) await discard(folder);
      else if (signal.aborted) await removeUnfinished(folder);
    }
  }

  private async prepare(name: string, url: string, signal: AbortSignal): Promise<{ folder: string; isNew: boolean }> {
    const folder = join(this.root, name);
    if (await isWornOut(folder)) await discard(folder);
    if (existsSync(join(folder, READY))) {
      await utimes(folder, new Date(), new Date());
      return { folder, isNew: false };
    }
    await discard(folder);
    await this.evictions.take('', () => this.evict());
    await this.processes.run({
      args: ['init', '--quiet', '--bare', '--template=', '--initial-branch=sluice-cache', folder],
      signal,
    });
    await writeFile(join(folder, 'config'), configFile(url));
    await writeFile(join(folder, READY), '');
    return { folder, isNew: true };
  }

  /**
   * Removes the least recently used repositories that nobody works in, down to one below the limit. A removal takes the folder's turn, so whoever
   * asks for that repository meanwhile waits and finds none; what has come into use since the look at the folders stays.
   */
  private async evict(): Promise<void> {
    const names = await readdir(this.root);
    if (names.length < this.limits.repositories) return;
    const ages = await Promise.all(names.map(async (name) => ({ name, at: await usedAt(join(this.root, name)) })));
    const oldestFirst = ages.filter(({ at }) => at !== undefined).sort((a, b) => (a.at ?? 0) - (b.at ?? 0));
    let surplus = oldestFirst.length - this.limits.repositories + 1;
    for (const { name } of oldestFirst) {
      if (surplus <= 0) return;
      if (this.folders.isTaken(name)) continue;
      await this.folders.take(name, () => discard(join(this.root, name)));
      surplus -= 1;
    }
  }
}

/** Without the mark first: a removal that is cut off leaves nothing that looks whole. */
async function discard(folder: string): Promise<void> {
  await rm(join(folder, READY), { force: true });
  await rm(folder, { recursive: true, force: true });
}

/** @returns undefined for a folder that is gone */
async function usedAt(folder: string): Promise<number | undefined> {
  try {
    return (await stat(folder)).mtimeMs;
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw cause;
  }
}

async function isWornOut(folder: string): Promise<boolean> {
  const packs = join(folder, 'objects/pack');
  return existsSync(packs) && (await readdir(packs)).filter((file) => file.endsWith('.pack')).length > MOST_PACKS;
}

/** @param url as `URL.href` gives it: quotes, backslashes and line breaks are encoded */
function configFile(url: string): string {
  return `[core]
\trepositoryformatversion = 1
\tbare = true
[extensions]
\tpartialClone = origin
[remote "origin"]
\turl = "${url}"
\tpromisor = true
\tpartialclonefilter = blob:none
`;
}
