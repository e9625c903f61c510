import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '@sluice/kernel';
import { succeed, type DoubleTask } from '../testing/delegate-service-double.js';
import { removeProject } from '../testing/ng-manager-double.js';
import { PipelineProcess } from '../testing/pipeline-process.js';
import { World, simplePipeline, type ProjectClient } from '../testing/pipeline-under-test.js';

const PIPELINES = '/pipeline/api/pipelines';
const SET = 'inputSet:\n  identifier: s\n  name: s\n  pipeline:\n    identifier: p\n';
/** Executions beside the real one: many batches. */
const MANY = 300;

describe('when a project is removed', () => {
  let world: World;
  let other: PipelineProcess;

  beforeAll(async () => {
    PipelineProcess.build();
    world = await World.create();
    other = new PipelineProcess(world);
    await world.startInProcess();
  }, 300_000);
  afterEach(async () => {
    world.delegates.behaviour = succeed;
    await other.kill();
  });
  afterAll(() => world.stop());

  /** A pipeline with an input set, a trigger, a check, an ended execution and an approval of it. */
  async function fill(client: ProjectClient): Promise<string> {
    await client.create(simplePipeline('p'));
    expect((await client.send('POST', '/pipeline/api/inputSets?pipelineIdentifier=p', SET)).status).toBe(200);
    const trigger = {
      identifier: 't',
      name: 't',
      orgIdentifier: client.org,
      projectIdentifier: client.project,
      pipelineIdentifier: 'p',
      source: {
        type: 'Webhook',
        spec: { type: 'Github', spec: { type: 'Push', spec: { connectorRef: 'account.gh', repoName: 'r' } } },
      },
    };
    expect(
      (await client.send('POST', '/pipeline/api/triggers?targetIdentifier=p', JSON.stringify({ trigger }))).status,
    ).toBe(200);
    expect(
      (await client.send('POST', `/v1/orgs/${client.org}/projects/${client.project}/pipelines/p/validate`)).status,
    ).toBeLessThan(300);
    const id = await client.execute('p');
    await client.ended(id);
    await world.pg.query(
      'pipeline',
      `INSERT INTO approval_instances (account_id, org_id, project_id, id, plan_execution_id, node_execution_id, type, status, message, deadline, shows_history, approvers, created_at, updated_at)
      VALUES ($1, $2, $3, $4, $4, 'n', 'HarnessApproval', 'WAITING', '', 0, false, '{}', 0, 0)`,
      [client.accountId, client.org, client.project, id],
    );
    return id;
  }

  /** Rows of a project by table, without tables that have none. */
  async function rowsOf(
    { accountId, org, project }: ProjectClient,
    executionId: string,
  ): Promise<Record<string, number>> {
    const place = [accountId, org, project];
    const tables = ['pipelines', 'input_sets', 'triggers', 'pipeline_checks', 'executions', 'approval_instances'].map(
      (table) =>
        `SELECT '${table}' AS name, count(*)::int AS count FROM ${table} WHERE account_id = $1 AND org_id = $2 AND project_id = $3`,
    );
    const parts = ['execution_nodes', 'execution_tasks'].map(
      (table) => `SELECT '${table}' AS name, count(*)::int AS count FROM ${table} WHERE plan_execution_id = $4`,
    );
    const rows = await world.pg.query<{ name: string; count: number }>(
      'pipeline',
      [...tables, ...parts].join(' UNION ALL '),
      [...place, executionId],
    );
    return Object.fromEntries(rows.filter(({ count }) => count > 0).map(({ name, count }) => [name, count]));
  }

  /** Ended executions, as a long history has them. */
  async function addHistory(id: string, count: number): Promise<void> {
    const columns =
      'account_id, org_id, project_id, pipeline_identifier, name, run_sequence, plan, outline, search_text, yaml, input_yaml, input_set_ids, caller, correlation_id, taken_over, created_at, valid_until, ended_at, status, is_started';
    await world.pg.query(
      'pipeline',
      `INSERT INTO executions (plan_execution_id, ${columns}) SELECT $1 || '-' || number, ${columns} FROM executions, generate_series(1, $2) AS number WHERE plan_execution_id = $1`,
      [id, count],
    );
  }

  const remove = ({ accountId, org, project }: ProjectClient): number =>
    removeProject(world.ngManager.state, { accountId, orgId: org, projectId: project });
  const confirmed = (position: number, times = 1) =>
    waitFor(() => (world.ngManager.state.confirmed.get(position) ?? 0) >= times, {
      timeoutMs: 120_000,
      what: `confirmation ${times} of removal ${position}`,
    });
  const executionsOf = async ({ accountId, project }: ProjectClient): Promise<number> =>
    (
      await world.pg.query<{ count: number }>(
        'pipeline',
        `SELECT count(*)::int AS count FROM executions WHERE account_id = $1 AND project_id = $2`,
        [accountId, project],
      )
    )[0]?.count ?? 0;

  it('everything in it goes, and nothing of another project, nor of the same one in another account', async () => {
    const client = world.project();
    const untouched = [client.as('acc2'), world.project()];
    const id = await fill(client);
    const ids = [await fill(untouched[0] ?? client), await fill(untouched[1] ?? client)];
    const before = await Promise.all(untouched.map((one, index) => rowsOf(one, ids[index] ?? '')));
    expect(Object.keys(before[0] ?? {})).toHaveLength(8);
    await confirmed(remove(client));
    expect(await rowsOf(client, id)).toEqual({});
    expect(await Promise.all(untouched.map((one, index) => rowsOf(one, ids[index] ?? '')))).toEqual(before);
  }, 300_000);

  it('the audit trail says of each document that it went with the project, and who did that', async () => {
    const client = world.project();
    await fill(client);
    const position = remove(client);
    await confirmed(position);
    const gone = await waitFor(
      () => {
        const events = world.ngManager.state.auditEvents.filter(
          ({ projectId, correlationId }) => projectId === client.project && correlationId === `removal-${position}`,
        );
        return events.length >= 3 && events;
      },
      { timeoutMs: 120_000, what: 'the audit events' },
    );
    expect(gone.map(({ action, resourceType, identifier }) => `${action} ${resourceType} ${identifier}`)).toEqual([
      'delete trigger t',
      'delete inputSet s',
      'delete pipeline p',
    ]);
    for (const event of gone)
      expect(event).toMatchObject({
        actor: { type: 'user', name: 'Ann', email: 'ann@example.com' },
        details: { pipelineIdentifier: 'p', isRemovedWith: `project ${client.project}` },
      });
    expect(gone[2]?.before).toMatchObject({ name: 'p', document: { pipeline: { identifier: 'p' } } });
  }, 300_000);

  it('what runs in it is really stopped before its name is free, and holds up no other removal', async () => {
    const [client, later] = [world.project(), world.project()];
    world.delegates.behaviour = (task) => (task.payload.kind === 'execute-step' ? 'hold' : succeed(task));
    await client.create(simplePipeline('p'));
    await later.create(simplePipeline('p'));
    const id = await client.execute('p');
    const step = await waitFor(
      (): DoubleTask | undefined =>
        [...world.delegates.tasks.values()].find(
          (task) => task.request.taskId.startsWith(id) && task.payload.kind === 'execute-step',
        ),
      { timeoutMs: 120_000, what: 'the step' },
    );
    const [position, next] = [remove(client), remove(later)];
    await waitFor(() => step.isAborted, { timeoutMs: 120_000, what: 'the delegate asked to stop' });
    await confirmed(next);
    expect(world.ngManager.state.confirmed.has(position)).toBe(false);
    expect((await client.send('POST', `/pipeline/api/pipeline/execute/p`, '')).status).toBe(404);
    world.delegates.end(step.request.taskId, { outcome: 'aborted', reason: 'stopped' });
    await confirmed(position);
    expect(await rowsOf(client, id)).toEqual({});
    expect(await world.pg.query('pipeline', 'SELECT holder FROM instance_locks')).toEqual([]);
  }, 300_000);

  it('and made again under its name, it begins empty and loses nothing to a removal that is told twice', async () => {
    const client = world.project();
    await fill(client);
    const position = remove(client);
    const [told] = world.ngManager.state.removed.filter((one) => one.position === position);
    await confirmed(position);
    expect((await client.send<{ content: unknown[] }>('POST', `${PIPELINES}/list`, {})).body.data.content).toEqual([]);
    await client.create(simplePipeline('p'));
    const id = await client.execute('p');
    await client.ended(id);
    if (told) world.ngManager.state.removed.push(told);
    await confirmed(position, 2);
    expect((await client.send('GET', `${PIPELINES}/p`)).status).toBe(200);
    expect(await executionsOf(client)).toBe(1);
  }, 300_000);

  it('a pipeline that was on its way into it is refused, and not found in the next project of that name', async () => {
    const client = world.project();
    let enter = (): void => undefined;
    let leave = (): void => undefined;
    const entered = new Promise<void>((resolve) => (enter = resolve));
    const left = new Promise<void>((resolve) => (leave = resolve));
    world.ngManager.state.whileTold = () => (enter(), left);
    const storing = client.send('POST', `${PIPELINES}/v2`, simplePipeline('p'));
    await entered;
    world.ngManager.state.whileTold = () => Promise.resolve();
    await confirmed(remove(client));
    leave();
    expect(await storing).toMatchObject({
      status: 404,
      body: {
        code: 'RESOURCE_NOT_FOUND_EXCEPTION',
        message: expect.stringContaining(`project "${client.project}" does not exist`),
      },
    });
    expect((await client.send('GET', `${PIPELINES}/p`)).status).toBe(404);
  }, 300_000);

  it('a process that is killed in the middle leaves the rest to the next one', async () => {
    const client = world.project();
    const id = await fill(client);
    await addHistory(id, MANY);
    await world.stopApp();
    // The second half stays for as long as there is a row in `held`, so that the process is killed in the middle, however long that takes.
    await world.pg.query('pipeline', 'CREATE TABLE held AS SELECT 1 AS one');
    await world.pg.query(
      'pipeline',
      `CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN WHILE EXISTS (SELECT FROM held) AND (SELECT count(*) FROM executions WHERE project_id = OLD.project_id) <= ${MANY / 2} LOOP PERFORM pg_sleep(0.01); END LOOP; RETURN OLD; END $$`,
    );
    await world.pg.query(
      'pipeline',
      `CREATE TRIGGER linger BEFORE DELETE ON executions FOR EACH ROW EXECUTE FUNCTION linger()`,
    );
    await other.start();
    const position = remove(client);
    const left = await waitFor(
      async () => {
        const count = await executionsOf(client);
        return count < MANY && count > 0 && count;
      },
      { timeoutMs: 120_000, intervalMs: 5, what: 'a part removed' },
    );
    await other.kill();
    expect([left > 0, world.ngManager.state.confirmed.has(position)]).toEqual([true, false]);
    expect(await executionsOf(client)).toBeGreaterThan(0);
    await world.pg.query('pipeline', 'DELETE FROM held');
    await world.pg.query('pipeline', `DROP FUNCTION linger CASCADE`);
    world.ngManager.state.holdsConfirmations = true;
    await other.start();
    await waitFor(async () => (await executionsOf(client)) === 0, { timeoutMs: 120_000, what: 'the rest removed' });
    await other.kill();
    world.ngManager.state.holdsConfirmations = false;
    await world.startInProcess();
    await confirmed(position);
    expect(await rowsOf(client, id)).toEqual({});
  }, 300_000);

  it('two processes empty it together, and the audit trail has each document once', async () => {
    const client = world.project();
    const id = await fill(client);
    const columns = 'account_id, org_id, project_id, name, yaml, created_at, updated_at';
    await world.pg.query(
      'pipeline',
      `INSERT INTO pipelines (identifier, ${columns}) SELECT 'q' || number, ${columns} FROM pipelines, generate_series(1, 60) AS number WHERE project_id = $1`,
      [client.project],
    );
    await addHistory(id, MANY);
    await other.start({ PIPELINE_EXECUTOR_ID: 'pipeline-1' });
    const position = remove(client);
    await confirmed(position);
    await waitFor(async () => (await executionsOf(client)) === 0, { timeoutMs: 120_000, what: 'no executions' });
    expect(await rowsOf(client, id)).toEqual({});
    const deleted = await waitFor(
      () => {
        const events = world.ngManager.state.auditEvents.filter(
          ({ projectId, action }) => projectId === client.project && action === 'delete',
        );
        return events.length >= 63 && events;
      },
      { timeoutMs: 120_000, what: 'the audit events' },
    );
    expect(new Set(deleted.map(({ resourceType, identifier }) => `${resourceType} ${identifier}`)).size).toBe(
      deleted.length,
    );
  }, 300_000);
});
