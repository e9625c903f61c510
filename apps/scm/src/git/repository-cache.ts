import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GitProcesses } from './git-process.js';

/** Fetches leave packs behind; a repository with more than this is made anew instead of being tidied up. */
const MOST_PACKS = 60;

/** Written last: a folder without it was left by a process that ended too early. */
const READY = 'sluice-ready';

/**
 * Bare partial clones on disk, one per account and URL, so that a second look at a repository transfers only what is new. Holds no
 * credentials; everything in it may be deleted at any time while scm is stopped.
 */
export class RepositoryCache {
  private readonly queues = new Map<string, Promise<unknown>>();

  constructor(
    private readonly root: string,
    private readonly most: number,
    private readonly processes: GitProcesses,
  ) {}

  /** Runs `work` alone in the repository's folder; others for the same repository wait, until `signal` says stop. */
  async use<T>(accountId: string, url: string, signal: AbortSignal, work: (folder: string) => Promise<T>): Promise<T> {
    const name = createHash('sha256').update(`${accountId}\n${url}`).digest('hex').slice(0, 40);
    const before = this.queues.get(name) ?? Promise.resolve();
    const mine = before.then(async () => {
      signal.throwIfAborted();
      return work(await this.prepare(name, url, signal));
    });
    const settled = mine.catch(() => undefined);
    this.queues.set(name, settled);
    void settled.then(() => {
      if (this.queues.get(name) === settled) this.queues.delete(name);
    });
    return mine;
  }

  private async prepare(name: string, url: string, signal: AbortSignal): Promise<string> {
    const folder = join(this.root, name);
    if (await isWornOut(folder)) await rm(folder, { recursive: true, force: true });
    if (existsSync(join(folder, READY))) {
      await utimes(folder, new Date(), new Date());
      return folder;
    }
    await rm(folder, { recursive: true, force: true });
    await this.evict();
    await this.processes.run({ args: ['init', '--quiet', '--bare', '--template=', '--initial-branch=sluice-cache', folder], signal });
    await writeFile(join(folder, 'config'), configFile(url));
    await writeFile(join(folder, READY), '');
    return folder;
  }

  /** Removes the least recently used repositories that nobody works in, down to one below the limit. */
  private async evict(): Promise<void> {
    const names = await readdir(this.root);
    if (names.length < this.most) return;
    const aged = await Promise.all(names.map(async (name) => ({ name, at: (await stat(join(this.root, name))).mtimeMs })));
    const idle = aged.filter(({ name }) => !this.queues.has(name)).sort((a, b) => a.at - b.at);
    for (const { name } of idle.slice(0, names.length - this.most + 1)) await rm(join(this.root, name), { recursive: true, force: true });
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
