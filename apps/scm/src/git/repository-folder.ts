import { lstat, readdir, rm } from 'node:fs/promises';
import type { Dirent } from 'node:fs';
import { join } from 'node:path';

/** Bytes of all files below a folder; files that go while it looks count as nothing. */
export async function sizeOf(folder: string): Promise<number> {
  const sizes = await Promise.all(
    (await filesOf(folder)).map((file) =>
      lstat(file).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Removes what a git that was killed had not finished: packs and objects under temporary names, which git itself would keep for weeks. */
export async function removeUnfinished(folder: string): Promise<void> {
  const unfinished = (await filesOf(join(folder, 'objects'))).filter((file) => /\/tmp_[^/]*$/.test(file));
  await Promise.all(unfinished.map((file) => rm(file, { force: true })));
}

async function filesOf(folder: string): Promise<string[]> {
  const entries: Dirent[] = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
