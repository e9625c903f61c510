import { readFileSync } from 'node:fs';
import pg from 'pg';
import { postgresEncryption, type JdbcUrl } from '@sluice/db-migration';
import { waitFor } from '@sluice/kernel';
import type { DatabaseSession } from './database-session.js';

export interface PostgresSessionOptions {
  readonly url: JdbcUrl;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** `application_name` of the engine's session. */
  readonly sessionName: string;
  /** The engine's own name: LOCKEDBY contains it after a number sign when the lock is this engine's. */
  readonly lockOwner: string;
}

const CONNECT_TIMEOUT_MS = 3_000;
const QUERY_TIMEOUT_MS = 3_000;
const GONE_TIMEOUT_MS = 2_000;
const MINE = 'application_name = $1 AND usename = current_user AND pid <> pg_backend_pid()';

/** Finds the engine's session by its `application_name`, over a connection of its own per question. */
export class PostgresSession implements DatabaseSession {
  constructor(private readonly options: PostgresSessionOptions) {}

  async cancelStatement(): Promise<void> {
    await this.ask((client) =>
      client.query(`SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE ${MINE}`, [this.options.sessionName]),
    );
  }

  async terminate(): Promise<void> {
    await this.ask(async (client) => {
      await client.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${MINE}`, [
        this.options.sessionName,
      ]);
      await waitFor(
        async () =>
          (await client.query(`SELECT 1 FROM pg_stat_activity WHERE ${MINE}`, [this.options.sessionName])).rowCount ===
          0,
        { timeoutMs: GONE_TIMEOUT_MS, what: 'end of the database session' },
      );
    });
  }

  async releaseOwnLock(): Promise<boolean> {
    return this.ask(async (client) => {
      const schema = this.options.url.options['currentSchema'];
      if (schema) await client.query(`SELECT set_config('search_path', $1, false)`, [schema]);
      const { rows } = await client.query<{ name: string | null }>(
        `SELECT to_regclass('databasechangeloglock')::text AS name`,
      );
      if (!rows[0]?.name) return false;
      const freed = await client.query(
        'UPDATE databasechangeloglock SET locked = FALSE, lockgranted = NULL, lockedby = NULL WHERE locked AND position($1 in lockedby) > 0',
        [`#${this.options.lockOwner} `],
      );
      return freed.rowCount === 1;
    });
  }

  private async ask<T>(question: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = await this.connect();
    try {
      return await question(client);
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  private async connect(): Promise<pg.Client> {
    const encryption = postgresEncryption(this.options.url);
    const attempts =
      encryption.mode === 'either'
        ? [undefined, { rejectUnauthorized: false }]
        : [encryption.mode === 'plain' ? undefined : tlsOf(encryption)];
    let failure: unknown;
    for (const ssl of attempts) {
      for (const { host, port } of this.options.url.hosts) {
        const client = new pg.Client({
          host: host.replace(/^\[|\]$/g, ''),
          port,
          database: this.options.url.database || this.options.username,
          user: this.options.username,
          password: this.options.password,
          ssl,
          application_name: `${this.options.sessionName}-stop`.slice(0, 63),
          connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
          query_timeout: QUERY_TIMEOUT_MS,
        });
        client.on('error', () => undefined); // shows in the query that was under way
        try {
          await client.connect();
          return client;
        } catch (cause) {
          failure = cause;
        }
      }
    }
    throw failure;
  }
}

function tlsOf(encryption: Extract<ReturnType<typeof postgresEncryption>, { mode: 'encrypted' }>) {
  return {
    rejectUnauthorized: encryption.verify,
    ...(encryption.caFile ? { ca: readFileSync(encryption.caFile, 'utf8') } : {}),
    ...(encryption.certFile ? { cert: readFileSync(encryption.certFile, 'utf8') } : {}),
    ...(encryption.keyFile ? { key: readFileSync(encryption.keyFile) } : {}),
    ...(encryption.checkHost ? {} : { checkServerIdentity: () => undefined }),
  };
}
