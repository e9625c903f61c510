import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chownSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { newId } from '@sluice/kernel';
import { initialiseCluster, type PostgresPrograms, type ServerIdentity } from './embedded-postgres.js';

const run = promisify(execFile);

/**
 * Copies a new cluster to `dataDir`, which must not exist, and returns the superuser's password. The cluster is made once for each PostgreSQL and user
 * of this machine and kept in the temporary folder: a copy takes a tenth of the time of making one.
 */
export async function copyNewCluster(
  programs: PostgresPrograms,
  identity: ServerIdentity,
  dataDir: string,
): Promise<string> {
  const template = templateFolder(programs);
  if (!isOurs(template)) await makeTemplate(template, programs, identity);
  await run('cp', ['-a', join(template, 'data'), dataDir], { timeout: 240_000 });
  return readFileSync(join(template, 'password'), 'utf8');
}

function templateFolder(programs: PostgresPrograms): string {
  const { mtimeMs, size } = statSync(programs.postgres);
  const key = createHash('sha256')
    .update(`${programs.postgres} ${mtimeMs} ${size} ${process.getuid?.() ?? 0}`)
    .digest('hex')
    .slice(0, 16);
  return join(tmpdir(), `sluice-pg-template-${key}`);
}

/** The temporary folder is everybody's: what another user put there is not used. */
function isOurs(folder: string): boolean {
  if (!existsSync(join(folder, 'password'))) return false;
  if (statSync(folder).uid === (process.getuid?.() ?? 0)) return true;
  throw new Error(`${folder} belongs to another user; remove it`);
}

/** Made beside and moved into place as a whole, so that two processes may do it at once. */
async function makeTemplate(folder: string, programs: PostgresPrograms, identity: ServerIdentity): Promise<void> {
  const beside = mkdtempSync(`${folder}-`);
  const making = join(beside, 'data');
  const password = newId();
  const owner = statSync(beside);
  try {
    if (identity.uid !== undefined && identity.gid !== undefined) chownSync(beside, identity.uid, identity.gid);
    await initialiseCluster({ programs, identity, dataDir: making, password, isDurable: false });
    chownSync(beside, owner.uid, owner.gid);
    writeFileSync(join(beside, 'password'), password, { mode: 0o600 });
    renameSync(beside, folder);
  } catch (cause: unknown) {
    rmSync(beside, { recursive: true, force: true });
    if (!isOurs(folder)) throw cause;
  }
}
