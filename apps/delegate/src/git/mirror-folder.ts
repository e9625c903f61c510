import { lstat, mkdir, readFile, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Locks, the mark of a running gc, and half-written files: what a git process leaves when it is killed. */
const LEFTOVER = /\.lock$|^gc\.pid$|^tmp_|^\.tmp-/;
const LOOSE_OBJECTS = /^[0-9a-f]{2}$/;

/** Creates a mirror, or what is missing of one. Written by hand: three files are all that git needs, and `git init` costs a process. */
export async function prepareMirror(gitDir: string, url: string): Promise<void> {
  for (const folder of ['objects/info', 'objects/pack', 'refs/heads', 'refs/tags', 'info'])
    await mkdir(join(gitDir, folder), { recursive: true, mode: 0o700 });
  await provideFile(join(gitDir, 'HEAD'), 'ref: refs/heads/main\n');
  await provideFile(
    join(gitDir, 'config'),
    `[core]\n\trepositoryformatversion = 0\n\tbare = true\n[remote "origin"]\n\turl = ${JSON.stringify(url)}\n`,
  );
  const now = new Date();
  await utimes(join(gitDir, 'config'), now, now);
}

/** When the mirror was prepared last; undefined for a folder that is none. Milliseconds since the epoch. */
export async function lastUseOf(gitDir: string): Promise<number | undefined> {
  return stat(join(gitDir, 'config')).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  );
}

/**
 * Removes what an ended git process left in the way. Only for a mirror no git process writes to: then a lock is held by nobody.
 * @returns the locks among it, relative to the mirror
 */
export async function removeLeftovers(gitDir: string): Promise<string[]> {
  const locks: string[] = [];
  const visit = async (folder: string): Promise<void> => {
    for (const entry of await readdir(join(gitDir, folder), { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (LEFTOVER.test(entry.name)) {
        await rm(join(gitDir, path), { recursive: true, force: true });
        if (!entry.name.includes('tmp')) locks.push(path);
      } else if (entry.isDirectory() && !(folder === 'objects' && LOOSE_OBJECTS.test(entry.name))) await visit(path);
    }
  };
  await visit('');
  return locks.sort();
}

/** Bytes of all files below a folder; 0 for one that does not exist. */
export async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const sizes = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) =>
        lstat(join(entry.parentPath, entry.name)).then(
          ({ size }) => size,
          () => 0,
        ),
      ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Keeps a file that says this already: most fetches write nothing here. */
async function provideFile(file: string, content: string): Promise<void> {
  if ((await readFile(file, 'utf8').catch(() => undefined)) === content) return;
  await writeFile(file, content, { mode: 0o600 });
}
