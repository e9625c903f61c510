import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { waitFor } from '@sluice/kernel';
import { hasMariaDb, startMariaDb, type TestMariaDb } from '@sluice/testing';
import { CuttableProxy } from '../testing/cuttable-proxy.js';
import { StepBench, type StartedStep, type StepOptions } from '../testing/step-bench.js';

const PATIENCE_MS = 120_000;
const changelog = (...changesets: readonly string[]): string =>
  `--liquibase formatted sql\n${changesets.map((sql, index) => `--changeset ann:${index + 1}\n${sql}\n`).join('')}`;
const SLOW = changelog('create table a (id int);', 'do sleep(600);', 'create table c (id int);');
const FAST = SLOW.replace('do sleep(600)', 'do sleep(0)');

jest.setTimeout(1_200_000); // every run starts a JVM, and machines that test are busy

if (!hasMariaDb()) {
  it('skipped: MariaDB is not installed', () =>
    console.info(
      'steps on MariaDB were not tried: apt-get install --no-install-recommends mariadb-server-core mariadb-client-core',
    ));
} else {
  describe('on MariaDB', () => {
    let bench: StepBench;
    let maria: TestMariaDb;
    let databases = 0;

    beforeAll(async () => {
      [bench, maria] = await Promise.all([StepBench.open(), startMariaDb()]);
    });
    afterAll(() => Promise.all([bench?.close(), maria?.stop()]));

    async function freshDatabase(): Promise<string> {
      databases += 1;
      await maria.query('', `create database spec_${databases}`);
      return `spec_${databases}`;
    }

    interface Options extends StepOptions {
      readonly username?: string;
      readonly port?: number;
    }
    const start = (
      database: string,
      work: Record<string, unknown> = {},
      { username = maria.username, port = maria.port, ...options }: Options = {},
    ): StartedStep =>
      bench.start(
        database,
        {
          target: { url: `jdbc:mariadb://127.0.0.1:${port}/${database}`, username, passwordSlot: 'db-password' },
          ...work,
        },
        { password: maria.password, timeoutMs: 240_000, ...options },
      );

    const lockOf = (database: string): Promise<string[][]> =>
      maria.query(database, 'select locked + 0, lockedby from DATABASECHANGELOGLOCK');
    const deployed = async (database: string): Promise<unknown> =>
      (await maria.query(database, 'select id from DATABASECHANGELOG order by orderexecuted')).flat();
    const said = (step: StartedStep, text: string): Promise<unknown> =>
      waitFor(() => step.log().some((line) => line.includes(text)), {
        timeoutMs: PATIENCE_MS,
        what: `the log line "${text}"`,
      });
    const sleepers = (database: string): Promise<string[][]> =>
      maria.query(
        '',
        `select id from information_schema.processlist where db = '${database}' and state = 'User sleep'`,
      );
    const sleeping = (database: string): Promise<unknown> =>
      waitFor(async () => (await sleepers(database)).length > 0, {
        timeoutMs: PATIENCE_MS,
        what: 'the slow statement',
      });
    const FREE = [['0', 'NULL']];

    async function databaseHeldBy(lockedBy: string): Promise<string> {
      const database = await freshDatabase();
      await maria.query(
        database,
        `create table DATABASECHANGELOGLOCK (ID int primary key, LOCKED bit(1) not null, LOCKGRANTED datetime, LOCKEDBY varchar(255)); insert into DATABASECHANGELOGLOCK values (1, 1, now(), '${lockedBy}')`,
      );
      return database;
    }
    const server = async (username = maria.username): Promise<string> =>
      (
        await maria.query(
          '',
          `select left(sha2(concat_ws(':', @@hostname, @@port, @@server_id, @@datadir, '${username}'), 256), 12)`,
        )
      )[0]?.[0] ?? '';

    describe('the change log lock', () => {
      it('is waited for while another session has its row locked in an open transaction, beyond the limit of a single statement', async () => {
        bench.write('changelog.sql', FAST);
        const database = await databaseHeldBy('');
        await maria.query(
          database,
          'update DATABASECHANGELOGLOCK set LOCKED = 0, LOCKEDBY = null; set global innodb_lock_wait_timeout = 1',
        );
        try {
          const blocker = maria
            .query(database, 'begin; select * from DATABASECHANGELOGLOCK for update; do sleep(600)')
            .catch(() => undefined);
          await sleeping(database);
          const step = start(database);
          await said(step, 'Waiting for the change log lock: ');
          expect(step.log().join('\n')).toMatch(
            /DATABASECHANGELOGLOCK is locked by another session, which cannot be seen from here/,
          );
          for (const [id] of await sleepers(database)) await maria.query('', `kill ${id}`);
          await blocker;
          expect((await step.result).status).toBe('succeeded');
          expect(await lockOf(database)).toEqual(FREE);
        } finally {
          await maria.query('', 'set global innodb_lock_wait_timeout = 50');
        }
      });

      it.each([
        ['another tool', async () => 'build-7 (10.0.0.9)'],
        [
          'an engine of ours whose life cannot be proven',
          async () => 'pod-1#sluice-aaaaaaaaaaaaaaaaaaaaaa session=sluice-gone (10.0.0.9)',
        ],
        [
          'an engine of ours at another server',
          async () => 'pod-1#sluice-aaaaaaaaaaaaaaaaaaaaaa session=sluice-gone backend=77:4711@0123456789ab (10.0.0.9)',
        ],
        [
          'an engine of ours that another user started',
          async () =>
            `pod-1#sluice-aaaaaaaaaaaaaaaaaaaaaa session=sluice-gone backend=77:4711@${await server('stranger')} (10.0.0.9)`,
        ],
      ])(
        'stays with %s when a run that waited for it is stopped, runs out of time, or is killed',
        async (_who, holderOf) => {
          bench.write('changelog.sql', FAST);
          const holder = await holderOf();
          const database = await databaseHeldBy(holder);
          const endings: readonly [number, (step: StartedStep) => void][] = [
            [240_000, (step) => step.run.stop('ABORT', 4_000)],
            [8_000, () => undefined],
            [240_000, (step) => void process.kill(step.engine.pid, 'SIGKILL')],
          ];
          for (const [timeoutMs, end] of endings) {
            const step = start(database, {}, { timeoutMs });
            const ended = step.result.then((outcome) => outcome.status);
            if (timeoutMs > 8_000) await said(step, `Waiting for the change log lock, held by ${holder} since `);
            end(step);
            expect(await ended).not.toBe('succeeded');
            expect(await lockOf(database)).toEqual([['1', holder]]);
          }
        },
      );

      it('is free after a run whose session the database ended, and the run tells what is deployed', async () => {
        bench.write('changelog.sql', SLOW);
        const database = await freshDatabase();
        const step = start(database);
        await sleeping(database);
        await maria.query('', `kill ${(await sleepers(database))[0]?.[0]}`);
        const outcome = await step.result;
        expect(outcome).toMatchObject({
          status: 'failed',
          error: { failureType: 'Connectivity', changeset: { id: '2' } },
        });
        expect(outcome.history?.map(({ id }) => id)).toEqual(['1']);
        expect(outcome.pending?.map(({ id }) => id)).toEqual(['2', '3']);
        expect(await lockOf(database)).toEqual(FREE);
        bench.write('changelog.sql', FAST);
        expect((await start(database).result).status).toBe('succeeded');
      });

      it('is freed with patience when the network is cut and comes back, after the lost session has ended', async () => {
        bench.write('changelog.sql', SLOW);
        const database = await freshDatabase();
        const proxy = await CuttableProxy.open(maria.port);
        try {
          const step = start(database, {}, { port: proxy.port, recoveryMs: 120_000 });
          await sleeping(database);
          proxy.cut();
          await said(step, 'The database session was lost; connecting again');
          proxy.mend();
          const outcome = await step.result;
          expect(outcome.status).toBe('failed');
          expect(outcome.history?.map(({ id }) => id)).toEqual(['1']);
          expect(await sleepers(database)).toEqual([]);
          expect(await lockOf(database)).toEqual(FREE);
        } finally {
          await proxy.close();
        }
      });

      it('is freed after a restart of the database', async () => {
        bench.write('changelog.sql', SLOW);
        const database = await freshDatabase();
        const step = start(database);
        await sleeping(database);
        await maria.restart();
        const outcome = await step.result;
        expect(outcome).toMatchObject({ status: 'failed', error: { failureType: 'Connectivity' } });
        expect(outcome.history?.map(({ id }) => id)).toEqual(['1']);
        expect(await lockOf(database)).toEqual(FREE);
      });

      it('is taken over from an engine that was killed together with all that could tidy up after it, also when the server was restarted', async () => {
        const database = await freshDatabase();
        await maria.query(database, 'create table pace (seconds int); insert into pace values (0)');
        for (const round of [1, 2]) {
          await maria.query(database, 'update pace set seconds = 60'); // long enough for the kill, and waited for only where the server lives on
          bench.write(
            `round-${round}.sql`,
            changelog(
              `create table t${round} (id int);`,
              'do sleep((select seconds from pace));',
              `insert into t${round} values (1);`,
            ),
          );
          const proxy = await CuttableProxy.open(maria.port);
          const work = { changelog: { source: 'repo', path: `round-${round}.sql` } };
          const dead = start(database, work, { port: proxy.port, recoveryMs: 1 });
          await sleeping(database);
          process.kill(dead.engine.pid, 'SIGKILL');
          await proxy.close();
          await dead.result;
          const [lock] = await lockOf(database);
          expect(lock).toEqual([
            '1',
            expect.stringMatching(new RegExp(`session=sluice-${dead.id} backend=\\d+:\\d+@[0-9a-f]{12} `)),
          ]);
          await maria.query(database, 'update pace set seconds = 0');
          if (round === 2) await maria.restart();

          const next = start(database, work);
          expect(await next.result).toMatchObject({ status: 'succeeded', pending: [] });
          expect(next.log().join('\n')).toContain(`Took over the change log lock of ${lock?.[1]} since `);
          expect(await deployed(database)).toHaveLength(round * 3);
          expect(await lockOf(database)).toEqual(FREE);
        }
      });

      it('is not taken over while the session of its engine lives, also when a changelog frees the locks of its session', async () => {
        bench.write('changelog.sql', SLOW.replace('do sleep', 'do release_all_locks(); do sleep'));
        const database = await freshDatabase();
        const holder = start(database);
        await sleeping(database);
        const waiter = start(database);
        await said(waiter, 'its session is open');
        waiter.run.stop('ABORT', 4_000);
        await waiter.result;
        expect(await lockOf(database)).toEqual([['1', expect.stringContaining(`session=sluice-${holder.id} `)]]);
        holder.run.stop('ABORT', 4_000);
        await holder.result;
        expect(await lockOf(database)).toEqual(FREE);
      });

      it('is taken over when only the number of its session is in use again, by another client', async () => {
        bench.write('changelog.sql', SLOW);
        const other = await freshDatabase();
        const busy = start(other);
        await sleeping(other);
        const number = (await sleepers(other))[0]?.[0];
        bench.write('changelog.sql', FAST);
        const database = await databaseHeldBy(
          `pod-1#sluice-aaaaaaaaaaaaaaaaaaaaaa session=sluice-gone backend=${number}:1@${await server()} (10.0.0.9)`,
        );
        expect(await start(database).result).toMatchObject({ status: 'succeeded' });
        expect(await lockOf(database)).toEqual(FREE);
        busy.run.stop('ABORT', 4_000);
        await busy.result;
      });
    });

    describe('changes and their row of the history', () => {
      /** A database with changesets applied, in which statements of `kind` on the history table take for ever. */
      async function slowHistory(
        kind: 'insert' | 'delete',
      ): Promise<{ database: string; quicken: () => Promise<unknown> }> {
        const database = await freshDatabase();
        expect(await start(database).result).toMatchObject({ status: 'succeeded' });
        await maria.query(
          database,
          `create trigger slow before ${kind} on DATABASECHANGELOG for each row do sleep(600)`,
        );
        return { database, quicken: () => maria.query(database, 'drop trigger slow') };
      }

      async function killedInTheHistory(database: string, work: Record<string, unknown> = {}): Promise<StartedStep> {
        const step = start(database, work);
        await sleeping(database);
        process.kill(step.engine.pid, 'SIGKILL');
        expect(await step.result).toMatchObject({ status: 'failed' });
        expect(await lockOf(database)).toEqual(FREE);
        return step;
      }

      it('are committed together without DDL: an engine killed between the two leaves neither, and the next run applies the changeset once', async () => {
        bench.write('changelog.sql', changelog('create table marks (n int);'));
        const { database, quicken } = await slowHistory('insert');
        bench.write('changelog.sql', changelog('create table marks (n int);', 'insert into marks values (2);'));
        await killedInTheHistory(database);
        await quicken();
        expect([await maria.query(database, 'select n from marks'), await deployed(database)]).toEqual([[], ['1']]);
        expect(await start(database).result).toMatchObject({ status: 'succeeded' });
        expect([await maria.query(database, 'select n from marks'), await deployed(database)]).toEqual([
          [['2']],
          ['1', '2'],
        ]);
      });

      it('are taken back together in a rollback without DDL', async () => {
        bench.write(
          'changelog.sql',
          changelog('create table marks (n int);', 'insert into marks values (2);\n--rollback delete from marks;'),
        );
        const { database, quicken } = await slowHistory('delete');
        await killedInTheHistory(database, { kind: 'liquibase.rollback', changeSetCount: 1 });
        await quicken();
        expect([await maria.query(database, 'select n from marks'), await deployed(database)]).toEqual([
          [['2']],
          ['1', '2'],
        ]);
      });

      it('may be parted by an engine that is killed after DDL: the failure names the changeset, and the next one says what happened and what to do', async () => {
        bench.write('changelog.sql', changelog('create table marks (n int);'));
        const { database, quicken } = await slowHistory('insert');
        bench.write('changelog.sql', changelog('create table marks (n int);', 'create table more (n int);'));
        const killed = await killedInTheHistory(database);
        expect((await killed.result).error).toMatchObject({
          message: expect.stringMatching(
            /ended by SIGKILL .* while changeset 2 by ann in changelog\.sql was running\. DDL statements commit by themselves on this database: what the changeset had done by then stays, without a row in DATABASECHANGELOG/,
          ),
          changeset: { id: '2', author: 'ann', file: 'changelog.sql' },
        });
        await quicken();
        expect(await deployed(database)).toEqual(['1']);
        const next = await start(database).result;
        expect(next.error?.message).toMatch(
          /changeset 2 by ann in changelog\.sql failed: .*already exists.*DDL statements commit by themselves on this database: an earlier run that failed or was ended within this changeset .*MARK_RAN/,
        );
        bench.write(
          'changelog.sql',
          changelog(
            'create table marks (n int);',
            "--preconditions onFail:MARK_RAN\n--precondition-sql-check expectedResult:0 select count(*) from information_schema.tables where table_schema = database() and table_name = 'more'\ncreate table more (n int);",
          ),
        );
        expect(await start(database).result).toMatchObject({ status: 'succeeded', pending: [] });
      });

      it('are both taken back when a changeset without DDL fails, and what stays of one with DDL is said', async () => {
        const database = await freshDatabase();
        bench.write(
          'changelog.sql',
          changelog(
            'create table marks (n int primary key);',
            'insert into marks values (1); insert into nowhere values (1);',
          ),
        );
        expect((await start(database).result).error).toMatchObject({ changeset: { id: '2' } });
        expect([await maria.query(database, 'select n from marks'), await deployed(database)]).toEqual([[], ['1']]);
        bench.write(
          'changelog.sql',
          changelog('create table marks (n int primary key);', 'create table more (n int); select oops;'),
        );
        expect((await start(database).result).error?.message).toMatch(
          /changeset 2 .* failed: .*oops.*what this changeset did before the statement that failed may have stayed/,
        );
      });

      it('do not share a transaction that may only read', async () => {
        const database = await freshDatabase();
        bench.write(
          'changelog.sql',
          changelog(
            'create table marks (n int);',
            'insert into marks values (1); start transaction read only; select * from marks;',
          ),
        );
        expect(await start(database).result).toMatchObject({ status: 'succeeded' });
        expect([await maria.query(database, 'select n from marks'), await deployed(database)]).toEqual([
          [['1']],
          ['1', '2'],
        ]);
      });
    });

    it('a user without a right gets a failure of the type Authorization', async () => {
      const database = await freshDatabase();
      bench.write('changelog.sql', FAST);
      expect(await start(database).result).toMatchObject({ status: 'succeeded' });
      await maria.query(
        database,
        `create user reader@'%' identified by '${maria.password}'; grant select, insert, update on ${database}.* to reader@'%'`,
      );
      bench.write('changelog.sql', `${FAST}--changeset ann:4\ncreate table d (id int);\n`);
      expect(await start(database, {}, { username: 'reader' }).result).toMatchObject({
        status: 'failed',
        error: { failureType: 'Authorization', changeset: { id: '4' } },
      });
    });
  });
}
