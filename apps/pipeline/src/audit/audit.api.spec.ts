import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { AuditEventRecord } from '@sluice/api-conventions';
import { waitFor } from '@sluice/kernel';
import { SHORT_LEASES, succeed } from '../testing/delegate-service-double.js';
import { World, simplePipeline, type ProjectClient } from '../testing/pipeline-under-test.js';

describe('what the pipeline service tells the audit trail', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.create();
    await world.startInProcess();
  }, 300_000);
  afterEach(() => {
    world.delegates.behaviour = succeed;
  });
  afterAll(() => world.stop());

  const inBrief = (events: readonly AuditEventRecord[]) =>
    events.map(({ action, resourceType, identifier }) => `${action} ${resourceType} ${identifier}`);
  /** Everything told of a project, once there are `count` events. */
  const told = (client: ProjectClient, count: number): Promise<readonly AuditEventRecord[]> =>
    waitFor(
      () => {
        const events = world.ngManager.state.auditEvents.filter(({ projectId }) => projectId === client.project);
        return events.length >= count && events;
      },
      { timeoutMs: 120_000, what: `${count} audit events` },
    );

  it('holds every change of pipelines, input sets and triggers, with how they looked and without secrets', async () => {
    const client = world.project();
    const variables = (value: string) => [
      'variables:',
      '  - name: DB_PASSWORD',
      '    type: Secret',
      `    value: ${value}`,
    ];
    const pipeline = (value: string) =>
      simplePipeline('p').replace(
        '  name: p\n',
        `  name: p\n${variables(value)
          .map((line) => `  ${line}\n`)
          .join('')}`,
      );
    const set = (name: string) => `inputSet:\n  identifier: s\n  name: ${name}\n  pipeline:\n    identifier: p\n`;
    await client.create(pipeline('hunter2-hunter2'));
    await client.send('PUT', '/pipeline/api/pipelines/v2/p', pipeline('hunter3-hunter3'));
    await client.send('POST', '/pipeline/api/inputSets?pipelineIdentifier=p', set('One'));
    await client.send('PUT', '/pipeline/api/inputSets/s?pipelineIdentifier=p', set('Two'));
    await client.send('DELETE', '/pipeline/api/pipelines/p');
    const events = await told(client, 6);
    expect(inBrief(events)).toEqual([
      'create pipeline p',
      'update pipeline p',
      'create inputSet s',
      'update inputSet s',
      'delete inputSet s',
      'delete pipeline p',
    ]);
    expect(events[1]).toMatchObject({
      changes: ['document.pipeline.variables.0.value'],
      requestMethod: 'PUT',
      actor: { type: 'user', email: 'test@acc.example' },
    });
    expect(events[3]).toMatchObject({ before: { name: 'One' }, after: { name: 'Two' } });
    expect(JSON.stringify(events)).not.toContain('hunter');
  });

  it('holds nothing of what was refused', async () => {
    const client = world.project();
    await client.create(simplePipeline('p'));
    expect((await client.send('POST', '/pipeline/api/pipelines/v2', simplePipeline('p'))).status).toBe(409);
    expect(
      (await client.send('PUT', '/pipeline/api/pipelines/v2/p', simplePipeline('p'), { 'if-match': '99' })).status,
    ).toBe(412);
    expect((await client.send('DELETE', '/pipeline/api/pipelines/none')).status).toBe(404);
    await client.send('DELETE', '/pipeline/api/pipelines/p');
    expect(inBrief(await told(client, 2))).toEqual(['create pipeline p', 'delete pipeline p']);
  });

  it('holds the start and the end of an execution, and its retry', async () => {
    const client = world.project();
    await client.create(simplePipeline('p'));
    world.delegates.behaviour = (task) =>
      task.payload.kind === 'execute-step' ? { outcome: 'notAcquired', reason: 'no delegate took it' } : succeed(task);
    const id = await client.execute('p');
    const first = await client.ended(id);
    world.delegates.behaviour = succeed;
    const events = await told(client, 3);
    expect(inBrief(events)).toEqual([
      'create pipeline p',
      `start pipelineExecution ${id}`,
      `end pipelineExecution ${id}`,
    ]);
    expect(events[1]).toMatchObject({ name: 'p', details: { pipelineIdentifier: 'p', runSequence: 1 } });
    expect(events[2]?.details).toMatchObject({ status: first.pipelineExecutionSummary.status, runSequence: 1 });
    const answer = await client.send<{ planExecution: { uuid: string } }>(
      'POST',
      `/pipeline/api/pipeline/execute/retry/p?planExecutionId=${id}&retryStages=db`,
      '',
    );
    expect(answer.status).toBe(200);
    const again = answer.body.data.planExecution.uuid;
    await client.ended(again);
    expect((await told(client, 5)).slice(3)).toMatchObject([
      { action: 'retry', identifier: again, details: { retryOf: id } },
      { action: 'end', identifier: again, details: { status: 'Success' } },
    ]);
  });

  it('holds who aborted, once, however often it is asked', async () => {
    const client = world.project();
    world.delegates.behaviour = (task) => (task.payload.kind === 'execute-step' ? 'hold' : succeed(task));
    world.delegates.leaseTimes = SHORT_LEASES;
    await client.create(simplePipeline('p'));
    const id = await client.execute('p');
    await Promise.all([client.abort(id), client.abort(id), client.abort(id)]);
    await client.ended(id);
    await told(client, 4);
    expect(inBrief(await told(client, 4))).toEqual([
      'create pipeline p',
      `start pipelineExecution ${id}`,
      `abort pipelineExecution ${id}`,
      `end pipelineExecution ${id}`,
    ]);
  });

  it('belongs to the project it happened in, also for two that use the same names', async () => {
    const [one, other] = [world.project(), world.project('acc2')];
    await one.create(simplePipeline('same'));
    await other.create(simplePipeline('same'));
    expect(await told(one, 1)).toMatchObject([{ accountId: 'acc' }]);
    expect(await told(other, 1)).toMatchObject([{ accountId: 'acc2' }]);
  });
});
