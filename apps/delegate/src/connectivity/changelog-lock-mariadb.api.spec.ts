import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ChangelogLockTask } from '@sluice/delegate-protocol';
import { waitFor } from '@sluice/kernel';
import { createLogger } from '@sluice/telemetry';
import { hasMariaDb, startMariaDb, type TestMariaDb } from '@sluice/testing';
import { failureOf, type TaskContext } from '../task/task-handler.js';
import { ChangelogLockHandler } from './changelog-lock.handler.js';

const OTHER_TOOL = "bäu'ild-7 \\ (10.0.0.7)";

if (!hasMariaDb()) {
  it('skipped: MariaDB is not installed', () =>
    console.info(
      'the change log lock on MariaDB was not tried: apt-get install --no-install-recommends mariadb-server-core mariadb-client-core',
    ));
} else {
  describe('the change log lock on MariaDB', () => {
    let maria: TestMariaDb;
    let server: string;
    const sql = (text: string): Promise<string[][]> => maria.query('app', text);
    const run = async (release?: ChangelogLockTask['release'], username = maria.username) => {
      const context: TaskContext = {
        taskId: 't',
        epoch: 1,
        term: () => ({ until: Infinity, stopWithinMs: 0 }),
        traceparent: undefined,
        signal: new AbortController().signal,
        log: createLogger('delegate', 'silent'),
        secrets: async () => new Map([['<+secrets.getValue("pw")>', maria.password]]),
      };
      const task: ChangelogLockTask = {
        kind: 'changelog-lock',
        url: maria.jdbcUrl('app'),
        username,
        secrets: [{ name: 'pw', expression: '<+secrets.getValue("pw")>' }],
        passwordSlot: 'pw',
        ...(release ? { release } : {}),
      };
      return new ChangelogLockHandler({ databaseCertsDir: '/etc/ssl/certs/dbops' })
        .run(task, context)
        .catch((cause: unknown) => failureOf(cause, context.signal));
    };
    const holds = (holder: string | null) =>
      sql(
        `UPDATE DATABASECHANGELOGLOCK SET LOCKED = TRUE, LOCKEDBY = ${holder === null ? 'NULL' : `CONVERT(0x${Buffer.from(holder).toString('hex')} USING utf8mb4)`}, LOCKGRANTED = '2026-01-31 09:30:00'`,
      );
    const engineAs = (backend: string, at = server) =>
      `host-1#sluice-abc session=sluice-run backend=${backend}@${at} (10.0.0.8)`;
    const row = () => sql('SELECT LOCKED + 0, LOCKEDBY, LOCKGRANTED FROM DATABASECHANGELOGLOCK');
    const free = { locked: false, holder: null, since: null, engine: null, session: null };
    const locked = (holder: string | null, engine: string | null, session: string) => ({
      locked: true,
      holder,
      since: '2026-01-31T09:30:00',
      engine,
      session,
    });

    beforeAll(async () => {
      maria = await startMariaDb();
      await maria.query(
        '',
        `CREATE DATABASE app; CREATE USER other@'%' IDENTIFIED BY '${maria.password}'; GRANT ALL ON app.* TO other@'%'; CREATE USER reader@'%' IDENTIFIED BY '${maria.password}'; GRANT SELECT ON app.* TO reader@'%'`,
      );
      server =
        (
          await sql(
            `SELECT LEFT(SHA2(CONCAT_WS(':', @@hostname, @@port, @@server_id, @@datadir, '${maria.username}'), 256), 12)`,
          )
        )[0]?.[0] ?? '';
    }, 300_000);
    beforeEach(async () => {
      await sql(
        'DROP TABLE IF EXISTS DATABASECHANGELOGLOCK; CREATE TABLE DATABASECHANGELOGLOCK (ID int PRIMARY KEY, LOCKED bit(1) NOT NULL, LOCKGRANTED datetime, LOCKEDBY varchar(255)) CHARACTER SET utf8mb4; INSERT INTO DATABASECHANGELOGLOCK VALUES (1, 0, NULL, NULL)',
      );
    });
    afterAll(() => maria?.stop());

    it('is free where the row says so, and where there is no table yet', async () => {
      expect(await run()).toEqual({ status: 'succeeded', lock: free });
      await sql('DROP TABLE DATABASECHANGELOGLOCK');
      expect(await run()).toEqual({ status: 'succeeded', lock: free });
      expect(await run({ holder: OTHER_TOOL, force: true })).toEqual({
        status: 'succeeded',
        lock: free,
        release: 'notLocked',
      });
    });

    it('of another tool, of nobody, of an engine without proof and of one at another server shows its holder, and its session as unknown', async () => {
      for (const holder of [
        OTHER_TOOL,
        null,
        'host#sluice-abc session=s (10.0.0.8)',
        engineAs('7:4711', '0123456789ab'),
        engineAs('7'),
      ]) {
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
        expect(await row()).toEqual([['0', 'NULL', 'NULL']]);
      }
    });

    it('of an engine whose session is open, by its lock or by its client, is freed with force only, and without once the session is gone', async () => {
      for (const takesLock of [true, false]) {
        const engine = sql(`DO ${takesLock ? "GET_LOCK('sluice-abc', 0)" : '0'}; DO SLEEP(600)`).catch(() => 'ended');
        const sleeping = () =>
          sql(
            "SELECT ID, SUBSTRING_INDEX(HOST, ':', -1) FROM information_schema.processlist WHERE STATE = 'User sleep'",
          );
        await waitFor(async () => (await sleeping()).length > 0, {
          timeoutMs: 120_000,
          what: 'the session of the engine',
        });
        const [number, port] = (await sleeping())[0] ?? [];
        const holder = engineAs(takesLock ? '999999:1' : `${number}:${port}`);
        await holds(holder);
        expect(await run()).toEqual({ status: 'succeeded', lock: locked(holder, 'sluice-abc', 'alive') });
        expect(await run({ holder, force: false })).toEqual({
          status: 'succeeded',
          lock: locked(holder, 'sluice-abc', 'alive'),
          release: 'sessionAlive',
        });
        expect(await run(undefined, 'other')).toMatchObject({ lock: { session: 'unknown' } });
        expect(await run({ holder, force: true })).toEqual({ status: 'succeeded', lock: free, release: 'released' });
        await holds(holder);
        await sql(`KILL ${number}`);
        expect(await engine).toBe('ended');
        await waitFor(async () => JSON.stringify(await run()).includes('"gone"'), {
          timeoutMs: 120_000,
          what: 'the end of the session',
        });
        expect(await run({ holder, force: false })).toEqual({ status: 'succeeded', lock: free, release: 'released' });
      }
    }, 300_000);

    it('of an engine whose number another client has by now is that of a session that is gone', async () => {
      const [self] = await sql('SELECT CONNECTION_ID()');
      await holds(engineAs(`${self?.[0]}:1`));
      expect(await run()).toMatchObject({ lock: { session: 'gone' } });
    });

    it('that changed hands stays, with force too', async () => {
      await holds(OTHER_TOOL);
      for (const holder of ['build-6 (10.0.0.6)', '', OTHER_TOOL.toUpperCase(), `${OTHER_TOOL} `]) {
        expect(await run({ holder, force: true })).toEqual({
          status: 'succeeded',
          lock: locked(OTHER_TOOL, null, 'unknown'),
          release: 'otherHolder',
        });
      }
      expect(await row()).toMatchObject([['1', expect.stringContaining('ild-7'), expect.any(String)]]);
    });

    it('that the user may not change stays, and the answer says so', async () => {
      await holds(OTHER_TOOL);
      expect(await run({ holder: OTHER_TOOL, force: true }, 'reader')).toMatchObject({
        status: 'failed',
        error: { failureType: 'Authorization', message: expect.stringContaining('UPDATE command denied') },
      });
      expect(await run()).toMatchObject({ lock: { locked: true } });
    });
  });
}
