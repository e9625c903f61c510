import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { logTokenClaims } from '@sluice/log-api';
import { waitFor } from '@sluice/kernel';
import type { PlanExecutionResponse } from '@sluice/pipeline-api';
import { failStep, succeed, type DoubleTask } from '../testing/delegate-service-double.js';
import { dbStepInputsOf } from '../testing/ng-manager-double.js';
import {
  World,
  byIdentifier,
  groupYaml,
  pipelineYaml,
  simplePipeline,
  stageYaml,
  statuses,
} from '../testing/pipeline-under-test.js';

describe('running a pipeline', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.create();
    await world.startInProcess();
  }, 300_000);
  afterAll(() => world.stop());
  afterEach(() => {
    world.delegates.behaviour = succeed;
    world.ngManager.state.inputs = dbStepInputsOf;
  });

  const tasksOf = (id: string): DoubleTask[] =>
    [...world.delegates.tasks.values()].filter((task) => task.request.taskId.startsWith(id));

  it('runs a changelog: inputs, pod, step, report, clean-up; each task submitted once', async () => {
    const client = world.project();
    await client.create(simplePipeline('one'));
    const detail = await client.ended(await client.execute('one'));
    const { planExecutionId } = detail.pipelineExecutionSummary;
    expect(statuses(detail)).toEqual({
      pipeline: 'Success',
      stages: 'Success',
      db: 'Success',
      execution: 'Success',
      grp: 'Success',
      liteEngineTask: 'Success',
      apply: 'Success',
    });
    await waitFor(() => tasksOf(planExecutionId).length === 3, { timeoutMs: 120_000, what: 'the clean-up task' });
    expect(tasksOf(planExecutionId).map((task) => [task.payload.kind, task.submissions])).toEqual([
      ['initialise-pod', 1],
      ['execute-step', 1],
      ['cleanup-pod', 1],
    ]);
    expect(world.ngManager.state.reports.filter((report) => report.planExecutionId === planExecutionId)).toMatchObject([
      {
        dbSchema: 'orders',
        dbInstance: 'prod',
        command: 'Update',
        pipelineIdentifier: 'one',
        isLate: false,
        result: { status: 'succeeded' },
      },
    ]);
  });

  it('shows what clients read: names, log keys, delegate, outputs, layout, who started it', async () => {
    const client = world.project();
    await client.create(simplePipeline('seen'));
    const id = await client.execute('seen');
    const { executionGraph, pipelineExecutionSummary } = await client.ended(id);
    const nodes = byIdentifier({ executionGraph, pipelineExecutionSummary });
    const prefix = `acc/pipeline/seen/1/-${id}`;
    expect(nodes['pipeline']).toMatchObject({
      uuid: executionGraph.rootNodeId,
      baseFqn: 'pipeline',
      logBaseKey: prefix,
    });
    expect(nodes['apply']).toMatchObject({
      stepType: 'DBOPS_WRAPPER',
      baseFqn: 'pipeline.stages.db.spec.execution.steps.grp.steps.apply',
      logBaseKey: `${prefix}/db/grp/apply`,
      delegateInfoList: [{ id: 'delegate-1', name: 'double' }],
      outcomes: { output: { preStartTag: 'before' } },
      failureInfo: { message: '' },
      executableResponses: [{ task: { logKeys: [`${prefix}/db/grp/apply`] } }],
      unitProgresses: [{ status: 'SUCCESS' }],
      stepParameters: { type: 'DBSchemaApply', spec: { dbSchema: 'orders' } },
    });
    expect(nodes['liteEngineTask']).toMatchObject({
      name: 'Initialize',
      logBaseKey: `${prefix}/db/grp/liteEngineTask`,
    });
    expect(nodes['apply_resource']).toMatchObject({ stepType: 'ResourceConstraint', status: 'Success' });
    expect(nodes['apply_command']).toMatchObject({
      stepType: 'DBCompositeUpdate',
      name: 'Apply',
      status: 'Success',
      logBaseKey: `${prefix}/db/grp/apply`,
    });
    expect(pipelineExecutionSummary).toMatchObject({
      status: 'Success',
      shouldUseSimplifiedKey: true,
      runSequence: 1,
      modules: ['dbops'],
      successfulStagesCount: 1,
      totalStagesCount: 1,
      executionErrorInfo: null,
      executionTriggerInfo: {
        triggerType: 'MANUAL',
        triggeredBy: { identifier: 'Test User', extraInfo: { email: 'test@acc.example' } },
      },
    });
    const stage = pipelineExecutionSummary.layoutNodeMap[pipelineExecutionSummary.startingNodeId];
    expect(stage).toMatchObject({
      nodeGroup: 'STAGE',
      nodeIdentifier: 'db',
      status: 'Success',
      edgeLayoutList: { currentNodeChildren: [], nextIds: [] },
    });
    expect(executionGraph.nodeMap[stage?.nodeExecutionId ?? '']).toMatchObject({
      identifier: 'db',
      setupId: stage?.nodeUuid,
    });
  });

  it('hands the pod only expressions, a token for its own logs, and the selectors of the nearest level', async () => {
    const client = world.project();
    const group = groupYaml('grp', [
      { id: 'apply' },
      { id: 'near', instance: 'second', spec: ['delegateSelectors: [from-step]'] },
    ]);
    await client.create(
      pipelineYaml('pod', stageYaml('db', group, { extra: ['delegateSelectors: [from-stage]'] }), [
        'delegateSelectors: [from-pipeline]',
      ]),
    );
    const id = await client.execute('pod');
    await client.ended(id);
    const [pod, first] = tasksOf(id);
    expect(pod?.request).toMatchObject({ selectors: ['from-stage', 'from-step'], boundDelegateId: '' });
    expect(first?.request).toMatchObject({ selectors: [], boundDelegateId: 'delegate-1' });
    expect(pod?.request.payloadJson).not.toContain('sealed(');
    expect(pod?.sealed).toEqual({
      '<+secrets.getValue("db_password")>': 'sealed(<+secrets.getValue("db_password")>)',
      '<+secrets.getValue("git_token")>': 'sealed(<+secrets.getValue("git_token")>)',
    });
    if (pod?.payload.kind !== 'initialise-pod' || first?.payload.kind !== 'execute-step')
      throw new Error('unexpected tasks');
    // Both steps use the same repository and ref: one checkout.
    expect(pod.payload.sources).toHaveLength(1);
    expect(pod.payload.steps.map((step) => step.identifier)).toEqual(['apply', 'near']);
    expect(first.payload.work).toMatchObject({
      kind: 'liquibase.update',
      contexts: 'prod',
      substituteProperties: { owner: 'app' },
      changelog: { source: pod.payload.sources[0]?.name, path: 'db/changelog.xml' },
    });
    const { claims } = await (
      await world.identities.of('log-service')
    ).verify('log+jwt', pod.payload.logs.token, ['pipeline']);
    expect(logTokenClaims.parse(claims)).toEqual({
      kind: 'log',
      accountId: 'acc',
      scope: { orgId: client.org, projectId: client.project },
      keyPrefix: `acc/pipeline/pod/1/-${id}/db/grp`,
      rights: ['write'],
    });
    expect(first.payload.logKey).toBe(`acc/pipeline/pod/1/-${id}/db/grp/apply`);
  });

  it('uses connector selectors when no level names any', async () => {
    const client = world.project();
    await client.create(simplePipeline('plain'));
    const id = await client.execute('plain');
    await client.ended(id);
    expect(tasksOf(id)[0]?.request.selectors).toEqual(['from-connector']);
  });

  it('resolves variables at the start and outputs of earlier steps when a step begins', async () => {
    const client = world.project();
    const first = groupYaml('grp', [
      { id: 'apply', spec: ['tag: v<+pipeline.sequenceId>-<+pipeline.variables.release>'] },
      { id: 'back', type: 'DBSchemaRollback', spec: ['tag: <+steps.apply.output.preStartTag>'] },
    ]);
    const second = groupYaml('again', [
      { id: 'late', spec: ['tag: x-<+pipeline.stages.db.spec.execution.steps.grp.steps.apply.output.preStartTag>'] },
    ]);
    await client.create(
      pipelineYaml('expr', stageYaml('db', first) + stageYaml('after', second), [
        'variables:',
        '  - { name: release, type: String, value: spring }',
      ]),
    );
    const id = await client.execute('expr');
    expect((await client.ended(id)).pipelineExecutionSummary.status).toBe('Success');
    const works = tasksOf(id).flatMap(({ payload }) => (payload.kind === 'execute-step' ? [payload.work] : []));
    expect(works.map((work) => [work.kind, work.tag])).toEqual([
      ['liquibase.update', 'v1-spring'],
      ['liquibase.rollback', 'before'],
      ['liquibase.update', 'x-before'],
    ]);
  });

  it('fills runtime inputs, and names the ones without a value', async () => {
    const client = world.project();
    await client.create(
      pipelineYaml(
        'input',
        stageYaml('db', groupYaml('grp', [{ id: 'apply', spec: ['tag: <+pipeline.variables.tag>'] }])),
        ['variables:', '  - { name: tag, type: String, value: <+input> }'],
      ),
    );
    const empty = await client.send('POST', '/pipeline/api/pipeline/execute/input', '');
    expect(empty).toMatchObject({
      status: 400,
      body: {
        code: 'INVALID_REQUEST',
        message: expect.stringContaining('variable "tag"'),
        errors: [{ fieldId: 'pipeline.variables[0].value', error: expect.stringContaining('variable "tag"') }],
      },
    });
    const id = await client.execute(
      'input',
      'pipeline:\n  identifier: input\n  variables:\n    - { name: tag, type: String, value: june }\n',
    );
    await client.ended(id);
    expect(tasksOf(id).flatMap(({ payload }) => (payload.kind === 'execute-step' ? [payload.work.tag] : []))).toEqual([
      'june',
    ]);
    const inputs = await client.send<{ inputSetYaml: string; inputSetTemplateYaml: string }>(
      'GET',
      `/pipeline/api/pipelines/execution/${id}/inputsetV2`,
    );
    expect(inputs.body.data.inputSetYaml).toContain('june');
    expect(inputs.body.data.inputSetTemplateYaml).toContain('<+input>');
  });

  it('runs branches side by side: stages, and steps of different instances in one pod', async () => {
    const client = world.project();
    let [running, most] = [0, 0];
    world.delegates.behaviour = async (task) => {
      if (task.payload.kind === 'execute-step') {
        most = Math.max(most, (running += 1));
        await waitFor(() => most >= 2, { timeoutMs: 120_000, what: 'two steps at once' });
        running -= 1;
      }
      return succeed(task);
    };
    const steps = ['a', 'b']
      .map(
        (id) =>
          `                          - step: { identifier: ${id}, name: ${id}, type: DBSchemaApply, spec: { dbSchema: orders, dbInstance: ${id} } }\n`,
      )
      .join('');
    const group = `              - stepGroup:\n                  identifier: grp\n                  name: grp\n                  steps:\n                    - parallel:\n${steps}`;
    await client.create(pipelineYaml('fork', stageYaml('db', group)));
    const detail = await client.ended(await client.execute('fork'));
    expect(detail.pipelineExecutionSummary.status).toBe('Success');
    expect(most).toBe(2);
    expect(statuses(detail)).toMatchObject({ parallel1: 'Success', a: 'Success', b: 'Success' });
  });

  it('runs parallel stages in workflows of their own', async () => {
    const client = world.project();
    const indented = ['x', 'y']
      .map((id) =>
        stageYaml(id, groupYaml('grp', [{ id: `s${id}`, instance: id }]))
          .replaceAll(/^/gm, '    ')
          .trimEnd(),
      )
      .join('\n');
    await client.create(pipelineYaml('stages', `    - parallel:\n${indented}\n`));
    const { pipelineExecutionSummary } = await client.ended(await client.execute('stages'));
    expect(pipelineExecutionSummary).toMatchObject({
      status: 'Success',
      successfulStagesCount: 2,
      totalStagesCount: 2,
    });
    const start = pipelineExecutionSummary.layoutNodeMap[pipelineExecutionSummary.startingNodeId];
    expect(
      start?.edgeLayoutList.currentNodeChildren.map(
        (child) => pipelineExecutionSummary.layoutNodeMap[child]?.nodeIdentifier,
      ),
    ).toEqual(['x', 'y']);
  });

  it('keeps steps of one instance apart across executions, first come first served', async () => {
    const client = world.project();
    await client.create(simplePipeline('queue'));
    const order: string[] = [];
    world.delegates.behaviour = (task) => (task.payload.kind === 'execute-step' ? 'hold' : succeed(task));
    const holding = await client.execute('queue');
    await waitFor(() => tasksOf(holding).some((task) => task.payload.kind === 'execute-step'), {
      timeoutMs: 120_000,
      what: 'the first step',
    });
    const waiting: string[] = [];
    for (let run = 0; run < 2; run += 1) {
      const id = await client.execute('queue');
      waiting.push(id);
      await waitFor(async () => byIdentifier(await client.detail(id))['apply']?.status === 'ResourceWaiting', {
        timeoutMs: 120_000,
        what: `${id} waits`,
      });
    }
    expect((await client.detail(waiting[0] ?? '')).pipelineExecutionSummary.status).toBe('ResourceWaiting');
    expect(byIdentifier(await client.detail(waiting[1] ?? ''))['apply']?.progressData).toMatchObject({
      notes: [expect.stringContaining(`(execution ${holding}) has held it since`)],
      resourceHolder: { planExecutionId: holding, pipelineIdentifier: 'queue', runSequence: 1 },
      resourceQueuePlace: 2,
    });
    world.delegates.behaviour = (task) => {
      if (task.payload.kind === 'execute-step') order.push(task.request.taskId.split(':')[0] ?? '');
      return succeed(task);
    };
    const held = tasksOf(holding).find((task) => task.payload.kind === 'execute-step');
    world.delegates.end(held?.request.taskId ?? '', succeed(held as DoubleTask));
    for (const id of [holding, ...waiting])
      expect((await client.ended(id)).pipelineExecutionSummary.status).toBe('Success');
    expect(order).toEqual(waiting);
    expect(byIdentifier(await client.detail(waiting[1] ?? ''))['apply']?.progressData).toEqual({});
  });

  it('names the next holder to who waits on when the instance changes hands', async () => {
    const client = world.project();
    await client.create(simplePipeline('handed'));
    world.delegates.behaviour = (task) => (task.payload.kind === 'execute-step' ? 'hold' : succeed(task));
    const runs: string[] = [];
    const holderOf = async (id = ''): Promise<unknown> =>
      byIdentifier(await client.detail(id))['apply']?.progressData['resourceHolder'];
    const heldBy = (id: string): unknown => expect.objectContaining({ planExecutionId: id });
    for (const place of [1, 2, 3]) {
      const id = await client.execute('handed');
      runs.push(id);
      await waitFor(
        async () =>
          place === 1
            ? tasksOf(id).some((task) => task.payload.kind === 'execute-step')
            : (await holderOf(id)) !== undefined,
        { timeoutMs: 120_000, what: `run ${place} in its place` },
      );
    }
    const [first = '', second = '', third = ''] = runs;
    expect([await holderOf(second), await holderOf(third)]).toEqual([heldBy(first), heldBy(first)]);
    const end = async (id: string): Promise<void> => {
      await waitFor(() => tasksOf(id).some((task) => task.payload.kind === 'execute-step'), {
        timeoutMs: 120_000,
        what: `the step of ${id}`,
      });
      const task = tasksOf(id).find(({ payload }) => payload.kind === 'execute-step');
      world.delegates.end(task?.request.taskId ?? '', succeed(task as DoubleTask));
      await client.ended(id);
    };
    await end(first);
    expect([await holderOf(second), await holderOf(third)]).toEqual([undefined, heldBy(second)]);
    await end(second);
    expect(await holderOf(third)).toBeUndefined();
    await end(third);
  });

  it('counts runs per pipeline and lists executions newest first, by status and search term', async () => {
    const client = world.project();
    await client.create(simplePipeline('listed'));
    const good = await client.execute('listed');
    await client.ended(good);
    world.delegates.behaviour = (task) => (task.payload.kind === 'execute-step' ? failStep('no') : succeed(task));
    const bad = await client.execute('listed');
    await client.ended(bad);
    type Page = {
      content: { planExecutionId: string; runSequence: number; status: string }[];
      totalElements: number;
      last: boolean;
    };
    const list = async (query: string): Promise<Page> =>
      (
        await client.send<Page>('POST', `/pipeline/api/pipelines/execution/summary?${query}`, {
          filterType: 'PipelineExecution',
        })
      ).body.data;
    expect(
      (await list('page=0&size=20')).content.map((row) => [row.planExecutionId, row.runSequence, row.status]),
    ).toEqual([
      [bad, 2, 'Failed'],
      [good, 1, 'Success'],
    ]);
    expect((await list('status=Failed&status=Running')).content.map((row) => row.planExecutionId)).toEqual([bad]);
    expect(await list('size=1&page=1&pipelineIdentifier=listed')).toMatchObject({
      totalElements: 2,
      last: true,
      content: [{ planExecutionId: good }],
    });
    expect((await list('searchTerm=%25')).totalElements).toBe(0);
    const summary = await client.send<{
      executionSummaryInfo: { deployments: number[]; numOfErrors: number[]; lastExecutionId: string };
    }>('GET', '/pipeline/api/pipelines/summary/listed');
    expect(summary.body.data.executionSummaryInfo).toMatchObject({
      deployments: [0, 0, 0, 0, 0, 0, 2],
      numOfErrors: [0, 0, 0, 0, 0, 0, 1],
      lastExecutionId: bad,
    });
  });

  it('answers with the documented execution response', async () => {
    const client = world.project();
    await client.create(simplePipeline('answer'));
    const { body } = await client.send<PlanExecutionResponse>(
      'POST',
      '/pipeline/api/pipeline/execute/answer/v2?notesForPipelineExecution=why',
      '',
    );
    const { planExecution } = body.data;
    expect(planExecution).toMatchObject({
      status: 'Running',
      setupAbstractions: { accountId: 'acc', orgIdentifier: 'default', projectIdentifier: client.project },
      metadata: {
        runSequence: 1,
        pipelineIdentifier: 'answer',
        executionUuid: planExecution.uuid,
        principalInfo: { principalType: 'USER' },
      },
    });
    expect((await client.ended(planExecution.uuid)).pipelineExecutionSummary.notes).toBe('why');
  });

  it('asks for inputs of skipped steps too, and gives each repository its own checkout', async () => {
    const client = world.project();
    world.ngManager.state.inputs = (schema, instance) => ({
      ...dbStepInputsOf(schema, instance),
      source: { name: 'same', url: `https://git.example/${instance}.git`, branch: 'main' },
    });
    await client.create(
      pipelineYaml(
        'two',
        stageYaml(
          'db',
          groupYaml('grp', [{ id: 'a' }, { id: 'b', instance: 'other', extra: ['when: { stageStatus: Failure }'] }]),
        ),
      ),
    );
    const id = await client.execute('two');
    const detail = await client.ended(id);
    expect(world.ngManager.state.askedFor.at(-1)).toEqual([
      { dbSchema: 'orders', dbInstance: 'prod' },
      { dbSchema: 'orders', dbInstance: 'other' },
    ]);
    expect(statuses(detail)).toMatchObject({ a: 'Success', b: 'Skipped', db: 'Success' });
    const [pod] = tasksOf(id);
    expect(
      pod?.payload.kind === 'initialise-pod' && new Set(pod.payload.sources.map((source) => source.name)).size,
    ).toBe(2);
  });
});
