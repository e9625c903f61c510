import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { World, groupYaml, pipelineYaml, simplePipeline, stageYaml } from '../testing/pipeline-under-test.js';

const WITH_INPUT = pipelineYaml(
  'in',
  stageYaml('db', groupYaml('grp', [{ id: 'apply', spec: ['tag: <+pipeline.variables.tag>'] }])),
  ['variables:', '  - { name: tag, type: String, value: <+input> }'],
);
const inputSet = (id: string, tag: string): string =>
  `inputSet:\n  identifier: ${id}\n  name: Set ${id}\n  tags: { a: b }\n  pipeline:\n    identifier: in\n    variables:\n      - { name: tag, type: String, value: ${tag} }\n`;

describe('pipelines and input sets over HTTP', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.create();
    await world.startInProcess();
  }, 300_000);
  afterAll(() => world.stop());

  it('stores YAML verbatim, whatever is sent besides', async () => {
    const client = world.project();
    const yaml = `# a comment stays\n${simplePipeline('one')}`;
    const created = await client.send<{ identifier: string; governanceMetadata: { status: string } }>(
      'POST',
      '/pipeline/api/pipelines/v2?storeType=INLINE&branch=x',
      yaml,
    );
    expect(created).toMatchObject({
      status: 200,
      body: { status: 'SUCCESS', data: { identifier: 'one', governanceMetadata: { status: 'pass', deny: false } } },
    });
    const read = await client.send<{ yamlPipeline: string; version: number }>('GET', '/pipeline/api/pipelines/one');
    expect(read.body.data).toMatchObject({ yamlPipeline: yaml, version: 1, entityValidityDetails: { valid: true } });
  });

  it('takes JSON text labelled as YAML or as JSON, with extra root keys', async () => {
    const client = world.project();
    const json = {
      pipeline: {
        identifier: 'j',
        name: 'j',
        stages: [
          {
            stage: {
              identifier: 's',
              name: 's',
              type: 'Custom',
              spec: {
                execution: {
                  steps: [
                    {
                      stepGroup: {
                        identifier: 'g',
                        name: 'g',
                        steps: [
                          {
                            step: {
                              identifier: 'a',
                              name: 'a',
                              type: 'DBSchemaApply',
                              spec: { dbSchema: 's', dbInstance: 'i' },
                            },
                          },
                        ],
                      },
                    },
                  ],
                },
              },
            },
          },
        ],
      },
      orgIdentifier: 'default',
      projectIdentifier: 'x',
    };
    expect((await client.send('POST', '/pipeline/api/pipelines/v2', JSON.stringify(json))).status).toBe(200);
    json.pipeline.identifier = 'k';
    expect((await client.send('POST', '/pipeline/api/pipelines/v2', json)).status).toBe(200);
  });

  it('answers the older routes with the identifier alone', async () => {
    const client = world.project();
    expect((await client.send('POST', '/pipeline/api/pipelines', simplePipeline('old'))).body.data).toBe('old');
    expect((await client.send('PUT', '/pipeline/api/pipelines/old', simplePipeline('old'))).body.data).toBe('old');
  });

  it('refuses a taken identifier, a changed identifier and a stale version', async () => {
    const client = world.project();
    await client.create(simplePipeline('dup'));
    expect(await client.send('POST', '/pipeline/api/pipelines/v2', simplePipeline('dup'))).toMatchObject({
      status: 409,
      body: { code: 'DUPLICATE_FIELD' },
    });
    expect(await client.send('PUT', '/pipeline/api/pipelines/v2/dup', simplePipeline('other'))).toMatchObject({
      status: 400,
      body: { code: 'INVALID_REQUEST' },
    });
    expect(
      (await client.send('PUT', '/pipeline/api/pipelines/v2/dup', simplePipeline('dup'), { 'if-match': '1' })).status,
    ).toBe(200);
    expect(
      await client.send('PUT', '/pipeline/api/pipelines/v2/dup', simplePipeline('dup'), { 'if-match': '1' }),
    ).toMatchObject({
      status: 412,
      body: { code: 'OPTIMISTIC_LOCK', message: expect.stringMatching(/has version 2, not 1/) },
    });
    expect(
      (await client.send('PUT', '/pipeline/api/pipelines/v2/dup', simplePipeline('dup'), { 'if-match': 'one' })).status,
    ).toBe(400);
  });

  it.each([
    ['no YAML', 'a: [', 'INVALID_YAML_ERROR', /not readable YAML/],
    ['an empty body', '', 'SCHEMA_VALIDATION_FAILED', /no root key "pipeline"/],
    [
      'an unknown step type',
      simplePipeline('x', { id: 'a', type: 'DBMagic' }),
      'SCHEMA_VALIDATION_FAILED',
      /step type "DBMagic" is not known.*DBSchemaApply, DBSchemaRollback/,
    ],
    [
      'tag and count at once',
      simplePipeline('x', { id: 'a', type: 'DBSchemaRollback', spec: ['tag: t', 'changeSetCount: 1'] }),
      'SCHEMA_VALIDATION_FAILED',
      /exactly one of tag and changeSetCount/,
    ],
    [
      'another organization',
      pipelineYaml('x', stageYaml('s', groupYaml('g', [{ id: 'a' }])), ['orgIdentifier: elsewhere']),
      'SCHEMA_VALIDATION_FAILED',
      /differs from the orgIdentifier of the request/,
    ],
  ])('answers 400 to %s, on save and on validation', async (_what, yaml, code, message) => {
    const client = world.project();
    for (const path of ['/pipeline/api/pipelines/v2', '/pipeline/api/pipelines/validate-yaml-with-schema']) {
      const answer = await client.send('POST', path, yaml);
      expect(answer).toMatchObject({ status: 400, body: { code } });
      expect(answer.body.message).toMatch(message);
    }
  });

  it('validates without storing', async () => {
    const client = world.project();
    expect(
      (await client.send('POST', '/pipeline/api/pipelines/validate-yaml-with-schema', simplePipeline('v'))).body.data,
    ).toBe('valid');
    expect((await client.send('GET', '/pipeline/api/pipelines/v')).status).toBe(404);
  });

  it('replaces and deletes what cannot be read any more, because limits were wider when it was stored', async () => {
    const client = world.project();
    await client.create(simplePipeline('wide'));
    const widen = (): Promise<unknown> =>
      world.pg.query(
        'pipeline',
        `UPDATE pipelines SET yaml = yaml || repeat(E'# wide\n', 60000) WHERE project_id = $1`,
        [client.project],
      );
    await widen();
    expect((await client.send('PUT', '/pipeline/api/pipelines/v2/wide', simplePipeline('wide'))).status).toBe(200);
    await widen();
    expect((await client.send('DELETE', '/pipeline/api/pipelines/wide')).status).toBe(200);
    expect((await client.send('GET', '/pipeline/api/pipelines/wide')).status).toBe(404);
  });

  it('lists by page, search term and identifier, newest change first', async () => {
    const client = world.project();
    for (const id of ['alpha', 'beta', 'gamma']) await client.create(simplePipeline(id));
    await client.send('PUT', '/pipeline/api/pipelines/v2/alpha', simplePipeline('alpha'));
    type Page = {
      content: { identifier: string; version: number; numOfStages: number }[];
      totalElements: number;
      totalPages: number;
    };
    const list = async (query: string, body: object = { filterType: 'PipelineSetup' }): Promise<Page> =>
      (await client.send<Page>('POST', `/pipeline/api/pipelines/list?${query}`, body)).body.data;
    expect((await list('')).content.map((row) => row.identifier)).toEqual(['alpha', 'gamma', 'beta']);
    expect(await list('page=1&size=2')).toMatchObject({
      totalElements: 3,
      totalPages: 2,
      content: [{ identifier: 'beta' }],
    });
    expect((await list('searchTerm=amm')).content.map((row) => row.identifier)).toEqual(['gamma']);
    expect((await list('', { pipelineIdentifiers: ['beta'] })).content.map((row) => row.identifier)).toEqual(['beta']);
    expect((await list('searchTerm=%25')).totalElements).toBe(0);
  });

  it('deletes a pipeline with its input sets; executions stay readable', async () => {
    const client = world.project();
    await client.create(simplePipeline('gone'));
    const id = await client.execute('gone');
    await client.ended(id);
    expect((await client.send('DELETE', '/pipeline/api/pipelines/gone')).body.data).toBe(true);
    expect(await client.send('DELETE', '/pipeline/api/pipelines/gone')).toMatchObject({
      status: 404,
      body: { code: 'ENTITY_NOT_FOUND' },
    });
    expect((await client.detail(id)).pipelineExecutionSummary.status).toBe('Success');
    expect((await client.send('POST', '/pipeline/api/pipeline/execute/gone', '')).status).toBe(404);
  });

  it('keeps input sets: create, read, list in both pagings, merge, template, run, delete', async () => {
    const client = world.project();
    await client.create(WITH_INPUT);
    const at = (path: string, query = ''): string => `/pipeline/api/inputSets${path}?pipelineIdentifier=in${query}`;
    expect(await client.send('POST', at(''), inputSet('a', 'one'))).toMatchObject({
      status: 200,
      body: {
        data: {
          identifier: 'a',
          name: 'Set a',
          tags: { a: 'b' },
          inputSetYaml: inputSet('a', 'one'),
          version: 1,
          isOutdated: false,
        },
      },
    });
    expect((await client.send('POST', at(''), inputSet('a', 'one'))).status).toBe(409);
    await client.send('POST', at(''), inputSet('b', 'two'));
    type Page = { content: { identifier: string }[]; totalItems: number };
    expect((await client.send<Page>('GET', at('', '&page=1&size=1'))).body.data).toMatchObject({
      totalItems: 2,
      content: [{ identifier: 'a' }],
    });
    expect((await client.send<Page>('GET', at('', '&pageIndex=0&pageSize=1'))).body.data).toMatchObject({
      content: [{ identifier: 'b' }],
    });
    const merged = await client.send<{ pipelineYaml: string; completePipelineYaml: string }>('POST', at('/merge'), {
      inputSetReferences: ['a', 'b'],
      withMergedPipelineYaml: true,
    });
    expect(merged.body.data.pipelineYaml).toContain('value: two');
    expect(merged.body.data.completePipelineYaml).toContain('dbInstance: prod');
    const template = await client.send<{ inputSetTemplateYaml: string; hasInputSets: boolean }>(
      'POST',
      at('/template'),
      {},
    );
    expect(template.body.data).toMatchObject({
      hasInputSets: true,
      inputSetTemplateYaml: expect.stringContaining('<+input>'),
    });
    const run = await client.send<{ planExecution: { uuid: string } }>(
      'POST',
      '/pipeline/api/pipeline/execute/in/inputSetList',
      { inputSetReferences: ['a'] },
    );
    expect((await client.ended(run.body.data.planExecution.uuid)).pipelineExecutionSummary.status).toBe('Success');
    const query = await client.send<{ planExecution: { uuid: string } }>(
      'POST',
      '/pipeline/api/pipeline/execute/in?inputSetIdentifiers=b',
      '',
    );
    expect(query.status).toBe(200);
    await client.ended(query.body.data.planExecution.uuid);
    expect((await client.send('PUT', at('/a'), inputSet('a', 'three'))).body.data).toMatchObject({ version: 2 });
    expect((await client.send('PUT', at('/a'), inputSet('b', 'three'))).status).toBe(400);
    expect((await client.send('DELETE', at('/a'))).body.data).toBe(true);
    expect((await client.send('GET', at('/a'))).status).toBe(404);
    expect(
      (await client.send('POST', '/pipeline/api/inputSets?pipelineIdentifier=nope', inputSet('a', 'x'))).status,
    ).toBe(404);
  });

  it('has no template for a pipeline without inputs', async () => {
    const client = world.project();
    await client.create(simplePipeline('none'));
    expect(
      (await client.send('POST', '/pipeline/api/inputSets/template?pipelineIdentifier=none', {})).body.data,
    ).toMatchObject({ inputSetTemplateYaml: null, hasInputSets: false });
  });

  it('serves the /v1 form of the same pipelines and input sets', async () => {
    const client = world.project();
    const root = `/v1/orgs/${client.org}/projects/${client.project}`;
    const created = await client.send('POST', `${root}/pipelines`, {
      pipeline_yaml: WITH_INPUT,
      identifier: 'in',
      name: 'in',
      version: '0',
    });
    expect(created).toMatchObject({ status: 201, body: { identifier: 'in', governance_metadata: { status: 'pass' } } });
    const list = await client.send(`GET`, `${root}/pipelines?limit=5&orgIdentifier=default`);
    expect(list.headers.get('x-total-elements')).toBe('1');
    expect(list.body).toMatchObject([{ identifier: 'in', store_type: 'INLINE', valid: true }]);
    expect((await client.send('GET', `${root}/pipelines/in`)).body).toMatchObject({
      pipeline_yaml: WITH_INPUT,
      org: 'default',
      project: client.project,
    });
    const run = await client.send('POST', `${root}/pipelines/in/execute`, {
      inputs_yaml: 'pipeline: { variables: [{ name: tag, value: x }] }',
    });
    expect(run.body).toMatchObject({ execution_details: { status: 'RUNNING' } });
    expect(
      (
        await client.send('POST', `${root}/input-sets?pipeline=in`, {
          input_set_yaml: inputSet('s', 'v'),
          identifier: 's',
          name: 's',
        })
      ).status,
    ).toBe(201);
    expect((await client.send('GET', `${root}/input-sets?pipeline=in`)).body).toMatchObject([
      { identifier: 's', org: 'default' },
    ]);
    expect(
      (
        await client.send('PUT', `${root}/input-sets/s?pipeline=in`, {
          input_set_yaml: inputSet('s', 'w'),
          identifier: 's',
          name: 's',
        })
      ).status,
    ).toBe(200);
    expect((await client.send('DELETE', `${root}/input-sets/s?pipeline=in`)).status).toBe(204);
    expect((await client.send('DELETE', `${root}/pipelines/in`)).status).toBe(204);
    expect(await client.send('GET', `${root}/pipelines/in`)).toMatchObject({
      status: 404,
      body: { message: expect.stringMatching(/there is no pipeline "in"/) },
    });
  });
});
