import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { messageOf } from '@sluice/kernel';

/** Where everything of one local installation lies. Absolute paths. */
export interface DataFolder {
  readonly root: string;
  readonly secrets: string;
  /** `<service>.key` (private, 0600) and `<service>.pub` of every service. */
  readonly keys: string;
  /** One JSON file per process that was started: what a later start stops when the launcher was killed. */
  readonly run: string;
  readonly logs: string;
  readonly postgres: string;
  readonly redis: string;
  readonly git: string;
  readonly blobs: string;
  readonly scm: string;
  readonly delegate: string;
  /** Address and API key file of the running stack, for the CLI. */
  readonly connectionFile: string;
}

/** Proves that a folder is ours before anything in it is deleted. */
const MARKER = 'sluice-data.json';

export function dataFolderAt(path: string): DataFolder {
  const root = resolve(path);
  return {
    root,
    secrets: join(root, 'secrets'),
    keys: join(root, 'secrets/keys'),
    run: join(root, 'run'),
    logs: join(root, 'logs'),
    postgres: join(root, 'postgres'),
    redis: join(root, 'redis'),
    git: join(root, 'git'),
    blobs: join(root, 'blobs'),
    scm: join(root, 'scm'),
    delegate: join(root, 'delegate'),
    connectionFile: join(root, 'connection.json'),
  };
}

/**
 * Creates what is missing. Other users may pass through the root folder (PostgreSQL runs as one) but read nothing in it.
 * @throws Error when the folder holds something that is not ours, or cannot be written.
 */
export function prepareDataFolder(folder: DataFolder): void {
  try {
    layOut(folder);
  } catch (cause: unknown) {
    // Errors of the file system have a code; ours do not.
    if (typeof cause !== 'object' || cause === null || !('code' in cause)) throw cause;
    throw new Error(
      `${folder.root} cannot be the data folder (${messageOf(cause)}); it must be a folder that this user may write to, so change that or choose another one with --data`,
      { cause },
    );
  }
}

function layOut(folder: DataFolder): void {
  mkdirSync(folder.root, { recursive: true });
  const marker = join(folder.root, MARKER);
  if (!existsSync(marker)) {
    if (readdirSync(folder.root).length > 0) {
      throw new Error(`${folder.root} is not empty and was not made by Sluice; choose another folder with --data`);
    }
    writeFileSync(marker, `${JSON.stringify({ purpose: 'data of a local Sluice', layout: 1 })}\n`);
  }
  chmodSync(folder.root, 0o711);
  for (const path of [
    folder.secrets,
    folder.keys,
    folder.run,
    folder.logs,
    folder.redis,
    folder.git,
    folder.blobs,
    folder.scm,
    folder.delegate,
  ]) {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  }
}

/** Deletes the folder. @throws Error when it was not made by Sluice. */
export function removeDataFolder(folder: DataFolder): void {
  rmSync(postgresFallback(folder), { recursive: true, force: true });
  if (!existsSync(folder.root)) return;
  if (!existsSync(join(folder.root, MARKER)) && readdirSync(folder.root).length > 0) {
    throw new Error(
      `${folder.root} was not made by Sluice, so it is not deleted; remove it yourself or choose another folder with --data`,
    );
  }
  rmSync(folder.root, { recursive: true, force: true });
}

/** Where the clusters go when PostgreSQL's user cannot enter the data folder: outside, but found again by the folder's path. */
export function postgresFallback(folder: DataFolder): string {
  return join('/var/lib/sluice', createHash('sha256').update(folder.root).digest('hex').slice(0, 16));
}
