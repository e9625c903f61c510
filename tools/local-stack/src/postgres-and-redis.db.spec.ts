import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@sluice/testing';
import { Redis } from 'ioredis';
import pg from 'pg';
import { dataFolderAt, postgresFallback, prepareDataFolder, removeDataFolder, type DataFolder } from './data-folder.js';
import { preparePostgresHome, startCluster, type PostgresCluster } from './postgres-cluster.js';
import { stopLeftovers } from './process-records.js';
import { startRedis } from './redis-server.js';
import { Supervisor } from './supervisor.js';

const supervisorOf = (data: DataFolder): Supervisor =>
  new Supervisor({ runDir: data.run, logsDir: data.logs, onUnexpectedEnd: () => undefined });

async function query<Row extends object>(url: string, sql: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

describe('databases and Redis of the local stack', () => {
  let data: DataFolder;
  let port: number;

  beforeAll(async () => {
    data = dataFolderAt(mkdtempSync(join(tmpdir(), 'sluice-data-')));
    prepareDataFolder(data);
    port = await freePort();
  });
  afterAll(async () => {
    await stopLeftovers(data.run);
    removeDataFolder(data);
  });

  async function start(supervisor: Supervisor): Promise<PostgresCluster> {
    return startCluster(supervisor, await preparePostgresHome(data), {
      name: 'platform-database',
      port,
      superuserPassword: 'super-secret',
    });
  }

  it('keeps databases, roles and rows over a restart, with commits on disk', async () => {
    const first = supervisorOf(data);
    const cluster = await start(first);
    await cluster.ensureDatabase('orders', 'orders_app', 'one');
    const url = cluster.url('orders_app', 'one', 'orders');
    await query(url, 'CREATE TABLE kept (id int); INSERT INTO kept VALUES (7)');
    await first.stopAll();

    const second = supervisorOf(data);
    await (await start(second)).ensureDatabase('orders', 'orders_app', 'two');
    expect(await query(cluster.url('orders_app', 'two', 'orders'), 'SELECT id FROM kept')).toEqual([{ id: 7 }]);
    expect(await query(cluster.url('orders_app', 'two', 'orders'), 'SHOW fsync')).toEqual([{ fsync: 'on' }]);
    await expect(query(url, 'SELECT 1')).rejects.toThrow(/password authentication failed/);
    await second.stopAll();
  });

  it('closes a database to the roles of the other services', async () => {
    const supervisor = supervisorOf(data);
    const cluster = await start(supervisor);
    await cluster.ensureDatabase('pipeline', 'pipeline', 'p');
    await cluster.ensureDatabase('dbdevops', 'dbdevops', 'd');
    await expect(query(cluster.url('dbdevops', 'd', 'pipeline'), 'SELECT 1')).rejects.toThrow(
      /permission denied for database/,
    );
    await supervisor.stopAll();
  });

  it('finds a server that a killed launcher left running, stops it and starts again on the same data', async () => {
    const left = await start(supervisorOf(data));
    expect(await stopLeftovers(data.run)).toEqual(['platform-database']);
    expect(await left.child.ended).toBe('exit code 0');
    const supervisor = supervisorOf(data);
    await start(supervisor);
    await supervisor.stopAll();
  });

  it('keeps a Redis stream over a restart and asks for the password', async () => {
    const options = { port: await freePort(), password: 'redis-secret' };
    const first = supervisorOf(data);
    const { url } = await startRedis(first, data, options);
    const redis = new Redis(url);
    await redis.xadd('log', '*', 'line', 'hello');
    redis.disconnect();
    await first.stopAll();

    const second = supervisorOf(data);
    await startRedis(second, data, options);
    const again = new Redis(url);
    expect(await again.xlen('log')).toBe(1);
    again.disconnect();
    const stranger = new Redis({ host: '127.0.0.1', port: options.port, lazyConnect: true, disconnectTimeout: 50 });
    stranger.on('error', () => undefined);
    await expect(stranger.xlen('log')).rejects.toThrow(/NOAUTH/);
    stranger.disconnect();
    await second.stopAll();
  });

  it('moves the clusters to a place PostgreSQL may enter, and says so, when the data folder is closed to it', async () => {
    if (process.getuid?.() !== 0) return;
    const closed = mkdtempSync(join(tmpdir(), 'sluice-closed-'));
    const inside = dataFolderAt(join(closed, 'data'));
    prepareDataFolder(inside);
    const home = await preparePostgresHome(inside);
    expect(home.folder).toBe(postgresFallback(inside));
    expect(home.note).toContain('may not enter');
    removeDataFolder(inside);
    rmSync(closed, { recursive: true });
  });
});
