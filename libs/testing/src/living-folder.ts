import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Paths of all files below a folder in which others make, move and remove files meanwhile: what has gone when it is looked at is left out. */
export function filesBelow(folder: string): string[] {
  const entries = unlessGone(() => readdirSync(folder, { withFileTypes: true })) ?? [];
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesBelow(path);
    return entry.isFile() ? [path] : [];
  });
}

/** The content of a file; undefined when it has gone. */
export function contentOf(file: string): Buffer | undefined {
  return unlessGone(() => readFileSync(file));
}

function unlessGone<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (cause: unknown) {
    if (hasGone(cause)) return undefined;
    throw cause;
  }
}

// A file system's own error is no `Error` of this realm: Jest gives each spec another one.
function hasGone(cause: unknown): boolean {
  return (
    typeof cause === 'object' &&
    cause !== null &&
    'code' in cause &&
    (cause.code === 'ENOENT' || cause.code === 'ENOTDIR')
  );
}
