import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { waitFor } from '@sluice/kernel';
import { StepBench, type StartedStep } from '../testing/step-bench.js';

jest.setTimeout(1_200_000); // every run starts a JVM, and machines that test are busy

const changelog = (...changesets: readonly string[]): string =>
  `--liquibase formatted sql\n${changesets.map((sql, index) => `--changeset ann:${index + 1}\n${sql}\n`).join('')}`;

describe('changes and their row of the history', () => {
  let bench: StepBench;

  beforeAll(async () => {
    bench = await StepBench.open();
  });
  afterAll(() => bench?.close());

  const inTheHistory = (step: StartedStep): Promise<unknown> =>
    waitFor(async () => (await bench.sessionsOf(step, `and wait_event = 'PgSleep'`)) > 0, {
      timeoutMs: 120_000,
      what: 'the statement on the history table',
    });
  const deployed = async (database: string): Promise<unknown> =>
    (await bench.pg.query(database, 'select id from databasechangelog order by orderexecuted')).map(({ id }) => id);

  /** A database with changeset 1 in which statements of `kind` on the history table take for ever. */
  async function slowHistory(
    kind: 'insert' | 'delete',
  ): Promise<{ database: string; quicken: () => Promise<unknown> }> {
    const database = await bench.freshDatabase();
    expect(await bench.start(database, {}).result).toMatchObject({ status: 'succeeded' });
    await bench.pg.query(
      database,
      `create function slow() returns trigger language plpgsql as $$ begin perform pg_sleep(600); return coalesce(new, old); end $$`,
    );
    await bench.pg.query(
      database,
      `create trigger slow before ${kind} on databasechangelog for each row execute function slow()`,
    );
    return { database, quicken: () => bench.pg.query(database, 'drop trigger slow on databasechangelog') };
  }

  async function killedInTheHistory(database: string, work: Record<string, unknown> = {}): Promise<void> {
    const step = bench.start(database, work, { timeoutMs: 200_000 });
    await inTheHistory(step);
    process.kill(step.engine.pid, 'SIGKILL');
    expect(await step.result).toMatchObject({ status: 'failed' });
  }

  it('are committed together: an engine killed between the two leaves neither, and the next run applies the changeset once', async () => {
    bench.write('changelog.sql', changelog('create table marks (n int);'));
    const { database, quicken } = await slowHistory('insert');
    bench.write('changelog.sql', changelog('create table marks (n int);', 'insert into marks values (2);'));
    await killedInTheHistory(database);
    await quicken();
    expect([await bench.pg.query(database, 'select n from marks'), await deployed(database)]).toEqual([[], ['1']]);
    expect(await bench.start(database, {}).result).toMatchObject({ status: 'succeeded' });
    expect([await bench.pg.query(database, 'select n from marks'), await deployed(database)]).toEqual([
      [{ n: 2 }],
      ['1', '2'],
    ]);
  });

  it.each([
    ['written by hand', changelog('create table marks (n int);\n--rollback insert into undone values (1);')],
    [
      'made up by Liquibase',
      'databaseChangeLog:\n- changeSet: {id: 1, author: ann, changes: [{createTable: {tableName: marks, columns: [{column: {name: n, type: int}}]}}]}',
    ],
  ])('are taken back together in a rollback %s', async (_how, content) => {
    const path = content.startsWith('databaseChangeLog') ? 'changelog.yaml' : 'changelog.sql';
    const work = { changelog: { source: 'repo', path } };
    bench.write(path, content);
    const database = await bench.freshDatabase();
    await bench.pg.query(database, 'create table undone (n int)');
    expect(await bench.start(database, work).result).toMatchObject({ status: 'succeeded' });
    await bench.pg.query(
      database,
      `create function slow() returns trigger language plpgsql as $$ begin perform pg_sleep(600); return old; end $$`,
    );
    await bench.pg.query(
      database,
      'create trigger slow before delete on databasechangelog for each row execute function slow()',
    );
    await killedInTheHistory(database, { ...work, kind: 'liquibase.rollback', changeSetCount: 1 });
    await bench.pg.query(database, 'drop trigger slow on databasechangelog');
    expect([
      await bench.pg.query(database, 'select n from undone'),
      await bench.pg.query(database, 'select n from marks'),
      await deployed(database),
    ]).toEqual([[], [], ['1']]);
  });

  it('fail together, and by the name of the changeset, when a constraint that is checked at the commit does not hold', async () => {
    const database = await bench.freshDatabase();
    bench.write(
      'changelog.sql',
      changelog(
        'create table a (id int primary key); create table b (a int references a deferrable initially deferred);',
        'insert into b values (7);',
      ),
    );
    const outcome = await bench.start(database, {}).result;
    expect(outcome).toMatchObject({ status: 'failed', error: { sqlState: '23503', changeset: { id: '2' } } });
    expect([await bench.pg.query(database, 'select a from b'), await deployed(database)]).toEqual([[], ['1']]);
  });

  it('may have different rights: a role or a limit that a changeset sets for its own transaction is not that of the row', async () => {
    const database = await bench.freshDatabase();
    await bench.pg.query(database, 'create role clerk');
    await bench.pg.query(database, 'create table marks (n int)');
    await bench.pg.query(database, 'grant insert on marks to clerk');
    bench.write(
      'changelog.sql',
      changelog(
        'set local role clerk; insert into marks values (1);',
        'insert into marks values (2); set transaction read only;',
      ),
    );
    expect(await bench.start(database, {}).result).toMatchObject({ status: 'succeeded' });
    expect([await bench.pg.query(database, 'select n from marks order by n'), await deployed(database)]).toEqual([
      [{ n: 1 }, { n: 2 }],
      ['1', '2'],
    ]);
  });
});
