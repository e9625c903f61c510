import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { waitFor } from '@sluice/kernel';
import { EngineBench } from '../testing/engine-bench.js';

const PATIENCE_MS = 1_200_000;

jest.setTimeout(PATIENCE_MS); // every run starts a JVM, and machines that test are busy

const HISTORY = `create table databasechangelog (id varchar(255), author varchar(255), filename varchar(255), dateexecuted timestamp, orderexecuted int, exectype varchar(10), md5sum varchar(35), description varchar(255), comments varchar(255), tag varchar(255), liquibase varchar(20), contexts varchar(255), labels varchar(255), deployment_id varchar(10)); create table t1 (id int);`;
const LOCK =
  'create table databasechangeloglock (id int, locked boolean, lockgranted timestamp, lockedby varchar(255));';

describe('history and lock tables that other tools, imports and people have written', () => {
  let bench: EngineBench;
  beforeAll(async () => {
    bench = await EngineBench.start();
  }, PATIENCE_MS);
  beforeEach(() =>
    bench.checkOut({
      'changelog.sql':
        '--liquibase formatted sql\n--changeset dev:1\ncreate table t1 (id int);\n--changeset dev:2\ncreate table t2 (id int);\n',
    }),
  );
  afterAll(() => bench?.stop());

  async function databaseWith(sql: string): Promise<string> {
    const database = await bench.freshDatabase();
    await bench.pg.query(database, sql);
    return database;
  }
  const row = (dateAndOrder: string, execType = `'EXECUTED'`, id = `'1'`): string =>
    `insert into databasechangelog (id, author, filename, dateexecuted, orderexecuted, exectype) values (${id}, 'dev', 'changelog.sql', ${dateAndOrder}, ${execType});`;
  const now = `'2020-01-01', 1`;
  const tables = async (database: string): Promise<unknown[]> =>
    (await bench.pg.query(database, `select tablename from pg_tables where tablename ~ '^t[0-9]' order by 1`)).map(
      ({ tablename }) => tablename,
    );

  it.each([
    ['its row', 'select * from databasechangeloglock for update'],
    ['the table', 'lock table databasechangeloglock in access exclusive mode'],
  ])(
    'a lock table whose transaction of another session has %s is waited for no longer than the limit says, and the session is named',
    async (_what, locking) => {
      const database = await databaseWith(`${LOCK} insert into databasechangeloglock values (1, false, null, null);`);
      const blocker = bench.pg
        .query(database, `set application_name = 'console'; begin; ${locking}; select pg_sleep(1200)`)
        .catch(() => undefined);
      const pid = await waitFor(
        async () =>
          (
            await bench.pg.query(
              database,
              `select pid from pg_stat_activity where datname = $1 and application_name = 'console' and wait_event = 'PgSleep'`,
              [database],
            )
          )[0]?.['pid'],
        { timeoutMs: PATIENCE_MS, what: 'the session that has the lock' },
      );
      const { finished } = await bench.run(database, 'changelog.sql', {
        settings: { changelogLockWaitTimeInMinutes: '0' },
      });
      expect(finished).toMatchObject({
        status: 'failed',
        error: {
          message: expect.stringMatching(
            new RegExp(
              `^could not get the change log lock within 0 minutes; (public\\.)?databasechangeloglock is locked by session ${String(pid)} of user postgres, application console, from 127\\.0\\.0\\.1, in a transaction since \\S+Z\\. Let that transaction end, or end that session, and run the step again$`,
            ),
          ),
        },
      });
      await bench.pg.query('postgres', 'select pg_terminate_backend($1)', [pid]);
      await blocker;
    },
  );

  it('rows that Liquibase cannot read are named before anything is changed, in an update and in a rollback', async () => {
    const database = await databaseWith(
      HISTORY +
        row(now) +
        [
          row('null, 2'),
          row(`'2020-01-01', null`),
          row(now, 'null'),
          row(now, `'DONE'`),
          row('null, null', `'EXECUTED'`, 'null'),
        ].join(''),
    );
    const faults =
      'changelog.sql::1::dev has no DATEEXECUTED; row changelog.sql::1::dev has no ORDEREXECUTED; row changelog.sql::1::dev has no EXECTYPE; row changelog.sql::1::dev has the unknown EXECTYPE "DONE"; row changelog.sql::null::dev has no ID, DATEEXECUTED, ORDEREXECUTED';
    for (const input of [{}, { action: 'rollback', count: 1 } as const]) {
      const { finished, changesets } = await bench.run(database, 'changelog.sql', input);
      expect(finished).toMatchObject({
        status: 'failed',
        error: {
          message: expect.stringContaining(
            `the history table public.databasechangelog cannot be read: row ${faults}. Nothing was changed; correct these rows in the database`,
          ),
        },
      });
      expect(changesets).toEqual([]);
    }
    expect(await tables(database)).toEqual(['t1']);
  });

  it('an infinite point of time is read as the farthest one there is', async () => {
    const database = await databaseWith(HISTORY + row(`'infinity', 1`));
    const { finished } = await bench.run(database, 'changelog.sql');
    expect(finished).toMatchObject({
      status: 'succeeded',
      history: [{ id: '1', dateExecuted: 8_640_000_000_000_000 }, { id: '2' }],
    });
  });

  it('a last row that is there twice gets no tag, and does not stop an update; a tag of the step is refused for it', async () => {
    const database = await databaseWith(HISTORY + row(now) + row(now));
    const first = await bench.run(database, 'changelog.sql');
    expect(first.finished).toMatchObject({ status: 'succeeded', preStartTag: '' });
    expect(first.log.join('\n')).toContain(
      'no single row can carry it: the history has the last changeset changelog.sql::1::dev more than once',
    );
    expect(await tables(database)).toEqual(['t1', 't2']);
    await bench.pg.query(
      database,
      `delete from databasechangelog where id = '2'; insert into databasechangelog select * from databasechangelog limit 1; insert into databasechangelog (id, author, filename, dateexecuted, orderexecuted, exectype) values ('2', 'dev', 'changelog.sql', '2020-01-01', 0, 'EXECUTED')`,
    );
    const second = await bench.run(database, 'changelog.sql', { tag: 'v1' });
    expect(second.finished).toMatchObject({
      status: 'failed',
      error: {
        message: expect.stringContaining(
          'the tag "v1" was not set: the history has the last changeset changelog.sql::1::dev more than once; delete the rows that repeat it',
        ),
      },
    });
    expect(await bench.pg.query(database, 'select count(tag)::int as tagged from databasechangelog')).toEqual([
      { tagged: 0 },
    ]);
  });

  it('a changeset that is recorded twice is not rolled back twice', async () => {
    bench.checkOut({
      'changelog.sql':
        '--liquibase formatted sql\n--changeset dev:1\ncreate table t1 (id int);\n--rollback drop table t1;\n',
    });
    const database = await databaseWith(HISTORY + row(now) + row(now));
    const { finished, changesets } = await bench.run(database, 'changelog.sql', { action: 'rollback', count: 2 });
    expect(finished.error?.message).toBe(
      'cannot roll back: changelog.sql::1::dev is recorded more than once; delete the rows that repeat it; nothing was rolled back',
    );
    expect(changesets).toEqual([]);
    expect(await tables(database)).toEqual(['t1']);
  });

  it.each([
    [
      'two rows',
      `insert into databasechangeloglock values (1, false, null, null), (1, false, null, null)`,
      'has 2 of them; delete all but one and run the step again',
    ],
    [
      'no row with ID 1',
      'insert into databasechangeloglock values (2, false, null, null)',
      'has none; add it with: INSERT INTO public.databasechangeloglock (ID, LOCKED) VALUES (1, FALSE)',
    ],
    [
      'neither locked nor free',
      'insert into databasechangeloglock values (1, null, null, null)',
      'holds NULL in LOCKED; when no other tool is at work, set it with: UPDATE public.databasechangeloglock SET LOCKED = FALSE WHERE ID = 1',
    ],
  ])(
    'a lock table that can never be locked (%s) is not waited for: the step says what is wrong and how to mend it',
    async (_what, sql, remedy) => {
      const database = await databaseWith(LOCK + sql);
      const before = await bench.pg.query(database, 'select * from databasechangeloglock');
      const { finished } = await bench.run(database, 'changelog.sql');
      expect(finished).toMatchObject({
        status: 'failed',
        error: {
          message: expect.stringContaining(
            `the change log lock is the one row with ID 1 of public.databasechangeloglock, which ${remedy}`,
          ),
        },
      });
      expect(await bench.pg.query(database, 'select * from databasechangeloglock')).toEqual(before);
    },
  );

  it('a lock table that refuses the statement is no lost session', async () => {
    const database = await databaseWith(
      'create table databasechangeloglock (id int, locked int, lockgranted timestamp, lockedby varchar(255)); insert into databasechangeloglock values (1, 0, null, null)',
    );
    const { finished, log } = await bench.run(database, 'changelog.sql');
    expect(finished).toMatchObject({
      status: 'failed',
      error: { message: expect.stringContaining('operator does not exist: integer = boolean') },
    });
    expect(log.join('\n')).not.toContain('The database session was lost');
  });

  it('a name that would be recorded as another one is refused before anything is applied', async () => {
    bench.checkOut({
      'odd.yaml':
        'databaseChangeLog:\n- changeSet: {id: "1", author: dev, changes: [{sql: {sql: create table t1 (id int)}}]}\n- changeSet: {id: "s\\ud800e", author: dev, changes: [{sql: {sql: create table t2 (id int)}}]}\n',
    });
    const database = await bench.freshDatabase();
    const { finished } = await bench.run(database, 'odd.yaml');
    expect(finished).toMatchObject({
      status: 'failed',
      error: {
        message: expect.stringMatching(
          /^changeset s.e by dev in odd\.yaml has half a surrogate pair in its id, author or file name/,
        ),
      },
    });
    expect(await tables(database)).toEqual([]);
  });

  it('a changeset whose row the history refuses is told as failed, with the reason', async () => {
    const database = await databaseWith(
      HISTORY.replaceAll('author varchar(255)', `author varchar(255) check (id <> '2')`) + row(now),
    );
    const { finished, changesets } = await bench.run(database, 'changelog.sql');
    expect(finished).toMatchObject({ status: 'failed', error: { changeset: { id: '2' } } });
    expect(changesets).toMatchObject([
      { id: '2', status: 'failed', error: expect.stringContaining('violates check constraint') },
    ]);
    expect(await tables(database)).toEqual(['t1']);
  });
});
