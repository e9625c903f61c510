import { posix } from 'node:path';
import { AppError } from '@sluice/kernel';

/**
 * A path inside a repository, relative to its root, without `.` and empty segments.
 * @throws AppError PATH_OUTSIDE_REPOSITORY for an absolute path or one that climbs out
 */
export function repositoryPath(path: string): string {
  const refuse = (why: string): never => {
    throw new AppError(
      'PATH_OUTSIDE_REPOSITORY',
      `path "${path}" ${why}; give a path relative to the repository's root, such as db/changelog.xml`,
      { fields: [{ field: 'path', error: why }] },
    );
  };
  if (path.includes('\0') || path.includes('\\')) return refuse('holds a character that is not allowed');
  if (path.startsWith('/') || /^[a-zA-Z]:/.test(path)) return refuse('is absolute');
  const clean = posix.normalize(path);
  if (clean === '..' || clean.startsWith('../')) return refuse('leaves the repository');
  if (clean === '.' || clean.endsWith('/')) return refuse('names a folder');
  if (clean.split('/').some((segment) => segment.toLowerCase() === '.git'))
    return refuse("leads into Git's own folder");
  return clean;
}

/** Where a symbolic link at `path` points to, as a repository path. @throws AppError PATH_OUTSIDE_REPOSITORY */
export function followLink(path: string, target: string): string {
  if (target.startsWith('/'))
    throw new AppError('PATH_OUTSIDE_REPOSITORY', `"${path}" is a symbolic link to ${target}, outside the repository`);
  return repositoryPath(posix.join(posix.dirname(path), target));
}
