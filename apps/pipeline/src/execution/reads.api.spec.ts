import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { ExecutionDetail, ExecutionOutline } from '@sluice/pipeline-api';
import { failStep, succeed } from '../testing/delegate-service-double.js';
import {
  World,
  byIdentifier,
  groupYaml,
  pipelineYaml,
  simplePipeline,
  stageYaml,
  type ProjectClient,
} from '../testing/pipeline-under-test.js';

const READS = '/pipeline/api/pipelines/execution';
type Graph = NonNullable<ExecutionDetail['executionGraph']>;
type Page = { content: { planExecutionId: string; status: string }[]; totalElements: number; numberOfElements: number };

describe('reading executions', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.create();
    await world.startInProcess();
  }, 300_000);
  afterAll(() => world.stop());
  afterEach(() => {
    world.delegates.behaviour = succeed;
  });

  const list = async (
    client: ProjectClient,
    query = '',
    body: object = { filterType: 'PipelineExecution', orgIdentifier: 'default' },
  ): Promise<Page> => (await client.send<Page>('POST', `${READS}/summary?${query}`, body)).body.data;
  const idsOf = (page: Page): string[] => page.content.map(({ planExecutionId }) => planExecutionId);

  it('filters by everything the contract names, from query and body', async () => {
    const client = world.project();
    await client.create(pipelineYaml('tagged', stageYaml('db', groupYaml('g', [{ id: 'a' }])), ['tags: { team: db }']));
    await client.create(simplePipeline('plain'));
    const tagged = await client.execute('tagged');
    await client.ended(tagged);
    world.delegates.behaviour = (task) => (task.payload.kind === 'execute-step' ? failStep('no') : succeed(task));
    const plain = await client.execute('plain');
    const { pipelineExecutionSummary: failed } = await client.ended(plain);
    expect(idsOf(await list(client))).toEqual([plain, tagged]);
    expect(idsOf(await list(client, '', { filterType: 'PipelineExecution', status: ['Failed'] }))).toEqual([plain]);
    expect(idsOf(await list(client, 'status=Failed&status=Success&status=NotThere'))).toEqual([plain, tagged]);
    expect(idsOf(await list(client, '', { pipelineName: 'tagg' }))).toEqual([tagged]);
    expect(idsOf(await list(client, '', { pipelineTags: [{ key: 'team', value: 'db' }] }))).toEqual([tagged]);
    expect(idsOf(await list(client, '', { pipelineTags: [{ key: 'nothing' }] }))).toEqual([]);
    expect(idsOf(await list(client, '', { timeRange: { startTime: failed.startTs } }))).toEqual([plain]);
    expect(idsOf(await list(client, '', { timeRange: { endTime: failed.startTs - 1 } }))).toEqual([tagged]);
    expect(idsOf(await list(client, 'pipelineIdentifier=tagged&branch=main&showAllExecutions=true'))).toEqual([tagged]);
    expect(idsOf(await list(client, 'searchTerm=LAIN'))).toEqual([plain]);
    expect(idsOf(await list(client, `searchTerm=${tagged}`))).toEqual([tagged]);
    expect(idsOf(await list(client, 'myDeployments=true'))).toEqual([plain, tagged]);
    expect(idsOf(await list(client.as('acc'), 'module=dbops'))).toEqual([plain, tagged]);
    expect((await list(client, 'module=ci')).totalElements).toBe(0);
    expect(idsOf(await list(client, 'sort=startTs,ASC'))).toEqual([tagged, plain]);
    expect(idsOf(await list(client, 'sort=name,ASC&sort=startTs,DESC'))).toEqual([plain, tagged]);
    expect((await client.send<Page>('POST', `${READS}/executionSummary?size=1`, {})).body.data).toMatchObject({
      totalElements: 2,
      numberOfElements: 1,
      content: [{ planExecutionId: plain }],
    });
    expect(failed.layoutNodeMap[failed.startingNodeId]).toMatchObject({
      status: 'Failed',
      failureInfo: { message: 'no' },
    });
    expect(idsOf(await list(world.project()))).toEqual([]);
  });

  it.each([
    ['sort=colour,ASC', 'sort', /can be sorted by startTs/],
    ['sort=name,UP', 'sort', /write "field,ASC" or "field,DESC"/],
    ['page=10000&size=500', 'page', /read on with …\/summary\/outline/],
    ['filterIdentifier=mine', 'filterIdentifier', /no saved filter "mine"/],
    ['size=0', 'size', /size/],
    ['size=501', 'size', /500/],
    ['page=one', 'page', /page/],
  ])('names what it cannot read: %s', async (query, field, message) => {
    const answer = await world.project().send('POST', `${READS}/summary?${query}`, {});
    expect(answer).toMatchObject({ status: 400, body: { code: 'INVALID_REQUEST', errors: [{ fieldId: field }] } });
    expect(answer.body.message).toMatch(message);
  });

  it('goes through a long list by cursor, each execution once', async () => {
    const client = world.project();
    await client.create(simplePipeline('many'));
    const ids: string[] = [];
    for (let run = 0; run < 5; run += 1) ids.unshift(await client.execute('many'));
    const seen: string[] = [];
    let query = 'size=2';
    for (;;) {
      const {
        body: { data },
      } = await client.send<{
        content: ExecutionOutline[];
        last: boolean;
        lastSeenExecutionId: string;
        lastSeenStartTime: number;
      }>('POST', `${READS}/summary/outline?${query}`, {});
      seen.push(...data.content.map(({ planExecutionId }) => planExecutionId));
      expect(data.content[0]).toMatchObject({
        pipelineIdentifier: 'many',
        name: 'many',
        runSequence: expect.any(Number),
        executionTriggerInfo: { triggerType: 'MANUAL' },
      });
      if (data.last) break;
      query = `size=2&lastSeenExecutionId=${data.lastSeenExecutionId}&lastSeenStartTime=${data.lastSeenStartTime}`;
    }
    expect(seen).toEqual(ids);
    expect((await client.send('POST', `${READS}/summary/outline?lastSeenExecutionId=nothing`, {})).status).toBe(404);
    for (const id of ids) await client.ended(id);
  });

  it('serves graphs whole, below a stage, below a node, and one node alone', async () => {
    const client = world.project();
    await client.create(
      pipelineYaml(
        'graph',
        stageYaml('one', groupYaml('g', [{ id: 'a' }])) +
          stageYaml('two', groupYaml('h', [{ id: 'b', instance: 'second' }])),
      ),
    );
    const id = await client.execute('graph');
    const detail = await client.ended(id);
    const nodes = byIdentifier(detail);
    const whole = (await client.send<Graph>('GET', `${READS}/getExecutionGraph/${id}`)).body.data;
    expect(whole).toEqual(detail.executionGraph);
    expect((await client.send<ExecutionDetail>('GET', `${READS}/v2/${id}`)).body.data.executionGraph).toBeUndefined();
    const stage = (
      await client.send<Required<ExecutionDetail>>('GET', `${READS}/${id}?stageNodeId=${nodes['one']?.setupId ?? ''}`)
    ).body.data.executionGraph;
    expect(Object.values(stage.nodeMap).map(({ identifier }) => identifier)).toEqual(
      expect.arrayContaining(['pipeline', 'one', 'a', 'a_command', 'a_clone']),
    );
    expect(Object.values(stage.nodeMap).map(({ identifier }) => identifier)).not.toContain('b');
    const below = (await client.send<Graph>('GET', `${READS}/subGraph/${id}/${nodes['g']?.uuid ?? ''}`)).body.data;
    expect(below.rootNodeId).toBe(nodes['g']?.uuid);
    expect(
      Object.values(below.nodeMap)
        .map(({ identifier }) => identifier)
        .sort(),
    ).toEqual(['a', 'a_clone', 'a_command', 'a_resource', 'g', 'liteEngineTask']);
    for (const name of ['nothing', 'constructor']) {
      expect((await client.send('GET', `${READS}/subGraph/${id}/${name}`)).status).toBe(404);
      expect(
        (await client.send('GET', `/pipeline/api/pipelines/getExecutionNode?nodeExecutionId=${name}`)).status,
      ).toBe(404);
    }
    for (const identifier of ['a', 'a_command', 'pipeline']) {
      const node = (
        await client.send<Graph['nodeMap'][string]>(
          'GET',
          `/pipeline/api/pipelines/getExecutionNode?nodeExecutionId=${nodes[identifier]?.uuid ?? ''}`,
        )
      ).body.data;
      expect(node).toEqual(nodes[identifier]);
    }
    expect(
      (
        await world
          .project()
          .send('GET', `/pipeline/api/pipelines/getExecutionNode?nodeExecutionId=${nodes['a']?.uuid ?? ''}`)
      ).status,
    ).toBe(404);
  });

  it('gives log keys only where there are logs, and lists each in both spellings', async () => {
    const client = world.project();
    await client.create(simplePipeline('keys'));
    const id = await client.execute('keys');
    const nodes = byIdentifier(await client.ended(id));
    const prefix = `acc/pipeline/keys/1/-${id}`;
    expect(
      Object.fromEntries(
        Object.entries(nodes).map(([identifier, node]) => [identifier, node.logBaseKey.replace(prefix, '')]),
      ),
    ).toEqual({
      pipeline: '',
      stages: '',
      execution: '',
      apply_resource: '',
      db: '/db',
      grp: '/db/grp',
      liteEngineTask: '/db/grp/liteEngineTask',
      apply_clone: '/db/grp/liteEngineTask',
      apply: '/db/grp/apply',
      apply_command: '/db/grp/apply',
    });
    expect(nodes['pipeline']?.logBaseKey).toBe(prefix);
    expect(nodes['stages']?.logBaseKey).toBe('');
    const task = {
      logKeys: [`${prefix}/db/grp/apply`],
      logKeysList: [`${prefix}/db/grp/apply`],
      taskCategory: 'DELEGATE_TASK_V2',
    };
    expect(nodes['apply']).toMatchObject({
      executableResponses: [{ task }],
      unitProgresses: [{ unitName: 'apply', status: 'SUCCESS' }],
    });
  });

  it('tells inputs, YAML, policies and the page of an execution', async () => {
    const client = world.project();
    await client.create(
      pipelineYaml(
        'in',
        stageYaml('db', groupYaml('grp', [{ id: 'apply', spec: ['tag: <+pipeline.variables.tag>'] }])),
        [
          'variables:',
          '  - { name: base, type: String, value: june }',
          '  - { name: tag, type: String, value: <+input> }',
        ],
      ),
    );
    await client.send(
      'POST',
      '/pipeline/api/inputSets?pipelineIdentifier=in',
      'inputSet: { identifier: set, name: A set, pipeline: { identifier: in, variables: [{ name: tag, type: String, value: <+pipeline.variables.base>-1 }] } }',
    );
    const { body } = await client.send<{ planExecution: { uuid: string } }>(
      'POST',
      '/pipeline/api/pipeline/execute/in?inputSetIdentifiers=set',
      '',
    );
    const id = body.data.planExecution.uuid;
    await client.ended(id);
    expect(
      (
        await client.send(
          'GET',
          `${READS}/${id}/inputsetV2?resolveExpressions=true&resolveExpressionsType=RESOLVE_ALL_EXPRESSIONS`,
        )
      ).body.data,
    ).toMatchObject({
      inputSetYaml: expect.stringContaining('<+pipeline.variables.base>-1'),
      resolvedYaml: expect.stringContaining('value: june-1'),
      inputSetTemplateYaml: expect.stringContaining('<+input>'),
      latestTemplateYaml: expect.stringContaining('<+input>'),
      inputSetDetails: [{ identifier: 'set', name: 'A set' }],
      expressionValues: {},
      inputSetBranchName: null,
    });
    expect((await client.send<string>('GET', `${READS}/${id}/inputset`)).body.data).toContain(
      '<+pipeline.variables.base>-1',
    );
    expect((await client.send('GET', `${READS}/${id}/inputsetV2?resolveExpressionsType=ALL`)).body).toMatchObject({
      errors: [{ fieldId: 'resolveExpressionsType' }],
    });
    expect((await client.send('GET', `${READS}/${id}/metadata`)).body.data).toMatchObject({
      executionYaml: expect.stringContaining('dbInstance: prod'),
      inputYaml: expect.stringContaining('tag'),
      triggerPayload: null,
    });
    expect((await client.send('GET', `${READS}/${id}/policy-evaluation`)).body.data).toMatchObject({
      deny: false,
      status: 'pass',
      details: [],
      detailsList: [],
    });
    const page = `/ng/account/acc/all/orgs/default/projects/${client.project}/pipelines/in/deployments/${id}/pipeline`;
    expect((await client.send('POST', `${READS}/url?pipelineIdentifier=in&planExecutionId=${id}`, {})).body.data).toBe(
      page,
    );
    expect((await client.send('POST', `${READS}/url?pipelineIdentifier=in`, {})).body.data).toBe(
      page.replace(`/${id}/pipeline`, ''),
    );
    expect(await client.send('POST', `${READS}/url?pipelineIdentifier=gone`, {})).toMatchObject({
      status: 404,
      body: { code: 'ENTITY_NOT_FOUND', errors: [{ fieldId: 'pipelineIdentifier' }] },
    });
    expect(
      (
        await client.send(
          'POST',
          `${READS}/url?pipelineIdentifier=in`,
          {},
          { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'sluice.example' },
        )
      ).body.data,
    ).toMatch(/^https:\/\/sluice\.example\/ng\/account\/.*\/pipelines\/in\/deployments$/);
    expect(
      (
        await client.send(
          'POST',
          `${READS}/url?pipelineIdentifier=in&planExecutionId=${id}`,
          {},
          { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'sluice.example' },
        )
      ).body.data,
    ).toBe(`https://sluice.example${page}`);
  });
});
