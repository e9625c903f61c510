import { createHash } from 'node:crypto';
import type { ChangelogLock, ChangelogLockAnswer, ChangelogLockTask } from '@sluice/delegate-protocol';
import type pg from 'pg';

const FREE: ChangelogLock = { locked: false, holder: null, since: null, engine: null, session: null };
/** What an engine writes into LOCKEDBY; without `backend` its life cannot be proven from outside. */
const ENGINE = /#(sluice-[A-Za-z0-9_-]+) session=(\S+)(?: backend=\d+@([0-9a-f]+))? \(/;
const HELD = `SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND classid = (($1::bigint >> 32) & 4294967295)::text::oid AND objid = ($1::bigint & 4294967295)::text::oid)
  OR EXISTS (SELECT FROM pg_stat_activity WHERE application_name = $2) AS lives`;

/** The lock of the session's current schema. A database without the table has none, so it is free. */
export async function lookAtLock(connection: pg.Client): Promise<ChangelogLock> {
  const table = await tableOf(connection);
  if (table === undefined) return FREE;
  const { rows } = await connection.query<{ lockedby: string | null; since: string | null }>(
    `SELECT lockedby, to_char(lockgranted, 'YYYY-MM-DD"T"HH24:MI:SS') AS since FROM ${table} WHERE id = 1 AND locked`,
  );
  const [row] = rows;
  if (!row) return FREE;
  const [, engine, session, server] = ENGINE.exec(row.lockedby ?? '') ?? [];
  const life = engine && session && server ? await lifeOf(connection, engine, session, server) : 'unknown';
  return { locked: true, holder: row.lockedby, since: row.since, engine: engine ?? null, session: life };
}

/**
 * Frees the lock in one statement that names the holder, so a lock that changed hands since it was looked at stays.
 * A holder's name is used for one run, so a session that was seen to be gone does not come back.
 */
export async function releaseLock(connection: pg.Client, { holder, force }: NonNullable<ChangelogLockTask['release']>): Promise<ChangelogLockAnswer> {
  const before = await lookAtLock(connection);
  const table = await tableOf(connection);
  if (!before.locked || table === undefined) return { lock: before, release: 'notLocked' };
  if ((before.holder ?? '') !== holder) return { lock: before, release: 'otherHolder' };
  if (before.session === 'alive' && !force) return { lock: before, release: 'sessionAlive' };
  const { rowCount } = await connection.query(
    `UPDATE ${table} SET locked = FALSE, lockedby = NULL, lockgranted = NULL WHERE id = 1 AND locked AND COALESCE(lockedby, '') = $1`,
    [holder],
  );
  const lock = await lookAtLock(connection);
  if (rowCount === 1) return { lock, release: 'released' };
  return { lock, release: lock.locked ? 'otherHolder' : 'notLocked' };
}

/** The table's quoted name, or nothing when there is no such table. */
async function tableOf(connection: pg.Client): Promise<string | undefined> {
  const { rows } = await connection.query<{ name: string | null }>(
    `SELECT (SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'databasechangeloglock') AS name`,
  );
  return rows[0]?.name ?? undefined;
}

/** Session locks are facts of one server: another one of the same cluster, or one that may not be asked who it is, proves nothing. */
async function lifeOf(connection: pg.Client, engine: string, session: string, server: string): Promise<'alive' | 'gone' | 'unknown'> {
  const asked = await connection.query<{ id: string }>('SELECT system_identifier::text AS id FROM pg_control_system()').catch(() => undefined);
  const id = asked?.rows[0]?.id;
  if (id === undefined || digest(id).subarray(0, 6).toString('hex') !== server) return 'unknown';
  const { rows } = await connection.query<{ lives: boolean }>(HELD, [digest(engine).readBigInt64BE(0).toString(), session]);
  return rows[0]?.lives === false ? 'gone' : 'alive';
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
