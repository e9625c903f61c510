import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { waitFor } from '@sluice/kernel';
import { CuttableProxy } from '../testing/cuttable-proxy.js';
import { StepBench, type StartedStep } from '../testing/step-bench.js';

const SLOW =
  '--liquibase formatted sql\n--changeset ann:1\ncreate table a (id int);\n--changeset ann:2\ncreate table b (id int); select pg_sleep(600);\n--changeset ann:3\ncreate table c (id int);\n';
const FAST = SLOW.replace(' select pg_sleep(600);', '');
const PATIENCE_MS = 120_000;

jest.setTimeout(1_200_000); // every run starts a JVM, and machines that test are busy

describe('the change log lock', () => {
  let bench: StepBench;

  beforeAll(async () => {
    bench = await StepBench.open();
  });
  afterAll(() => bench?.close());

  async function databaseHeldBy(lockedBy: string): Promise<string> {
    const database = await bench.freshDatabase();
    await bench.pg.query(
      database,
      'create table databasechangeloglock (id int primary key, locked boolean not null, lockgranted timestamp, lockedby varchar(255))',
    );
    await bench.pg.query(database, 'insert into databasechangeloglock values (1, true, now(), $1)', [lockedBy]);
    return database;
  }
  const lockOf = (database: string): Promise<unknown> =>
    bench.pg.query(database, 'select locked, lockedby from databasechangeloglock');
  const deployed = async (database: string): Promise<unknown> =>
    (await bench.pg.query(database, 'select id from databasechangelog order by orderexecuted')).map(({ id }) => id);
  const said = (step: StartedStep, text: string): Promise<unknown> =>
    waitFor(() => step.log().some((line) => line.includes(text)), {
      timeoutMs: PATIENCE_MS,
      what: `the log line "${text}"`,
    });
  const FREE = [{ locked: false, lockedby: null }];

  it.each([
    ['another tool', 'build-7 (10.0.0.9)'],
    [
      'an engine of ours whose life cannot be proven',
      'pod-1#sluice-aaaaaaaaaaaaaaaaaaaaaa session=sluice-gone (10.0.0.9)',
    ],
    [
      'an engine of ours at another server',
      'pod-1#sluice-aaaaaaaaaaaaaaaaaaaaaa session=sluice-gone backend=77@0123456789ab (10.0.0.9)',
    ],
  ])('stays with %s when a run that waited for it is stopped, runs out of time, or is killed', async (_who, holder) => {
    bench.write('changelog.sql', FAST);
    const database = await databaseHeldBy(holder);
    const waiting = `Waiting for the change log lock, held by ${holder} since `;
    const ended = (end: (step: StartedStep) => void) => async (): Promise<StartedStep> => {
      const step = bench.start(database, {});
      await said(step, waiting);
      end(step);
      return step;
    };
    const endings: readonly (() => Promise<StartedStep>)[] = [
      ended((step) => step.run.stop('ABORT', 4_000)),
      () =>
        bench.overrun(
          (timeoutMs) => bench.start(database, {}, { timeoutMs }),
          (step) => step.log().some((line) => line.includes(waiting)),
        ),
      ended((step) => void process.kill(step.engine.pid, 'SIGKILL')),
    ];
    for (const ending of endings) {
      const step = await ending();
      expect((await step.result).status).not.toBe('succeeded');
      expect(await lockOf(database)).toEqual([{ locked: true, lockedby: holder }]);
    }
  });

  it('is waited for while another session has its row locked in an open transaction, which the log names', async () => {
    bench.write('changelog.sql', FAST);
    const database = await bench.freshDatabase();
    await bench.pg.query(
      database,
      'create table databasechangeloglock (id int primary key, locked boolean not null, lockgranted timestamp, lockedby varchar(255)); insert into databasechangeloglock values (1, false, null, null)',
    );
    const blocker = bench.pg
      .query(
        database,
        `set application_name = 'console'; begin; select * from databasechangeloglock for update; select pg_sleep(1200)`,
      )
      .catch(() => undefined);
    const pid = await waitFor(
      async () =>
        (
          await bench.pg.query(
            database,
            `select pid from pg_stat_activity where application_name = 'console' and query like '%pg_sleep%' and wait_event = 'PgSleep'`,
          )
        )[0]?.['pid'],
      { timeoutMs: PATIENCE_MS, what: 'the session that has the row' },
    );
    const who = `databasechangeloglock is locked by session ${String(pid)} of user postgres, application console, from 127.0.0.1, in a transaction since `;

    const patient = bench.start(database, {});
    await said(patient, `Waiting for the change log lock: public.${who}`);
    await bench.pg.query('postgres', 'select pg_terminate_backend($1)', [pid]);
    await blocker;
    expect((await patient.result).status).toBe('succeeded');
    expect(await deployed(database)).toEqual(['1', '2', '3']);
  });

  it('is free after a run whose session the database ended, and the run tells what is deployed', async () => {
    bench.write('changelog.sql', SLOW);
    const database = await bench.freshDatabase();
    const step = bench.start(database, {});
    await bench.sleeping(step);
    await bench.pg.query(
      'postgres',
      'select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1',
      [`sluice-${step.id}`],
    );
    const outcome = await step.result;
    expect(outcome).toMatchObject({
      status: 'failed',
      error: { failureType: 'Connectivity', sqlState: '57P01', changeset: { id: '2' } },
    });
    expect(outcome.history?.map(({ id }) => id)).toEqual(['1']);
    expect(outcome.pending?.map(({ id }) => id)).toEqual(['2', '3']);
    expect(await lockOf(database)).toEqual(FREE);
    bench.write('changelog.sql', FAST);
    expect((await bench.start(database, {}).result).status).toBe('succeeded');
  });

  it('is freed with patience when the network is cut and comes back, after the lost session has ended', async () => {
    bench.write('changelog.sql', SLOW);
    const database = await bench.freshDatabase();
    const proxy = await CuttableProxy.open(bench.pg.port);
    try {
      const step = bench.start(
        database,
        {},
        { url: `jdbc:postgresql://127.0.0.1:${proxy.port}/${database}`, recoveryMs: 120_000 },
      );
      await bench.sleeping(step);
      proxy.cut();
      await said(step, 'The database session was lost; connecting again');
      proxy.mend();
      const outcome = await step.result;
      expect(outcome.status).toBe('failed');
      expect(outcome.history?.map(({ id }) => id)).toEqual(['1']);
      expect(await bench.sessionsOf(step)).toBe(0);
      expect(await lockOf(database)).toEqual(FREE);
    } finally {
      await proxy.close();
    }
  });

  it('is freed after a restart of the database', async () => {
    bench.write('changelog.sql', SLOW);
    const database = await bench.freshDatabase();
    const step = bench.start(database, {});
    await bench.sleeping(step);
    await bench.pg.restart();
    const outcome = await step.result;
    expect(outcome.history?.map(({ id }) => id)).toEqual(['1']);
    expect(await lockOf(database)).toEqual(FREE);
  });

  it('says what to do when the database does not come back in time', async () => {
    bench.write('changelog.sql', SLOW);
    const database = await bench.freshDatabase();
    const proxy = await CuttableProxy.open(bench.pg.port);
    const step = bench.start(
      database,
      {},
      { url: `jdbc:postgresql://127.0.0.1:${proxy.port}/${database}`, recoveryMs: 1_000 },
    );
    await bench.sleeping(step);
    await proxy.close();
    expect(await step.result).toMatchObject({ status: 'failed', history: null });
    expect(step.log().join('\n')).toMatch(
      /The change log lock could not be freed \(.+\)\. The next run frees it .* by hand it is freed with: UPDATE DATABASECHANGELOGLOCK .* LIKE '%#sluice-.+ %'/,
    );
    expect(step.log().join('\n')).toContain('npm run sluice -- locks release');
  });

  it('is taken over from an engine that was killed together with all that could tidy up after it', async () => {
    const database = await bench.freshDatabase();
    await bench.pg.query(database, 'create table held (id int)');
    // The changeset in `held` goes on until it is taken out, so that the engine is killed in the middle of it, however long that takes.
    const heldUp = (id: number): string =>
      `create table t${id} (id int); do $$ begin while exists (select from held where id = ${id}) loop perform pg_sleep(0.05); end loop; end $$`;
    for (const round of [1, 2, 3]) {
      const ids = Array.from({ length: 10 }, (_, index) => round * 100 + index);
      bench.write(
        `round-${round}.sql`,
        `--liquibase formatted sql\n${ids.map((id) => `--changeset ann:${id} splitStatements:false\n${heldUp(id)}\n`).join('')}`,
      );
      const proxy = await CuttableProxy.open(bench.pg.port);
      const work = { changelog: { source: 'repo', path: `round-${round}.sql` } };
      const before = ids[(round * 7) % 9] ?? 0;
      await bench.pg.query(database, 'insert into held values ($1)', [before]);
      const dead = bench.start(database, work, {
        url: `jdbc:postgresql://127.0.0.1:${proxy.port}/${database}`,
        recoveryMs: 1,
      });
      await said(dead, `round-${round}.sql::${before}::ann`);
      process.kill(dead.engine.pid, 'SIGKILL');
      await proxy.close();
      await dead.result;
      await bench.pg.query(database, 'delete from held');
      const [lock] = await bench.pg.query(database, 'select locked, lockedby from databasechangeloglock');
      expect(lock).toMatchObject({
        locked: true,
        lockedby: expect.stringContaining(`session=sluice-${dead.id} backend=`),
      });

      const next = bench.start(database, work);
      expect(await next.result).toMatchObject({ status: 'succeeded', pending: [] });
      expect(next.log().join('\n')).toContain(`Took over the change log lock of ${lock?.['lockedby']} since `);
      expect(await deployed(database)).toEqual(expect.arrayContaining(ids.map(String)));
      expect(await lockOf(database)).toEqual(FREE);
    }
  });

  it('is not taken over while the session of its engine lives, also by another user, and when a changelog frees the locks of its session', async () => {
    bench.write('changelog.sql', SLOW.replace('select pg_sleep', 'select pg_advisory_unlock_all(); select pg_sleep'));
    const database = await bench.freshDatabase();
    const holder = bench.start(database, {});
    await bench.sleeping(holder);
    await bench.pg.query(database, `create role stranger login password 'strange-pass'`);
    await bench.pg.query(database, 'grant all on all tables in schema public to stranger');
    const waiter = bench.start(
      database,
      { target: { url: bench.pg.jdbcUrl(database), username: 'stranger', passwordSlot: 'db-password' } },
      { password: 'strange-pass' },
    );
    await said(waiter, 'its session is open');
    expect(await lockOf(database)).toMatchObject([
      { locked: true, lockedby: expect.stringContaining(`session=sluice-${holder.id} `) },
    ]);
    waiter.run.stop('ABORT', 4_000);
    await waiter.result;
    expect(await lockOf(database)).toMatchObject([
      { locked: true, lockedby: expect.stringContaining(`session=sluice-${holder.id} `) },
    ]);
    holder.run.stop('ABORT', 4_000);
    await holder.result;
    expect(await lockOf(database)).toEqual(FREE);
  });
});
