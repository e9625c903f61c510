import { createHash } from 'node:crypto';
import type { ChangelogLock } from '@sluice/delegate-protocol';
import type pg from 'pg';
import { FREE, lockHeldBy, type LockTable, type SessionLife } from './changelog-lock.js';

const HELD = `SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND classid = (($1::bigint >> 32) & 4294967295)::text::oid AND objid = ($1::bigint & 4294967295)::text::oid)
  OR EXISTS (SELECT FROM pg_stat_activity WHERE application_name = $2) AS lives`;

/** The lock table of the session's current schema on PostgreSQL. A database without the table has no lock, so it is free. */
export class PostgresLockTable implements LockTable {
  constructor(private readonly connection: pg.Client) {}

  async look(): Promise<ChangelogLock> {
    const table = await tableOf(this.connection);
    if (table === undefined) return FREE;
    const { rows } = await this.connection.query<{ lockedby: string | null; since: string | null }>(
      `SELECT lockedby, to_char(lockgranted, 'YYYY-MM-DD"T"HH24:MI:SS') AS since FROM ${table} WHERE id = 1 AND locked`,
    );
    const [row] = rows;
    return row
      ? lockHeldBy(row.lockedby, row.since, (engine) =>
          lifeOf(this.connection, engine.name, engine.session, engine.server),
        )
      : FREE;
  }

  async free(holder: string): Promise<boolean> {
    const table = await tableOf(this.connection);
    if (table === undefined) return false;
    const { rowCount } = await this.connection.query(
      `UPDATE ${table} SET locked = FALSE, lockedby = NULL, lockgranted = NULL WHERE id = 1 AND locked AND COALESCE(lockedby, '') = $1`,
      [holder],
    );
    return rowCount === 1;
  }
}

/** The table's quoted name, or nothing when there is no such table. */
async function tableOf(connection: pg.Client): Promise<string | undefined> {
  const { rows } = await connection.query<{ name: string | null }>(
    `SELECT (SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'databasechangeloglock') AS name`,
  );
  return rows[0]?.name ?? undefined;
}

/** Session locks are facts of one server: another one of the same cluster, or one that may not be asked who it is, proves nothing. */
async function lifeOf(connection: pg.Client, engine: string, session: string, server: string): Promise<SessionLife> {
  const asked = await connection
    .query<{ id: string }>('SELECT system_identifier::text AS id FROM pg_control_system()')
    .catch(() => undefined);
  const id = asked?.rows[0]?.id;
  if (id === undefined || digest(id).subarray(0, 6).toString('hex') !== server) return 'unknown';
  const { rows } = await connection.query<{ lives: boolean }>(HELD, [
    digest(engine).readBigInt64BE(0).toString(),
    session,
  ]);
  return rows[0]?.lives === false ? 'gone' : 'alive';
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
