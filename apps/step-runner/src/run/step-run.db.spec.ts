import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitFor } from '@sluice/kernel';
import { freePort, quickestMs, type TestPostgres } from '@sluice/testing';
import { StepBench, type StartedStep, type StepOptions } from '../testing/step-bench.js';

const CHANGELOG = `--liquibase formatted sql
--changeset ann:1 labels:base
--comment first table
create table orders (id int primary key);
--rollback drop table orders;
--changeset ann:2
create table lines (id int primary key);
--rollback drop table lines;
--changeset ann:3 context:demo
insert into orders values (1);
--rollback delete from orders;
`;

jest.setTimeout(1_200_000); // every run starts a JVM, and machines that test are busy

describe('a step run', () => {
  let bench: StepBench;
  let pg: TestPostgres;
  let folder: string;
  const write = (path: string, content: string): void => bench.write(path, content);
  const start = (database: string, work: Record<string, unknown>, options?: StepOptions): StartedStep =>
    bench.start(database, work, options);
  const freshDatabase = (): Promise<string> => bench.freshDatabase();

  beforeAll(async () => {
    bench = await StepBench.open();
    ({ pg, folder } = bench);
  });
  afterAll(() => bench?.close());

  it('opens no file that is not below the folder for certificates of databases', async () => {
    write('changelog.sql', CHANGELOG);
    const url = `jdbc:postgresql://127.0.0.1:${pg.port}/postgres?sslmode=require&sslkey=/etc/passwd`;
    expect(await start('postgres', {}, { url }).result).toMatchObject({
      status: 'failed',
      history: null,
      error: {
        message: expect.stringContaining(
          'option "sslkey" of the database URL must name a file below /etc/ssl/certs/dbops',
        ),
      },
    });
  });

  it('applies what the contexts select and tells what is deployed, skipped and pending', async () => {
    write('changelog.sql', CHANGELOG);
    const database = await freshDatabase();
    const { result, log } = start(database, { contexts: 'production', tag: 'v1' });
    const outcome = await result;

    expect(outcome.error).toBeUndefined();
    expect(outcome.status).toBe('succeeded');
    expect(outcome.changesets.map(({ id, status }) => [id, status])).toEqual([
      ['3', 'skipped'],
      ['1', 'applied'],
      ['2', 'applied'],
    ]);
    expect(outcome.history?.map(({ id, tag, file, labels }) => [id, tag, file, labels])).toEqual([
      ['1', null, 'changelog.sql', 'base'],
      ['2', 'v1', 'changelog.sql', null],
    ]);
    expect(outcome.pending).toEqual([]);
    expect(outcome.outputs['preStartTag']).toBe('');
    expect(JSON.parse(outcome.outputs['changeSets'] ?? '')).toMatchObject([
      { id: '1', comment: 'first table' },
      { id: '2' },
    ]);
    expect(log().join('\n')).toContain('Running Changeset: changelog.sql::1::ann');
    expect(log().join('\n')).not.toContain('License');
    expect(log()).toContain(
      'The history is empty, so no tag marks the point where this update begins (preStartTag stays empty)',
    );
    expect(await pg.query(database, 'select locked, lockedby from databasechangeloglock')).toEqual([
      { locked: false, lockedby: null },
    ]);
  });

  it('gives the point to go back to, and goes back exactly there', async () => {
    write('changelog.sql', CHANGELOG.slice(0, CHANGELOG.indexOf('--changeset ann:2')));
    const database = await freshDatabase();
    await start(database, {}).result;
    write('changelog.sql', CHANGELOG);
    const second = start(database, { contexts: 'demo' });
    const { preStartTag } = (await second.result).outputs;
    expect(preStartTag).toBe(`pre-start-${second.id}`);
    expect(second.log().filter((line) => line.includes('the point where this update begins'))).toEqual([
      expect.stringMatching(
        new RegExp(`^Set the tag "pre-start-${second.id}" on the last changeset, changelog\\.sql::\\d+::ann: `),
      ),
    ]);

    const back = await start(database, { kind: 'liquibase.rollback', tag: preStartTag, contexts: 'demo' }).result;
    expect(back.error).toBeUndefined();
    expect(back.changesets.map(({ id, status }) => [id, status])).toEqual([
      ['3', 'rolledBack'],
      ['2', 'rolledBack'],
    ]);
    expect(back.history?.map(({ id }) => id)).toEqual(['1']);
    expect(back.pending?.map(({ id }) => id)).toEqual(['2', '3']);
  });

  it('rolls back exactly as many changesets as asked for, and none when there are fewer', async () => {
    write('changelog.sql', CHANGELOG);
    const database = await freshDatabase();
    await start(database, { contexts: 'demo' }).result;
    const tooMany = await start(database, { kind: 'liquibase.rollback', changeSetCount: 4 }).result;
    expect(tooMany).toMatchObject({
      status: 'failed',
      error: { message: 'cannot roll back 4 changesets: only 3 are deployed; nothing was rolled back' },
    });
    const two = await start(database, { kind: 'liquibase.rollback', changeSetCount: 2, contexts: 'demo' }).result;
    expect(two.history?.map(({ id }) => id)).toEqual(['1']);
  });

  it('names changeset, file and database error of a failure, keeps what was applied and works again afterwards', async () => {
    write(
      'changelog.sql',
      `${CHANGELOG}--changeset ann:4\ncreate table half (id int); insert into nowhere values (1);\n`,
    );
    const database = await freshDatabase();
    const failed = await start(database, {}).result;
    expect(failed.status).toBe('failed');
    expect(failed.error).toMatchObject({
      message: expect.stringMatching(
        /^changeset 4 by ann in changelog.sql failed: .*relation "nowhere" does not exist/,
      ),
      changeset: { id: '4', author: 'ann', file: 'changelog.sql' },
      sqlState: '42P01',
      failureType: 'Unknown',
    });
    expect(failed.history?.map(({ id }) => id)).toEqual(['1', '2', '3']);
    expect(failed.pending?.map(({ id }) => id)).toEqual(['4']);
    write('changelog.sql', CHANGELOG);
    expect((await start(database, {}).result).status).toBe('succeeded');
  });

  it.each([
    [
      'wrong password',
      { password: 'not-the-password' },
      {},
      'Authentication',
      /login to .* as "postgres" was refused: .*password authentication failed/,
    ],
    [
      'unknown host',
      { url: 'jdbc:postgresql://no-such-host.invalid:5999/x' },
      {},
      'Connectivity',
      /cannot connect to no-such-host.invalid:5999\/x: host .* is not known/,
    ],
    ['unknown database', {}, {}, 'Connectivity', /database "absent" does not exist/],
    [
      'unknown changelog',
      {},
      { changelog: { source: 'repo', path: 'absent.xml' } },
      'Unknown',
      /changelog "absent.xml" does not exist in the repository/,
    ],
    [
      'changelog outside',
      {},
      { changelog: { source: 'repo', path: '../../secrets/x' } },
      'Unknown',
      /leads out of the repository/,
    ],
    [
      'forbidden URL option',
      { url: 'jdbc:postgresql://h/x?socketFactory=a.B' },
      {},
      'Unknown',
      /option "socketFactory" of the database URL is not allowed/,
    ],
    ['unknown work', {}, { kind: 'liquibase.dropAll' }, 'Unknown', /cannot do that work/],
  ])('explains: %s', async (_name, options, work, failureType, message) => {
    write('changelog.sql', CHANGELOG);
    const outcome = await start('absent', work, options).result;
    expect(outcome).toMatchObject({
      status: 'failed',
      history: null,
      error: { failureType, message: expect.stringMatching(message) },
    });
  });

  it('names host and port when nobody listens there', async () => {
    write('changelog.sql', CHANGELOG);
    const port = await freePort();
    const outcome = await start('x', {}, { url: `jdbc:postgresql://127.0.0.1:${port}/x` }).result;
    expect(outcome.error).toMatchObject({
      failureType: 'Connectivity',
      message: `cannot connect to 127.0.0.1:${port}/x: connection refused; nothing listens on this port`,
    });
  });

  it('refuses a changelog behind a symbolic link that leads out of the tree', async () => {
    writeFileSync(join(folder, 'outside.sql'), CHANGELOG);
    mkdirSync(join(folder, 'sources', 'repo'), { recursive: true });
    rmSync(join(folder, 'sources', 'repo', 'link.sql'), { force: true });
    symlinkSync(join(folder, 'outside.sql'), join(folder, 'sources', 'repo', 'link.sql'));
    const outcome = await start('x', { changelog: { source: 'repo', path: 'link.sql' } }).result;
    expect(outcome.error?.message).toMatch(/"link.sql" leads out of the repository/);
  });

  it('reads nothing outside the tree through a changelog, and runs no programs', async () => {
    const xml = (body: string): string =>
      `<databaseChangeLog xmlns="http://www.liquibase.org/xml/ns/dbchangelog" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://www.liquibase.org/xml/ns/dbchangelog http://www.liquibase.org/xml/ns/dbchangelog/dbchangelog-latest.xsd"><changeSet id="1" author="x">${body}</changeSet></databaseChangeLog>`;
    const database = await freshDatabase();
    for (const [body, message] of [
      ['<sqlFile path="../../outside.sql"/>', /outside.sql was not found/],
      ['<sqlFile path="/etc/hostname"/>', /\/etc\/hostname was not found/],
      ['<executeCommand executable="id"/>', /runs a program of the operating system/],
    ] as const) {
      write('evil.xml', xml(body));
      const outcome = await start(database, { changelog: { source: 'repo', path: 'evil.xml' } }).result;
      expect(outcome).toMatchObject({ status: 'failed', error: { message: expect.stringMatching(message) } });
    }
  });

  it('signs in with a user name that is kept in a secret', async () => {
    write('changelog.sql', CHANGELOG);
    const outcome = await start(await freshDatabase(), { contexts: 'production' }, { usernameSecret: 'postgres' })
      .result;
    expect([outcome.error, outcome.status]).toEqual([undefined, 'succeeded']);
  });

  it('lets no form of the password out, wherever it turns up', async () => {
    const password = 's3cr3t/"canary"&1';
    const database = await freshDatabase();
    await pg.query('postgres', `create role canary login superuser password '${password}'`);
    write(
      'canary.sql',
      `--liquibase formatted sql\n--changeset ann:1\n--comment ${password}\nselect '${password}', '${Buffer.from(password).toString('base64')}' from nowhere;\n`,
    );
    const { result, log, run } = start(
      database,
      {
        changelog: { source: 'repo', path: 'canary.sql' },
        target: { url: pg.jdbcUrl(database), username: 'canary', passwordSlot: 'db-password' },
      },
      { password },
    );
    const outcome = await result;
    expect(outcome.status).toBe('failed');
    const told: string[] = [];
    for await (const event of run.journal.events.follow(0)) told.push(JSON.stringify(event));
    expect(`${told.join('\n')}${log().join('\n')}`).not.toMatch(/canary"|canary\\|canary%22|czNjcjN0LyJjYW5hcnki/);
    expect(JSON.stringify(outcome)).toContain('**************');
  });

  describe('stopping', () => {
    const SLOW =
      '--liquibase formatted sql\n--changeset ann:1\ncreate table a (id int);\n--changeset ann:2\ncreate table b (id int); select pg_sleep(600);\n--changeset ann:3\ncreate table c (id int);\n';

    const sleeping = (started: StartedStep): Promise<void> => bench.sleeping(started);
    const sessionsOf = (started: StartedStep): Promise<number> => bench.sessionsOf(started);
    async function expectTidy(database: string, started: StartedStep): Promise<void> {
      await waitFor(async () => (await sessionsOf(started)) === 0, { timeoutMs: 120_000, what: 'end of the session' });
      expect(await pg.query(database, 'select locked from databasechangeloglock')).toEqual([{ locked: false }]);
      expect(await pg.query(database, 'select id from databasechangelog')).toEqual([{ id: '1' }]);
      expect(await pg.query(database, `select to_regclass('b') as b, to_regclass('c') as c`)).toEqual([
        { b: null, c: null },
      ]);
    }

    it('cancels the statement within 5 s, records nothing of it and leaves neither session nor lock', async () => {
      write('slow.sql', SLOW);
      const stopMs = async (): Promise<number> => {
        const database = await freshDatabase();
        const started = start(database, { changelog: { source: 'repo', path: 'slow.sql' } });
        await sleeping(started);
        const stoppedAt = Date.now();
        started.run.stop('ABORT', 4_000);
        const outcome = await started.result;
        const ms = Date.now() - stoppedAt;
        expect(outcome).toMatchObject({
          status: 'aborted',
          error: { changeset: { id: '2' }, message: expect.stringContaining('stopped on request while changeset 2') },
        });
        expect(outcome.history?.map(({ id }) => id)).toEqual(['1']);
        await expectTidy(database, started);
        return ms;
      };
      expect(await quickestMs(5_000, stopMs)).toBeLessThan(5_000);
    });

    it('does the same when the step takes longer than it may, as a timeout', async () => {
      write('slow.sql', SLOW);
      let database = '';
      const started = await bench.overrun(
        async (timeoutMs) => {
          database = await freshDatabase();
          return start(database, { changelog: { source: 'repo', path: 'slow.sql' } }, { timeoutMs, warmUp: true });
        },
        (step) => bench.isSleeping(step),
      );
      expect(await started.result).toMatchObject({ status: 'failed', error: { failureType: 'Timeout' } });
      await expectTidy(database, started);
    });

    it('ends an engine that does not react by force, and tidies up the database for it', async () => {
      write('slow.sql', SLOW);
      const database = await freshDatabase();
      const started = start(database, { changelog: { source: 'repo', path: 'slow.sql' } });
      await sleeping(started);
      process.kill(started.engine.pid, 'SIGSTOP');
      started.run.stop('ABORT', 1_000);
      expect(await started.result).toMatchObject({ status: 'aborted', history: null });
      await expectTidy(database, started);
    });

    it('waits for a lock that another run holds, naming it, and can be stopped while it waits', async () => {
      write('slow.sql', SLOW);
      const database = await freshDatabase();
      const holder = start(database, { changelog: { source: 'repo', path: 'slow.sql' } });
      await sleeping(holder);
      const waiter = start(database, { changelog: { source: 'repo', path: 'slow.sql' } });
      await waitFor(() => waiter.log().some((line) => line.includes('Waiting for the change log lock, held by')), {
        timeoutMs: 120_000,
        what: 'the waiting run',
      });
      waiter.run.stop('ABORT', 4_000);
      expect((await waiter.result).status).toBe('aborted');
      expect(await sessionsOf(holder)).toBe(1);
      holder.run.stop('ABORT', 4_000);
      await holder.result;
      await expectTidy(database, holder);
    });

    it('cancels the statement when the process that started the engine vanishes', async () => {
      write('slow.sql', SLOW);
      const database = await freshDatabase();
      const started = start(database, { changelog: { source: 'repo', path: 'slow.sql' } });
      await sleeping(started);
      started.engine.disown();
      const outcome = await started.result;
      expect(outcome.status).toBe('failed');
      await expectTidy(database, started);
    });
  });
});
