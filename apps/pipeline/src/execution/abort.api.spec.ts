import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { AppError, waitFor } from '@sluice/kernel';
import { LONG_LEASES, SHORT_LEASES, stepResult, succeed, type DoubleTask } from '../testing/delegate-service-double.js';
import {
  World,
  byIdentifier,
  groupYaml,
  pipelineYaml,
  simplePipeline,
  stageYaml,
  statuses,
  type ProjectClient,
} from '../testing/pipeline-under-test.js';

describe('stopping an execution', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.create();
    await world.startInProcess();
  }, 300_000);
  afterAll(() => world.stop());
  afterEach(() => {
    world.delegates.behaviour = succeed;
    world.delegates.leaseTimes = LONG_LEASES;
    world.delegates.abortRefusal = undefined;
  });

  const tasksOf = (id: string): DoubleTask[] =>
    [...world.delegates.tasks.values()].filter((task) => task.request.taskId.startsWith(id));
  const holdSteps = (): void => {
    world.delegates.behaviour = (task) => (task.payload.kind === 'execute-step' ? 'hold' : succeed(task));
  };
  const runningStep = async (client: ProjectClient, id: string): Promise<DoubleTask> => {
    const task = await waitFor(() => tasksOf(id).find((one) => one.payload.kind === 'execute-step'), {
      timeoutMs: 120_000,
      what: 'a running step',
    });
    await waitFor(async () => byIdentifier(await client.detail(id))['apply']?.status === 'Running', {
      timeoutMs: 120_000,
      what: 'the step shown as running',
    });
    return task;
  };
  /** A run of a pipeline of its own whose step a delegate works on. */
  const heldRun = async (
    pipeline: string,
  ): Promise<{ readonly client: ProjectClient; readonly id: string; readonly step: DoubleTask }> => {
    const client = world.project();
    holdSteps();
    await client.create(simplePipeline(pipeline));
    const id = await client.execute(pipeline);
    return { client, id, step: await runningStep(client, id) };
  };

  it('shows Discontinuing until the delegate has stopped the step, then Aborted; nothing else runs, the pod goes', async () => {
    const client = world.project();
    holdSteps();
    await client.create(
      pipelineYaml(
        'a',
        stageYaml('db', groupYaml('grp', [{ id: 'apply' }, { id: 'next' }])) +
          stageYaml('later', groupYaml('g2', [{ id: 'never' }], ['when: { stageStatus: All }'])),
      ),
    );
    const id = await client.execute('a');
    const step = await runningStep(client, id);
    const answer = await client.abort(id);
    expect(answer).toMatchObject({ status: 200, body: { data: { type: 'AbortAll', planExecutionId: id } } });
    await waitFor(() => step.isAborted, { timeoutMs: 120_000, what: 'the delegate asked to stop' });
    const stopping = await client.detail(id);
    expect(stopping.pipelineExecutionSummary.status).toBe('Discontinuing');
    expect(stopping.pipelineExecutionSummary.endTs).toBeUndefined();
    expect(byIdentifier(stopping)['apply']?.status).toBe('Discontinuing');
    world.delegates.end(step.request.taskId, {
      kind: 'execute-step',
      outcome: stepResult({ status: 'aborted', changesets: [] }),
    });
    const detail = await client.ended(id);
    expect(statuses(detail)).toMatchObject({
      pipeline: 'Aborted',
      db: 'Aborted',
      grp: 'Aborted',
      apply: 'Aborted',
      next: 'NotStarted',
      later: 'NotStarted',
      never: 'NotStarted',
    });
    expect(byIdentifier(detail)['apply']?.interruptHistories).toMatchObject([{ interruptType: 'ABORT_ALL' }]);
    expect(world.ngManager.state.reports.filter((report) => report.planExecutionId === id)).toMatchObject([
      { result: { status: 'aborted' } },
    ]);
    await waitFor(() => tasksOf(id).some((task) => task.payload.kind === 'cleanup-pod'), {
      timeoutMs: 120_000,
      what: 'the pod cleaned up',
    });
  });

  it('tells the truth when the step succeeded before it could be stopped', async () => {
    const { client, id, step } = await heldRun('b');
    await client.abort(id);
    await waitFor(() => step.isAborted, { timeoutMs: 120_000, what: 'the delegate asked to stop' });
    world.delegates.end(step.request.taskId, succeed(step));
    expect(statuses(await client.ended(id))).toMatchObject({ pipeline: 'Aborted', db: 'Aborted', apply: 'Success' });
  });

  it('ends within the limit when the delegate never confirms, and says that it did not', async () => {
    const { client, id, step } = await heldRun('c');
    world.delegates.leaseTimes = SHORT_LEASES;
    await client.abort(id);
    const detail = await client.ended(id);
    expect(byIdentifier(detail)['apply']).toMatchObject({
      status: 'Aborted',
      progressData: { notes: [expect.stringMatching(/did not confirm/)] },
    });
    world.delegates.end(step.request.taskId, succeed(step));
    await waitFor(
      () => world.ngManager.state.reports.some((report) => report.planExecutionId === id && report.isLate),
      { timeoutMs: 120_000, what: 'the late result' },
    );
  });

  it('waits for a delegate that does not confirm no shorter than the leases of the delegate service last', async () => {
    const { client, id } = await heldRun('longer');
    world.delegates.leaseTimes = { leaseMs: 3_000, fenceMs: 1_000 };
    const since = Date.now();
    await client.abort(id);
    const { pipelineExecutionSummary } = await client.ended(id);
    expect(pipelineExecutionSummary.status).toBe('Aborted');
    expect((pipelineExecutionSummary.endTs ?? 0) - since).toBeGreaterThan(4_000);
  });

  it('is safe to repeat, and refused once the execution has ended', async () => {
    const { client, id, step } = await heldRun('d');
    const [first, second] = [await client.abort(id), await client.abort(id)];
    expect(second.body.data.id).toBe(first.body.data.id);
    world.delegates.end(step.request.taskId, { outcome: 'aborted', reason: 'stopped' });
    await client.ended(id);
    expect((await client.abort(id)).status).toBe(200);
    const other = await (async () => {
      world.delegates.behaviour = succeed;
      const ended = await client.execute('d');
      await client.ended(ended);
      return ended;
    })();
    expect(await client.abort(other)).toMatchObject({
      status: 400,
      body: { message: expect.stringMatching(/has ended already with status Success/) },
    });
    for (const type of ['Pause', 'Resume', 'StageRollback', 'ExpireAll', 'Retry', 'UserMarkedFailure']) {
      expect(
        await client.send('PUT', `/pipeline/api/pipeline/execute/interrupt/${other}?interruptType=${type}`, {}),
      ).toMatchObject({
        status: 400,
        body: {
          message: expect.stringContaining(`interruptType ${type} is not supported; supported are AbortAll and Abort`),
        },
      });
    }
  });

  const holders = async (client: ProjectClient): Promise<unknown[]> =>
    (
      await world.pg.query<{ plan_execution_id: string }>(
        'pipeline',
        'SELECT plan_execution_id FROM instance_locks WHERE project_id = $1 AND granted_at IS NOT NULL',
        [client.project],
      )
    ).map((row) => row.plan_execution_id);

  it('repeats an abort that the delegate service could not take, also after the step was given up; the instance stays held until it is known to be over', async () => {
    const { client, id, step } = await heldRun('untaken');
    world.delegates.leaseTimes = SHORT_LEASES;
    world.delegates.abortRefusal = new AppError('INTERNAL', 'the database is away');
    await client.abort(id);
    const detail = await client.ended(id);
    expect(byIdentifier(detail)['apply']).toMatchObject({
      status: 'Aborted',
      progressData: { notes: [expect.stringMatching(/did not confirm.*no other run gets its database instance/)] },
    });
    expect(step.isAborted).toBe(false);
    const next = await client.execute('untaken');
    await waitFor(async () => byIdentifier(await client.detail(next))['apply']?.status === 'ResourceWaiting', {
      timeoutMs: 90_000,
      what: 'the next run waits',
    });
    expect(await holders(client)).toEqual([id]);
    world.delegates.leaseTimes = LONG_LEASES;
    world.delegates.abortRefusal = undefined;
    await waitFor(() => step.isAborted, { timeoutMs: 180_000, what: 'the abort taken' });
    expect(await holders(client)).toEqual([id]);
    world.delegates.end(step.request.taskId, { outcome: 'aborted', reason: 'stopped' });
    const following = await runningStep(client, next);
    world.delegates.end(following.request.taskId, succeed(following));
    expect((await client.ended(next)).pipelineExecutionSummary.status).toBe('Success');
    expect(await holders(client)).toEqual([]);
  }, 600_000);

  it('stops the steps of a stage that breaks, and frees an instance only when its step is over', async () => {
    const { client, id, step } = await heldRun('breaks');
    // What the stage writes next is refused for good.
    await world.pg.query(
      'pipeline',
      `CREATE FUNCTION refuse_stopping() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'broken' USING ERRCODE = '22000'; END $$`,
    );
    await world.pg.query(
      'pipeline',
      `CREATE TRIGGER refuse_stopping BEFORE UPDATE ON execution_nodes FOR EACH ROW WHEN (NEW.plan_execution_id = '${id}' AND NEW.status = 'Discontinuing') EXECUTE FUNCTION refuse_stopping()`,
    );
    try {
      await client.abort(id);
      const detail = await client.ended(id);
      expect(statuses(detail)).toMatchObject({ db: 'Errored', apply: 'Errored' });
      await waitFor(() => step.isAborted, { timeoutMs: 90_000, what: 'the delegate asked to stop' });
      expect(await holders(client)).toEqual([id]);
      world.delegates.end(step.request.taskId, {
        kind: 'execute-step',
        outcome: stepResult({ status: 'aborted', changesets: [] }),
      });
      await waitFor(async () => (await holders(client)).length === 0, {
        timeoutMs: 90_000,
        what: 'the instance freed',
      });
      expect(world.ngManager.state.reports.filter((report) => report.planExecutionId === id)).toMatchObject([
        { isLate: true, result: { status: 'aborted' } },
      ]);
    } finally {
      await world.pg.query('pipeline', 'DROP TRIGGER refuse_stopping ON execution_nodes');
    }
  }, 600_000);

  it('leaves the queue of an instance, and the one behind moves up', async () => {
    const { client, step: held } = await heldRun('e');
    const [waiting, last] = [await client.execute('e'), ''];
    expect(last).toBe('');
    await waitFor(async () => byIdentifier(await client.detail(waiting))['apply']?.status === 'ResourceWaiting', {
      timeoutMs: 120_000,
      what: 'the second waits',
    });
    await client.abort(waiting);
    expect(statuses(await client.ended(waiting))).toMatchObject({ pipeline: 'Aborted', apply: 'Aborted' });
    world.delegates.behaviour = succeed;
    const third = await client.execute('e');
    world.delegates.end(held.request.taskId, succeed(held));
    expect((await client.ended(third)).pipelineExecutionSummary.status).toBe('Success');
    expect(await world.pg.query('pipeline', 'SELECT holder FROM instance_locks')).toEqual([]);
  });

  it('stops while the pod is being made', async () => {
    const client = world.project();
    world.delegates.behaviour = (task) => (task.payload.kind === 'initialise-pod' ? 'hold' : succeed(task));
    await client.create(simplePipeline('f'));
    const id = await client.execute('f');
    const pod = await waitFor(() => tasksOf(id).find((task) => task.payload.kind === 'initialise-pod'), {
      timeoutMs: 120_000,
      what: 'the pod task',
    });
    await client.abort(id);
    await waitFor(() => pod.isAborted, { timeoutMs: 120_000, what: 'the abort' });
    world.delegates.end(pod.request.taskId, { outcome: 'aborted', reason: 'stopped' });
    expect(statuses(await client.ended(id))).toMatchObject({
      pipeline: 'Aborted',
      liteEngineTask: 'Aborted',
      apply: 'NotStarted',
    });
    expect(tasksOf(id).some((task) => task.payload.kind === 'execute-step')).toBe(false);
  });

  it('expires a stage that takes longer than its timeout', async () => {
    const client = world.project();
    world.delegates.behaviour = (task) => (task.payload.kind === 'execute-step' ? 'hold' : succeed(task));
    world.delegates.leaseTimes = SHORT_LEASES;
    // Where the machine is so slow that the time is over before the step begins, the stage gets more.
    for (const seconds of [5, 20, 80]) {
      await client.create(
        pipelineYaml(
          `g${seconds}`,
          stageYaml('db', groupYaml('grp', [{ id: 'apply' }]), { extra: [`timeout: ${seconds}s`] }),
        ),
      );
      const id = await client.execute(`g${seconds}`);
      const detail = await client.ended(id, 240_000);
      expect(statuses(detail)).toMatchObject({ pipeline: 'Expired', db: 'Expired' });
      const step = tasksOf(id).find((task) => task.payload.kind === 'execute-step');
      if (!step && seconds < 80) continue;
      expect(statuses(detail)).toMatchObject({ apply: 'Expired' });
      expect(byIdentifier(detail)['apply']?.failureInfo).toMatchObject({ failureTypeList: ['Timeout'] });
      expect(step?.isAborted).toBe(true);
      return;
    }
  }, 600_000);
});
