import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { projectScope } from '@sluice/kernel';
import { openDataSource, projectColumns } from '@sluice/persistence';
import { startPostgres, type TestPostgres } from '@sluice/testing';
import type { DataSource } from 'typeorm';
import { createPipelineDataSource } from '../database/data-source.js';
import { ExecutionEntity } from '../execution/execution.entity.js';
import { InstanceLocks, type LockRequest } from './instance-lock.js';

describe('the queue in front of a database instance', () => {
  let pg: TestPostgres;
  let db: DataSource;
  beforeAll(async () => {
    pg = await startPostgres();
    db = await openDataSource(createPipelineDataSource(await pg.createDatabase('pipeline'), 12));
  }, 300_000);
  afterAll(async () => {
    await db.destroy();
    await pg.stop();
  });
  beforeEach(() => db.query('DELETE FROM instance_locks'));
  afterEach(() => db.query('DELETE FROM executions'));

  const storeExecution = (id: string, runSequence: number, scope = projectScope('acc', 'o', 'p')) =>
    db
      .getRepository(ExecutionEntity)
      .insert({
        ...projectColumns(scope),
        planExecutionId: `exec-${id}`,
        pipelineIdentifier: 'p',
        name: `Pipeline ${id}`,
        runSequence,
        status: 'Running',
        plan: {} as never,
        outline: {} as never,
        searchText: '',
        yaml: '',
        inputYaml: '',
        inputSetIds: [],
        caller: {} as never,
        correlationId: 'c',
        tags: {},
        takenOver: [],
        createdAt: 1,
        validUntil: 2,
      });

  const request = (holder: string, over: Partial<LockRequest> = {}): LockRequest => ({
    scope: projectScope('acc', 'o', 'p'),
    dbSchema: 's',
    dbInstance: 'i',
    holder,
    planExecutionId: `exec-${holder}`,
    workflowId: `wf-${holder}`,
    ...over,
  });
  const within = <T>(work: (locks: InstanceLocks) => Promise<T>): Promise<T> =>
    db.transaction((manager) => work(new InstanceLocks(manager)));
  const acquire = (holder: string, over: Partial<LockRequest> = {}): Promise<boolean> =>
    within((locks) => locks.acquire(request(holder, over), 1));
  const release = (holder: string) => within((locks) => locks.release(holder, 2));

  it('gives it to the first and makes others wait, in order', async () => {
    expect([await acquire('a'), await acquire('b'), await acquire('c')]).toEqual([true, false, false]);
    expect(await release('a')).toEqual({ holder: 'b', workflowId: 'wf-b' });
    expect(await release('b')).toEqual({ holder: 'c', workflowId: 'wf-c' });
    expect(await release('c')).toBeUndefined();
  });

  it('is safe to repeat: asking again and giving back twice change nothing', async () => {
    expect([await acquire('a'), await acquire('a'), await acquire('b'), await acquire('b')]).toEqual([
      true,
      true,
      false,
      false,
    ]);
    await release('a');
    expect(await release('a')).toBeUndefined();
    expect(await acquire('b')).toBe(true);
  });

  it('lets one leave the middle of the queue', async () => {
    for (const holder of ['a', 'b', 'c']) await acquire(holder);
    expect(await release('b')).toBeUndefined();
    expect(await release('a')).toMatchObject({ holder: 'c' });
  });

  it.each([
    ['instance', { dbInstance: 'other' }],
    ['schema', { dbSchema: 'other' }],
    ['project', { scope: projectScope('acc', 'o', 'other') }],
    ['organization', { scope: projectScope('acc', 'other', 'p') }],
    ['account', { scope: projectScope('other', 'o', 'p') }],
  ])('keeps another %s apart', async (_what, over) => {
    expect([await acquire('a'), await acquire('b', over)]).toEqual([true, true]);
  });

  it('has one holder however many ask at once', async () => {
    const holders = Array.from({ length: 10 }, (_, index) => `h${index}`);
    const granted = await Promise.all(holders.map((holder) => acquire(holder)));
    expect(granted.filter(Boolean)).toHaveLength(1);
    const served: string[] = [];
    for (let holder = holders[granted.indexOf(true)]; holder !== undefined;) {
      served.push(holder);
      holder = (await release(holder))?.holder;
    }
    expect([...served].sort()).toEqual(holders);
  });

  it('remembers who has not been told of his turn', async () => {
    await acquire('a');
    await acquire('b');
    expect(await within((locks) => locks.untold())).toEqual([]);
    await release('a');
    expect(await within((locks) => locks.untold())).toEqual([{ holder: 'b', workflowId: 'wf-b' }]);
    await within((locks) => locks.markTold(['b']));
    expect(await within((locks) => locks.untold())).toEqual([]);
  });

  it('names the execution that has it to each that waits, as it is now, and to nobody else', async () => {
    for (const [index, holder] of ['a', 'b', 'c'].entries()) await storeExecution(holder, index + 1);
    for (const holder of ['a', 'b', 'c']) await acquire(holder);
    const of = (...taskIds: string[]) => within((locks) => locks.holdUps(projectScope('acc', 'o', 'p'), taskIds));
    const holder = (id: string, runSequence: number, heldSince: number) => ({
      planExecutionId: `exec-${id}`,
      pipelineIdentifier: 'p',
      pipelineName: `Pipeline ${id}`,
      runSequence,
      heldSince,
    });
    expect(await of('a', 'b', 'c', 'unknown')).toEqual(
      new Map([
        ['b', { dbSchema: 's', dbInstance: 'i', holder: holder('a', 1, 1), place: 1 }],
        ['c', { dbSchema: 's', dbInstance: 'i', holder: holder('a', 1, 1), place: 2 }],
      ]),
    );
    await release('a');
    expect(await of('b', 'c')).toEqual(
      new Map([['c', { dbSchema: 's', dbInstance: 'i', holder: holder('b', 2, 2), place: 1 }]]),
    );
    expect(await within((locks) => locks.holdUps(projectScope('acc', 'o', 'other'), ['c']))).toEqual(new Map());
    await release('b');
    expect(await of('c')).toEqual(new Map());
  });

  it('finds holders whose execution is gone', async () => {
    await acquire('a');
    expect(await within((locks) => locks.orphans())).toEqual(['a']);
  });
});
