import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import type { DataFolder } from './data-folder.js';
import type { ChildSpec, RunningChild, Supervisor } from './supervisor.js';

export interface LocalRedis {
  readonly url: string;
  readonly child: RunningChild;
  /** How it is started again. */
  readonly spec: ChildSpec;
}

/** A redis-server of our own (the one on PATH), with a password and an append-only file. The password is in its file, not in its arguments. */
export async function startRedis(
  supervisor: Supervisor,
  data: DataFolder,
  options: { readonly port: number; readonly password: string },
): Promise<LocalRedis> {
  const configFile = join(data.redis, 'redis.conf');
  const settings = {
    port: options.port,
    bind: '127.0.0.1',
    dir: `"${data.redis}"`,
    requirepass: options.password,
    appendonly: 'yes',
    appendfsync: 'everysec',
    save: '""',
    'maxmemory-policy': 'noeviction',
    daemonize: 'no',
    supervised: 'no',
  };
  writeFileSync(
    configFile,
    Object.entries(settings)
      .map(([name, value]) => `${name} ${value}\n`)
      .join(''),
    { mode: 0o600 },
  );
  const url = `redis://:${encodeURIComponent(options.password)}@127.0.0.1:${options.port}`;
  const spec: ChildSpec = {
    name: 'redis',
    command: 'redis-server',
    args: [configFile],
    cwd: data.redis,
    keepsData: true,
    graceMs: 60_000, // killed, it loses what it has not written yet
    isReady: () => answersPing(url),
  };
  return { url, child: await supervisor.start(spec), spec };
}

async function answersPing(url: string): Promise<boolean> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: 1_000,
    disconnectTimeout: 50,
    maxRetriesPerRequest: 0,
    retryStrategy: null,
  });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    return (await redis.ping()) === 'PONG';
  } finally {
    redis.disconnect();
  }
}
