import { readFile } from 'node:fs/promises';
import type { ConnectionOptions } from 'node:tls';
import { postgresEncryption, type JdbcUrl, type PostgresEncryption } from '@sluice/db-migration';
import { messageOf } from '@sluice/kernel';
import pg from 'pg';
import { codeOf, failed, nobodyThere } from './http-ask.js';

const LIMIT_MS = 10_000;

/** Signs in and asks for the version. @throws AppError with a failure type */
export async function askPostgres(
  url: JdbcUrl,
  username: string | undefined,
  password: string | undefined,
): Promise<string> {
  return withPostgres(url, { username, password, applicationName: 'sluice-connection-test' }, async (connection) => {
    const { rows } = await connection.query<{ server_version: string }>('SHOW server_version');
    return `PostgreSQL ${rows[0]?.server_version ?? ''}`.trim();
  });
}

interface PostgresLogin {
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** The session's name in `pg_stat_activity`. */
  readonly applicationName: string;
}

/** Signs in, does `work` over the session and ends it. Each statement has 10 seconds. @throws AppError with a failure type */
export async function withPostgres<T>(
  url: JdbcUrl,
  login: PostgresLogin,
  work: (connection: pg.Client) => Promise<T>,
): Promise<T> {
  const encryption = postgresEncryption(url);
  try {
    if (encryption.mode !== 'either') return await attempt(url, login, await tlsOf(encryption, url), work);
    return await attempt(url, login, { rejectUnauthorized: false }, work).catch((cause: unknown) => {
      if (/does not support SSL/.test(messageOf(cause))) return attempt(url, login, false, work);
      throw cause;
    });
  } catch (cause) {
    throw postgresFailure(cause, url, login.username);
  }
}

async function tlsOf(
  encryption: Exclude<PostgresEncryption, { mode: 'either' }>,
  url: JdbcUrl,
): Promise<ConnectionOptions | false> {
  if (encryption.mode === 'plain') return false;
  const read = async (file: string | undefined): Promise<string | undefined> =>
    file === undefined ? undefined : readFile(file, 'utf8');
  const [ca, cert, key] = await Promise.all([
    read(encryption.caFile),
    read(encryption.certFile),
    read(encryption.keyFile),
  ]);
  return {
    rejectUnauthorized: encryption.verify,
    ...(ca ? { ca } : {}),
    ...(cert ? { cert } : {}),
    ...(key ? { key } : {}),
    ...(encryption.checkHost ? { servername: url.hosts[0]?.host } : { checkServerIdentity: () => undefined }),
  };
}

async function attempt<T>(
  url: JdbcUrl,
  { username: user, password, applicationName }: PostgresLogin,
  ssl: ConnectionOptions | false,
  work: (connection: pg.Client) => Promise<T>,
): Promise<T> {
  const { host, port } = url.hosts[0] ?? { host: '', port: 5432 };
  const connection = new pg.Client({
    host: host.replace(/^\[|\]$/g, ''),
    port,
    user,
    password,
    database: url.database === '' ? user : url.database,
    connectionTimeoutMillis: LIMIT_MS,
    query_timeout: LIMIT_MS,
    application_name: applicationName,
    ssl,
  });
  connection.on('error', () => undefined);
  try {
    await connection.connect();
    return await work(connection);
  } finally {
    await connection.end().catch(() => undefined);
  }
}

function postgresFailure(cause: unknown, { hosts, database }: JdbcUrl, username: string | undefined): Error {
  const code = codeOf(cause);
  const { host, port } = hosts[0] ?? { host: '', port: 5432 };
  const where = `${host}:${port}`;
  if (code.startsWith('28'))
    return failed(`the database at ${where} refuses user "${username ?? ''}": ${messageOf(cause)}`, 'Authentication');
  if (code === '3D000') return failed(`the database server at ${where} has no database "${database}"`, 'Unknown');
  const nobody = nobodyThere(cause, host, where);
  if (nobody) return nobody;
  return failed(`the database at ${where} cannot be used: ${messageOf(cause)}`, 'Connectivity');
}
