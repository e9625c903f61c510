import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '@sluice/kernel';
import { NEW_NODE } from '@sluice/pipeline-engine';
import { succeed, type DoubleTask } from '../testing/delegate-service-double.js';
import { PipelineProcess } from '../testing/pipeline-process.js';
import {
  World,
  byIdentifier,
  groupYaml,
  pipelineYaml,
  simplePipeline,
  stageYaml,
} from '../testing/pipeline-under-test.js';

describe('after a crash', () => {
  let world: World;
  let service: PipelineProcess;

  beforeAll(async () => {
    PipelineProcess.build();
    world = await World.create();
    service = new PipelineProcess(world);
  }, 600_000);
  afterEach(async () => {
    world.delegates.behaviour = succeed;
    await kill();
  });
  afterAll(async () => {
    await kill();
    await world.stop();
  });

  const kill = (signal?: NodeJS.Signals): Promise<number | null> => service.kill(signal);
  const start = async (): Promise<void> => {
    world.url = await service.start();
  };

  const told = (id: string) =>
    world.ngManager.state.auditEvents.filter(({ identifier }) => identifier === id).map(({ action }) => action);
  const tasksOf = (id: string): DoubleTask[] =>
    [...world.delegates.tasks.values()].filter((task) => task.request.taskId.startsWith(id));
  const waitForTask = (id: string, kind: string, count = 1): Promise<DoubleTask> =>
    waitFor(() => tasksOf(id).filter((task) => task.payload.kind === kind)[count - 1], {
      timeoutMs: 120_000,
      what: `${kind} task ${count} of ${id}`,
    });
  /** Once a submission is on record, a process that goes on does not repeat it. */
  const onRecord = (id: string): Promise<unknown> =>
    waitFor(
      async () =>
        (
          await world.pg.query(
            'pipeline',
            `SELECT 1 FROM dbos.operation_outputs WHERE (workflow_uuid = $1 OR workflow_uuid LIKE $1 || '/%') AND function_name = 'begin step'`,
            [id],
          )
        ).length > 0,
      { timeoutMs: 120_000, what: 'the submission on record' },
    );
  const workReported = (id: string): number =>
    world.ngManager.state.reports.filter((report) => report.planExecutionId === id).length;

  it('killed in mid-step, it goes on where it was; the result that came meanwhile counts; nothing is submitted or reported twice', async () => {
    const client = world.project();
    world.delegates.behaviour = (task) => (task.payload.kind === 'execute-step' ? 'hold' : succeed(task));
    await start();
    await client.create(
      pipelineYaml(
        'k',
        stageYaml('db', groupYaml('grp', [{ id: 'first' }, { id: 'second' }])) +
          stageYaml('after', groupYaml('g2', [{ id: 'third' }])),
      ),
    );
    const id = await client.execute('k');
    const held = await waitForTask(id, 'execute-step');
    await waitFor(async () => byIdentifier(await client.detail(id))['first']?.status === 'Running', {
      timeoutMs: 120_000,
      what: 'the step shown',
    });
    await onRecord(id);
    await kill();
    world.delegates.behaviour = succeed;
    world.delegates.end(held.request.taskId, succeed(held));
    await start();
    const detail = await client.ended(id, 120_000);
    expect(detail.pipelineExecutionSummary).toMatchObject({ status: 'Success', successfulStagesCount: 2 });
    await waitForTask(id, 'cleanup-pod', 2);
    expect(tasksOf(id).map((task) => task.payload.kind)).toEqual([
      'initialise-pod',
      'execute-step',
      'execute-step',
      'cleanup-pod',
      'initialise-pod',
      'execute-step',
      'cleanup-pod',
    ]);
    expect(tasksOf(id).map((task) => task.submissions)).toEqual([1, 1, 1, 1, 1, 1, 1]);
    expect(workReported(id)).toBe(3);
    expect(await world.pg.query('pipeline', 'SELECT holder FROM instance_locks')).toEqual([]);
  }, 600_000);

  it('killed again and again at random moments, an execution still ends right, and each task is the same task', async () => {
    const client = world.project();
    let executed = 0;
    world.delegates.behaviour = (task) => {
      if (task.payload.kind === 'execute-step') executed += 1;
      return succeed(task);
    };
    await start();
    await client.create(
      pipelineYaml(
        'r',
        ['a', 'b', 'c']
          .map((stage) => stageYaml(stage, groupYaml(`g${stage}`, [{ id: `x${stage}` }, { id: `y${stage}` }])))
          .join(''),
      ),
    );
    const id = await client.execute('r');
    for (let round = 1; round <= 3; round += 1) {
      await waitForTask(id, 'execute-step', round);
      await kill();
      await start();
    }
    const detail = await client.ended(id, 120_000);
    expect(detail.pipelineExecutionSummary.status).toBe('Success');
    expect(executed).toBe(6);
    expect(workReported(id)).toBe(6);
    expect(await world.pg.query('pipeline', 'SELECT holder FROM instance_locks')).toEqual([]);
  }, 600_000);

  it('stopped with SIGTERM, it leaves what runs pending, exits with 0, and goes on after the next start', async () => {
    const client = world.project();
    world.delegates.behaviour = (task) => (task.payload.kind === 'execute-step' ? 'hold' : succeed(task));
    await start();
    await client.create(simplePipeline('t'));
    const id = await client.execute('t');
    const held = await waitForTask(id, 'execute-step');
    await onRecord(id);
    expect(await kill('SIGTERM')).toBe(0);
    await start();
    world.delegates.end(held.request.taskId, succeed(held));
    expect((await client.ended(id, 120_000)).pipelineExecutionSummary.status).toBe('Success');
    expect(held.submissions).toBe(1);
  }, 600_000);

  it('goes on when the database could not be written for a while in the middle of a durable step', async () => {
    const client = world.project();
    await start();
    await client.create(simplePipeline('away'));
    await world.pg.query('pipeline', 'CREATE SEQUENCE refusals');
    await world.pg.query(
      'pipeline',
      `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM nextval('refusals'); RAISE EXCEPTION 'going down' USING ERRCODE = '57P03'; END $$`,
    );
    await world.pg.query(
      'pipeline',
      'CREATE TRIGGER refuse BEFORE INSERT ON execution_tasks FOR EACH ROW EXECUTE FUNCTION refuse()',
    );
    const id = await client.execute('away');
    const refusals = async (): Promise<number> =>
      Number(
        (await world.pg.query<{ last_value: string }>('pipeline', 'SELECT last_value FROM refusals'))[0]?.last_value,
      );
    // One more than what may be a defect is tried.
    await waitFor(async () => (await refusals()) > 10, { timeoutMs: 120_000, what: 'the eleventh attempt' });
    await world.pg.query('pipeline', 'DROP TRIGGER refuse ON execution_tasks');
    expect((await client.ended(id, 240_000)).pipelineExecutionSummary.status).toBe('Success');
    expect(tasksOf(id).map((task) => task.submissions)).toEqual([1, 1, 1]);
  }, 600_000);

  it('starts what was stored but never started', async () => {
    const client = world.project();
    await start();
    await client.create(simplePipeline('n'));
    const id = await client.execute('n');
    await client.ended(id, 120_000);
    await kill();
    // As if the process had died right after storing a second execution.
    const columns =
      'account_id, org_id, project_id, pipeline_identifier, name, run_sequence, plan, outline, search_text, yaml, input_yaml, input_set_ids, caller, correlation_id, taken_over, created_at, valid_until';
    await world.pg.query(
      'pipeline',
      `INSERT INTO executions (plan_execution_id, status, is_started, ${columns}) SELECT 'forgotten', 'Running', false, ${columns} FROM executions WHERE plan_execution_id = $1`,
      [id],
    );
    await world.pg.query(
      'pipeline',
      `INSERT INTO execution_nodes (plan_execution_id, node_id, status, state) SELECT 'forgotten', node_id, 'NotStarted', $2::jsonb FROM execution_nodes WHERE plan_execution_id = $1`,
      [id, JSON.stringify(NEW_NODE)],
    );
    await start();
    expect((await client.ended('forgotten', 120_000)).pipelineExecutionSummary.status).toBe('Success');
  }, 600_000);

  it('repeats an abort nobody heard', async () => {
    const client = world.project();
    world.delegates.behaviour = (task) => (task.payload.kind === 'execute-step' ? 'hold' : succeed(task));
    await start();
    await client.create(simplePipeline('u'));
    const id = await client.execute('u');
    const held = await waitForTask(id, 'execute-step');
    await kill();
    // As if the process had died right after storing the interrupt, before any workflow was told.
    await world.pg.query(
      'pipeline',
      `UPDATE executions SET interrupt_id = 'i', interrupted_at = 1, interrupted_by = 'me' WHERE plan_execution_id = $1`,
      [id],
    );
    await start();
    await waitFor(() => held.isAborted, { timeoutMs: 120_000, what: 'the abort told' });
    world.delegates.end(held.request.taskId, { outcome: 'aborted', reason: 'stopped' });
    expect((await client.ended(id, 120_000)).pipelineExecutionSummary.status).toBe('Aborted');
  }, 600_000);

  it('killed between the delivery of audit events and their acknowledgement, it delivers them again: the trail has each once, and none is lost', async () => {
    const client = world.project();
    world.ngManager.state.holdsAuditAnswers = true;
    await start();
    await client.create(simplePipeline('told'));
    await waitFor(() => world.ngManager.state.auditEvents.some(({ projectId }) => projectId === client.project), {
      timeoutMs: 120_000,
      what: 'the delivery',
    });
    const id = await client.execute('told');
    await client.ended(id, 120_000);
    await kill();
    world.ngManager.state.holdsAuditAnswers = false;
    const deliveries = world.ngManager.state.auditDeliveries;
    await start();
    await waitFor(
      async () => {
        const [row] = await world.pg.query<{ count: number }>(
          'pipeline',
          'SELECT count(*)::int AS count FROM audit_outbox',
        );
        return row?.count === 0;
      },
      { timeoutMs: 120_000, what: 'an empty outbox' },
    );
    expect(world.ngManager.state.auditDeliveries).toBeGreaterThan(deliveries);
    expect(
      world.ngManager.state.auditEvents
        .filter(({ projectId }) => projectId === client.project)
        .map(({ action, resourceType }) => `${action} ${resourceType}`),
    ).toEqual(['create pipeline', 'start pipelineExecution', 'end pipelineExecution']);
    expect(told(id)).toEqual(['start', 'end']);
  }, 600_000);
});
