import type { ChangelogLock, ChangelogLockAnswer, ChangelogLockTask } from '@sluice/delegate-protocol';

export type SessionLife = NonNullable<ChangelogLock['session']>;

/** What an engine wrote into LOCKEDBY about how to prove that its session lives. */
export interface LockingEngine {
  readonly name: string;
  readonly session: string;
  /** Number of its session at the server; on MariaDB and MySQL followed by a colon and the port of its client. */
  readonly backend: string;
  /** Digest of the server's identity. */
  readonly server: string;
}

/** The change log lock table of one database. */
export interface LockTable {
  look(): Promise<ChangelogLock>;
  /** Frees the lock in one statement that names the holder. @returns whether that holder had it */
  free(holder: string): Promise<boolean>;
}

export const FREE: ChangelogLock = { locked: false, holder: null, since: null, engine: null, session: null };
const ENGINE = /#(sluice-[A-Za-z0-9_-]+) session=(\S+)(?: backend=(\d+(?::\d+)?)@([0-9a-f]+))? \(/;

/** @param lifeOf asks the database; not called for holders whose life cannot be proven */
export async function lockHeldBy(
  holder: string | null,
  since: string | null,
  lifeOf: (engine: LockingEngine) => Promise<SessionLife>,
): Promise<ChangelogLock> {
  const [, name, session, backend, server] = ENGINE.exec(holder ?? '') ?? [];
  const life = name && session && backend && server ? await lifeOf({ name, session, backend, server }) : 'unknown';
  return { locked: true, holder, since, engine: name ?? null, session: life };
}

/**
 * Frees the lock from the holder the task names, so a lock that changed hands since it was looked at stays.
 * A holder's name is used for one run, so a session that was seen to be gone does not come back.
 */
export async function releaseLock(
  table: LockTable,
  { holder, force }: NonNullable<ChangelogLockTask['release']>,
): Promise<ChangelogLockAnswer> {
  const before = await table.look();
  if (!before.locked) return { lock: before, release: 'notLocked' };
  if ((before.holder ?? '') !== holder) return { lock: before, release: 'otherHolder' };
  if (before.session === 'alive' && !force) return { lock: before, release: 'sessionAlive' };
  const isFreed = await table.free(holder);
  const lock = await table.look();
  if (isFreed) return { lock, release: 'released' };
  return { lock, release: lock.locked ? 'otherHolder' : 'notLocked' };
}
