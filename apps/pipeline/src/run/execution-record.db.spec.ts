import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { projectScope, type ProjectScope } from '@sluice/kernel';
import { openDataSource } from '@sluice/persistence';
import { NEW_NODE, compilePlan, type Plan } from '@sluice/pipeline-engine';
import { StepTypeRegistry } from '@sluice/step-types';
import { startPostgres, type TestPostgres } from '@sluice/testing';
import type { DataSource } from 'typeorm';
import { createPipelineDataSource } from '../database/data-source.js';
import { ExecutionRepository, type NewExecution } from '../execution/execution.repository.js';
import { InputSetRepository } from '../input-set/input-set.repository.js';
import { PipelineRepository } from '../pipeline/pipeline.repository.js';
import { simplePipeline } from '../testing/pipeline-under-test.js';
import { ExecutionRecord } from './execution-record.js';
import { stableId } from './identifiers.js';
import { taskIdOf, type TaskContext } from './task.js';

const NEWEST = [{ column: 'created_at', direction: 'DESC' }] as const;

describe('executions in the database', () => {
  let pg: TestPostgres;
  let db: DataSource;
  let executions: ExecutionRepository;
  const mine = projectScope('acc', 'o', 'p');
  const others = [
    projectScope('other', 'o', 'p'),
    projectScope('acc', 'other', 'p'),
    projectScope('acc', 'o', 'other'),
  ];
  const context: TaskContext = { kind: 'cleanup-pod', podId: 'x' };
  let count = 0;
  let id = '';
  let plan: Plan;

  beforeAll(async () => {
    pg = await startPostgres();
    db = await openDataSource(createPipelineDataSource(await pg.createDatabase('pipeline'), 12));
    executions = new ExecutionRepository(db);
  }, 300_000);
  afterAll(async () => {
    await db.destroy();
    await pg.stop();
  });
  beforeEach(async () => {
    id = `exec${(count += 1)}`;
    plan = await store(mine, id);
  });

  async function store(scope: ProjectScope, planExecutionId: string, createdAt = Date.now()): Promise<Plan> {
    const made = compilePlan({
      yaml: simplePipeline('p'),
      catalogue: new StepTypeRegistry(),
      planId: 'plan',
      planExecutionId,
      accountId: scope.accountId,
      orgId: scope.orgId,
      projectId: scope.projectId,
      runSequence: 1,
      triggeredBy: { name: '', email: '' },
      idOf: stableId,
    });
    const execution: NewExecution = {
      planExecutionId,
      pipelineIdentifier: 'p',
      name: 'P',
      runSequence: 1,
      status: 'Running',
      plan: made,
      yaml: '',
      inputYaml: '',
      inputTemplateYaml: null,
      inputSetIds: [],
      caller: { accountId: scope.accountId, principal: { type: 'user', id: 'u', name: 'U', email: 'u@x' }, grants: [] },
      correlationId: 'c',
      traceparent: null,
      notes: null,
      retryOf: null,
      rootExecutionId: null,
      rerunOf: null,
      chosenStages: null,
      moduleType: null,
      tags: { team: 'db' },
      takenOver: [],
      createdAt,
      validUntil: createdAt + 1000,
    };
    await db.transaction((manager) =>
      executions.insert(manager, scope, execution, new Map(Object.keys(made.nodes).map((node) => [node, NEW_NODE]))),
    );
    return made;
  }
  const write = <T>(work: (record: ExecutionRecord) => Promise<T>): Promise<T> =>
    db.transaction((manager) => work(new ExecutionRecord(manager)));
  const step = (): string => Object.values(plan.nodes).find((node) => node.kind === 'step')?.id ?? '';

  it('applies events through the reducer, each once however often it is written', async () => {
    const started = { nodeId: step(), event: { kind: 'started' as const, at: 5 } };
    await write((record) => record.apply(id, [started, started]));
    await write((record) =>
      record.apply(id, [started, { nodeId: step(), event: { kind: 'ended', at: 9, status: 'Success' } }]),
    );
    await write((record) => record.apply(id, [{ nodeId: step(), event: { kind: 'ended', at: 11, status: 'Failed' } }]));
    expect((await write((record) => record.states(id, [step()])))[step()]).toMatchObject({
      status: 'Success',
      startedAt: 5,
      endedAt: 9,
    });
    expect(
      await pg.query(
        'pipeline',
        'SELECT status, version FROM execution_nodes WHERE plan_execution_id = $1 AND node_id = $2',
        [id, step()],
      ),
    ).toEqual([{ status: 'Success', version: 3 }]);
  });

  it('loses no event when many are written at once', async () => {
    await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        write((record) => record.apply(id, [{ nodeId: step(), event: { kind: 'note', text: `n${index}` } }])),
      ),
    );
    expect((await write((record) => record.states(id, [step()])))[step()]?.notes).toHaveLength(10);
  });

  it('ends an execution once', async () => {
    expect(await write((record) => record.end(id, 'Failed', 7, 'why'))).toBe(true);
    expect(await write((record) => record.end(id, 'Success', 8, null))).toBe(false);
    await write((record) => record.show(id, 'Running'));
    expect(await executions.find(mine, id)).toMatchObject({ status: 'Failed', endedAt: 7, failureMessage: 'why' });
  });

  it('keeps a task’s first end, and knows when nobody waits any more', async () => {
    const task = { planExecutionId: id, nodeId: step(), workflowId: 'w', kind: 'execute-step', context };
    const report = { outcome: 'completed', reason: 'first', delegateId: '', delegateName: '', result: null } as const;
    const [first, second] = [taskIdOf(id, step(), 'step'), taskIdOf(id, step(), 'init')];
    for (const taskId of [first, second]) await write((record) => record.addTask({ ...task, taskId }, 1));
    await write((record) => record.addTask({ ...task, taskId: first, workflowId: 'changed' }, 1));
    expect(await write((record) => record.endTask(first, report, 2))).toBe('ended');
    expect(await write((record) => record.endTask(first, { ...report, reason: 'second' }, 3))).toBe('ended');
    expect(await write((record) => record.task(first))).toMatchObject({ workflowId: 'w', report: { reason: 'first' } });
    expect([
      await write((record) => record.abandonTask(first, 4)),
      await write((record) => record.abandonTask(second, 4)),
    ]).toEqual([false, true]);
    expect(await write((record) => record.endTask(second, report, 5))).toBe('abandoned');
    expect(await write((record) => record.endTask('nobody', report, 5))).toBeUndefined();
  });

  it('an interrupt is seen by every begin after it, and tells who waits', async () => {
    await write((record) =>
      record.addTask(
        {
          taskId: `${id}:t`,
          planExecutionId: id,
          nodeId: step(),
          workflowId: 'waiting',
          kind: 'execute-step',
          context,
        },
        1,
      ),
    );
    await write((record) =>
      record.addTask(
        { taskId: `${id}:c`, planExecutionId: id, nodeId: step(), workflowId: 'nobody', kind: 'cleanup-pod', context },
        1,
      ),
    );
    expect(await write((record) => record.isInterrupted(id))).toBe(false);
    expect(await executions.interrupt(mine, id, { id: 'i1', at: 1, by: 'me' })).toBe('i1');
    expect(await executions.interrupt(mine, id, { id: 'i2', at: 2, by: 'me' })).toBe('i1');
    expect(await write((record) => record.isInterrupted(id))).toBe(true);
    expect(await write((record) => record.waitingWorkflows(id))).toEqual(['waiting']);
  });

  it('an interrupt waits for a begin that is being written, so that it is told to it', async () => {
    const order: string[] = [];
    let interrupting: Promise<unknown> = Promise.resolve();
    await write(async (record) => {
      await record.isInterrupted(id);
      interrupting = executions.interrupt(mine, id, { id: 'i', at: 1, by: 'me' }).then(() => order.push('interrupt'));
      await record.addTask(
        { taskId: `${id}:race`, planExecutionId: id, nodeId: step(), workflowId: 'w', kind: 'execute-step', context },
        1,
      );
      order.push('begin');
    });
    await interrupting;
    expect(order).toEqual(['begin', 'interrupt']);
  });

  it('shows an execution to its own project only', async () => {
    expect(await executions.find(mine, id)).toMatchObject({ planExecutionId: id });
    for (const scope of others) {
      expect(await executions.find(scope, id)).toBeUndefined();
      expect((await executions.list(scope, {}, NEWEST, 0, 100)).total).toBe(0);
      expect(await executions.interrupt(scope, id, { id: 'i', at: 1, by: 'them' })).toBeUndefined();
      expect((await executions.recentRuns(scope, ['p'], Date.now(), 1)).get('p')?.newest).toEqual([]);
    }
    expect((await executions.find(mine, id))?.interruptId).toBeNull();
  });

  it('counts the last seven days, today last', async () => {
    const scope = projectScope('days', 'o', 'p');
    const now = Date.now();
    for (const [index, daysAgo] of [0, 0, 2, 6, 9].entries())
      await store(scope, `day${index}`, now - daysAgo * 86_400_000 - 1000 + index);
    await write((record) => record.end('day2', 'Failed', now, 'x'));
    const runs = (await executions.recentRuns(scope, ['p', 'none'], now, 2)).get('p');
    expect(runs).toMatchObject({ deployments: [1, 0, 0, 0, 1, 0, 2], errors: [0, 0, 0, 0, 1, 0, 0] });
    expect(runs?.newest.map((run) => run.planExecutionId)).toEqual(['day1', 'day0']);
  });

  it('filters and pages lists', async () => {
    const scope = projectScope('lists', 'o', 'p');
    for (let index = 0; index < 5; index += 1) await store(scope, `list${index}`, 1000 + index);
    await write((record) => record.end('list3', 'Failed', 9, null));
    const idsOf = async (...args: Parameters<ExecutionRepository['list']>): Promise<string[]> =>
      (await executions.list(...args)).rows.map((row) => row.planExecutionId);
    expect(await idsOf(scope, {}, NEWEST, 0, 2)).toEqual(['list4', 'list3']);
    expect(await idsOf(scope, {}, NEWEST, 2, 2)).toEqual(['list0']);
    expect(await idsOf(scope, {}, [{ column: 'created_at', direction: 'ASC' }], 0, 2)).toEqual(['list0', 'list1']);
    expect(
      await idsOf(
        scope,
        {},
        [
          { column: 'status', direction: 'ASC' },
          { column: 'created_at', direction: 'ASC' },
        ],
        0,
        2,
      ),
    ).toEqual(['list3', 'list0']);
    expect(await idsOf(scope, { statuses: ['Failed'] }, NEWEST, 0, 10)).toEqual(['list3']);
    expect(await idsOf(scope, { from: 1001, to: 1002 }, NEWEST, 0, 10)).toEqual(['list2', 'list1']);
    expect(await idsOf(scope, { searchTerm: 'list1' }, NEWEST, 0, 10)).toEqual(['list1']);
    expect(await idsOf(scope, { callerId: 'nobody' }, NEWEST, 0, 10)).toEqual([]);
    expect(await idsOf(scope, { callerId: 'u' }, NEWEST, 0, 1)).toEqual(['list4']);
    expect(await idsOf(scope, { pipelineIdentifier: 'zzz' }, NEWEST, 0, 10)).toEqual([]);
    expect(await idsOf(scope, { tags: [{ key: 'team' }] }, NEWEST, 0, 1)).toEqual(['list4']);
    expect(await idsOf(scope, { tags: [{ key: 'team', value: 'web' }] }, NEWEST, 0, 1)).toEqual([]);
  });

  it('reads on behind a row, also among rows of one moment', async () => {
    const scope = projectScope('cursor', 'o', 'p');
    for (const name of ['a', 'b', 'c']) await store(scope, `same_${name}`, 5000);
    await store(scope, 'older', 4000);
    const behind = async (planExecutionId: string): Promise<string[]> =>
      (await executions.listBehind(scope, {}, { createdAt: 5000, planExecutionId }, 10)).map(
        (row) => row.planExecutionId,
      );
    expect((await executions.listBehind(scope, {}, undefined, 2)).map((row) => row.planExecutionId)).toEqual([
      'same_c',
      'same_b',
    ]);
    expect(await behind('same_b')).toEqual(['same_a', 'older']);
  });

  it('keeps pipelines and input sets of projects apart, and counts runs per pipeline', async () => {
    const [pipelines, inputSets] = [new PipelineRepository(db), new InputSetRepository(db)];
    const pipeline = {
      identifier: 'same',
      name: 'Same',
      description: null,
      tags: {},
      yaml: 'y',
      stageNames: [],
      filters: {},
    };
    const set = {
      pipelineIdentifier: 'same',
      identifier: 's',
      type: 'INPUT_SET' as const,
      name: 'S',
      description: null,
      tags: {},
      yaml: 'y',
      references: [],
    };
    await pipelines.insert(mine, pipeline, 1);
    await inputSets.insert(mine, set, 1);
    for (const scope of others) {
      expect([await pipelines.find(scope, 'same'), await inputSets.find(scope, 'same', 's')]).toEqual([
        undefined,
        undefined,
      ]);
      expect([
        await pipelines.delete(scope, 'same', undefined),
        await inputSets.delete(scope, 'same', 's', undefined),
        await pipelines.replace(scope, pipeline, 2, undefined),
        await inputSets.replace(scope, set, 2, undefined),
      ]).toEqual([false, false, false, false]);
      expect(await db.transaction((manager) => pipelines.nextRun(manager, scope, 'same', 1))).toBeUndefined();
      await pipelines.insert(scope, pipeline, 1);
    }
    const runs = await Promise.all(
      Array.from({ length: 5 }, () => db.transaction((manager) => pipelines.nextRun(manager, mine, 'same', 1))),
    );
    expect([...runs].sort()).toEqual([1, 2, 3, 4, 5]);
    expect(await pipelines.replace(mine, pipeline, 2, 99)).toBe(false);
    expect((await inputSets.list(mine, 'same', {}, [], 0, 10)).total).toBe(1);
  });

  it('entities and migrations say the same', async () => {
    const drift = await db.driver.createSchemaBuilder().log();
    expect(drift.upQueries.map((query) => query.query)).toEqual([]);
  });
});
