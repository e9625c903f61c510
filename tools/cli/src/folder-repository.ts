import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { messageOf } from '@sluice/kernel';
import type { LocalConnection } from './connection.js';
import type { RepositoryAccess } from './deployment.js';
import type { GitRef } from './entities.js';
import { UsageError } from './usage.js';

const run = promisify(execFile);

/**
 * Gives the commits of a folder to the Git server of the local stack, where its delegate reads them: everything the ref needs, under
 * the same branch, tag or commit id. The folder itself is only read; what is not committed is not deployed.
 * @param say gets a sentence when there is something that is not committed
 * @throws UsageError when there is no local stack, or the folder or the ref cannot be read
 */
export async function publishFolder(
  path: string,
  ref: GitRef,
  local: LocalConnection | undefined,
  say: (text: string) => void,
): Promise<RepositoryAccess> {
  const folder = resolve(path);
  if (!local?.git)
    throw new UsageError(
      `--repo ${path} is a folder of this machine: only the local stack (npm start) can be given its commits; for another Sluice, name an http(s) or SSH URL that its delegate reads`,
    );
  const commit = await commitOf(folder, ref);
  const uncommitted = await git(folder, ['status', '--porcelain', '--untracked-files=normal']).catch(() => '');
  if (uncommitted !== '')
    say(
      `${folder} holds changes that are not committed (${shortList(uncommitted)}); what is committed is deployed (${commit.slice(0, 10)})`,
    );
  const name = `${basename(folder)
    .replace(/\.git$/, '')
    .replaceAll(/[^\w.-]+/g, '_')}-${createHash('sha256').update(folder).digest('hex').slice(0, 8)}`;
  const copy = join(local.git.folder, `${name}.git`);
  if (!existsSync(copy)) await git(folder, ['init', '--quiet', '--bare', '--initial-branch=main', copy]);
  await git(folder, ['push', '--quiet', '--force', copy, `${commit}:${placeOf(ref, commit)}`]);
  return { kind: 'http', url: `${local.git.url}/${name}.git` };
}

async function commitOf(folder: string, ref: GitRef): Promise<string> {
  const name =
    ref.commitSha ?? (ref.gitTag === undefined ? `refs/heads/${ref.branch ?? 'main'}` : `refs/tags/${ref.gitTag}`);
  try {
    return (await git(folder, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`])).trim();
  } catch (cause: unknown) {
    const reason = await git(folder, ['rev-parse', '--git-dir']).then(
      () => `it has no ${name}; name another with --ref`,
      () => 'it is no Git repository',
    );
    throw new UsageError(`--repo ${folder}: ${reason}`, { cause });
  }
}

const MOST_NAMED = 3;

/** @param status lines of `git status --porcelain`: two letters, a blank and the path */
function shortList(status: string): string {
  const paths = status
    .trimEnd()
    .split('\n')
    .map((line) => line.slice(3));
  const more = paths.length - MOST_NAMED;
  return `${paths.slice(0, MOST_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** A commit id alone is reached by a branch of its own. */
function placeOf(ref: GitRef, commit: string): string {
  if (ref.commitSha !== undefined) return `refs/heads/commit-${commit}`;
  return ref.gitTag === undefined ? `refs/heads/${ref.branch ?? 'main'}` : `refs/tags/${ref.gitTag}`;
}

async function git(folder: string, args: readonly string[]): Promise<string> {
  try {
    return (await run('git', ['-C', folder, ...args], { maxBuffer: 16 * 1024 * 1024 })).stdout;
  } catch (cause: unknown) {
    if (typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === 'ENOENT')
      throw new UsageError('git is missing; install it (Debian: apt-get install git)', { cause });
    throw new Error(`git ${args[0] ?? ''} in ${folder}: ${messageOf(cause)}`, { cause });
  }
}
