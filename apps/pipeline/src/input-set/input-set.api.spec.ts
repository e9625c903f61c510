import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { InputSetDetail, InputSetSummary } from '@sluice/pipeline-api';
import {
  World,
  groupYaml,
  pipelineYaml,
  simplePipeline,
  stageYaml,
  type ProjectClient,
} from '../testing/pipeline-under-test.js';

const ROOT = '/pipeline/api/inputSets';
const variables = (...names: string[]): string[] => [
  'allowStageExecutions: true',
  'variables:',
  ...names.map((name) => `  - { name: ${name}, type: String, value: <+input> }`),
];
const pipeline = (...names: string[]): string =>
  pipelineYaml(
    'in',
    stageYaml('one', groupYaml('g', [{ id: 'a', spec: ['tag: <+input>'] }])) +
      stageYaml(
        'two',
        groupYaml('h', [
          {
            id: 'b',
            instance: 'second',
            spec: ['tag: <+pipeline.stages.one.spec.execution.steps.g.steps.a.output.preStartTag>'],
          },
        ]),
      ),
    variables(...names),
  );
const set = (id: string, values: Record<string, string>, extra = ''): string =>
  `inputSet:\n  name: Set ${id}\n  identifier: ${id}\n${extra}  pipeline:\n    identifier: in\n    variables:\n${Object.entries(
    values,
  )
    .map(([name, value]) => `      - { name: ${name}, type: String, value: ${value} }\n`)
    .join('')}`;
const overlay = (id: string, ...references: string[]): string =>
  `overlayInputSet: { name: Over ${id}, identifier: ${id}, pipelineIdentifier: in, inputSetReferences: [${references.join(', ')}], tags: { o: v } }`;

describe('input sets, row by row', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.create();
    await world.startInProcess();
  }, 300_000);
  afterAll(() => world.stop());

  const at = (path = '', query = ''): string => `${ROOT}${path}?pipelineIdentifier=in${query}`;
  const ready = async (...names: string[]): Promise<ProjectClient> => {
    const client = world.project();
    await client.create(pipeline(...names));
    return client;
  };

  it('gives back every field, whatever Git query comes along, and guards versions', async () => {
    const client = await ready('tag');
    const yaml = set(
      'a',
      { tag: 'x' },
      `  orgIdentifier: default\n  projectIdentifier: ${client.project}\n  description: why\n  tags: { k: v }\n`,
    );
    const created = await client.send<InputSetDetail>(
      'POST',
      at('', '&storeType=INLINE&branch=main&pipelineBranch=main&pipelineRepoID=r'),
      yaml,
    );
    expect(created.headers.get('etag')).toBe('"1"');
    expect(created.body.data).toEqual({
      accountId: 'acc',
      orgIdentifier: 'default',
      projectIdentifier: client.project,
      pipelineIdentifier: 'in',
      identifier: 'a',
      inputSetYaml: yaml,
      name: 'Set a',
      description: 'why',
      tags: { k: 'v' },
      isOutdated: false,
      isErrorResponse: false,
      inputSetErrorWrapper: null,
      version: 1,
      gitDetails: {
        objectId: null,
        branch: null,
        repoIdentifier: null,
        rootFolder: null,
        filePath: null,
        repoName: null,
      },
      entityValidityDetails: { valid: true, invalidYaml: null },
    });
    expect(await client.send('POST', at(), yaml)).toMatchObject({
      status: 409,
      body: { code: 'DUPLICATE_FIELD', errors: [{ fieldId: 'identifier' }] },
    });
    expect((await client.send('PUT', at('/a'), yaml, { 'if-match': '"1"' })).headers.get('etag')).toBe('"2"');
    expect((await client.send('PUT', at('/a'), yaml, { 'if-match': '1' })).status).toBe(412);
    expect((await client.send('DELETE', at('/a'), undefined, { 'if-match': '1' })).status).toBe(412);
    expect((await client.send('DELETE', at('/a'), undefined, { 'if-match': '2' })).body.data).toBe(true);
    expect(await client.send('GET', at('/a'))).toMatchObject({ status: 404, body: { code: 'ENTITY_NOT_FOUND' } });
    expect((await client.send('POST', ROOT, yaml)).body).toMatchObject({ errors: [{ fieldId: 'pipelineIdentifier' }] });
  });

  it.each([
    ['no root', 'x: 1', 'inputSet', 'SCHEMA_VALIDATION_FAILED'],
    ['a bad identifier', set('a-b', { tag: 'x' }), 'inputSet.identifier', 'SCHEMA_VALIDATION_FAILED'],
    [
      'another pipeline',
      set('a', { tag: 'x' }).replace('identifier: in', 'identifier: other'),
      'inputSet.pipeline.identifier',
      'INVALID_REQUEST',
    ],
    [
      'another org',
      set('a', { tag: 'x' }, '  orgIdentifier: elsewhere\n'),
      'inputSet.orgIdentifier',
      'INVALID_REQUEST',
    ],
  ])('names what is wrong: %s', async (_what, yaml, field, code) => {
    expect(await (await ready('tag')).send('POST', at(), yaml)).toMatchObject({
      status: 400,
      body: { code, errors: [{ fieldId: field }] },
    });
  });

  it('names the runtime inputs of a pipeline in the v1 form, and runs with them as they came', async () => {
    const client = await ready('tag');
    const v1 = `/v1/orgs/default/projects/${client.project}/pipelines`;
    const asked = (await client.send('POST', `${v1}/in/inputs?branch_name=main`, { stage_ids: [] }))
      .body as unknown as Record<string, unknown>;
    const template = (
      await client.send<{ inputSetTemplateYaml: string }>('POST', `${ROOT}/template?pipelineIdentifier=in`, {})
    ).body.data.inputSetTemplateYaml;
    expect(asked).toMatchObject({
      template_yaml: template,
      has_input_sets: false,
      replaced_expressions: [],
      replaced_expressions_per_stage: {},
      modules: ['dbops'],
      resolved_yaml: pipeline('tag'),
      inputs: {
        pipeline: {
          identifier: 'in',
          variables: [{ name: 'tag', value: '<+input>' }],
          stages: [{ stage: { identifier: 'one' } }],
        },
      },
    });
    const read = '<+pipeline.stages.one.spec.execution.steps.g.steps.a.output.preStartTag>';
    expect((await client.send('POST', `${v1}/in/inputs`, { stage_ids: ['two'] })).body).toMatchObject({
      inputs: { pipeline: { variables: [{ name: 'tag' }] } },
      replaced_expressions: [read],
      replaced_expressions_per_stage: { two: [read] },
    });
    expect(await client.send('POST', `${v1}/in/inputs`, { stage_ids: ['three'] })).toMatchObject({
      status: 400,
      body: { message: expect.stringMatching(/no stage "three"; it has one, two/) },
    });
    expect((await client.send('POST', `${v1}/nowhere/inputs`)).status).toBe(404);
    await client.create(simplePipeline('plain'));
    expect((await client.send('POST', `${v1}/plain/inputs`)).body).toMatchObject({ inputs: {}, template_yaml: null });
    const filled = template.replaceAll('<+input>', 'v7');
    for (const inputs_yaml of [filled, `inputs:\n${filled.replace(/^/gm, '  ')}`]) {
      const started = (await client.send('POST', `${v1}/in/execute`, { inputs_yaml })).body as unknown as {
        execution_details: { execution_id: string };
      };
      const { body } = await client.send<{ resolvedYaml: string }>(
        'GET',
        `/pipeline/api/pipelines/execution/${started.execution_details.execution_id}/inputsetV2?resolveExpressions=true`,
      );
      expect(body.data.resolvedYaml).toContain('v7');
      await client.ended(started.execution_details.execution_id);
    }
    expect(await client.send('POST', `${v1}/in/execute`, { inputs_yaml: 'inputs: { tag: v7 }' })).toMatchObject({
      status: 400,
      body: { message: expect.stringMatching(/has no root key "pipeline"/) },
    });
  });

  it('is outdated from the moment the pipeline no longer asks for something it holds', async () => {
    const client = await ready('tag', 'kind');
    await client.send('POST', at(), set('a', { tag: 'x', kind: 'y' }));
    await client.send('POST', at('/overlay'), overlay('over', 'a'));
    await client.send('PUT', '/pipeline/api/pipelines/v2/in', pipeline('tag', 'later'));
    const read = (await client.send<InputSetDetail>('GET', at('/a'))).body.data;
    expect(read).toMatchObject({
      isOutdated: true,
      isErrorResponse: false,
      inputSetErrorWrapper: {
        type: 'InputSetErrorWrapper',
        uuidToErrorResponseMap: {
          'pipeline.variables[1]': {
            errors: [{ message: expect.stringMatching(/stands for nothing/), identifierOfErrorSource: 'a' }],
          },
        },
      },
    });
    const {
      body: {
        data: { content },
      },
    } = await client.send<{ content: InputSetSummary[] }>('GET', at('', '&inputSetType=ALL'));
    expect(
      content.map(({ identifier, inputSetType, isOutdated, overlaySetErrorDetails }) => [
        identifier,
        inputSetType,
        isOutdated,
        Object.keys(overlaySetErrorDetails ?? {}),
      ]),
    ).toEqual([
      ['over', 'OVERLAY_INPUT_SET', true, ['a']],
      ['a', 'INPUT_SET', true, []],
    ]);
    // What still fits is used all the same.
    expect((await client.send('POST', at('/merge'), { inputSetReferences: ['a'] })).body.data).toMatchObject({
      isErrorResponse: true,
      pipelineYaml: expect.stringContaining('value: x'),
      inputSetErrorWrapper: { invalidInputSetReferences: ['a'] },
    });
    expect(
      (await client.send<{ pipelineYaml: string }>('POST', at('/merge'), { inputSetReferences: ['a'] })).body.data
        .pipelineYaml,
    ).not.toContain('kind');
    await client.send('PUT', at('/a'), set('a', { tag: 'x' }));
    expect((await client.send('GET', at('/overlay/over'))).body.data).toMatchObject({
      isOutdated: false,
      invalidInputSetReferences: {},
    });
  });

  it('keeps overlays: create, read, change, delete, and tells of references that are gone', async () => {
    const client = await ready('tag');
    await client.send('POST', at(), set('a', { tag: 'one' }));
    await client.send('POST', at(), set('b', { tag: 'two' }));
    expect(await client.send('POST', at('/overlay'), overlay('over', 'a', 'zzz'))).toMatchObject({
      status: 400,
      body: {
        message: expect.stringMatching(/has no input set "zzz"/),
        errors: [{ fieldId: 'overlayInputSet.inputSetReferences' }],
      },
    });
    const yaml = overlay('over', 'a', 'b');
    expect((await client.send('POST', at('/overlay'), yaml)).body.data).toMatchObject({
      identifier: 'over',
      name: 'Over over',
      inputSetReferences: ['a', 'b'],
      overlayInputSetYaml: yaml,
      tags: { o: 'v' },
      version: 1,
      isOutdated: false,
      pipelineIdentifier: 'in',
    });
    expect((await client.send('POST', at('/overlay'), overlay('a', 'b'))).status).toBe(409);
    expect((await client.send('GET', at('/over'))).status).toBe(404);
    expect((await client.send('GET', at('/overlay/a'))).status).toBe(404);
    expect(
      (await client.send<{ pipelineYaml: string }>('POST', at('/merge'), { inputSetReferences: ['over'] })).body.data
        .pipelineYaml,
    ).toContain('value: two');
    expect((await client.send('PUT', at('/overlay/over'), overlay('over', 'b', 'a'))).body.data).toMatchObject({
      version: 2,
      inputSetReferences: ['b', 'a'],
    });
    expect(
      (await client.send<{ pipelineYaml: string }>('POST', at('/merge'), { inputSetReferences: ['over'] })).body.data
        .pipelineYaml,
    ).toContain('value: one');
    await client.send('DELETE', at('/a'));
    expect((await client.send('GET', at('/overlay/over'))).body.data).toMatchObject({
      isOutdated: true,
      invalidInputSetReferences: { a: 'there is no input set "a"' },
    });
    expect((await client.send('POST', at('/merge'), { inputSetReferences: ['over'] })).status).toBe(404);
    expect((await client.send('DELETE', at('/overlay/b'))).status).toBe(404);
    expect((await client.send('DELETE', at('/overlay/over'))).body.data).toBe(true);
  });

  it('pages in both spellings, by type and search term', async () => {
    const client = await ready('tag');
    for (const id of ['a', 'b', 'c']) await client.send('POST', at(), set(id, { tag: id }));
    await client.send('POST', at('/overlay'), overlay('over', 'a'));
    type Page = {
      content: InputSetSummary[];
      totalItems: number;
      pageIndex: number;
      pageSize: number;
      totalPages: number;
    };
    const page = async (query: string): Promise<Page> => (await client.send<Page>('GET', at('', query))).body.data;
    expect(await page('&page=1&size=2')).toMatchObject({
      totalItems: 4,
      pageIndex: 1,
      pageSize: 2,
      totalPages: 2,
      content: [{ identifier: 'b' }, { identifier: 'a' }],
    });
    expect(await page('&pageIndex=1&pageSize=3')).toMatchObject({ content: [{ identifier: 'a' }] });
    expect((await page('&inputSetType=INPUT_SET')).totalItems).toBe(3);
    expect((await page('&inputSetType=OVERLAY_INPUT_SET')).content).toMatchObject([
      { identifier: 'over', inputSetType: 'OVERLAY_INPUT_SET', modules: ['dbops'], overlaySetErrorDetails: null },
    ]);
    expect((await page('&searchTerm=Set%20b')).content.map(({ identifier }) => identifier)).toEqual(['b']);
    expect((await client.send('GET', at('', '&inputSetType=ODD'))).body).toMatchObject({
      errors: [{ fieldId: 'inputSetType' }],
    });
    expect((await client.send('GET', `${ROOT}?pipelineIdentifier=nope`)).status).toBe(404);
  });

  it('merges with the template, with the whole pipeline, and for chosen stages', async () => {
    const client = await ready('tag', 'open');
    await client.send('POST', at(), set('a', { tag: 'one' }));
    type Merged = { pipelineYaml: string; completePipelineYaml: string; isErrorResponse: boolean };
    const merged = (
      await client.send<Merged>('POST', at('/merge'), {
        inputSetReferences: ['a'],
        withMergedPipelineYaml: true,
        orgIdentifier: 'default',
      })
    ).body.data;
    expect(merged.isErrorResponse).toBe(false);
    expect(merged.completePipelineYaml).toMatch(/value: one[\s\S]*value: <\+input>[\s\S]*dbInstance: prod/);
    const runtime = 'pipeline: { identifier: in, variables: [{ name: open, type: String, value: two }] }';
    const whole = (
      await client.send<Merged>('POST', at('/mergeWithTemplateYaml'), {
        inputSetReferences: ['a'],
        runtimeInputYaml: runtime,
      })
    ).body.data;
    expect(whole.pipelineYaml).toMatch(/value: one[\s\S]*value: two[\s\S]*tag: <\+input>/);
    const second = (
      await client.send<Merged>('POST', at('/mergeWithTemplateYaml'), {
        runtimeInputYaml: runtime,
        stageIdentifiers: ['two'],
      })
    ).body.data;
    expect(second.pipelineYaml).not.toContain('stages');
    expect((await client.send('POST', at('/merge'), {})).body.data).toMatchObject({
      pipelineYaml: null,
      completePipelineYaml: null,
      isErrorResponse: false,
    });
    expect((await client.send('POST', at('/mergeWithTemplateYaml'), { runtimeInputYaml: 'a: [' })).body).toMatchObject({
      code: 'INVALID_YAML_ERROR',
    });
    expect((await client.send('POST', at('/merge'), { inputSetReferences: ['nope'] })).status).toBe(404);
  });

  it('gives the template of all or of chosen stages, and what those read from others', async () => {
    const client = await ready('tag');
    const template = async (body?: object) =>
      (
        await client.send<{ inputSetTemplateYaml: string; replacedExpressions: string[]; hasInputSets: boolean }>(
          'POST',
          at('/template'),
          body,
        )
      ).body.data;
    expect(await template({ orgIdentifier: 'default', projectIdentifier: client.project })).toMatchObject({
      inputSetTemplateYaml: expect.stringMatching(/^pipeline:[\s\S]*<\+input>/),
      replacedExpressions: [],
      modules: ['dbops'],
      hasInputSets: false,
    });
    expect((await template({ stageIdentifiers: ['one'] })).inputSetTemplateYaml).toContain('stages');
    const two = await template({ stageIdentifiers: ['two'] });
    expect(two.inputSetTemplateYaml).not.toContain('stages');
    expect(two.replacedExpressions).toEqual([
      '<+pipeline.stages.one.spec.execution.steps.g.steps.a.output.preStartTag>',
    ]);
    expect((await client.send('POST', at('/template'), { stageIdentifiers: ['nope'] })).body).toMatchObject({
      errors: [{ fieldId: 'stageIdentifiers' }],
    });
    await client.send('POST', at(), set('a', { tag: 'x' }));
    expect((await template()).hasInputSets).toBe(true);
    await client.create(simplePipeline('none'));
    expect((await client.send('POST', `${ROOT}/template?pipelineIdentifier=none`, {})).body.data).toMatchObject({
      inputSetTemplateYaml: null,
      hasInputSets: false,
    });
  });

  it('gives Terraform back what it sent, through its whole life', async () => {
    const client = await ready('tag');
    const root = `/v1/orgs/default/projects/${client.project}/input-sets`;
    const yaml = set('tf', { tag: 'x' }, '  tags: { from: yaml }\n');
    const sent = { input_set_yaml: yaml, identifier: 'tf', name: 'From TF', description: 'd', tags: { a: 'b' } };
    const echo = {
      ...sent,
      org: 'default',
      project: client.project,
      git_details: null,
      input_set_error: { valid: true, message: null, outdated: false },
    };
    expect(await client.send('POST', `${root}?pipeline=in`, sent)).toMatchObject({ status: 201, body: echo });
    expect(await client.send('GET', `${root}/tf?pipeline=in`)).toMatchObject({
      status: 200,
      body: { ...echo, created: expect.any(Number), updated: expect.any(Number) },
    });
    expect(
      await client.send('PUT', `${root}/tf?pipeline=in`, { ...sent, name: 'Again', tags: {} }, { 'if-match': '1' }),
    ).toMatchObject({ status: 200, body: { ...echo, name: 'Again', tags: {} } });
    expect((await client.send('PUT', `${root}/tf?pipeline=in`, sent, { 'if-match': '1' })).status).toBe(412);
    expect(await client.send('POST', `${root}?pipeline=in`, { ...sent, identifier: 'other' })).toMatchObject({
      status: 400,
      body: { errors: [{ fieldId: 'inputSet.identifier' }] },
    });
    const list = await client.send('GET', `${root}?pipeline=in&sort=name&order=ASC&search_term=again`);
    expect([list.headers.get('x-total-elements'), list.body]).toMatchObject(['1', [{ identifier: 'tf' }]]);
    expect((await client.send('GET', root)).body).toMatchObject({ errors: [{ fieldId: 'pipeline' }] });
    expect((await client.send('DELETE', `${root}/tf?pipeline=in`)).status).toBe(204);
    expect(await client.send('GET', `${root}/tf?pipeline=in`)).toMatchObject({
      status: 404,
      body: { code: 'ENTITY_NOT_FOUND' },
    });
  });
});
