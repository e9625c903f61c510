import { createHash } from 'node:crypto';
import type { ChangelogLock } from '@sluice/delegate-protocol';
import { FREE, lockHeldBy, type LockingEngine, type LockTable, type SessionLife } from './changelog-lock.js';
import { textLiteral, type MysqlConnection } from './mysql-connection.js';

/** With the user, as the engine has it: the sessions of another one may be hidden. */
const IDENTITY = "SELECT CONCAT_WS(':', @@hostname, @@port, @@server_id, @@datadir, SUBSTRING_INDEX(USER(), '@', 1))";
const TABLE =
  "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name IN ('DATABASECHANGELOGLOCK', 'databasechangeloglock') ORDER BY CAST(table_name AS BINARY) LIMIT 1";
/** Session locks have names of at most so many characters. */
const LONGEST_NAME = 64;

/** The lock table of the session's database on MariaDB or MySQL. A database without the table has no lock, so it is free. */
export class MysqlLockTable implements LockTable {
  constructor(private readonly connection: MysqlConnection) {}

  async look(): Promise<ChangelogLock> {
    const table = await this.table();
    if (table === undefined) return FREE;
    const { rows } = await this.connection.query(
      `SELECT LOCKEDBY, DATE_FORMAT(LOCKGRANTED, '%Y-%m-%dT%H:%i:%s') FROM ${table} WHERE ID = 1 AND LOCKED = TRUE`,
    );
    const [row] = rows;
    return row ? lockHeldBy(row[0] ?? null, row[1] ?? null, (engine) => this.lifeOf(engine)) : FREE;
  }

  async free(holder: string): Promise<boolean> {
    const table = await this.table();
    if (table === undefined) return false;
    // Byte by byte: the column's collation may take other letters for the same.
    const isHolder = `CAST(CONVERT(COALESCE(LOCKEDBY, '') USING utf8mb4) AS BINARY) = CAST(${textLiteral(holder)} AS BINARY)`;
    const { changed } = await this.connection.query(
      `UPDATE ${table} SET LOCKED = FALSE, LOCKEDBY = NULL, LOCKGRANTED = NULL WHERE ID = 1 AND LOCKED = TRUE AND ${isHolder}`,
    );
    await this.connection.query('COMMIT');
    return changed === 1;
  }

  private async table(): Promise<string | undefined> {
    const name = await this.one(TABLE);
    return name === undefined ? undefined : `\`${name}\``;
  }

  /** Session locks and sessions are facts of one server and of what its user may see. */
  private async lifeOf({ name, backend, server }: LockingEngine): Promise<SessionLife> {
    const identity = await this.one(IDENTITY);
    if (
      identity === undefined ||
      createHash('sha256').update(identity).digest('hex').slice(0, server.length) !== server
    )
      return 'unknown';
    if ((await this.one(`SELECT IS_USED_LOCK(${textLiteral(name.slice(0, LONGEST_NAME))})`)) !== undefined)
      return 'alive';
    const [number, port] = backend.split(':');
    if (port === undefined) return 'unknown';
    const { rows } = await this.connection.query('SHOW PROCESSLIST');
    return rows.some(([id, , host]) => id === number && portOf(host ?? '') === port) ? 'alive' : 'gone';
  }

  /** The first column of the first row; undefined for none and for NULL. */
  private async one(sql: string): Promise<string | undefined> {
    return (await this.connection.query(sql)).rows[0]?.[0] ?? undefined;
  }
}

/** A client on a socket file has no port. */
function portOf(host: string): string {
  return /:(\d+)$/.exec(host)?.[1] ?? '0';
}
