import { mkdir, readdir, realpath, rm, stat } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import { AppError } from '@sluice/kernel';
import { CONFIG, type DelegateConfig } from '../config.js';
import { GitMirror, type FetchRequest, type FetchedCommit } from './git-mirror.js';
import { MirrorDamage } from './mirror-damage.js';
import { TreeSize } from './tree-size.js';

/** The tree of a commit as a plain folder. */
export interface ExportedTree {
  readonly folder: string;
  readonly fetched: FetchedCommit;
  /** Symbolic links that lead out of the tree, or nowhere; they are not in the folder. Paths relative to it. */
  readonly leftOut: readonly string[];
  /** Submodules, which are not fetched: empty folders. Paths relative to `folder`. */
  readonly submodules: readonly string[];
}

/** What is missing of a mirror shows only when a tree is written. */
const ATTEMPTS = 3;

/** Trees of commits as plain folders, safe to hand to a pod. */
@Injectable()
export class SourceTree {
  constructor(
    private readonly mirror: GitMirror,
    @Inject(CONFIG) private readonly config: DelegateConfig,
  ) {}

  /**
   * Fetches what the request names and writes its tree into `folder`. A mirror that turns out damaged is fetched afresh.
   * @throws AppError as {@link GitMirror.fetch} and {@link export}
   */
  async checkOut(request: FetchRequest, folder: string): Promise<ExportedTree> {
    let fetched = await this.mirror.fetch(request);
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.export(fetched, folder, request.signal);
      } catch (cause) {
        if (!(cause instanceof MirrorDamage) || attempt === ATTEMPTS) throw cause;
        for (const path of [folder, indexOf(folder), `${indexOf(folder)}.lock`])
          await rm(path, { recursive: true, force: true });
        fetched = await this.mirror.fetchAgain(request, fetched, cause);
      }
    }
  }

  /**
   * Writes the tree of a commit into `folder`, without running filters or hooks. Links that lead out of the tree are left out: followed, they
   * would show the pod files of the machine.
   * @throws AppError PAYLOAD_TOO_LARGE for a tree above the delegate's limits, before anything of it is written
   */
  async export(fetched: FetchedCommit, folder: string, signal: AbortSignal): Promise<ExportedTree> {
    const submodules = await this.measure(fetched, signal);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const index = indexOf(folder);
    // An index of its own, so that two exports of one mirror do not meet.
    await this.mirror.local(
      fetched.gitDir,
      ['-c', 'core.bare=false', 'read-tree', '--reset', '-u', fetched.commit],
      signal,
      { GIT_WORK_TREE: folder, GIT_INDEX_FILE: index },
    );
    await rm(index, { force: true });
    return { folder, fetched, leftOut: await removeLeavingLinks(folder), submodules };
  }

  /** @returns paths of submodules */
  private async measure({ gitDir, commit, shown }: FetchedCommit, signal: AbortSignal): Promise<readonly string[]> {
    const size = new TreeSize(this.config.git.tree, shown);
    const tooLarge = new AbortController();
    await this.mirror.local(
      gitDir,
      ['ls-tree', '-r', '-t', '-l', '-z', '--full-tree', commit],
      AbortSignal.any([signal, tooLarge.signal]),
      {},
      (chunk) => {
        try {
          if (!tooLarge.signal.aborted) size.take(chunk);
        } catch (cause) {
          tooLarge.abort(cause);
        }
      },
    );
    return size.submodules;
  }

  /** @throws AppError GIT_FILE_NOT_FOUND naming path, ref and repository; PATH_OUTSIDE_REPOSITORY for a path that leaves the tree */
  async requireFile({ folder, fetched, leftOut, submodules }: ExportedTree, path: string): Promise<void> {
    const target = resolve(folder, path);
    if (path.startsWith('/') || path.includes('\0') || !isInside(target, folder)) {
      throw new AppError(
        'PATH_OUTSIDE_REPOSITORY',
        `changelog "${path}" leaves the repository; write a path relative to the root of ${fetched.shown}`,
      );
    }
    if (leftOut.some((link) => isInside(target, join(folder, link)))) {
      throw new AppError(
        'PATH_OUTSIDE_REPOSITORY',
        `changelog "${path}" leads out of the repository through a symbolic link (${fetched.shown})`,
      );
    }
    const found = await stat(target).catch(() => undefined);
    if (found?.isFile()) return;
    const submodule = submodules.find((path) => isInside(target, join(folder, path)));
    if (submodule !== undefined)
      throw new AppError(
        'GIT_FILE_NOT_FOUND',
        `changelog "${path}" lies in the submodule ${submodule} of ${fetched.shown}, and submodules are not fetched; deploy it from its own repository`,
      );
    const what = found?.isDirectory() ? 'is a folder, not a file' : 'does not exist';
    throw new AppError(
      'GIT_FILE_NOT_FOUND',
      `changelog "${path}" ${what} in ${fetched.shown} (commit ${fetched.commit.slice(0, 12)})`,
    );
  }
}

function indexOf(folder: string): string {
  return `${folder}.index`;
}

function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}${sep}`);
}

async function removeLeavingLinks(folder: string): Promise<string[]> {
  const root = await realpath(folder);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const leftOut: string[] = [];
  for (const entry of entries) {
    if (!entry.isSymbolicLink()) continue;
    const path = join(entry.parentPath, entry.name);
    const target = await realpath(path).catch(() => undefined);
    if (target === undefined || !isInside(target, root)) leftOut.push(path.slice(folder.length + 1));
  }
  // All are judged before the first one goes: one link may lead through another.
  for (const path of leftOut) await rm(join(folder, path), { force: true });
  return leftOut;
}
