import { storable } from './storable.js';

const MOST_PATHS = 200;
const MOST_DEPTH = 16;
const MOST_PATH_TEXT = 512;
/** Changes with every write, so that it says nothing. */
const UNREMARKABLE = new Set(['updatedAt', 'lastModifiedAt', 'updated', 'version', 'lastActivityAt']);

/**
 * Where two states of an entity differ, as paths such as `spec.auth.spec.username` or `stages.0.name`, at most 200. Compares the values themselves, so
 * that a changed password is named although neither value is shown.
 */
export function changedPaths(before: unknown, after: unknown): string[] {
  const paths: string[] = [];
  compare(before, after, [], paths);
  return paths;
}

function compare(before: unknown, after: unknown, path: readonly string[], paths: string[]): void {
  if (paths.length >= MOST_PATHS || isSame(before, after)) return;
  if (path.length < MOST_DEPTH && isPlain(before) && isPlain(after) && Array.isArray(before) === Array.isArray(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      if (!UNREMARKABLE.has(key)) compare(before[key], after[key], [...path, key], paths);
    }
    return;
  }
  paths.push(storable(path.join('.')).slice(0, MOST_PATH_TEXT));
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !(value instanceof Date) && !(value instanceof Uint8Array);
}

function isSame(before: unknown, after: unknown): boolean {
  if (Object.is(before, after) || (before ?? null) === (after ?? null)) return true;
  if (before instanceof Date && after instanceof Date) return before.getTime() === after.getTime();
  if (before instanceof Uint8Array && after instanceof Uint8Array) return Buffer.from(before).equals(after);
  return false;
}
