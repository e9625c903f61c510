import { spawn, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { waitFor } from '@sluice/kernel';
import { copyNewCluster } from './cluster-template.js';
import { postgresPrograms, serverIdentity, type PostgresPrograms, type ServerIdentity } from './embedded-postgres.js';

/** A throw-away PostgreSQL cluster for tests. Superuser `postgres`, password {@link TestPostgres.password}. */
export interface TestPostgres {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  /** `postgres://…/<database>` with user and password; `database` defaults to `postgres`. */
  url(database?: string): string;
  /** `jdbc:postgresql://host:port/<database>` without credentials. */
  jdbcUrl(database: string): string;
  /** Creates an empty database and returns its {@link url}. */
  createDatabase(name: string): Promise<string>;
  /** Runs one statement as superuser and returns its rows. */
  query<Row extends object = Record<string, unknown>>(
    database: string,
    sql: string,
    values?: readonly unknown[],
  ): Promise<Row[]>;
  /** Ends every session and starts the server again, with the same data on the same port. */
  restart(): Promise<void>;
  /** Stops the server and removes its data. Safe to repeat. */
  stop(): Promise<void>;
}

/** There to end a broken start; a slow machine must not reach it. */
const START_LIMIT_MS = 120_000;
const ANSWER_LIMIT_MS = 10_000;
const STOP_ON_EOF = 'trap "" INT TERM; "$@" & pid=$!; (read _; kill -INT $pid) 2>/dev/null <&3 & wait $pid';
const FAST = [
  'fsync=off',
  'synchronous_commit=off',
  'full_page_writes=off',
  'max_connections=200',
  'shared_buffers=32MB',
];

/**
 * Starts a cluster in a fresh temporary folder, on a free port of 127.0.0.1, in about 1.5 s. PostgreSQL refuses to run as
 * root, so under root it runs as another user. It ends with {@link TestPostgres.stop} or when this process ends, however it ends.
 */
export async function startPostgres(): Promise<TestPostgres> {
  const identity = serverIdentity();
  const programs = await postgresPrograms();
  const folder = mkdtempSync(join(tmpdir(), 'sluice-pg-'));
  const data = join(folder, 'data');
  if (identity.uid !== undefined && identity.gid !== undefined) chownSync(folder, identity.uid, identity.gid);
  const password = await copyNewCluster(programs, identity, data).catch((cause: unknown) => {
    rmSync(folder, { recursive: true, force: true });
    throw cause;
  });
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    try {
      const options = { programs, folder, data, port, password, identity };
      return handle(options, await startServer(options));
    } catch (cause: unknown) {
      if (attempt < 5) continue; // somebody else took the port between the look and the start
      rmSync(folder, { recursive: true, force: true });
      throw cause;
    }
  }
}

interface ServerOptions {
  readonly programs: PostgresPrograms;
  readonly folder: string;
  readonly data: string;
  readonly port: number;
  readonly password: string;
  readonly identity: ServerIdentity;
}

async function startServer({ programs, folder, data, port, password, identity }: ServerOptions): Promise<ChildProcess> {
  const options = [...FAST, 'listen_addresses=127.0.0.1', `port=${port}`, `unix_socket_directories=${folder}`];
  // The shell stops the server when fd 3 closes, so that a killed test run leaves nothing behind.
  const server = spawn(
    '/bin/sh',
    ['-c', STOP_ON_EOF, 'sh', programs.postgres, '-D', data, ...options.flatMap((option) => ['-c', option])],
    { ...identity, cwd: folder, detached: true, stdio: ['ignore', 'ignore', 'pipe', 'pipe'] },
  );
  let complaints = '';
  server.stderr?.on('data', (chunk: Buffer) => (complaints = `${complaints}${chunk.toString()}`.slice(-4000)));
  server.unref();
  for (const stream of server.stdio)
    if (stream && 'unref' in stream && typeof stream.unref === 'function') stream.unref();
  try {
    await waitFor(
      async () => {
        if (hasEnded(server)) throw new Error(`postgres did not start: ${complaints}`);
        return answers(port, password, data);
      },
      { timeoutMs: START_LIMIT_MS, what: `PostgreSQL on port ${port}` },
    );
    return server;
  } catch (cause: unknown) {
    await stopServer(server); // the next attempt works in the same folder
    throw cause;
  }
}

/** True when the server of that folder answers, and not one that took the port first: all clusters have the password of their template. */
async function answers(port: number, password: string, data: string): Promise<boolean> {
  const client = clientOf({
    host: '127.0.0.1',
    port,
    user: 'postgres',
    password,
    database: 'postgres',
    connectionTimeoutMillis: ANSWER_LIMIT_MS,
  });
  try {
    await client.connect();
    const { rows } = await client.query<{ data: string }>(`SELECT current_setting('data_directory') AS data`);
    return rows[0]?.data === data;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** The end of a connection reaches its queries; as an event that nothing listens to it would end the process as well. */
function clientOf(config: pg.ClientConfig): pg.Client {
  return new pg.Client(config).on('error', () => undefined);
}

function hasEnded(server: ChildProcess): boolean {
  return server.exitCode !== null || server.signalCode !== null;
}

async function stopServer(server: ChildProcess): Promise<void> {
  if (hasEnded(server)) return;
  server.ref();
  const ended = new Promise((resolve) => server.once('exit', resolve));
  server.stdio[3]?.destroy();
  await ended;
}

function handle(options: ServerOptions, started: ChildProcess): TestPostgres {
  const { port, password, folder } = options;
  let server = started;
  const url = (database = 'postgres'): string => `postgres://postgres:${password}@127.0.0.1:${port}/${database}`;
  const query = async <Row extends object>(
    database: string,
    sql: string,
    values: readonly unknown[] = [],
  ): Promise<Row[]> => {
    const client = clientOf({ connectionString: url(database) });
    await client.connect();
    try {
      return (await client.query<Row>(sql, [...values])).rows;
    } finally {
      await client.end();
    }
  };
  return {
    host: '127.0.0.1',
    port,
    username: 'postgres',
    password,
    url,
    jdbcUrl: (database) => `jdbc:postgresql://127.0.0.1:${port}/${database}`,
    createDatabase: async (name) => {
      await query('postgres', `CREATE DATABASE "${name.replaceAll('"', '""')}"`);
      return url(name);
    },
    query,
    restart: async () => {
      await stopServer(server);
      server = await startServer(options);
    },
    stop: async () => {
      await stopServer(server);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Below what systems give to outgoing connections: such a port is still free when the program that gets it listens. */
const LOWEST_PORT = 10_000;
const HIGHEST_PORT = 20_000;
/** Processes that look for ports at the same time look at different ones: what one was given may not be listened on yet. */
const PROCESSES = 64;
/** Ports this process was given. Older ones are in use by now, or no longer wanted. */
const given = new Set<number>();
const MOST_GIVEN = 100;

/** A port nobody uses now, and that was not given to this process just before. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const port =
      LOWEST_PORT +
      randomInt(Math.floor((HIGHEST_PORT - LOWEST_PORT) / PROCESSES)) * PROCESSES +
      (process.pid % PROCESSES);
    if (given.has(port) || !(await isFree(port, host))) continue;
    if (given.size >= MOST_GIVEN) given.clear();
    given.add(port);
    return port;
  }
  throw new Error(`no free port between ${LOWEST_PORT} and ${HIGHEST_PORT}`);
}

function isFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}
