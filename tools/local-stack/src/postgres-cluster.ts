import { chownSync, cpSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  initialiseCluster,
  mayEnter,
  postgresPrograms,
  programsAt,
  serverIdentity,
  type PostgresPrograms,
  type ServerIdentity,
} from '@sluice/testing';
import pg from 'pg';
import { postgresFallback, type DataFolder } from './data-folder.js';
import type { ChildSpec, RunningChild, Supervisor } from './supervisor.js';

/** A PostgreSQL that keeps its data. It lives as a child of the supervisor. */
export interface PostgresCluster {
  readonly port: number;
  /** Where its files lie. */
  readonly folder: string;
  readonly child: RunningChild;
  /** How it is started again. */
  readonly spec: ChildSpec;
  /** `postgres://…` of a role in a database of this cluster. */
  url(role: string, password: string, database: string): string;
  /** Creates role and database (owned by the role, closed to others) where missing, and sets the password. Safe to repeat. */
  ensureDatabase(database: string, role: string, password: string): Promise<void>;
}

/** The programs and the place both clusters of a data folder use. */
export interface PostgresHome {
  readonly programs: PostgresPrograms;
  readonly identity: ServerIdentity;
  readonly folder: string;
  /** Set when the clusters could not be kept in the data folder: why, for the user. */
  readonly note?: string;
}

/** Finds a place the server's user can reach; below /root, for example, neither data nor programs can stay where they are. */
export async function preparePostgresHome(data: DataFolder): Promise<PostgresHome> {
  const programs = await postgresPrograms();
  const identity = serverIdentity();
  const mayStay = mayEnter(data.root, identity);
  const folder = mayStay ? data.postgres : postgresFallback(data);
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  if (identity.uid !== undefined && identity.gid !== undefined) chownSync(folder, identity.uid, identity.gid);
  const note = mayStay
    ? {}
    : { note: `the databases are kept in ${folder}, because PostgreSQL's user may not enter ${data.root}` };
  if (mayEnter(programs.home, identity)) return { programs, identity, folder, ...note };
  return { programs: copyPrograms(programs, folder), identity, folder, ...note };
}

function copyPrograms(programs: PostgresPrograms, folder: string): PostgresPrograms {
  const copy = join(folder, 'programs');
  if (!existsSync(copy)) {
    rmSync(`${copy}.new`, { recursive: true, force: true });
    cpSync(programs.home, `${copy}.new`, { recursive: true, verbatimSymlinks: true });
    renameSync(`${copy}.new`, copy);
  }
  return programsAt(copy);
}

export interface ClusterSpec {
  /** Names the process, its log and its folder. */
  readonly name: string;
  readonly port: number;
  readonly superuserPassword: string;
}

/** Starts the cluster, making it first where it is missing. Commits are durable (fsync on). */
export async function startCluster(
  supervisor: Supervisor,
  home: PostgresHome,
  spec: ClusterSpec,
): Promise<PostgresCluster> {
  const dataDir = join(home.folder, spec.name);
  if (!existsSync(dataDir)) {
    // Made beside its place and moved there when complete, so that an interrupted first start is simply done again.
    rmSync(`${dataDir}.new`, { recursive: true, force: true });
    await initialiseCluster({
      programs: home.programs,
      identity: home.identity,
      dataDir: `${dataDir}.new`,
      password: spec.superuserPassword,
      isDurable: true,
    });
    renameSync(`${dataDir}.new`, dataDir);
  }
  const settings = [
    `port=${spec.port}`,
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=200',
    'shared_buffers=64MB',
    'timezone=UTC',
    'log_timezone=UTC',
  ];
  const superuserUrl = urlOf(spec.port, 'postgres', spec.superuserPassword, 'postgres');
  const childSpec: ChildSpec = {
    name: spec.name,
    command: home.programs.postgres,
    args: ['-D', dataDir, ...settings.flatMap((setting) => ['-c', setting])],
    cwd: dirname(dataDir),
    ...home.identity,
    stopSignal: 'SIGINT',
    keepsData: true,
    graceMs: 60_000, // what it has in memory goes to a disk that others use too
    isReady: async () => {
      await onServer(superuserUrl, (client) => client.query('SELECT 1'));
      return true;
    },
  };
  const child = await supervisor.start(childSpec);
  return {
    port: spec.port,
    folder: dataDir,
    child,
    spec: childSpec,
    url: (role, password, database) => urlOf(spec.port, role, password, database),
    ensureDatabase: (database, role, password) =>
      onServer(superuserUrl, (client) => createDatabase(client, database, role, password)),
  };
}

function urlOf(port: number, role: string, password: string, database: string): string {
  return `postgres://${role}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;
}

async function onServer<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 60_000, query_timeout: 240_000 });
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function createDatabase(client: pg.Client, database: string, role: string, password: string): Promise<void> {
  const [roleName, databaseName, secret] = [
    client.escapeIdentifier(role),
    client.escapeIdentifier(database),
    client.escapeLiteral(password),
  ];
  const { rowCount: roles } = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [role]);
  await client.query(`${roles ? 'ALTER' : 'CREATE'} ROLE ${roleName} LOGIN PASSWORD ${secret}`);
  const { rowCount: databases } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [database]);
  if (databases) return;
  await client.query(`CREATE DATABASE ${databaseName} OWNER ${roleName}`);
  await client.query(`REVOKE ALL ON DATABASE ${databaseName} FROM PUBLIC`);
}
