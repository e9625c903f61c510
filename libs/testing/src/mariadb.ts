import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { waitFor } from '@sluice/kernel';
import { serverIdentity, type ServerIdentity } from './embedded-postgres.js';
import { freePort } from './postgres.js';

const run = promisify(execFile);

/** A throw-away MariaDB server (the one this machine has). Its user {@link TestMariaDb.username} may do everything. */
export interface TestMariaDb {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  /** `jdbc:mariadb://host:port/<database>` without credentials. */
  jdbcUrl(database: string): string;
  /** Runs statements and returns the rows of all of them as texts; NULL is the text `NULL`. Line breaks and tabs in values are escaped. */
  query(database: string, sql: string): Promise<string[][]>;
  /** Ends every session and starts the server again, with the same data on the same port. */
  restart(): Promise<void>;
  /** Stops the server and removes its data. Safe to repeat. */
  stop(): Promise<void>;
}

/** The programs of Debian's mariadb-server-core and mariadb-client-core; servers are often not on the PATH of a user. */
interface Programs {
  readonly server: string;
  readonly install: string;
  readonly client: string;
}

const USER = 'sluice';
/** There to end a broken start; a slow machine must not reach it. */
const START_LIMIT_MS = 180_000;
/** The shell stops the server when fd 3 closes, so that a killed test run leaves nothing behind. */
const STOP_ON_EOF = '"$@" & pid=$!; (read _; kill -KILL $pid) 2>/dev/null <&3 & wait $pid';
const FAST = [
  '--innodb-buffer-pool-size=32M',
  '--innodb-log-file-size=16M',
  '--innodb-flush-log-at-trx-commit=2',
  '--innodb-doublewrite=0',
  '--skip-log-bin',
  '--skip-name-resolve',
  '--max-connections=100',
];

/** False where MariaDB is not installed: specs then say that they were skipped. */
export function hasMariaDb(): boolean {
  return programs() !== undefined;
}

/** Starts a server in a fresh temporary folder, on a free port of 127.0.0.1, in about two seconds. @throws Error when there is none to start */
export async function startMariaDb(): Promise<TestMariaDb> {
  const found = programs();
  if (!found)
    throw new Error(
      'MariaDB is not installed; on Debian: apt-get install --no-install-recommends mariadb-server-core mariadb-client-core',
    );
  const identity = serverIdentity();
  const folder = mkdtempSync(join(tmpdir(), 'sluice-mariadb-'));
  const password = randomBytes(12).toString('hex');
  const options = { programs: found, identity, folder, password };
  try {
    writeFileSync(join(folder, 'init.sql'), initial(password));
    if (identity.uid !== undefined && identity.gid !== undefined) chownSync(folder, identity.uid, identity.gid);
    await run(
      found.install,
      [
        '--no-defaults',
        `--datadir=${join(folder, 'data')}`,
        '--auth-root-authentication-method=normal',
        '--skip-test-db',
      ],
      { ...identity, cwd: folder, timeout: 240_000 },
    );
    for (let attempt = 1; ; attempt += 1) {
      const port = await freePort();
      try {
        return handle({ ...options, port }, await startServer({ ...options, port }));
      } catch (cause: unknown) {
        if (attempt === 5) throw cause; // before that somebody else may have taken the port between the look and the start
      }
    }
  } catch (cause: unknown) {
    rmSync(folder, { recursive: true, force: true });
    throw cause;
  }
}

interface ServerOptions {
  readonly programs: Programs;
  readonly identity: ServerIdentity;
  readonly folder: string;
  readonly password: string;
  readonly port: number;
}

function programs(): Programs | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/usr/local/sbin'];
  const find = (name: string): string | undefined =>
    folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
  const [server, install, client] = ['mariadbd', 'mariadb-install-db', 'mariadb'].map(find);
  return server && install && client ? { server, install, client } : undefined;
}

/** Read at every start, one statement a line. */
function initial(password: string): string {
  return [
    `ALTER USER root@localhost IDENTIFIED BY '${password}';`,
    `CREATE USER IF NOT EXISTS ${USER}@'%' IDENTIFIED BY '${password}';`,
    `GRANT ALL ON *.* TO ${USER}@'%' WITH GRANT OPTION;`,
    '',
  ].join('\n');
}

async function startServer({
  programs: { server, client },
  identity,
  folder,
  password,
  port,
}: ServerOptions): Promise<ChildProcess> {
  const flags = [
    '--no-defaults',
    `--datadir=${join(folder, 'data')}`,
    `--init-file=${join(folder, 'init.sql')}`,
    `--port=${port}`,
    '--bind-address=127.0.0.1',
    `--socket=${join(folder, 'my.sock')}`,
    `--pid-file=${join(folder, 'my.pid')}`,
    ...FAST,
  ];
  const started = spawn('/bin/sh', ['-c', STOP_ON_EOF, 'sh', server, ...flags], {
    ...identity,
    cwd: folder,
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  let complaints = '';
  started.stderr?.on('data', (chunk: Buffer) => (complaints = `${complaints}${chunk.toString()}`.slice(-4_000)));
  started.unref();
  for (const stream of started.stdio)
    if (stream && 'unref' in stream && typeof stream.unref === 'function') stream.unref();
  try {
    await waitFor(
      async () => {
        if (hasEnded(started)) throw new Error(`MariaDB did not start: ${complaints}`);
        return ask(client, password, port, '', 'select 1').then(
          () => true,
          () => false,
        );
      },
      { timeoutMs: START_LIMIT_MS, what: `MariaDB on port ${port}` },
    );
    return started;
  } catch (cause: unknown) {
    await stopServer(started); // the next attempt works in the same folder
    throw cause;
  }
}

function hasEnded(server: ChildProcess): boolean {
  return server.exitCode !== null || server.signalCode !== null;
}

async function ask(client: string, password: string, port: number, database: string, sql: string): Promise<string[][]> {
  const args = [
    '--no-defaults',
    '--protocol=tcp',
    '--host=127.0.0.1',
    `--port=${port}`,
    `--user=${USER}`,
    '--batch',
    '--skip-column-names',
    '--default-character-set=utf8mb4',
    `--execute=${sql}`,
    ...(database === '' ? [] : [database]),
  ];
  const { stdout } = await run(client, args, {
    env: { ...process.env, MYSQL_PWD: password },
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split('\t'));
}

async function stopServer(server: ChildProcess): Promise<void> {
  if (hasEnded(server)) return;
  server.ref();
  const ended = new Promise((resolve) => server.once('exit', resolve));
  server.stdio[3]?.destroy();
  await ended;
}

function handle(options: ServerOptions, started: ChildProcess): TestMariaDb {
  const {
    port,
    password,
    folder,
    programs: { client },
  } = options;
  let server = started;
  return {
    host: '127.0.0.1',
    port,
    username: USER,
    password,
    jdbcUrl: (database) => `jdbc:mariadb://127.0.0.1:${port}/${database}`,
    query: (database, sql) => ask(client, password, port, database, sql),
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
