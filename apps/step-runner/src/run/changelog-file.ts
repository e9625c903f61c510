import { realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import { AppError } from '@sluice/kernel';

export interface ChangelogFile {
  /** Real path of the source tree. */
  readonly root: string;
  /** Relative to `root`, with `/` between folders: the name Liquibase records. */
  readonly path: string;
}

const SOURCE_NAME = /^[a-zA-Z0-9_-]{1,64}$/;

/**
 * Finds the changelog inside its checked-out tree.
 * @throws AppError PATH_OUTSIDE_REPOSITORY when the path, or a symbolic link on it, leads out of the tree;
 * GIT_FILE_NOT_FOUND when there is no such file
 */
export async function findChangelog(
  sourcesDir: string,
  changelog: { source: string; path: string },
): Promise<ChangelogFile> {
  if (!SOURCE_NAME.test(changelog.source))
    throw new AppError('INVALID_REQUEST', `"${changelog.source}" is not the name of a source`);
  const tree = join(sourcesDir, changelog.source);
  const root = await realpath(tree).catch(() => {
    throw new AppError('GIT_FILE_NOT_FOUND', `the source "${changelog.source}" was not checked out`);
  });
  const wanted = changelog.path.replace(/^\/+/, '');
  const lexical = relative(root, join(root, wanted));
  if (isOutside(lexical)) throw outside(changelog.path);
  const found = await realpath(join(root, lexical)).catch(() => {
    throw new AppError(
      'GIT_FILE_NOT_FOUND',
      `changelog "${changelog.path}" does not exist in the repository; check its path and the branch, tag or commit`,
    );
  });
  if (isOutside(relative(root, found))) throw outside(changelog.path);
  if (!(await stat(found)).isFile())
    throw new AppError('GIT_FILE_NOT_FOUND', `changelog "${changelog.path}" is a folder; name a file in it`);
  return { root, path: lexical.split(sep).join('/') };
}

function isOutside(path: string): boolean {
  return path === '' || path === '..' || path.startsWith(`..${sep}`) || isAbsolute(path);
}

function outside(path: string): AppError {
  return new AppError(
    'PATH_OUTSIDE_REPOSITORY',
    `changelog "${path}" leads out of the repository; only files inside it can be used`,
  );
}
