import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { PipelineSummary, V1PipelineListItem } from '@sluice/pipeline-api';
import {
  World,
  groupYaml,
  pipelineYaml,
  simplePipeline,
  stageYaml,
  type ProjectClient,
} from '../testing/pipeline-under-test.js';

const PIPELINES = '/pipeline/api/pipelines';
const GIT =
  'storeType=INLINE&branch=main&repoName=r&repoIdentifier=r&connectorRef=account.git&rootFolder=.harness&filePath=a.yaml&commitMsg=m&isNewBranch=false&baseBranch=main&lastObjectId=o&lastCommitId=c&isHarnessCodeRepo=false&routingId=acc';
const named = (id: string, name: string, extra: string[] = []): string =>
  pipelineYaml(id, stageYaml('db', groupYaml('grp', [{ id: 'apply' }])), extra).replace(
    `name: ${id}\n`,
    `name: ${name}\n`,
  );

describe('pipelines, row by row', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.create();
    await world.startInProcess();
  }, 300_000);
  afterAll(() => world.stop());

  const v1 = (client: ProjectClient, path: string): string =>
    `/v1/orgs/${client.org}/projects/${client.project}/${path}`;
  type Page = { content: PipelineSummary[]; totalElements: number };
  const list = async (
    client: ProjectClient,
    query = '',
    body: object = { filterType: 'PipelineSetup', orgIdentifier: 'default' },
  ): Promise<string[]> =>
    (await client.send<Page>('POST', `${PIPELINES}/list?${query}`, body)).body.data.content.map(
      ({ identifier }) => identifier,
    );

  it('takes the Git query on every row and tells the version', async () => {
    const client = world.project();
    expect(await client.send('POST', `${PIPELINES}/v2?${GIT}`, simplePipeline('git'))).toMatchObject({
      status: 200,
      body: {
        data: { identifier: 'git', governanceMetadata: { entity: '', action: 'onsave', details: [], detailsList: [] } },
      },
    });
    const read = await client.send('GET', `${PIPELINES}/git?${GIT}&getTemplatesResolvedPipeline=true`);
    expect(read.headers.get('etag')).toBe('"1"');
    expect(read.body.data).toMatchObject({
      storeType: 'INLINE',
      gitDetails: {
        objectId: null,
        branch: null,
        repoIdentifier: null,
        rootFolder: null,
        filePath: null,
        repoName: null,
      },
      entityValidityDetails: { valid: true, invalidYaml: null },
      modules: ['dbops'],
    });
    expect(
      (
        await client.send('PUT', `${PIPELINES}/v2/git?${GIT}`, simplePipeline('git'), {
          'if-match': read.headers.get('etag') ?? '',
        })
      ).headers.get('etag'),
    ).toBe('"2"');
    expect(await client.send('DELETE', `${PIPELINES}/git?${GIT}`, undefined, { 'if-match': '1' })).toMatchObject({
      status: 412,
      body: { code: 'OPTIMISTIC_LOCK' },
    });
    expect(await client.send('DELETE', `${PIPELINES}/git?${GIT}`, undefined, { 'if-match': '2' })).toMatchObject({
      status: 200,
      body: { data: true },
    });
  });

  it('summarises: counts of seven days, last run, stages, and what a list may be filtered by', async () => {
    const client = world.project();
    await client.create(named('sum', 'Sum', ['description: of all', 'tags: { a: b }']));
    const id = await client.execute('sum');
    await client.ended(id);
    const summary = (await client.send<PipelineSummary>('GET', `${PIPELINES}/summary/sum`)).body.data;
    expect(summary).toMatchObject({
      name: 'Sum',
      identifier: 'sum',
      description: 'of all',
      tags: { a: 'b' },
      version: 1,
      numOfStages: 1,
      stageNames: ['db'],
      modules: ['dbops'],
      storeType: 'INLINE',
      executionSummaryInfo: {
        numOfErrors: [0, 0, 0, 0, 0, 0, 0],
        deployments: [0, 0, 0, 0, 0, 0, 1],
        lastExecutionId: id,
        lastExecutionStatus: 'Success',
        lastExecutionTs: expect.any(Number),
      },
      filters: { dbops: { stepTypes: ['DBSchemaApply'], dbSchemas: ['orders'], dbInstances: ['prod'] } },
    });
    expect((await client.send<Page>('POST', `${PIPELINES}/list`, {})).body.data.content).toEqual([summary]);
  });

  it('lists by every filter and sort key', async () => {
    const client = world.project();
    await client.create(named('alpha', 'One', ['description: first of all', 'tags: { team: db, tier: gold }']));
    await client.create(named('beta', 'Two', ['tags: { team: web }']));
    await client.create(named('gamma', 'Three'));
    await client.ended(await client.execute('beta'));
    expect(await list(client, '', { name: 'tw' })).toEqual(['beta']);
    expect(await list(client, '', { description: 'FIRST' })).toEqual(['alpha']);
    expect(await list(client, '', { pipelineTags: [{ key: 'team' }] })).toEqual(['beta', 'alpha']);
    expect(await list(client, '', { pipelineTags: [{ key: 'team', value: 'db' }, { key: 'tier' }] })).toEqual([
      'alpha',
    ]);
    expect(await list(client, '', { pipelineIdentifiers: ['gamma', 'nope'] })).toEqual(['gamma']);
    expect(await list(client, 'searchTerm=gold')).toEqual(['alpha']);
    expect(await list(client, 'module=DBOPS')).toEqual(['gamma', 'beta', 'alpha']);
    expect(await list(client, 'module=ci')).toEqual([]);
    expect(await list(client, 'sort=name,ASC')).toEqual(['alpha', 'gamma', 'beta']);
    expect(await list(client, 'sort=createdAt,ASC')).toEqual(['alpha', 'beta', 'gamma']);
    expect(await list(client, 'sort=identifier,DESC')).toEqual(['gamma', 'beta', 'alpha']);
    expect((await list(client, 'sort=executionSummaryInfo.lastExecutionTs,DESC'))[0]).toBe('beta');
    expect(await client.send('POST', `${PIPELINES}/list?sort=colour`, {})).toMatchObject({
      status: 400,
      body: { errors: [{ fieldId: 'sort' }] },
    });
    expect(await client.send('POST', `${PIPELINES}/list?filterIdentifier=x`, {})).toMatchObject({
      status: 400,
      body: { errors: [{ fieldId: 'filterIdentifier' }] },
    });
  });

  it('validates what is stored, shows variables and JSON', async () => {
    const client = world.project();
    await client.create(named('v', 'V', ['variables: [{ name: tag, type: String, value: x }]']));
    expect(
      (await client.send('POST', `${PIPELINES}/validate-pipeline-with-schema?pipelineIdentifier=v`, '')).body.data,
    ).toBe('valid');
    expect(
      (await client.send('POST', `${PIPELINES}/validate-pipeline-with-schema?pipelineIdentifier=nope`, '')).status,
    ).toBe(404);
    const variables = await client.send<{
      yaml: string;
      metadataMap: Record<string, { yamlProperties: { fqn: string } }>;
    }>('POST', `${PIPELINES}/variables`, named('v', 'V', ['variables: [{ name: tag, type: String, value: x }]']));
    expect(Object.values(variables.body.data.metadataMap).map(({ yamlProperties }) => yamlProperties.fqn)).toEqual(
      expect.arrayContaining([
        'pipeline.variables.tag',
        'pipeline.stages.db.spec.execution.steps.grp.steps.apply.spec.dbInstance',
      ]),
    );
    expect(await client.send('POST', `${PIPELINES}/variables`, 'a: 1')).toMatchObject({
      status: 400,
      body: { code: 'SCHEMA_VALIDATION_FAILED' },
    });
    const json = await client.send<{ expandedJson: string }>('GET', `${PIPELINES}/expandedJSON/v`);
    expect(JSON.parse(json.body.data.expandedJson)).toMatchObject({
      pipeline: { identifier: 'v', stages: [{ stage: { identifier: 'db' } }] },
    });
  });

  it('says plainly that nothing is kept in Git', async () => {
    const client = world.project();
    await client.create(simplePipeline('inline'));
    const refused = {
      status: 422,
      body: { code: 'NOT_IMPLEMENTED', message: expect.stringMatching(/stored inline here/) },
    };
    expect(
      await client.send(
        'POST',
        `${PIPELINES}/import?connectorRef=c&repoName=r&branch=b&filePath=f&isForceImport=true`,
        { pipelineName: 'p', orgIdentifier: 'default' },
      ),
    ).toMatchObject(refused);
    expect(await client.send('POST', `${PIPELINES}/import/p`, { pipelineName: 'p' })).toMatchObject(refused);
    expect(await client.send('PUT', `${PIPELINES}/inline/update-git-metadata?connectorRef=c`, '')).toMatchObject(
      refused,
    );
    expect((await client.send('PUT', `${PIPELINES}/nope/update-git-metadata`, '')).status).toBe(404);
    expect(await client.send('POST', v1(client, 'pipelines/x/import'), {})).toMatchObject(refused);
    expect(await client.send('POST', v1(client, 'pipelines/inline/move-config'), {})).toMatchObject(refused);
    expect(await client.send('PUT', v1(client, 'pipelines/inline/git-metadata'), {})).toMatchObject(refused);
    expect(
      await client.send('POST', v1(client, 'pipelines'), {
        pipeline_yaml: simplePipeline('r'),
        identifier: 'r',
        name: 'r',
        git_details: { store_type: 'REMOTE' },
      }),
    ).toMatchObject({ status: 422, body: { errors: [{ fieldId: 'git_details.store_type' }] } });
    expect((await client.send('GET', v1(client, 'pipelines/r'))).status).toBe(404);
  });

  it.each([
    [
      'an approval stage',
      (yaml: string) => yaml.replace('type: Custom', 'type: Approval'),
      /stage type "Approval" is not known.*use one of: Custom/,
    ],
    [
      'an approval step',
      (yaml: string) => yaml.replace('type: DBSchemaApply', 'type: HarnessApproval'),
      /step type "HarnessApproval" is not known.*use one of: DBSchemaApply/,
    ],
  ])('refuses %s when it is saved', async (_what, change, message) => {
    const answer = await world.project().send('POST', `${PIPELINES}/v2`, change(simplePipeline('a')));
    expect(answer).toMatchObject({ status: 400, body: { code: 'SCHEMA_VALIDATION_FAILED' } });
    expect(answer.body.message).toMatch(message);
  });

  it('gives Terraform back what it sent, through its whole life', async () => {
    const client = world.project();
    const yaml = `# kept\n${named('tf', 'In YAML', ['tags: { from: yaml }'])}`;
    const sent = {
      pipeline_yaml: yaml,
      identifier: 'tf',
      name: 'From TF',
      description: '',
      tags: { a: 'b', c: '' },
      git_details: {},
    };
    const created = await client.send('POST', v1(client, 'pipelines'), sent);
    expect([created.status, created.headers.get('etag')]).toEqual([201, '"1"']);
    const echo = {
      pipeline_yaml: yaml,
      template_applied_pipeline_yaml: null,
      identifier: 'tf',
      name: 'From TF',
      description: '',
      tags: { a: 'b', c: '' },
      org: 'default',
      project: client.project,
      git_details: null,
      valid: true,
      yaml_error_wrapper: [],
      modules: ['dbops'],
    };
    expect(
      (
        await client.send(
          'GET',
          v1(client, 'pipelines/tf?template_applied=false&load_from_fallback_branch=true'),
          undefined,
          { 'load-from-cache': 'false' },
        )
      ).body,
    ).toMatchObject(echo);
    expect((await client.send('GET', v1(client, 'pipelines/tf?template_applied=true'))).body).toMatchObject({
      ...echo,
      template_applied_pipeline_yaml: yaml,
    });
    expect((await client.send('POST', v1(client, 'pipelines'), sent)).body).toMatchObject({ code: 'DUPLICATE_FIELD' });
    const changed = { ...sent, name: 'Again', tags: {}, description: 'now' };
    expect((await client.send('PUT', v1(client, 'pipelines/tf'), changed, { 'if-match': '1' })).status).toBe(200);
    expect((await client.send('PUT', v1(client, 'pipelines/tf'), changed, { 'if-match': '1' })).status).toBe(412);
    expect((await client.send('GET', v1(client, 'pipelines/tf'))).body).toMatchObject({
      ...echo,
      name: 'Again',
      tags: {},
      description: 'now',
    });
    expect(await client.send('PUT', v1(client, 'pipelines/tf'), { ...changed, identifier: 'other' })).toMatchObject({
      status: 400,
      body: { errors: [{ fieldId: 'identifier' }] },
    });
    expect((await client.send('DELETE', v1(client, 'pipelines/tf'))).status).toBe(204);
    expect(await client.send('GET', v1(client, 'pipelines/tf'))).toMatchObject({
      status: 404,
      body: { code: 'ENTITY_NOT_FOUND' },
    });
  });

  it('lists in the v1 form, with recent runs in upper case', async () => {
    const client = world.project();
    await client.create(named('a', 'B', ['tags: { team: db }']));
    await client.create(named('b', 'A'));
    const id = await client.execute('a');
    await client.ended(id);
    const get = async (query = ''): Promise<{ headers: Headers; rows: V1PipelineListItem[] }> => {
      const { headers, body } = await client.send(
        'GET',
        v1(client, `pipelines?orgIdentifier=default&projectIdentifier=${client.project}&${query}`),
      );
      return { headers, rows: body as unknown as V1PipelineListItem[] };
    };
    const { headers, rows } = await get('page=0&limit=1');
    expect([
      headers.get('x-total-elements'),
      headers.get('x-page-number'),
      headers.get('x-page-size'),
      rows.length,
    ]).toEqual(['2', '0', '1', 1]);
    expect((await get('search_term=B&sort=name&order=ASC')).rows.map((row) => row.identifier)).toEqual(['b', 'a']);
    expect((await get('sort=created&order=DESC')).rows.map((row) => row.identifier)).toEqual(['b', 'a']);
    expect((await get('tags=team:db')).rows).toMatchObject([
      {
        identifier: 'a',
        name: 'B',
        tags: { team: 'db' },
        store_type: 'INLINE',
        connector_ref: null,
        valid: true,
        git_details: null,
        execution_summary: { deployments_count: [0, 0, 0, 0, 0, 0, 1], errors_count: [0, 0, 0, 0, 0, 0, 0] },
        recent_execution_info: [
          {
            execution_id: id,
            execution_status: 'SUCCESS',
            run_number: 1,
            started: expect.any(Number),
            ended: expect.any(Number),
            executor_info: { username: 'Test User', email: 'test@acc.example', trigger_type: 'MANUAL' },
          },
        ],
      },
    ]);
    expect((await get('pipeline_identifiers=b&pipeline_identifiers=c')).rows.map((row) => row.identifier)).toEqual([
      'b',
    ]);
    expect((await get('repository=r')).rows).toEqual([]);
    expect((await get('module=ci')).rows).toEqual([]);
    expect((await client.send('GET', v1(client, 'pipelines?sort=colour'))).body).toMatchObject({
      code: 'INVALID_REQUEST',
      errors: [{ fieldId: 'sort' }],
    });
    expect((await client.send('GET', v1(client, 'pipelines?filter_identifier=x'))).status).toBe(400);
  });

  it('validates in the v1 form and keeps the result', async () => {
    const client = world.project();
    await client.create(simplePipeline('val'));
    const { uuid } = (await client.send('POST', v1(client, 'pipelines/val/validate'), {})).body as unknown as {
      uuid: string;
    };
    expect((await client.send('GET', v1(client, `pipelines/validate/${uuid}`))).body).toMatchObject({
      uuid,
      status: 'SUCCESS',
      message: null,
      errors: [],
      start_ts: expect.any(Number),
      end_ts: expect.any(Number),
      policy_eval: { status: 'pass' },
    });
    expect((await client.send('GET', v1(client, 'pipelines/val?validate_async=true'))).body).toMatchObject({
      validation_uuid: expect.any(String),
    });
    expect((await world.project().send('GET', v1(world.project(), `pipelines/validate/${uuid}`))).status).toBe(404);
    expect((await client.send('POST', v1(client, 'pipelines/nope/validate'), {})).status).toBe(404);
  });

  it('runs in the v1 form: with nothing, with inputs, and other YAML for those who may change the pipeline', async () => {
    const client = world.project();
    await client.create(simplePipeline('run'));
    type Started = { execution_details: { execution_id: string; status: string } };
    const started = (body: unknown): Started => body as Started;
    for (const body of [{}, { inputs_yaml: '' }, undefined]) {
      const answer = await client.send('POST', v1(client, 'pipelines/run/execute?module=dbops'), body);
      expect(answer).toMatchObject({ status: 200, body: { execution_details: { status: 'RUNNING' } } });
      await client.ended(started(answer.body).execution_details.execution_id);
    }
    const other = pipelineYaml('run', stageYaml('elsewhere', groupYaml('grp', [{ id: 'apply' }])));
    const dynamic = await client.send(
      'POST',
      v1(client, 'pipelines/run/execute/dynamic?moduleType=DBOPS&notes=once&notify_only_user=true'),
      { yaml: other },
    );
    expect(dynamic).toMatchObject({
      status: 200,
      body: { execution_details: { execution_id: expect.any(String), status: 'RUNNING' } },
    });
    const detail = await client.ended(started(dynamic.body).execution_details.execution_id);
    expect(detail.pipelineExecutionSummary).toMatchObject({ pipelineIdentifier: 'run', notes: 'once', runSequence: 4 });
    expect(Object.values(detail.pipelineExecutionSummary.layoutNodeMap)).toMatchObject([
      { nodeIdentifier: 'elsewhere' },
    ]);
    expect((await client.send<{ yamlPipeline: string }>('GET', `${PIPELINES}/run`)).body.data.yamlPipeline).toBe(
      simplePipeline('run'),
    );
    expect(
      await client.send('POST', v1(client, 'pipelines/run/execute/dynamic'), { yaml: simplePipeline('else') }),
    ).toMatchObject({ status: 400, body: { errors: [{ fieldId: 'yaml' }] } });
    expect((await client.send('POST', v1(client, 'pipelines/nope/execute/dynamic'), { yaml: other })).status).toBe(404);
    expect(
      (
        await client
          .as('acc', [{ role: 'pipeline_executor' }])
          .send('POST', v1(client, 'pipelines/run/execute/dynamic'), { yaml: other })
      ).status,
    ).toBe(403);
  });
});
