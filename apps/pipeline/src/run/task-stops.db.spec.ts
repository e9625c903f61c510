import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { TaskEnded, TaskEvent } from '@sluice/delegate-rpc';
import { AppError, waitFor } from '@sluice/kernel';
import { Metrics } from '@sluice/telemetry';
import { ProjectContents } from '../project/project-contents.js';
import { stepResult, succeed } from '../testing/delegate-service-double.js';
import { dbStepInputsOf } from '../testing/ng-manager-double.js';
import { groupYaml, pipelineYaml, simplePipeline, stageYaml } from '../testing/pipeline-under-test.js';
import { RunUnderTest, stepsOf } from '../testing/run-under-test.js';
import type { RunHeader } from './execution-record.js';
import { StepActions } from './step-actions.js';
import { SILENT_END } from './task-end.js';
import { taskIdOf } from './task.js';
import { TaskEvents } from './task-events.js';

const WAITS = { timeoutMs: 120_000 } as const;

describe('stops of tasks', () => {
  let sut: RunUnderTest;
  beforeAll(async () => {
    // What was just put off is not due while the test looks, however long a process stands still.
    sut = await RunUnderTest.create({ PIPELINE_ABORT_TIMEOUT_MS: '600000' });
  }, 300_000);
  afterAll(() => sut.stop());
  afterEach(async () => {
    const { delegates } = sut.world;
    delegates.behaviour = succeed;
    delegates.renewsLeases = false;
    delegates.withdraws = true;
    delegates.abortRefusal = undefined;
    delegates.refusal = undefined;
    delegates.beforeAbort = () => Promise.resolve();
    await sut.db.query('DELETE FROM instance_locks');
    await sut.db.query('DELETE FROM execution_tasks');
  });

  /** A run whose one step a delegate works on and does not end by itself. */
  const working = async (
    over: { readonly isSubmitted?: boolean } = {},
  ): Promise<{
    readonly run: RunHeader;
    readonly nodeId: string;
    readonly taskId: string;
    readonly end: (isUnconfirmed: boolean) => Promise<unknown>;
  }> => {
    sut.world.delegates.behaviour = () => 'hold';
    const run = await sut.store(simplePipeline('p'));
    const [node] = stepsOf(run);
    if (!node) throw new Error('no step');
    const taskId = await sut.begin(run, node, over);
    const end = (isUnconfirmed: boolean) =>
      new StepActions(sut.actions, sut.types).end(run, node, taskId, SILENT_END, {
        stop: null,
        isUnconfirmed,
        ignoreFailure: false,
      });
    return { run, nodeId: node.id, taskId, end };
  };
  const task = (taskId: string) => sut.actions.record.task(taskId);
  const due = () => sut.actions.stops.due([]);
  /** A call that a process at a standstill lets run into its time limit is repeated. */
  const again = (taskId: string) =>
    waitFor(
      () =>
        sut.actions.stops.again(taskId).then(
          () => true,
          () => false,
        ),
      { ...WAITS, what: `an answer for ${taskId}` },
    );
  const giveUp = (run: RunHeader, taskId: string) =>
    waitFor(
      async () => {
        const { isAbandoned } = await sut.actions.giveUp(run, taskId);
        return isAbandoned && (await due()).length === 0;
      },
      { ...WAITS, what: 'a given up task whose stop was taken' },
    );
  const notes = async ({ planExecutionId }: RunHeader, nodeId: string) =>
    (await sut.actions.record.states(planExecutionId, [nodeId]))[nodeId]?.notes;
  const events = () => new TaskEvents(sut.actions, new Metrics('pipeline'));
  const TIMED_OUT = {
    outcome: 'timedOut',
    resultJson: '',
    reason: 'no result in time',
    delegateId: 'd',
    delegateName: 'D',
  } as const;
  const endedBy = (taskId: string, ended: TaskEnded): TaskEvent => ({
    seq: 1,
    taskId,
    scope: { accountId: 'acc', orgId: 'o', projectId: 'p' },
    event: 'ended',
    traceparent: '',
    ended,
  });
  const orphans = () => sut.actions.write(({ locks }) => locks.orphans());
  const HELD = [expect.stringMatching(/did not confirm.*no other run gets its database instance/)];
  /** The time that the first answer left for the stop is over. */
  const timeIsOver = (taskId: string) =>
    sut.db.query('UPDATE execution_tasks SET stop_until = 1 WHERE task_id = $1', [taskId]);

  it('a stop that was taken holds the instance for as long as the delegate renews its lease, and not longer', async () => {
    const { delegates } = sut.world;
    delegates.renewsLeases = true;
    const { run, nodeId, taskId, end } = await working();
    await sut.actions.stopTask(run, nodeId, taskId);
    await timeIsOver(taskId);
    await giveUp(run, taskId);
    await end(true);
    expect([await notes(run, nodeId), await sut.holders(), await sut.actions.record.stopWantedAt(taskId)]).toEqual([
      HELD,
      [taskId],
      expect.any(Number),
    ]);
    for (let round = 0; round < 3; round += 1) {
      expect(await due()).toEqual([]);
      await timeIsOver(taskId);
      expect(await due()).toEqual([taskId]);
      await again(taskId);
      expect(await sut.holders()).toEqual([taskId]);
    }
    delegates.end(taskId, { outcome: 'aborted', reason: 'rolled back' });
    await timeIsOver(taskId);
    await again(taskId);
    expect([await sut.holders(), await sut.actions.record.stopWantedAt(taskId)]).toEqual([[], undefined]);
  }, 300_000);

  it('while the delegate service says that a delegate is at work, no time limit frees the instance; while it says nothing, the limits of the task do', async () => {
    const { delegates } = sut.world;
    delegates.renewsLeases = true;
    const { run, taskId, end } = await working();
    await giveUp(run, taskId);
    await end(true);
    await sut.db.query('UPDATE execution_tasks SET stop_wanted_at = 1, stop_until = 1 WHERE task_id = $1', [taskId]);
    await again(taskId);
    expect(await sut.holders()).toEqual([taskId]);
    delegates.abortRefusal = new AppError('INTERNAL', 'the database is away');
    await sut.db.query('UPDATE execution_tasks SET stop_wanted_at = $2, stop_until = 1 WHERE task_id = $1', [
      taskId,
      Date.now(),
    ]);
    await expect(sut.actions.stops.again(taskId)).rejects.toBeInstanceOf(AppError);
    expect(await sut.holders()).toEqual([taskId]);
    await sut.db.query('UPDATE execution_tasks SET stop_wanted_at = 1 WHERE task_id = $1', [taskId]);
    await again(taskId);
    expect(await sut.holders()).toEqual([]);
  }, 300_000);

  it('a task that was never submitted does not hold its instance, and its submission is refused when it comes', async () => {
    const { run, taskId, end } = await working({ isSubmitted: false });
    await sut.actions.abandonUnsubmitted(taskId, new AppError('REQUEST_TIMEOUT', 'no answer'));
    await end(false);
    expect([await due(), await sut.holders()]).toEqual([[taskId], [taskId]]);
    await again(taskId);
    expect([await sut.holders(), await due()]).toEqual([[], []]);
    await expect(sut.submit(run, taskId)).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringContaining('was aborted before its task arrived'),
    });
    expect(sut.world.delegates.tasks.has(taskId)).toBe(false);
  }, 300_000);

  it('a step whose submission got no answer says that it may hold its instance', async () => {
    sut.world.delegates.refusal = new AppError('INTERNAL', 'the database is away');
    const run = await sut.store(simplePipeline('p'));
    const [node] = stepsOf(run);
    if (!node) throw new Error('no step');
    const initTaskId = taskIdOf(run.planExecutionId, 'group', 'init');
    const steps = {
      [node.id]: { dbSchema: 'orders', dbInstance: 'prod', inputs: dbStepInputsOf('orders', 'prod'), source: 'repo' },
    };
    await sut.actions.record.addTask(
      {
        taskId: initTaskId,
        planExecutionId: run.planExecutionId,
        nodeId: 'group',
        workflowId: 'wf',
        kind: 'initialise-pod',
        context: { kind: 'initialise-pod', podId: 'p', steps },
      },
      1,
    );
    const begun = await new StepActions(sut.actions, sut.types).begin(
      run,
      node,
      { groupId: 'group', initTaskId, delegateId: 'd' },
      'wf',
      [],
      '',
    );
    expect([begun.kind, await notes(run, node.id), await sut.holders()]).toEqual([
      'failed',
      [expect.stringMatching(/did not say whether.*no other run gets its database instance/)],
      [taskIdOf(run.planExecutionId, node.id, 'step')],
    ]);
  }, 300_000);

  it('a delegate service that does not withdraw the id of a task that was never submitted frees its instance only after the time a stop takes', async () => {
    sut.world.delegates.withdraws = false;
    const { run, taskId, end } = await working({ isSubmitted: false });
    expect(await sut.actions.isUnderWay(run, taskId)).toBe(false);
    await end(false);
    await again(taskId);
    expect([await sut.holders(), await due()]).toEqual([[taskId], []]);
    await timeIsOver(taskId);
    await again(taskId);
    expect([await sut.holders(), await due()]).toEqual([[], []]);
  }, 300_000);

  it('a step whose task is over gives its instance back with its end, and not before', async () => {
    const { run, nodeId, taskId, end } = await working();
    await sut.actions.stopTask(run, nodeId, taskId);
    sut.world.delegates.end(taskId, { outcome: 'leaseLost', reason: 'silent' });
    await giveUp(run, taskId);
    expect([await sut.actions.record.stopWantedAt(taskId), await sut.holders()]).toEqual([undefined, [taskId]]);
    await end(true);
    expect([await notes(run, nodeId), await sut.holders()]).toEqual([
      [expect.not.stringContaining('no other run')],
      [],
    ]);
  }, 300_000);

  it('a step that its time limit ended keeps its instance until its delegate is known to have stopped', async () => {
    const { delegates } = sut.world;
    delegates.renewsLeases = true;
    const { run, nodeId, taskId, end } = await working();
    await events().handle(endedBy(taskId, TIMED_OUT));
    expect(await due()).toEqual([taskId]);
    await end(false);
    await again(taskId);
    expect([await notes(run, nodeId), await sut.holders(), await due()]).toEqual([HELD, [taskId], []]);
    delegates.end(taskId, { outcome: 'late', resultJson: '' });
    await timeIsOver(taskId);
    for (const one of await due()) await again(one);
    expect([await sut.holders(), await due()]).toEqual([[], []]);
  }, 300_000);

  it('an execution that ends stops what is under way all the same, and each instance is held until its step is over', async () => {
    const { run, taskId } = await working();
    await sut.actions.finish(run, 'Errored', 'a stage broke');
    expect(await task(taskId)).toMatchObject({ status: 'abandoned' });
    await waitFor(
      async () => {
        for (const one of await due()) await again(one);
        return sut.world.delegates.tasks.get(taskId)?.isAborted;
      },
      { ...WAITS, what: 'the delegate asked to stop' },
    );
    expect([await sut.holders(), await orphans()]).toEqual([[taskId], []]);
    sut.world.delegates.end(taskId, { outcome: 'aborted', reason: 'stopped' });
    await again(taskId);
    expect(await sut.holders()).toEqual([]);
  }, 300_000);

  it('an end that cannot be recorded settles the stop of a step whose delegate answered, and no other', async () => {
    const answered = await working();
    await sut.actions.stopTask(answered.run, answered.nodeId, answered.taskId);
    const completed = {
      ...TIMED_OUT,
      outcome: 'completed',
      resultJson: JSON.stringify({ kind: 'execute-step', outcome: stepResult() }),
    } as const;
    // No workflow waits for the step here.
    await expect(events().refuse(endedBy(answered.taskId, completed), 'the store refused it')).rejects.toMatchObject({
      code: 'ENTITY_NOT_FOUND',
    });
    await answered.end(false);
    expect([await notes(answered.run, answered.nodeId), await sut.holders()]).toEqual([[], []]);
    const silent = await working();
    await expect(events().refuse(endedBy(silent.taskId, TIMED_OUT), 'the store refused it')).rejects.toMatchObject({
      code: 'ENTITY_NOT_FOUND',
    });
    await silent.end(false);
    expect([await notes(silent.run, silent.nodeId), await sut.holders(), await due()]).toEqual([
      HELD,
      [silent.taskId],
      [silent.taskId],
    ]);
  }, 300_000);

  it('a step that has ended and whose stop was settled by another, without its instance, does not keep the instance', async () => {
    const { taskId, end } = await working();
    await events().handle(endedBy(taskId, TIMED_OUT));
    expect(await orphans()).toEqual([]);
    await end(false);
    expect([await sut.holders(), await orphans()]).toEqual([[taskId], []]);
    await sut.actions.record.forgetStop(taskId);
    expect(await orphans()).toEqual([taskId]);
  }, 300_000);

  it('an execution of a removed project stays until each of its tasks is known to have stopped', async () => {
    const { run, taskId } = await working();
    await sut.actions.finish(run, 'Errored', 'a stage broke');
    const contents = new ProjectContents(sut.db.manager, run.scope);
    const removeAll = async () => {
      while ((await contents.removeExecutions()) > 0);
      return [await contents.hasExecutions(), (await sut.actions.record.header(run.planExecutionId))?.planExecutionId];
    };
    await sut.db.query('UPDATE executions SET ended_at = 1 WHERE plan_execution_id <> $1', [run.planExecutionId]);
    expect([await removeAll(), await task(taskId), await sut.holders()]).toEqual([
      [true, run.planExecutionId],
      expect.objectContaining({ status: 'abandoned' }),
      [taskId],
    ]);
    await sut.actions.stops.settle(taskId);
    expect([await removeAll(), await task(taskId), await sut.holders()]).toEqual([[false, undefined], undefined, []]);
  }, 300_000);

  it('a stage that breaks has all of its tasks stopped at once: one call that gets no answer does not hold up the others', async () => {
    const { delegates } = sut.world;
    delegates.behaviour = () => 'hold';
    const run = await sut.store(
      pipelineYaml(
        'many',
        stageYaml(
          'db',
          groupYaml(
            'grp',
            ['a', 'b', 'c'].map((id) => ({ id, instance: id })),
          ),
        ),
      ),
    );
    const taskIds: string[] = [];
    for (const node of stepsOf(run)) taskIds.push(await sut.begin(run, node, { dbInstance: node.identifier }));
    let [asking, most] = [0, 0];
    // None is answered before all have come; a caller does not wait for ever.
    delegates.beforeAbort = async (signal) => {
      most = Math.max(most, (asking += 1));
      await waitFor(() => most === taskIds.length || signal.aborted, { ...WAITS, what: 'all aborts' });
      asking -= 1;
    };
    await waitFor(
      async () => {
        await sut.actions.fail(run, run.plan.rootId, { message: 'broken', failureType: 'Unknown' });
        return most === taskIds.length;
      },
      { ...WAITS, what: 'all tasks asked to stop at once' },
    );
    await waitFor(() => taskIds.every((taskId) => delegates.tasks.get(taskId)?.isAborted), {
      ...WAITS,
      what: 'all tasks stopped',
    });
    expect([...(await sut.holders())].sort()).toEqual([...taskIds].sort());
  }, 300_000);

  it('rows that cannot be asked for never take the places of a batch: without an execution, and ended', async () => {
    const { run, taskId } = await working();
    await giveUp(run, taskId);
    await timeIsOver(taskId);
    await sut.db
      .query(`INSERT INTO execution_tasks (task_id, plan_execution_id, node_id, workflow_id, kind, status, context, created_at, stop_wanted_at, stop_until)
      SELECT 'bad' || n, 'gone', 'n', 'w', 'execute-step', CASE WHEN n % 2 = 0 THEN 'abandoned' ELSE 'ended' END, '{"kind": "execute-step", "runTimeoutMs": 1}', n, 1, CASE WHEN n % 3 = 0 THEN 1 END FROM generate_series(1, 60) AS n`);
    const seen = [];
    for (let batch = await due(); batch.length > 0; batch = await due()) {
      seen.push(...batch);
      for (const one of batch) await again(one);
      expect(seen.length).toBeLessThanOrEqual(61);
    }
    expect(seen).toHaveLength(61);
    expect(await sut.holders()).toEqual([taskId]);
  }, 300_000);

  it('clean-ups without their execution are not looked for again', async () => {
    await sut.db
      .query(`INSERT INTO execution_tasks (task_id, plan_execution_id, node_id, workflow_id, kind, status, context, created_at, ended_at)
      SELECT 'gone' || n || '-cleanup1', 'gone', 'n', 'w', 'cleanup-pod', 'abandoned', '{"kind": "cleanup-pod", "podId": "p", "delegateId": "d"}', n, 1 FROM generate_series(1, 25) AS n`);
    const cleanups = sut.actions.cleanups;
    const first = await cleanups.due([]);
    for (const one of first) await cleanups.again(one);
    const rest = await cleanups.due([]);
    expect([first.length, rest.length]).toEqual([20, 5]);
  }, 300_000);
});
