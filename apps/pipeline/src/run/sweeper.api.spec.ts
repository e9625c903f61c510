import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '@sluice/kernel';
import { NEW_NODE } from '@sluice/pipeline-engine';
import { LONG_LEASES, SHORT_LEASES, stepResult, succeed, type DoubleTask } from '../testing/delegate-service-double.js';
import { World, simplePipeline } from '../testing/pipeline-under-test.js';

const TIME_LIMIT_MS = 300_000;
const LOOK = { timeoutMs: 120_000 } as const;
const COLUMNS =
  'account_id, org_id, project_id, pipeline_identifier, name, run_sequence, plan, outline, search_text, yaml, input_yaml, input_set_ids, caller, correlation_id, taken_over, valid_until';

describe('the sweeper', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.create();
    await world.startInProcess({ PIPELINE_START_GRACE_MS: '1000' });
  }, 300_000);
  afterAll(() => world.stop());
  afterEach(() => {
    world.delegates.behaviour = succeed;
    world.delegates.leaseTimes = LONG_LEASES;
  });

  /** An execution as it is in the database without a workflow of its own. */
  const storeCopy = async (of: string, as: string, at: number, isStarted = false): Promise<void> => {
    await world.pg.query(
      'pipeline',
      `INSERT INTO executions (plan_execution_id, status, is_started, created_at, ${COLUMNS}) SELECT $2, 'Running', $4::boolean, $3::bigint, ${COLUMNS} FROM executions WHERE plan_execution_id = $1`,
      [of, as, at, isStarted],
    );
    await world.pg.query(
      'pipeline',
      `INSERT INTO execution_nodes (plan_execution_id, node_id, status, state) SELECT $2, node_id, 'NotStarted', $3::jsonb FROM execution_nodes WHERE plan_execution_id = $1`,
      [of, as, JSON.stringify(NEW_NODE)],
    );
  };
  const running = (id: string): Promise<DoubleTask> =>
    waitFor(
      () =>
        [...world.delegates.tasks.values()].find(
          (task) => task.request.taskId.startsWith(id) && task.payload.kind === 'execute-step',
        ),
      { ...LOOK, what: `a running step of ${id}` },
    );

  it(
    'starts a forgotten execution although one before it can never be started',
    async () => {
      const client = world.project();
      await client.create(simplePipeline('forgotten'));
      const id = await client.execute('forgotten');
      await client.ended(id, LOOK.timeoutMs);
      // The name of its workflow is taken by one of another kind.
      await world.pg.query(
        'pipeline',
        `INSERT INTO dbos.workflow_status SELECT (jsonb_populate_record(w, '{"workflow_uuid": "unstartable", "name": "another"}')).* FROM dbos.workflow_status w WHERE workflow_uuid = $1`,
        [id],
      );
      await storeCopy(id, 'unstartable', 1);
      await storeCopy(id, 'forgotten', 2);
      expect((await client.ended('forgotten', LOOK.timeoutMs)).pipelineExecutionSummary.status).toBe('Success');
      expect(
        await world.pg.query('pipeline', `SELECT is_started FROM executions WHERE plan_execution_id = 'unstartable'`),
      ).toEqual([{ is_started: false }]);
    },
    TIME_LIMIT_MS,
  );

  it(
    'ends an execution that can never be started once its time limit and PIPELINE_START_GRACE_MS are over',
    async () => {
      const client = world.project();
      await client.create(simplePipeline('hopeless'));
      const id = await client.execute('hopeless');
      await client.ended(id, LOOK.timeoutMs);
      await world.pg.query(
        'pipeline',
        `INSERT INTO dbos.workflow_status SELECT (jsonb_populate_record(w, '{"workflow_uuid": "hopeless", "name": "another"}')).* FROM dbos.workflow_status w WHERE workflow_uuid = $1`,
        [id],
      );
      await storeCopy(id, 'hopeless', 1);
      await world.pg.query('pipeline', `UPDATE executions SET valid_until = $1 WHERE plan_execution_id = 'hopeless'`, [
        Date.now(),
      ]);
      expect((await client.ended('hopeless', LOOK.timeoutMs)).pipelineExecutionSummary).toMatchObject({
        status: 'Errored',
        failureInfo: { message: expect.stringContaining('could not be started within its time limit') },
      });
    },
    TIME_LIMIT_MS,
  );

  it(
    'tells an abort although what waits in the execution before it is gone',
    async () => {
      const client = world.project();
      world.delegates.behaviour = (task) => (task.payload.kind === 'execute-step' ? 'hold' : succeed(task));
      await client.create(simplePipeline('unheard'));
      const id = await client.execute('unheard');
      const held = await running(id);
      await storeCopy(id, 'hollow', 1, true);
      await world.pg.query(
        'pipeline',
        `UPDATE executions SET interrupt_id = 'i', interrupted_at = 1, interrupted_by = 'me' WHERE plan_execution_id = 'hollow'`,
      );
      await world.pg.query(
        'pipeline',
        `INSERT INTO execution_tasks (task_id, plan_execution_id, node_id, workflow_id, kind, context, created_at) VALUES ('hollow:task', 'hollow', 'n', 'no such workflow', 'execute-step', '{}', 1)`,
      );
      // As if the process had died right after storing the interrupt, before any workflow was told.
      await world.pg.query(
        'pipeline',
        `UPDATE executions SET interrupt_id = 'i', interrupted_at = 1, interrupted_by = 'me' WHERE plan_execution_id = $1`,
        [id],
      );
      await waitFor(() => held.isAborted, { ...LOOK, what: 'the abort told' });
      world.delegates.end(held.request.taskId, { outcome: 'aborted', reason: 'stopped' });
      expect((await client.ended(id, LOOK.timeoutMs)).pipelineExecutionSummary.status).toBe('Aborted');
    },
    TIME_LIMIT_MS,
  );

  it(
    'frees an instance that a gone execution holds and a gone workflow waits for, so that the next run gets it',
    async () => {
      const client = world.project();
      const [scope, instance] = [
        [client.accountId, client.org, client.project],
        ['orders', 'prod'],
      ];
      const hold = (holder: string, execution: string, grantedAt: number | null) =>
        world.pg.query(
          'pipeline',
          `INSERT INTO instance_locks (account_id, org_id, project_id, db_schema, db_instance, holder, plan_execution_id, workflow_id, queued_at, granted_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 'no such workflow', 1, $8)`,
          [...scope, ...instance, holder, execution, grantedAt],
        );
      await client.create(simplePipeline('next'));
      const earlier = await client.execute('next');
      await client.ended(earlier, LOOK.timeoutMs);
      await storeCopy(earlier, 'waiting', 1, true);
      await hold('ghost', 'no such execution', 1);
      await hold('lost', 'waiting', null);
      const id = await client.execute('next');
      expect((await client.ended(id, LOOK.timeoutMs)).pipelineExecutionSummary.status).toBe('Success');
      expect(
        await world.pg.query('pipeline', 'SELECT holder FROM instance_locks WHERE project_id = $1', [client.project]),
      ).toEqual([]);
    },
    TIME_LIMIT_MS,
  );

  /** As after the pipeline service's database was restored without the durable engine's part of it. */
  const forget = (id: string): Promise<unknown> =>
    world.pg.query(
      'pipeline',
      `DELETE FROM dbos.workflow_status WHERE workflow_uuid = $1 OR workflow_uuid LIKE $1 || '/%'`,
      [id],
    );
  const heldRun = async (
    name: string,
  ): Promise<{ readonly client: ReturnType<World['project']>; readonly id: string; readonly task: DoubleTask }> => {
    const client = world.project();
    world.delegates.behaviour = (task) => (task.payload.kind === 'execute-step' ? 'hold' : succeed(task));
    await client.create(simplePipeline(name));
    const id = await client.execute(name);
    return { client, id, task: await running(id) };
  };
  const heldBy = (client: ReturnType<World['project']>) =>
    world.pg.query(
      'pipeline',
      'SELECT plan_execution_id FROM instance_locks WHERE project_id = $1 AND granted_at IS NOT NULL',
      [client.project],
    );

  it(
    'ends an execution whose workflow is gone, with the reason; its step is stopped and recorded first, and then the next run has the instance',
    async () => {
      const { client, id, task } = await heldRun('lost');
      await world.stopApp();
      await forget(id);
      await world.startInProcess();
      const next = await client.execute('lost');
      await waitFor(() => task.isAborted, { ...LOOK, what: 'the delegate asked to stop the step' });
      expect(await heldBy(client)).toEqual([{ plan_execution_id: id }]);
      world.delegates.end(task.request.taskId, {
        kind: 'execute-step',
        outcome: stepResult({ status: 'aborted', changesets: [] }),
      });
      const lost = await client.ended(id, LOOK.timeoutMs);
      expect(lost.pipelineExecutionSummary).toMatchObject({
        status: 'Errored',
        failureInfo: { message: expect.stringMatching(/the record of its workflow is gone.*run the pipeline again/) },
      });
      expect(world.ngManager.state.reports.filter((report) => report.planExecutionId === id)).toMatchObject([
        { result: { status: 'aborted' } },
      ]);
      await waitFor(
        () =>
          [...world.delegates.tasks.values()].some(
            ({ request, payload }) => request.taskId.startsWith(id) && payload.kind === 'cleanup-pod',
          ),
        { ...LOOK, what: 'the pod cleaned up' },
      );
      const following = await running(next);
      world.delegates.end(following.request.taskId, succeed(following));
      expect((await client.ended(next, LOOK.timeoutMs)).pipelineExecutionSummary.status).toBe('Success');
    },
    TIME_LIMIT_MS,
  );

  it(
    'gives up a delegate that does not confirm the stop after the time an abort has; the state of its instance is not known then',
    async () => {
      world.delegates.leaseTimes = SHORT_LEASES;
      const { client, id } = await heldRun('silent');
      await world.stopApp();
      await forget(id);
      await world.startInProcess();
      expect((await client.ended(id, LOOK.timeoutMs)).pipelineExecutionSummary.status).toBe('Errored');
      expect(world.ngManager.state.reports.filter((report) => report.planExecutionId === id)).toMatchObject([
        { result: { status: 'failed', history: null } },
      ]);
      expect(await heldBy(client)).toEqual([]);
    },
    TIME_LIMIT_MS,
  );

  it(
    'asks the delegate of a pod for its clean-up again until it is done, however many older ones wait for their next try',
    async () => {
      const client = world.project();
      await world.pg.query(
        'pipeline',
        `INSERT INTO execution_tasks (task_id, plan_execution_id, node_id, workflow_id, kind, status, context, created_at, ended_at)
      SELECT 'gone' || n || '-cleanup60', 'gone', 'n', 'w', 'cleanup-pod', 'abandoned', '{"kind": "cleanup-pod", "podId": "p", "delegateId": "gone"}', n, $1::bigint FROM generate_series(1, 40) AS n`,
        [Date.now() + 3_600_000],
      );
      const cleanups = (id: string): DoubleTask[] =>
        [...world.delegates.tasks.values()].filter(
          ({ request, payload }) => request.taskId.startsWith(id) && payload.kind === 'cleanup-pod',
        );
      world.delegates.behaviour = (task) =>
        task.payload.kind === 'cleanup-pod' && !task.request.taskId.endsWith('cleanup3')
          ? { outcome: 'notAcquired', reason: 'the delegate is away' }
          : succeed(task);
      await client.create(simplePipeline('away'));
      const id = await client.execute('away');
      expect((await client.ended(id, LOOK.timeoutMs)).pipelineExecutionSummary.status).toBe('Success');
      const left = () =>
        world.pg.query(
          'pipeline',
          `SELECT 1 FROM execution_tasks WHERE plan_execution_id = $1 AND kind = 'cleanup-pod' AND status <> 'ended'`,
          [id],
        );
      await waitFor(async () => cleanups(id).length === 3 && (await left()).length === 0, {
        ...LOOK,
        what: 'the pod cleaned up',
      });
      expect(new Set(cleanups(id).map(({ request }) => request.boundDelegateId))).toEqual(new Set(['delegate-1']));
      await world.pg.query('pipeline', `DELETE FROM execution_tasks WHERE plan_execution_id = 'gone'`);
    },
    TIME_LIMIT_MS,
  );

  it(
    'ends an execution whose workflow ended without the last word, and one that never began',
    async () => {
      const client = world.project();
      await client.create(simplePipeline('wordless'));
      const id = await client.execute('wordless');
      await client.ended(id, LOOK.timeoutMs);
      await storeCopy(id, 'never-begun', 1, true);
      await world.pg.query(
        'pipeline',
        `INSERT INTO dbos.workflow_status SELECT (jsonb_populate_record(w, '{"workflow_uuid": "broken", "status": "ERROR"}')).* FROM dbos.workflow_status w WHERE workflow_uuid = $1`,
        [id],
      );
      await storeCopy(id, 'broken', 2, true);
      expect((await client.ended('never-begun', LOOK.timeoutMs)).pipelineExecutionSummary).toMatchObject({
        status: 'Errored',
        failureInfo: { message: expect.stringContaining('the record of its workflow is gone') },
      });
      expect((await client.ended('broken', LOOK.timeoutMs)).pipelineExecutionSummary).toMatchObject({
        status: 'Errored',
        failureInfo: { message: expect.stringContaining('ended as ERROR without an end of the execution') },
      });
    },
    TIME_LIMIT_MS,
  );
});
