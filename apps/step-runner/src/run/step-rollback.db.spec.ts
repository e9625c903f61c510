import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { StepResult } from '@sluice/delegate-protocol';
import { StepBench } from '../testing/step-bench.js';

jest.setTimeout(1_200_000); // every run starts a JVM, and machines that test are busy

describe('a rollback', () => {
  let bench: StepBench;

  beforeAll(async () => {
    bench = await StepBench.open();
  });
  afterAll(() => bench?.close());

  const changeset = (id: number, attributes = ''): string =>
    `--changeset ann:${id} ${attributes}\ncreate table r${id} (id int);\n--rollback drop table r${id};\n`;
  function publish(...changesets: string[]): void {
    bench.write('changelog.sql', `--liquibase formatted sql\n${changesets.join('')}`);
  }
  const update = async (database: string, work: Record<string, unknown> = {}): Promise<StepResult> => {
    const outcome = await bench.start(database, work).result;
    expect(outcome.error).toBeUndefined();
    return outcome;
  };
  const rollback = (database: string, work: Record<string, unknown>) =>
    bench.start(database, { kind: 'liquibase.rollback', ...work });
  const tables = async (database: string): Promise<unknown[]> =>
    (await bench.pg.query(database, `select tablename from pg_tables where tablename ~ '^r[0-9]' order by 1`)).map(
      ({ tablename }) => tablename,
    );
  const tags = async (database: string): Promise<unknown[]> =>
    (await bench.pg.query(database, 'select tag from databasechangelog order by orderexecuted')).map(({ tag }) => tag);

  it.each([
    [
      'is gone from the changelog',
      [changeset(1), changeset(2), changeset(4)],
      /changelog\.sql::3::ann is deployed but not part of changelog changelog\.sql; nothing was rolled back/,
    ],
    [
      'has no rollback',
      [changeset(1), changeset(2), changeset(3).replace(/--rollback.*\n/, ''), changeset(4)],
      /changelog\.sql::3::ann has no rollback; nothing was rolled back/,
    ],
    [
      'is left out by the contexts of the step',
      [changeset(1), changeset(2), changeset(3, 'context:demo'), changeset(4)],
      /changelog\.sql::3::ann is deployed but left out by this step: Context does not match 'production'; nothing was rolled back/,
    ],
  ])('begins only when every changeset can go: one %s', async (_why, published, message) => {
    publish(changeset(1), changeset(2));
    const database = await bench.freshDatabase();
    await update(database, { tag: 'v1' });
    publish(changeset(1), changeset(2), changeset(3), changeset(4));
    await update(database, { tag: 'v2' });
    publish(...published);
    for (const work of [{ tag: 'v1' }, { changeSetCount: 2 }]) {
      const outcome = await rollback(database, { ...work, contexts: 'production' }).result;
      expect(outcome).toMatchObject({ status: 'failed', error: { message: expect.stringMatching(message) } });
      expect(outcome.changesets).toEqual([]);
    }
    expect(await tables(database)).toEqual(['r1', 'r2', 'r3', 'r4']);
  });

  it('names what goes, in order, before the first of it goes', async () => {
    publish(changeset(1), changeset(2), changeset(3));
    const database = await bench.freshDatabase();
    await update(database);
    const back = rollback(database, { changeSetCount: 2 });
    await back.result;
    const log = back.log();
    const at = (text: string): number => log.findIndex((line) => line.includes(text));
    expect(
      log.slice(at('Rolling back 2 changeset(s), in this order:'), at('Rolling back 2') + 3).map((line) => line.trim()),
    ).toEqual(['Rolling back 2 changeset(s), in this order:', 'changelog.sql::3::ann', 'changelog.sql::2::ann']);
    expect(at('Rolling back 2')).toBeLessThan(at('Rolling Back Changeset'));
    expect(await tables(database)).toEqual(['r1']);
  });

  it('says when no changeset or more than one carries the tag', async () => {
    publish(changeset(1), changeset(2));
    const database = await bench.freshDatabase();
    await update(database, { tag: 'v1' });
    expect((await rollback(database, { tag: 'v0' }).result).error?.message).toBe(
      'no changeset of the history carries the tag "v0"; nothing was rolled back',
    );
    await bench.pg.query(database, `update databasechangelog set tag = 'v1'`);
    expect((await rollback(database, { tag: 'v1' }).result).error?.message).toMatch(
      /the tag "v1" is on 2 changesets .*nothing was rolled back/,
    );
    expect(await tables(database)).toEqual(['r1', 'r2']);
  });

  it('does not drop the wrong tables when the history carries times ahead of the present', async () => {
    publish(changeset(1), changeset(2));
    const database = await bench.freshDatabase();
    await update(database);
    await bench.pg.query(database, `update databasechangelog set dateexecuted = dateexecuted + interval '9 hours'`);
    publish(changeset(1), changeset(2), changeset(3), changeset(4));
    const { outputs, history } = await update(database, { tag: 'v2' });
    const point = outputs['preStartTag'] ?? '';
    expect(point).toMatch(/^pre-start-/);
    expect(await tags(database)).toEqual([null, point, null, 'v2']);
    expect(history?.map(({ id }) => id)).toEqual(['1', '2', '3', '4']);

    for (const work of [{ tag: point }, { changeSetCount: 2 }]) {
      const outcome = await rollback(database, work).result;
      expect(outcome).toMatchObject({
        status: 'failed',
        error: {
          message: expect.stringMatching(
            /history contradicts itself .*by ORDEREXECUTED changelog\.sql::4::ann \(order 4, .*by DATEEXECUTED .*correct DATEEXECUTED .*nothing was rolled back/,
          ),
        },
      });
    }
    expect(await tables(database)).toEqual(['r1', 'r2', 'r3', 'r4']);

    await bench.pg.query(
      database,
      `update databasechangelog set dateexecuted = dateexecuted - interval '9 hours' where id in ('1', '2')`,
    );
    expect((await rollback(database, { tag: point }).result).error).toBeUndefined();
    expect(await tables(database)).toEqual(['r1', 'r2']);
  });

  it('finds the point where an update began, whatever the update did: its tag overwrites no other', async () => {
    publish(changeset(1), changeset(2, 'runOnChange:true'));
    const database = await bench.freshDatabase();
    await update(database);
    publish(
      changeset(1),
      '--changeset ann:2 runOnChange:true\ncreate table if not exists r2 (id int); create table r22 (id int);\n',
    );
    const { outputs } = await update(database, { tag: 'v2' });
    expect(await tags(database)).toContain(outputs['preStartTag']);
  });
});
