import { readFileSync, readdirSync } from 'node:fs';
import { constants, gunzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { waitFor } from '@sluice/kernel';
import type { Stack } from '@sluice/local-stack';
import { contentOf, filesBelow } from '@sluice/testing';
import { Redis } from 'ioredis';
import { sqlChangelog } from './harness/changelogs.js';
import { Project, applyStep, group, stage } from './harness/project.js';
import { HOLD, heldUp, whileHeld, withClient } from './harness/schema-dump.js';

const DATABASES = ['ng_manager', 'pipeline', 'dbdevops', 'delegate_service'] as const;

/** The database password exists in plain only inside delegate and pod, and in the test's own hands. */
export function canaryScenarios(stack: () => Stack): void {
  describe('the database password', () => {
    it('is in no log, table, blob, workflow record, argument list or environment, while a step runs and after', async () => {
      const { customerDatabase: server, data, redisUrl } = stack();
      const project = await Project.create(stack());
      const leaky = sqlChangelog([
        { id: 'slow', sql: HOLD },
        {
          id: 'echo',
          sql: `DO $$ BEGIN RAISE EXCEPTION 'the password is ${server.password}'; END $$;`,
          rollback: 'empty',
        },
      ]).replace('--changeset e2e:echo', '--changeset e2e:echo splitStatements:false');
      const target = await project.target({
        files: { 'changelog.sql': '--liquibase formatted sql\n', 'main.sql': leaky },
        changelog: 'main.sql',
      });
      const pipeline = await project.pipeline({ stages: [stage('s', [group('g', [applyStep('apply', target)])])] });
      const id = await whileHeld(target.url, async () => {
        const started = await project.start(pipeline);
        await waitFor(async () => (await heldUp(target.url)) > 0, { timeoutMs: 120_000, what: 'the step runs' });
        expect(processesKnowing(server.password)).toEqual([]);
        return started;
      });
      const run = await project.ended(id);
      expect(run.status).toBe('Failed');
      expect(run.failure).toContain('the password is');

      const forms = [
        server.password,
        Buffer.from(server.password).toString('base64').replace(/=+$/, ''),
        encodeURIComponent(server.password),
      ];
      const places: string[] = [];
      for (const database of DATABASES)
        places.push(...(await rowsHolding(stack().platformDatabaseUrl(database), database, forms)));
      places.push(...(await redisKeysHolding(redisUrl, forms)));
      // The customer's own database server may log statements, and this changelog has the password in one on purpose.
      places.push(
        ...filesHolding(data.logs, forms).filter((path) => !path.endsWith('/customer-database.log')),
        ...filesHolding(data.blobs, forms),
        ...filesHolding(data.delegate, forms),
      );
      if (run.failure.includes(server.password)) places.push('failure message');
      expect(places).toEqual([]);
    });
  });
}

/** Command lines and environments of every process of this machine that we may read, but for this one. */
function processesKnowing(secret: string): string[] {
  const found: string[] = [];
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)) {
    for (const file of ['cmdline', 'environ']) {
      try {
        if (readFileSync(`/proc/${pid}/${file}`, 'utf8').includes(secret))
          found.push(`${file} of ${readFileSync(`/proc/${pid}/comm`, 'utf8').trim()}`);
      } catch {
        // The process has ended, or belongs to somebody else.
      }
    }
  }
  return found;
}

/** Every row of every table as text. */
async function rowsHolding(url: string, database: string, forms: readonly string[]): Promise<string[]> {
  return withClient(url, async (client) => {
    const { rows: tables } = await client.query<{ name: string }>(
      `SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')`,
    );
    const found: string[] = [];
    for (const { name } of tables) {
      const { rows } = await client.query<{ n: string }>(
        `SELECT count(*) AS n FROM ${name} t WHERE ${forms.map((_, index) => `strpos(t::text, $${index + 1}) > 0`).join(' OR ')}`,
        [...forms],
      );
      if (rows[0]?.n !== '0') found.push(`${database}: ${name}`);
    }
    return found;
  });
}

async function redisKeysHolding(url: string, forms: readonly string[]): Promise<string[]> {
  const redis = new Redis(url, { lazyConnect: true });
  try {
    await redis.connect();
    const found: string[] = [];
    for await (const keys of redis.scanStream({ count: 1000 }) as AsyncIterable<string[]>) {
      for (const key of keys) {
        const kind = await redis.type(key);
        const content =
          kind === 'stream'
            ? JSON.stringify(await redis.xrange(key, '-', '+'))
            : kind === 'hash'
              ? JSON.stringify(await redis.hgetall(key))
              : kind === 'string'
                ? ((await redis.get(key)) ?? '')
                : '';
        if (forms.some((form) => content.includes(form) || key.includes(form))) found.push(`redis: ${key}`);
      }
    }
    return found;
  } finally {
    redis.disconnect();
  }
}

function filesHolding(folder: string, forms: readonly string[]): string[] {
  const found: string[] = [];
  for (const path of filesBelow(folder)) {
    const bytes = isChangelogItself(path) ? undefined : contentOf(path);
    if (!bytes) continue;
    // A file that is being written ends anywhere; what it has by now is looked at.
    const text = (
      bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }) : bytes
    ).toString('latin1');
    if (forms.some((form) => text.includes(form))) found.push(path);
  }
  return found;
}

/** This scenario writes the password into a changelog on purpose; the delegate's copy of the repository may hold it. */
function isChangelogItself(path: string): boolean {
  return /\.git\/|\/mirrors\/|\/sources\//.test(path);
}
