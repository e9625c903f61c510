import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from '@sluice/kernel';
import { freePort } from './postgres.js';

/** A throw-away redis-server (the one on PATH) that keeps an append-only file, so that {@link TestRedis.kill} and {@link TestRedis.restart} lose nothing. */
export interface TestRedis {
  readonly url: string;
  readonly port: number;
  /** SIGKILL: what a crash does. */
  kill(): Promise<void>;
  /** The same port and data again after {@link kill}. */
  restart(): Promise<void>;
  /** Stops the server and removes its data. Safe to repeat. */
  stop(): Promise<void>;
}

/** There to end a broken start; a slow machine must not reach it. */
const START_LIMIT_MS = 120_000;
const ANSWER_LIMIT_MS = 10_000;
/** The shell stops the server when fd 3 closes, so that a killed test run leaves nothing behind. */
const STOP_ON_EOF = '"$@" & pid=$!; (read _; kill -KILL $pid) 2>/dev/null <&3 & wait $pid';

/** Starts a server on a free port of 127.0.0.1 in about 50 ms. @throws Error when there is no `redis-server` to start */
export async function startRedis(): Promise<TestRedis> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-redis-'));
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    try {
      return handle(folder, port, await startServer(folder, port));
    } catch (cause: unknown) {
      if (attempt < 5 && !String(cause).includes('ENOENT')) continue; // somebody else took the port between the look and the start
      rmSync(folder, { recursive: true, force: true });
      throw cause;
    }
  }
}

async function startServer(folder: string, port: number): Promise<ChildProcess> {
  const flags = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--dir',
    folder,
    '--save',
    '',
    '--appendonly',
    'yes',
    '--appendfsync',
    'always',
    '--daemonize',
    'no',
    '--loglevel',
    'warning',
  ];
  const server = spawn('/bin/sh', ['-c', STOP_ON_EOF, 'sh', 'redis-server', ...flags], {
    cwd: folder,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [server.stdout, server.stderr])
    stream?.on('data', (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-4_000)));
  server.unref();
  for (const stream of server.stdio)
    if (stream && 'unref' in stream && typeof stream.unref === 'function') stream.unref();
  try {
    await waitFor(
      async () => {
        if (hasEnded(server)) throw new Error(`redis-server did not start: ${said}`);
        return answers(port, folder);
      },
      { timeoutMs: START_LIMIT_MS, what: `Redis on port ${port}` },
    );
    return server;
  } catch (cause: unknown) {
    await killServer(server); // the next attempt works in the same folder
    throw cause;
  }
}

function hasEnded(server: ChildProcess): boolean {
  return server.exitCode !== null || server.signalCode !== null;
}

async function killServer(server: ChildProcess): Promise<void> {
  if (hasEnded(server)) return;
  server.ref();
  const ended = new Promise((resolve) => server.once('exit', resolve));
  server.stdio[3]?.destroy();
  await ended;
}

/** True when the server of that folder answers, and not one that took the port first. */
function answers(port: number, folder: string): Promise<boolean> {
  return new Promise((resolve) => {
    let reply = '';
    const socket = connect({ host: '127.0.0.1', port, timeout: ANSWER_LIMIT_MS }, () =>
      socket.write('CONFIG GET dir\r\nPING\r\n'),
    );
    const done = (isUp: boolean): void => {
      socket.destroy();
      resolve(isUp);
    };
    socket.on('data', (chunk: Buffer) => {
      reply += chunk.toString();
      if (/^[+-].*\r\n$/m.test(reply))
        done(reply.includes(`${realpathSync(folder)}\r\n`) && reply.endsWith('+PONG\r\n'));
    });
    socket.once('close', () => done(false));
    socket.once('error', () => done(false));
    socket.once('timeout', () => done(false));
  });
}

function handle(folder: string, port: number, first: ChildProcess): TestRedis {
  let server: ChildProcess | undefined = first;
  const kill = async (): Promise<void> => {
    const dying = server;
    server = undefined;
    if (dying) await killServer(dying);
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    kill,
    restart: async () => {
      await kill();
      server = await startServer(folder, port);
    },
    stop: async () => {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
