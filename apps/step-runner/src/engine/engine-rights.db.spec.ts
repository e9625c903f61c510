import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { EngineBench, type EngineOutcome } from '../testing/engine-bench.js';

const PATIENCE_MS = 1_200_000;

jest.setTimeout(PATIENCE_MS); // every run starts a JVM, and machines that test are busy

const HISTORY = `create table databasechangelog (id varchar(255), author varchar(255), filename varchar(255), dateexecuted timestamp, orderexecuted int, exectype varchar(10), md5sum varchar(35), description varchar(255), comments varchar(255), tag varchar(255), liquibase varchar(20), contexts varchar(255), labels varchar(255), deployment_id varchar(10)); insert into databasechangelog (id, author, filename, dateexecuted, orderexecuted, exectype) values ('1', 'dev', 'changelog.sql', '2020-01-01', 1, 'EXECUTED');`;
const LOCK =
  'create table databasechangeloglock (id int not null primary key, locked boolean not null, lockgranted timestamp, lockedby varchar(255)); insert into databasechangeloglock values (1, false, null, null);';
const GRANT = 'SELECT, INSERT, UPDATE and DELETE on them';

/** What a user may not do, and a database that takes no changes, is said with the remedy; nothing is left behind. */
describe('a database user without the rights that a run needs', () => {
  let bench: EngineBench;
  beforeAll(async () => {
    bench = await EngineBench.start();
    bench.checkOut({
      'changelog.sql':
        '--liquibase formatted sql\n--changeset dev:1\ncreate table t1 (id int);\n--rollback drop table t1;\n--changeset dev:2\ncreate table t2 (id int);\n',
    });
  }, PATIENCE_MS);
  afterAll(() => bench?.stop());

  /** @param sql with ROLE for the user */
  async function runAs(
    role: string,
    sql: string,
    input: Parameters<EngineBench['run']>[2] = {},
  ): Promise<EngineOutcome & { readonly database: string }> {
    const database = await bench.freshDatabase();
    await bench.pg.query(database, `create role ${role} login password 'pw'; ${sql.replaceAll('ROLE', role)}`);
    return {
      ...(await bench.run(database, 'changelog.sql', input, undefined, { username: role, password: 'pw' })),
      database,
    };
  }

  it.each([{}, { action: 'rollback', count: 1 } as const])(
    'that may only read gets the text that says so, and its history (%j)',
    async (input) => {
      const role = `reader_${input.action ?? 'update'}`;
      const { finished, log, changesets, database } = await runAs(
        role,
        `${HISTORY}${LOCK} grant select on all tables in schema public to ROLE`,
        input,
      );
      expect(finished).toMatchObject({
        status: 'failed',
        error: { failureType: 'Authorization' },
        history: [{ id: '1' }],
      });
      expect(finished.error?.message).toContain('permission denied for table databasechangeloglock');
      expect(finished.error?.message).toContain(
        `Grant the user "${role}" USAGE and CREATE on their schema, or, where both tables exist, ${GRANT}`,
      );
      expect(changesets).toEqual([]);
      expect(log.join('\n')).not.toContain('session was lost');
      expect(await bench.pg.query(database, 'select locked, lockedby from databasechangeloglock')).toEqual([
        { locked: false, lockedby: null },
      ]);
    },
  );

  it.each([
    ['may not create the two tables', 'select 1', 'Authorization', GRANT],
    [
      'may not read the history',
      `${HISTORY}${LOCK} grant select, update on databasechangeloglock to ROLE`,
      'Authorization',
      GRANT,
    ],
    [
      'may use no schema',
      'revoke all on schema public from public',
      'Unknown',
      'set currentSchema in the URL of the connector, or grant USAGE on the schema',
    ],
    [
      'is read-only by a setting',
      `${HISTORY}${LOCK} grant all on all tables in schema public to ROLE; alter role ROLE set default_transaction_read_only = on`,
      'Unknown',
      'it is a standby, or default_transaction_read_only is on for it or for the user',
    ],
  ])('that %s gets the remedy, and leaves no lock', async (what, sql, failureType, remedy) => {
    const { finished, changesets, database } = await runAs(what.replaceAll(/\W/g, '_'), sql);
    expect(finished).toMatchObject({
      status: 'failed',
      error: { failureType, message: expect.stringContaining(remedy) },
    });
    expect(changesets).toEqual([]);
    if (sql.includes(LOCK))
      expect(await bench.pg.query(database, 'select locked from databasechangeloglock')).toEqual([{ locked: false }]);
  });

  it('that may write both tables and create none fails at its changeset, which is named and not recorded', async () => {
    const { finished, database } = await runAs(
      'writer',
      `${HISTORY}${LOCK} grant all on all tables in schema public to ROLE`,
    );
    expect(finished).toMatchObject({
      status: 'failed',
      error: {
        failureType: 'Authorization',
        changeset: { id: '2' },
        message: expect.stringMatching(
          /^changeset 2 by dev in changelog\.sql failed: ERROR: permission denied for schema public/,
        ),
      },
    });
    expect(finished.error?.message).not.toContain(GRANT);
    expect(await bench.pg.query(database, 'select id from databasechangelog')).toEqual([{ id: '1' }]);
    expect(await bench.pg.query(database, 'select locked from databasechangeloglock')).toEqual([{ locked: false }]);
  });

  it('whose sessions the server ends at once gets a failure of the connection, not one of the engine', async () => {
    const { finished } = await runAs('hurried', 'alter role ROLE set idle_session_timeout = 1');
    expect(finished).toMatchObject({ status: 'failed', error: { failureType: 'Connectivity' } });
  });
});
