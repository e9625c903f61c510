import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '@sluice/kernel';
import type { PlanNode } from '@sluice/pipeline-engine';
import type { EntityManager } from 'typeorm';
import { dbStepInputsOf } from '../testing/ng-manager-double.js';
import { groupYaml, pipelineYaml, stageYaml } from '../testing/pipeline-under-test.js';
import { RunUnderTest, stepsOf } from '../testing/run-under-test.js';
import type { RunHeader } from './execution-record.js';
import { InstanceLocks } from './instance-lock.js';
import { StepActions } from './step-actions.js';
import { taskIdOf } from './task.js';

const BROKEN = { message: 'broken', failureType: 'Unknown' } as const;

/** Each test lets two transactions wait in the order that would make them wait for each other. PostgreSQL undoes one of such two, and its work is rejected. */
describe('transactions of one run, and of runs on the same instances, do not wait for each other', () => {
  let sut: RunUnderTest;
  beforeAll(async () => {
    sut = await RunUnderTest.create();
    sut.world.delegates.behaviour = () => 'hold';
  }, 300_000);
  afterAll(() => sut.stop());

  const store = (id: string, instances: readonly string[]): Promise<RunHeader> =>
    sut.store(
      pipelineYaml(
        id,
        stageYaml(
          'db',
          groupYaml(
            'grp',
            instances.map((instance, index) => ({ id: `s${index}`, instance })),
          ),
        ),
      ),
    );
  const nodesOf = (
    run: RunHeader,
  ): { readonly first: PlanNode; readonly second: PlanNode; readonly group: PlanNode } => {
    const [first, second] = stepsOf(run);
    const group = Object.values(run.plan.nodes).find(({ kind }) => kind === 'stepGroup');
    if (!first || !second || !group) throw new Error('two steps in a group are expected');
    return { first, second, group };
  };
  const take = (manager: EntityManager, run: RunHeader, holder: string, dbInstance: string): Promise<boolean> =>
    new InstanceLocks(manager).acquire(
      {
        scope: run.scope,
        dbSchema: 'orders',
        dbInstance,
        holder,
        planExecutionId: run.planExecutionId,
        workflowId: `wf-${holder}`,
      },
      1,
    );

  /** While `hold`'s transaction is open, starts one after the other; each waits before the next begins. Then all go on. */
  async function inThisOrder(
    hold: (manager: EntityManager) => Promise<unknown>,
    ...works: readonly (() => Promise<unknown>)[]
  ): Promise<PromiseSettledResult<unknown>[]> {
    const started: Promise<unknown>[] = [];
    const waiting = async (): Promise<number> =>
      Number(
        (
          await sut.db.query<{ count: string }[]>(
            `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
          )
        )[0]?.count,
      );
    await sut.db.transaction(async (manager) => {
      await hold(manager);
      for (const work of works) {
        started.push(work());
        await waitFor(async () => (await waiting()) === started.length, {
          timeoutMs: 60_000,
          what: `${started.length} waiting transactions`,
        });
      }
    });
    return Promise.allSettled(started);
  }
  const holdNode = (run: RunHeader, node: PlanNode) => (manager: EntityManager) =>
    manager.query('SELECT 1 FROM execution_nodes WHERE plan_execution_id = $1 AND node_id = $2 FOR UPDATE', [
      run.planExecutionId,
      node.id,
    ]);

  it('a stage that breaks while one of its steps is stopped', async () => {
    const run = await store('stop', ['a', 'b']);
    const { first } = nodesOf(run);
    const taskId = await sut.begin(run, first, { dbInstance: 'a' });
    const ends = await inThisOrder(
      holdNode(run, first),
      () => sut.actions.stopTask(run, first.id, taskId),
      () => sut.actions.fail(run, run.plan.rootId, BROKEN),
    );
    expect(ends).toMatchObject([{ status: 'fulfilled' }, { status: 'fulfilled' }]);
    expect((await sut.actions.record.states(run.planExecutionId, [first.id]))[first.id]).toMatchObject({
      status: 'Errored',
    });
    expect(await sut.actions.record.task(taskId)).toMatchObject({ status: 'abandoned' });
  }, 300_000);

  it('a stage that breaks while one of its steps begins on an instance that another of them waits for', async () => {
    const run = await store('begin', ['prod', 'prod']);
    const { first, second, group } = nodesOf(run);
    const initTaskId = taskIdOf(run.planExecutionId, group.id, 'init');
    const at = Date.now();
    const inputs = dbStepInputsOf('orders', 'prod');
    await sut.actions.write(async ({ record }) => {
      await record.apply(run.planExecutionId, [{ nodeId: group.id, event: { kind: 'started', at } }]);
      await record.addTask(
        {
          taskId: initTaskId,
          planExecutionId: run.planExecutionId,
          nodeId: group.id,
          workflowId: 'wf',
          kind: 'initialise-pod',
          context: {
            kind: 'initialise-pod',
            podId: 'p',
            steps: { [second.id]: { dbSchema: 'orders', dbInstance: 'prod', inputs, source: 'repo' } },
          },
        },
        at,
      );
    });
    await sut.db.transaction((manager) => take(manager, run, taskIdOf(run.planExecutionId, first.id, 'step'), 'prod'));
    const begin = () =>
      new StepActions(sut.actions, sut.types).begin(
        run,
        second,
        { groupId: group.id, initTaskId, delegateId: 'd' },
        'wf',
        [{ nodeId: group.id, event: { kind: 'note', text: 'n' } }],
        '',
      );
    const ends = await inThisOrder(holdNode(run, group), () => sut.actions.fail(run, run.plan.rootId, BROKEN), begin);
    expect(ends).toMatchObject([{ status: 'fulfilled' }, { status: 'fulfilled', value: { kind: 'submitted' } }]);
  }, 300_000);

  it('an execution that ends while its pending changes are written', async () => {
    const run = await store('finish', ['a', 'b']);
    const root = run.plan.nodes[run.plan.rootId];
    if (!root) throw new Error('no root');
    const ends = await inThisOrder(
      holdNode(run, root),
      () => sut.actions.finish(run, 'Errored', 'broken'),
      () => sut.actions.flush(run, [{ nodeId: root.id, event: { kind: 'note', text: 'n' } }]),
    );
    expect(ends).toMatchObject([{ status: 'fulfilled' }, { status: 'fulfilled' }]);
  }, 300_000);

  it('two runs that break and leave the same instances in opposite order', async () => {
    const [one, other] = [await store('one', ['x', 'y']), await store('other', ['y', 'x'])];
    for (const [run, instances] of [
      [one, ['x', 'y']],
      [other, ['y', 'x']],
    ] as const) {
      for (const [index, { id }] of stepsOf(run).entries())
        await sut.db.transaction((manager) =>
          take(manager, run, taskIdOf(run.planExecutionId, id, 'step'), instances[index] ?? ''),
        );
    }
    const ends = await inThisOrder(
      async (manager) => {
        for (const instance of ['x', 'y']) await take(manager, one, `third-${instance}`, instance);
      },
      () => sut.actions.fail(one, one.plan.rootId, BROKEN),
      () => sut.actions.fail(other, other.plan.rootId, BROKEN),
    );
    expect(ends).toMatchObject([{ status: 'fulfilled' }, { status: 'fulfilled' }]);
    const left = await sut.holders();
    expect(
      left.filter((holder) => holder.startsWith(one.planExecutionId) || holder.startsWith(other.planExecutionId)),
    ).toEqual([]);
  }, 300_000);
});
