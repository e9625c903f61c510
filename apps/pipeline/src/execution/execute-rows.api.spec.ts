import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '@sluice/kernel';
import type { PlanExecutionResponse, PreflightResult } from '@sluice/pipeline-api';
import { SHORT_LEASES, failStep, succeed, type DoubleTask } from '../testing/delegate-service-double.js';
import {
  World,
  byIdentifier,
  groupYaml,
  pipelineYaml,
  simplePipeline,
  stageYaml,
  type ProjectClient,
} from '../testing/pipeline-under-test.js';

const EXECUTE = '/pipeline/api/pipeline/execute';
const two = (id: string, extra: string[] = []): string =>
  pipelineYaml(
    id,
    stageYaml('one', groupYaml('g1', [{ id: 'a' }])) +
      stageYaml(
        'two',
        groupYaml('g2', [
          {
            id: 'b',
            instance: 'second',
            spec: ['tag: <+pipeline.stages.one.spec.execution.steps.g1.steps.a.output.preStartTag>'],
          },
        ]),
      ),
    extra,
  );

describe('starting, choosing, repeating and interrupting runs', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.create();
    await world.startInProcess();
  }, 300_000);
  afterAll(() => world.stop());
  afterEach(() => {
    world.delegates.behaviour = succeed;
  });

  const failing = (step: string): void => {
    world.delegates.behaviour = (task: DoubleTask) =>
      task.payload.kind === 'execute-step' && task.payload.logKey.endsWith(`/${step}`) ? failStep('no') : succeed(task);
  };
  const start = async (
    client: ProjectClient,
    path: string,
    body: string | object,
    method = 'POST',
  ): Promise<PlanExecutionResponse['planExecution']> => {
    const answer = await client.send<PlanExecutionResponse>(method, `${EXECUTE}${path}`, body);
    expect([answer.body.message, answer.status]).toEqual([undefined, 200]);
    return answer.body.data.planExecution;
  };

  it('runs chosen stages only when the pipeline allows it, and says what they need', async () => {
    const client = world.project();
    await client.create(two('closed'));
    expect(await client.send('POST', `${EXECUTE}/closed/stages`, { stageIdentifiers: ['one'] })).toMatchObject({
      status: 400,
      body: { code: 'INVALID_REQUEST', message: expect.stringMatching(/add "allowStageExecutions: true"/) },
    });
    await client.create(two('open', ['allowStageExecutions: true']));
    expect(
      (await client.send('GET', `${EXECUTE}/stagesExecutionList?pipelineIdentifier=open`)).body.data,
    ).toMatchObject([
      { stageIdentifier: 'one', stagesRequired: [], toBeBlocked: false },
      { stageIdentifier: 'two', stageName: 'two', stagesRequired: ['one'], message: 'it reads from: one' },
    ]);
    expect(
      (await client.send('GET', `${EXECUTE}/stagesExecutionList?pipelineIdentifier=closed`)).body.data,
    ).toMatchObject([{ isToBeBlocked: true, toBeBlocked: true }, { toBeBlocked: true }]);
    expect(await client.send('POST', `${EXECUTE}/open/stages`, { stageIdentifiers: ['nope'] })).toMatchObject({
      status: 400,
      body: { message: expect.stringMatching(/no stage "nope"; it has one, two/) },
    });
    const open = await client.send('POST', `${EXECUTE}/open/stages`, { stageIdentifiers: ['two'] });
    expect(open).toMatchObject({ status: 400, body: { errors: [{ fieldId: 'expressionValues' }] } });
    const run = await start(client, '/open/stages?notesForPipelineExecution=part&moduleType=DBOPS', {
      stageIdentifiers: ['two'],
      expressionValues: { '<+pipeline.stages.one.spec.execution.steps.g1.steps.a.output.preStartTag>': 'v1' },
    });
    expect(run.metadata.moduleType).toBe('DBOPS');
    const { pipelineExecutionSummary } = await client.ended(run.uuid);
    expect(pipelineExecutionSummary).toMatchObject({
      status: 'Success',
      isStagesExecution: true,
      stagesExecuted: ['two'],
      stagesExecutedNames: { two: 'two' },
      totalStagesCount: 1,
      allowStageExecutions: true,
      notes: 'part',
    });
    expect(world.delegates.tasks.size).toBeGreaterThan(0);
  });

  it('runs again as a new run that knows what it repeats, with the inputs of the earlier one', async () => {
    const client = world.project();
    await client.create(
      pipelineYaml(
        'in',
        stageYaml('db', groupYaml('grp', [{ id: 'apply', spec: ['tag: <+pipeline.variables.tag>'] }])),
        ['allowStageExecutions: true', 'variables:', '  - { name: tag, type: String, value: <+input> }'],
      ),
    );
    const first = await client.execute(
      'in',
      'pipeline: { identifier: in, variables: [{ name: tag, type: String, value: one }] }',
    );
    await client.ended(first);
    for (const [path, body] of [
      [`/rerun/${first}/in`, ''],
      [`/rerun/v2/${first}/in`, ''],
      [`/rerun/${first}/in/stages`, { stageIdentifiers: ['db'] }],
      [`/rerun/${first}/in/inputSetList`, { inputSetReferences: [] }],
    ] as const) {
      const again = await start(client, path, body);
      const { pipelineExecutionSummary } = await client.ended(again.uuid);
      expect(pipelineExecutionSummary).toMatchObject({
        status: 'Success',
        executionTriggerInfo: { isRerun: true, rerunInfo: { rootExecutionId: first, prevExecutionId: first } },
        showRetryHistory: false,
      });
      expect(again.metadata.retryInfo).toEqual({ isRetry: false, rootExecutionId: null, parentRetryId: null });
      expect(
        (
          await client.send<{ inputSetYaml: string }>(
            'GET',
            `/pipeline/api/pipelines/execution/${again.uuid}/inputsetV2`,
          )
        ).body.data.inputSetYaml,
      ).toContain('one');
    }
    await client.create(simplePipeline('other'));
    expect(await client.send('POST', `${EXECUTE}/rerun/${first}/other`, '')).toMatchObject({
      status: 400,
      body: { message: expect.stringMatching(/is of pipeline "in", not of "other"/) },
    });
    expect((await client.send('POST', `${EXECUTE}/rerun/nothing/in`, '')).status).toBe(404);
  });

  it('lists where a retry may begin, keeps the chain of retries, and retries a stage of choice', async () => {
    const client = world.project();
    await client.create(two('chain'));
    failing('b');
    const first = await client.execute('chain');
    expect((await client.ended(first)).pipelineExecutionSummary).toMatchObject({
      status: 'Failed',
      canRetry: true,
      showRetryHistory: false,
    });
    const stages = await client.send<{
      isResumable: boolean;
      groups: { info: { identifier: string; status: string; nextId: string | null }[] }[];
    }>('GET', `${EXECUTE}/${first}/retryStages?pipelineIdentifier=chain`);
    expect(stages.body.data).toMatchObject({
      isResumable: true,
      errorMessage: null,
      groups: [
        {
          info: [
            {
              name: 'one',
              identifier: 'one',
              status: 'Success',
              createdAt: expect.any(Number),
              parentId: null,
              nextId: expect.any(String),
            },
          ],
        },
        { info: [{ identifier: 'two', status: 'Failed', nextId: null }] },
      ],
    });
    expect(
      (await client.send('GET', `${EXECUTE}/latestExecutionId/${first}?pipelineIdentifier=chain`)).body.data,
    ).toMatchObject({ latestExecutionId: first, errorMessage: expect.stringMatching(/has not been retried/) });
    const second = await start(client, `/retry/${first}`, {}, 'PUT');
    await client.ended(second.uuid);
    world.delegates.behaviour = succeed;
    const third = await start(
      client,
      `/retry/chain?planExecutionId=${second.uuid}&retryStages=two&runAllStages=false`,
      '',
    );
    expect(third.metadata.retryInfo).toEqual({ isRetry: true, rootExecutionId: first, parentRetryId: second.uuid });
    expect((await client.ended(third.uuid)).pipelineExecutionSummary).toMatchObject({
      status: 'Success',
      canRetry: false,
      showRetryHistory: true,
    });
    // Of what was taken over there are logs where it ran.
    const keys = Object.entries(byIdentifier(await client.detail(third.uuid))).map(
      ([identifier, { logBaseKey }]) => [identifier, logBaseKey.replace('acc/pipeline/chain/', '')] as const,
    );
    const [ranFirst, ranThird] = [`1/-${first}/one`, `3/-${third.uuid}`];
    expect(Object.fromEntries(keys)).toMatchObject({
      pipeline: ranThird,
      one: ranFirst,
      g1: `${ranFirst}/g1`,
      a: `${ranFirst}/g1/a`,
      a_command: `${ranFirst}/g1/a`,
      a_clone: `${ranFirst}/g1/liteEngineTask`,
      two: `${ranThird}/two`,
      b: `${ranThird}/two/g2/b`,
    });
    for (const id of [first, second.uuid, third.uuid]) {
      const history = await client.send<{ executionInfos: { uuid: string; status: string }[] }>(
        'GET',
        `${EXECUTE}/retryHistory/${id}`,
      );
      expect(history.body.data).toMatchObject({ errorMessage: null, latestExecutionId: third.uuid });
      expect(history.body.data.executionInfos.map(({ uuid, status }) => [uuid, status])).toEqual([
        [third.uuid, 'Success'],
        [second.uuid, 'Failed'],
        [first, 'Failed'],
      ]);
    }
    expect((await client.detail(first)).pipelineExecutionSummary.showRetryHistory).toBe(true);
    expect((await client.send('GET', `${EXECUTE}/${third.uuid}/retryStages`)).body.data).toMatchObject({
      isResumable: false,
      groups: [],
    });
    expect(await client.send('PUT', `${EXECUTE}/retry/${third.uuid}`, {})).toMatchObject({
      status: 400,
      body: { message: expect.stringMatching(/every stage of the execution succeeded/) },
    });
    expect(
      await client.send('POST', `${EXECUTE}/retry/chain?planExecutionId=${second.uuid}&retryStages=nope`, ''),
    ).toMatchObject({ status: 400, body: { errors: [{ fieldId: 'retryStages' }] } });
    expect((await client.send('POST', `${EXECUTE}/retry/chain?retryStages=two`, '')).body).toMatchObject({
      code: 'INVALID_REQUEST',
      errors: [{ fieldId: 'planExecutionId' }],
    });
  });

  it('says that an execution cannot be retried, and why, when its pipeline is gone', async () => {
    const client = world.project();
    await client.create(simplePipeline('gone'));
    failing('apply');
    const id = await client.execute('gone');
    const list = async () =>
      (await client.send<{ content: { canRetry: boolean }[] }>('POST', '/pipeline/api/pipelines/execution/summary', {}))
        .body.data.content;
    expect((await client.ended(id)).pipelineExecutionSummary.canRetry).toBe(true);
    expect(await list()).toMatchObject([{ canRetry: true }]);
    await client.send('DELETE', '/pipeline/api/pipelines/gone');
    expect((await client.detail(id)).pipelineExecutionSummary.canRetry).toBe(false);
    expect(await list()).toMatchObject([{ canRetry: false }]);
    expect((await client.send('GET', `${EXECUTE}/${id}/retryStages`)).body.data).toEqual({
      isResumable: false,
      errorMessage:
        'pipeline "gone" has been deleted, so its executions cannot be retried; create the pipeline and run it',
      groups: [],
    });
    expect((await client.send('PUT', `${EXECUTE}/retry/${id}`, {})).status).toBe(404);
  });

  it('interrupts by node, and refuses what nothing waits for', async () => {
    const client = world.project();
    await client.create(simplePipeline('held'));
    world.delegates.behaviour = (task) => (task.payload.kind === 'execute-step' ? 'hold' : succeed(task));
    world.delegates.leaseTimes = SHORT_LEASES;
    const id = await client.execute('held');
    const node = await waitFor(
      async () => {
        const apply = byIdentifier(await client.detail(id))['apply'];
        return apply?.status === 'Running' && apply.uuid;
      },
      { timeoutMs: 120_000, what: 'the step' },
    );
    expect(
      await client.send('PUT', `${EXECUTE}/manualIntervention/interrupt/${id}/${node}?interruptType=MarkAsSuccess`, {}),
    ).toMatchObject({ status: 400, body: { message: expect.stringMatching(/does not wait for an intervention/) } });
    expect(
      (await client.send('PUT', `${EXECUTE}/manualIntervention/interrupt/${id}/${node}?interruptType=Dance`, {})).body,
    ).toMatchObject({ errors: [{ fieldId: 'interruptType' }] });
    expect((await client.send('PUT', `${EXECUTE}/interrupt/${id}/nothing?interruptType=Abort`, {})).status).toBe(404);
    const parts = Object.values((await client.detail(id)).executionGraph?.nodeMap ?? {})
      .filter(({ uuid }) => uuid.startsWith(`${node}-`))
      .map(({ uuid }) => uuid);
    expect(parts).toHaveLength(3);
    for (const part of parts) {
      expect(
        await client.send('PUT', `${EXECUTE}/manualIntervention/interrupt/${id}/${part}?interruptType=Retry`, {}),
      ).toMatchObject({
        status: 400,
        body: { message: expect.stringMatching(/"apply" has status Running and does not wait/) },
      });
      expect((await client.send('PUT', `${EXECUTE}/interrupt/${id}/${part}?interruptType=Pause`, {})).status).toBe(400);
    }
    expect(await client.send('PUT', `${EXECUTE}/interrupt/${id}/${parts[2]}?interruptType=Abort`, {})).toMatchObject({
      status: 200,
      body: { data: { type: 'Abort', planExecutionId: id, id: expect.any(String) } },
    });
    expect((await client.ended(id)).pipelineExecutionSummary).toMatchObject({ status: 'Aborted', canRetry: true });
    expect(byIdentifier(await client.detail(id))['apply']?.interruptHistories).toMatchObject([
      { interruptType: 'ABORT_ALL' },
    ]);
  });

  it('checks a pipeline before it runs: inputs, plan, and what its steps refer to', async () => {
    const client = world.project();
    const missing = groupYaml('grp', [
      { id: 'a', spec: ['tag: <+pipeline.variables.tag>'] },
      { id: 'b', instance: 'missing' },
    ]);
    await client.create(
      pipelineYaml('pre', stageYaml('db', missing), ['variables:', '  - { name: tag, type: String, value: <+input> }']),
    );
    const check = async (body: string): Promise<PreflightResult> => {
      const {
        body: { data },
      } = await client.send<string>('POST', `${EXECUTE}/preflightCheck?pipelineIdentifier=pre`, body);
      return (
        await client.send<PreflightResult>('GET', `${EXECUTE}/getPreflightCheckResponse?preflightCheckId=${data}`)
      ).body.data;
    };
    const open = await check('');
    expect(open).toMatchObject({
      status: 'FAILURE',
      pipelineInputWrapperResponse: {
        status: 'FAILURE',
        pipelineInputResponse: [
          {
            fqn: 'pipeline.variables[0].value',
            success: false,
            errorInfo: { description: expect.stringMatching(/without a value/) },
          },
        ],
      },
    });
    const filled = await check('pipeline: { identifier: pre, variables: [{ name: tag, type: String, value: x }] }');
    expect(filled).toMatchObject({
      status: 'FAILURE',
      errorInfo: null,
      pipelineInputWrapperResponse: { status: 'SUCCESS', pipelineInputResponse: [] },
      connectorWrapperResponse: {
        status: 'FAILURE',
        checkResponses: [
          { connectorIdentifier: 'orders.prod', status: 'SUCCESS', stageName: 'db', stepName: 'a', errorInfo: null },
          {
            connectorIdentifier: 'orders.missing',
            status: 'FAILURE',
            errorInfo: { description: expect.stringMatching(/instance with id \[missing\]/) },
          },
          {
            connectorIdentifier: 'k8s',
            connectorName: 'Connector k8s',
            status: 'SUCCESS',
            stageName: 'db',
            stepName: null,
            fqn: 'pipeline.stages.db.spec.execution.steps.grp.stepGroupInfra.spec.connectorRef',
          },
          { connectorIdentifier: 'account.harnessImage', status: 'SUCCESS', stepName: 'a' },
        ],
      },
    });
    await client.create(simplePipeline('good'));
    const {
      body: { data },
    } = await client.send<string>('POST', `${EXECUTE}/preflightCheck?pipelineIdentifier=good`, '');
    expect(
      (await client.send<PreflightResult>('GET', `${EXECUTE}/getPreflightCheckResponse?preflightCheckId=${data}`)).body
        .data.status,
    ).toBe('SUCCESS');
    expect(
      (await world.project().send('GET', `${EXECUTE}/getPreflightCheckResponse?preflightCheckId=${data}`)).status,
    ).toBe(404);
    expect((await client.send('POST', `${EXECUTE}/preflightCheck?pipelineIdentifier=gone`, '')).status).toBe(404);
  });

  it('checks that the connectors of images and clusters exist: each once, at their own scope, and those given as input or by a variable too', async () => {
    const client = world.project();
    const infra = (ref: string): string =>
      groupYaml('g', [{ id: 'a' }, { id: 'b' }]).replace('connectorRef: k8s', `connectorRef: ${ref}`);
    const check = async (
      id: string,
      yaml: string,
      input = '',
    ): Promise<PreflightResult['connectorWrapperResponse']> => {
      await client.create(yaml);
      const {
        body: { data },
      } = await client.send<string>('POST', `${EXECUTE}/preflightCheck?pipelineIdentifier=${id}`, input);
      return (
        await client.send<PreflightResult>('GET', `${EXECUTE}/getPreflightCheckResponse?preflightCheckId=${data}`)
      ).body.data.connectorWrapperResponse;
    };
    const gone = await check('gone', pipelineYaml('gone', stageYaml('db', infra('account.missing'))));
    expect(gone.status).toBe('FAILURE');
    expect(gone.checkResponses.map(({ connectorIdentifier, status }) => [connectorIdentifier, status])).toEqual([
      ['orders.prod', 'SUCCESS'],
      ['account.missing', 'FAILURE'],
      ['account.harnessImage', 'SUCCESS'],
    ]);
    expect(gone.checkResponses[1]).toEqual({
      fqn: 'pipeline.stages.db.spec.execution.steps.g.stepGroupInfra.spec.connectorRef',
      stageName: 'db',
      stepName: null,
      connectorIdentifier: 'account.missing',
      connectorName: 'account.missing',
      status: 'FAILURE',
      errorInfo: {
        count: 1,
        summary: expect.any(String),
        description: 'there is no connector "account.missing", which the cluster of the step group needs',
        causes: [{ cause: expect.any(String) }],
        resolution: [
          { resolution: expect.stringMatching(/^create the connector, or name another in pipeline\.stages\.db/) },
        ],
      },
    });
    expect(world.ngManager.state.askedForConnectors.at(-1)).toEqual(['acc/missing', 'acc/harnessImage']);
    const images = pipelineYaml(
      'images',
      stageYaml(
        'db',
        infra('<+input>')
          .replace('connectorRef: account.harnessImage', 'connectorRef: org.missing')
          .replace('connectorRef: account.harnessImage', 'connectorRef: own'),
      ),
    );
    const filled = await check(
      'images',
      images,
      'pipeline: { identifier: images, stages: [{ stage: { identifier: db, spec: { execution: { steps: [{ stepGroup: { identifier: g, stepGroupInfra: { spec: { connectorRef: k8s } } } }] } } } }] }',
    );
    expect(
      filled.checkResponses
        .slice(1)
        .map(({ connectorIdentifier, stepName, status }) => [connectorIdentifier, stepName, status]),
    ).toEqual([
      ['k8s', null, 'SUCCESS'],
      ['org.missing', 'a', 'FAILURE'],
      ['own', 'b', 'SUCCESS'],
    ]);
    expect(world.ngManager.state.askedForConnectors.at(-1)).toEqual([
      `acc/default/${client.project}/k8s`,
      'acc/default/missing',
      `acc/default/${client.project}/own`,
    ]);
    const nonsense = await check('nonsense', pipelineYaml('nonsense', stageYaml('db', infra('a/b/c/d'))));
    expect(nonsense.checkResponses[1]).toMatchObject({
      connectorIdentifier: 'a/b/c/d',
      status: 'FAILURE',
      errorInfo: {
        description: expect.stringMatching(/is no reference to a connector; write "id", "org\.id" or "account\.id"/),
      },
    });
  });
});
