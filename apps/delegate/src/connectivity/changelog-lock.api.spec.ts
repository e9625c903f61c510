import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ChangelogLockTask } from '@sluice/delegate-protocol';
import { waitFor } from '@sluice/kernel';
import { createLogger } from '@sluice/telemetry';
import { startPostgres, type TestPostgres } from '@sluice/testing';
import pg from 'pg';
import { failureOf, type TaskContext } from '../task/task-handler.js';
import { ChangelogLockHandler } from './changelog-lock.handler.js';

const LOCK_TABLE = '(id int PRIMARY KEY, locked boolean NOT NULL, lockgranted timestamp, lockedby varchar(255))';
const OTHER_TOOL = 'build-7 (10.0.0.7)';

describe('the change log lock', () => {
  let postgres: TestPostgres;
  let server: string;
  const sql = (text: string, values: readonly unknown[] = []) => postgres.query('postgres', text, values);
  const run = async (release?: ChangelogLockTask['release'], url = postgres.jdbcUrl('postgres')) => {
    const context: TaskContext = {
      taskId: 't',
      epoch: 1,
      term: () => ({ until: Infinity, stopWithinMs: 0 }),
      traceparent: undefined,
      signal: new AbortController().signal,
      log: createLogger('delegate', 'silent'),
      secrets: async () => new Map([['<+secrets.getValue("pw")>', postgres.password]]),
    };
    const task: ChangelogLockTask = {
      kind: 'changelog-lock',
      url,
      username: postgres.username,
      secrets: [{ name: 'pw', expression: '<+secrets.getValue("pw")>' }],
      passwordSlot: 'pw',
      ...(release ? { release } : {}),
    };
    return new ChangelogLockHandler({ databaseCertsDir: '/etc/ssl/certs/dbops' })
      .run(task, context)
      .catch((cause: unknown) => failureOf(cause, context.signal));
  };
  const holds = (holder: string | null) =>
    sql("UPDATE databasechangeloglock SET locked = TRUE, lockedby = $1, lockgranted = '2026-01-31 09:30:00'", [holder]);
  const engineAs = (session: string, at = server) =>
    `host-1#sluice-abc session=${session} backend=4711@${at} (10.0.0.8)`;
  const row = () => sql('SELECT locked, lockedby, lockgranted FROM databasechangeloglock');
  const free = { locked: false, holder: null, since: null, engine: null, session: null };
  const locked = (holder: string | null, engine: string | null, session: string) => ({
    locked: true,
    holder,
    since: '2026-01-31T09:30:00',
    engine,
    session,
  });

  beforeAll(async () => {
    postgres = await startPostgres();
    const [control] = await postgres.query<{ id: string }>(
      'postgres',
      'SELECT system_identifier::text AS id FROM pg_control_system()',
    );
    server = createHash('sha256')
      .update(control?.id ?? '')
      .digest('hex')
      .slice(0, 12);
  }, 300_000);
  beforeEach(async () => {
    await sql('DROP TABLE IF EXISTS databasechangeloglock');
    await sql(`CREATE TABLE databasechangeloglock ${LOCK_TABLE}`);
    await sql('INSERT INTO databasechangeloglock VALUES (1, FALSE, NULL, NULL)');
  });
  afterAll(() => postgres.stop());

  it('is free where the row says so, and where there is no table yet', async () => {
    expect(await run()).toEqual({ status: 'succeeded', lock: free });
    await sql('DROP TABLE databasechangeloglock');
    expect(await run()).toEqual({ status: 'succeeded', lock: free });
    expect(await run({ holder: OTHER_TOOL, force: true })).toEqual({
      status: 'succeeded',
      lock: free,
      release: 'notLocked',
    });
  });

  it.each([OTHER_TOOL, null, 'host#sluice-abc session=s (10.0.0.8)', engineAs('s', '0123456789ab')])(
    'of %s shows its holder, and its session as unknown',
    async (holder) => {
      await holds(holder);
      expect(await run()).toEqual({
        status: 'succeeded',
        lock: locked(holder, holder?.includes('#sluice-') ? 'sluice-abc' : null, 'unknown'),
      });
      expect(await run({ holder: holder ?? '', force: false })).toEqual({
        status: 'succeeded',
        lock: free,
        release: 'released',
      });
      expect(await row()).toEqual([{ locked: false, lockedby: null, lockgranted: null }]);
    },
  );

  it.each(['the name of the session', 'the lock of the session'])(
    'of an engine whose session is open by %s is freed with force only, and without once the session is gone',
    async (proof) => {
      const holder = engineAs(`sluice-run-${proof.length}`);
      await holds(holder);
      const engine = new pg.Client({
        connectionString: postgres.url(),
        application_name: proof.startsWith('the name') ? `sluice-run-${proof.length}` : 'renamed',
      });
      await engine.connect();
      if (proof.startsWith('the lock'))
        await engine.query('SELECT pg_advisory_lock($1)', [
          createHash('sha256').update('sluice-abc').digest().readBigInt64BE(0).toString(),
        ]);
      const held = locked(holder, 'sluice-abc', 'alive');
      expect(await run()).toEqual({ status: 'succeeded', lock: held });
      expect(await run({ holder, force: false })).toEqual({ status: 'succeeded', lock: held, release: 'sessionAlive' });
      expect(await run({ holder, force: true })).toEqual({ status: 'succeeded', lock: free, release: 'released' });
      await holds(holder);
      await engine.end();
      await waitFor(async () => JSON.stringify(await run()).includes('"gone"'), {
        timeoutMs: 120_000,
        what: 'the end of the session',
      });
      expect(await run()).toEqual({ status: 'succeeded', lock: locked(holder, 'sluice-abc', 'gone') });
      expect(await run({ holder, force: false })).toEqual({ status: 'succeeded', lock: free, release: 'released' });
    },
  );

  it('that changed hands stays, with force too', async () => {
    await holds(OTHER_TOOL);
    for (const holder of ['build-6 (10.0.0.6)', '', 'build-7']) {
      expect(await run({ holder, force: true })).toEqual({
        status: 'succeeded',
        lock: locked(OTHER_TOOL, null, 'unknown'),
        release: 'otherHolder',
      });
    }
    expect(await row()).toMatchObject([{ locked: true, lockedby: OTHER_TOOL }]);
  });

  it('is the one of the schema that the URL names', async () => {
    await sql('CREATE SCHEMA "App Data"');
    await sql(`CREATE TABLE "App Data".databasechangeloglock ${LOCK_TABLE}`);
    await sql('INSERT INTO "App Data".databasechangeloglock VALUES (1, TRUE, NULL, $1)', [OTHER_TOOL]);
    const url = postgres.jdbcUrl('postgres');
    const inSchema = `${url}${url.includes('?') ? '&' : '?'}currentSchema=${encodeURIComponent('"App Data"')}`;
    expect(await run(undefined, inSchema)).toMatchObject({ lock: { holder: OTHER_TOOL, since: null } });
    expect(await run({ holder: OTHER_TOOL, force: false }, inSchema)).toMatchObject({ release: 'released' });
    expect(await run()).toMatchObject({ lock: free });
  });

  it.each([
    ['jdbc:postgresql://h/d?sslmode=verify-full&sslrootcert=/etc/passwd', 'sslrootcert'],
    ['jdbc:sqlserver://h;databaseName=d', 'cannot be looked at by a delegate yet'],
    ['jdbc:postgresql://h/d?loggerFile=/x', 'option "loggerFile"'],
  ])('of %s is not looked at', async (url, text) => {
    expect(await run(undefined, url)).toMatchObject({
      status: 'failed',
      error: { message: expect.stringContaining(text) },
    });
  });
});
