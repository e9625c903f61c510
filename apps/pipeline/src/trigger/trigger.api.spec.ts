import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openDataSource } from '@sluice/persistence';
import type { TriggerDetails, TriggerResponse } from '@sluice/pipeline-api';
import { createPipelineDataSource } from '../database/data-source.js';
import { DisableTriggers1795430000000 } from '../migrations/1795430000000-disable-triggers.js';
import { World, simplePipeline, type Answer, type ProjectClient } from '../testing/pipeline-under-test.js';

const VIEWER = [{ role: 'viewer' as const }];
const EDITOR = [{ role: 'project_admin' as const }];

/** YAML of a trigger of pipeline `target` in the client's project. */
function triggerYaml(
  client: ProjectClient,
  id: string,
  options: { readonly target?: string; readonly source?: string; readonly extra?: readonly string[] } = {},
): string {
  const lines = [
    `trigger:`,
    `  identifier: ${id}`,
    `  name: Trigger ${id}`,
    `  orgIdentifier: ${client.org}`,
    `  projectIdentifier: ${client.project}`,
    `  pipelineIdentifier: ${options.target ?? 'deploy'}`,
  ];
  return [
    ...lines,
    ...(options.extra ?? []).map((line) => `  ${line}`),
    `  source: ${options.source ?? '{ type: Webhook, spec: { type: Custom, spec: {} } }'}`,
    '',
  ].join('\n');
}

const CRON = '{ type: Scheduled, spec: { type: Cron, spec: { type: UNIX, expression: "0 3 * * *", timezone: UTC } } }';
const GITHUB =
  '{ type: Webhook, spec: { type: Github, spec: { type: Push, spec: { connectorRef: account.gh, repoName: r } } } }';

describe('triggers over HTTP', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.create();
    await world.startInProcess();
  }, 300_000);
  afterAll(() => world.stop());

  const project = async (): Promise<ProjectClient> => {
    const client = world.project();
    await client.create(simplePipeline('deploy'));
    return client;
  };
  const create = (
    client: ProjectClient,
    yaml: string,
    query = 'targetIdentifier=deploy',
    headers?: Record<string, string>,
  ): Promise<Answer<TriggerResponse>> => client.send('POST', `/pipeline/api/triggers?${query}`, yaml, headers);
  const created = async (
    client: ProjectClient,
    id: string,
    options?: Parameters<typeof triggerYaml>[2],
  ): Promise<TriggerResponse> => {
    const answer = await create(
      client,
      triggerYaml(client, id, options),
      `targetIdentifier=${options?.target ?? 'deploy'}`,
    );
    expect([answer.status, answer.body.message]).toEqual([200, undefined]);
    return answer.body.data;
  };
  const at = (id: string, more = ''): string => `/pipeline/api/triggers/${id}${more}?targetIdentifier=deploy`;

  it('echoes what was sent, on create, read and update, with YAML verbatim', async () => {
    const client = await project();
    const yaml = `# stays\n${triggerYaml(client, 'hook', { extra: ['enabled: false', 'description: D', 'tags: { a: b }', 'encryptedWebhookSecretIdentifier: account.secret'] })}`;
    const expected = {
      name: 'Trigger hook',
      identifier: 'hook',
      description: 'D',
      type: 'Webhook',
      accountIdentifier: 'acc',
      orgIdentifier: client.org,
      projectIdentifier: client.project,
      targetIdentifier: 'deploy',
      yaml,
      version: 1,
      enabled: false,
      errors: {},
      errorResponse: false,
      webhookUrl: `https://sluice.example/gateway/pipeline/api/webhook/custom?accountIdentifier=acc&orgIdentifier=${client.org}&projectIdentifier=${client.project}&pipelineIdentifier=deploy&triggerIdentifier=hook`,
    };
    const forwarded = { 'x-forwarded-host': 'sluice.example', 'x-forwarded-proto': 'https' };
    expect((await create(client, yaml, 'targetIdentifier=deploy&withServiceV2=true', forwarded)).body.data).toEqual(
      expected,
    );
    const read = await client.send('GET', at('hook'), undefined, forwarded);
    expect([read.body.data, read.headers.get('etag')]).toEqual([expected, '"1"']);
    const changed = yaml.replace('description: D', 'description: E');
    expect((await client.send('PUT', at('hook'), changed, forwarded)).body.data).toEqual({
      ...expected,
      yaml: changed,
      description: 'E',
      version: 2,
    });
  });

  it('shows details with status, webhook and daily counts', async () => {
    const client = await project();
    await created(client, 'hook', { source: GITHUB });
    const details = (await client.send<TriggerDetails>('GET', at('hook', '/details'))).body.data;
    expect(details).toMatchObject({
      identifier: 'hook',
      type: 'Webhook',
      enabled: false,
      tags: {},
      lastTriggerExecutionDetails: null,
      executions: [0, 0, 0, 0, 0, 0, 0],
      buildDetails: null,
      registrationStatus: null,
      triggerStatus: { validationStatus: { statusResult: 'SUCCESS' } },
      webhookDetails: { webhookSecret: null, webhookSourceRepo: 'Github' },
      webhookUrl: '/gateway/ng/api/webhook?accountIdentifier=acc',
    });
    await created(client, 'cron', { source: CRON });
    expect((await client.send<TriggerDetails>('GET', at('cron', '/details'))).body.data).toMatchObject({
      type: 'Scheduled',
      webhookDetails: null,
      webhookUrl: null,
    });
    await created(client, 'image', { source: '{ type: Artifact, spec: { type: DockerRegistry, spec: {} } }' });
    expect((await client.send<TriggerDetails>('GET', at('image', '/details'))).body.data.buildDetails).toEqual({
      buildType: 'DockerRegistry',
    });
  });

  it.each([
    ['JSON text labelled YAML', 'application/yaml', (json: string) => json],
    ['JSON labelled JSON', 'application/json', (json: string) => json],
    ['YAML labelled JSON, as the Go SDK does', 'application/json', (_json: string, yaml: string) => yaml],
    ['YAML labelled text', 'text/plain', (_json: string, yaml: string) => yaml],
  ])('takes %s, and other root keys', async (_what, type, pick) => {
    const client = await project();
    const trigger = {
      identifier: 'j',
      orgIdentifier: client.org,
      projectIdentifier: client.project,
      source: { type: 'Webhook', spec: { type: 'Custom', spec: {} } },
    };
    const text = pick(
      JSON.stringify({ trigger, orgIdentifier: client.org, projectIdentifier: client.project, extra: 1 }),
      `---\n${triggerYaml(client, 'j')}`,
    );
    const answer = await create(client, text, 'targetIdentifier=deploy', { 'content-type': type });
    expect([answer.status, answer.body.data?.identifier, answer.body.data?.yaml]).toEqual([200, 'j', text]);
  });

  it('refuses a taken identifier, another identifier in the YAML, a target there is not, no target', async () => {
    const client = await project();
    await created(client, 'one');
    expect(await create(client, triggerYaml(client, 'one'))).toMatchObject({
      status: 409,
      body: { code: 'DUPLICATE_FIELD' },
    });
    expect(await client.send('PUT', at('one'), triggerYaml(client, 'two'))).toMatchObject({
      status: 400,
      body: { code: 'INVALID_REQUEST', message: expect.stringMatching(/names trigger "two", the request "one"/) },
    });
    expect(await create(client, triggerYaml(client, 'x', { target: 'gone' }), 'targetIdentifier=gone')).toMatchObject({
      status: 404,
      body: { code: 'ENTITY_NOT_FOUND', message: expect.stringMatching(/targetIdentifier.*"gone"/) },
    });
    expect(await create(client, triggerYaml(client, 'x'), '')).toMatchObject({
      status: 400,
      body: { message: expect.stringMatching(/targetIdentifier/) },
    });
    expect(await client.send('GET', '/pipeline/api/triggers?targetIdentifier=gone')).toMatchObject({
      status: 404,
      body: { code: 'ENTITY_NOT_FOUND' },
    });
    expect(await client.send('PUT', at('none'), triggerYaml(client, 'none'))).toMatchObject({
      status: 404,
      body: { code: 'ENTITY_NOT_FOUND' },
    });
    expect(await client.send('GET', at('none'))).toMatchObject({ status: 404, body: { code: 'ENTITY_NOT_FOUND' } });
    expect(await client.send('DELETE', at('none'))).toMatchObject({ status: 404, body: { code: 'ENTITY_NOT_FOUND' } });
  });

  it('lets two pipelines have a trigger of the same identifier', async () => {
    const client = await project();
    await client.create(simplePipeline('other'));
    await Promise.all([created(client, 'same'), created(client, 'same', { target: 'other' })]);
    expect((await client.send('DELETE', at('same'))).body.data).toBe(true);
    expect((await client.send('GET', '/pipeline/api/triggers/same?targetIdentifier=other')).status).toBe(200);
  });

  it('changes and deletes only the version named by If-Match', async () => {
    const client = await project();
    await created(client, 'v');
    const put = (version: string) => client.send('PUT', at('v'), triggerYaml(client, 'v'), { 'if-match': version });
    expect(await put('7')).toMatchObject({
      status: 412,
      body: { code: 'OPTIMISTIC_LOCK', message: expect.stringMatching(/has version 1, not 7/) },
    });
    expect((await put('"1"')).status).toBe(200);
    expect((await put('')).status).toBe(200);
    expect((await put('*')).status).toBe(200);
    expect((await put('one')).status).toBe(400);
    expect(await client.send('DELETE', at('v'), undefined, { 'if-match': '1' })).toMatchObject({
      status: 412,
      body: { code: 'OPTIMISTIC_LOCK' },
    });
    expect((await client.send('DELETE', at('v'), undefined, { 'if-match': '4' })).body.data).toBe(true);
  });

  it('pages, searches and filters, newest first', async () => {
    const client = await project();
    for (const [id, source] of [
      ['alpha', CRON],
      ['beta', GITHUB],
      ['gamma', CRON],
    ] as const)
      await created(client, id, { source });
    type Page = {
      content: { identifier: string }[];
      totalItems: number;
      totalPages: number;
      pageIndex: number;
      pageSize: number;
      pageItemCount: number;
      empty: boolean;
    };
    const list = async (query: string): Promise<Page> =>
      (await client.send<Page>('GET', `/pipeline/api/triggers?targetIdentifier=deploy&${query}`)).body.data;
    expect((await list('')).content.map(({ identifier }) => identifier)).toEqual(['gamma', 'beta', 'alpha']);
    expect(await list('page=1&size=2')).toMatchObject({
      totalItems: 3,
      totalPages: 2,
      pageIndex: 1,
      pageSize: 2,
      pageItemCount: 1,
      empty: false,
      content: [{ identifier: 'alpha' }],
    });
    expect((await list('searchTerm=MM')).content.map(({ identifier }) => identifier)).toEqual(['gamma']);
    expect((await list('filter=scheduled')).content.map(({ identifier }) => identifier)).toEqual(['gamma', 'alpha']);
    expect((await list('filter=Github')).content.map(({ identifier }) => identifier)).toEqual(['beta']);
    expect(await list('searchTerm=%25')).toMatchObject({ totalItems: 0, empty: true });
  });

  it('stores inputs that have faults only when errors are to be ignored, and says what they are', async () => {
    const client = await project();
    const yaml = triggerYaml(client, 'in', { extra: ['inputSetRefs: [missing]', 'inputYaml: "stage: {}"'] });
    const refused = await create(client, yaml);
    expect(refused).toMatchObject({
      status: 400,
      body: {
        code: 'INVALID_REQUEST',
        errors: [{ fieldId: 'trigger.inputSetRefs[0]' }, { fieldId: 'trigger.inputYaml' }],
      },
    });
    const stored = await create(client, yaml, 'targetIdentifier=deploy&ignoreError=true');
    expect(stored.body.data).toMatchObject({
      errorResponse: true,
      errors: {
        'trigger.inputSetRefs[0]': expect.stringMatching(/no input set "missing"/),
        'trigger.inputYaml': expect.any(String),
      },
    });
    expect(
      (await client.send<TriggerDetails>('GET', at('in', '/details'))).body.data.triggerStatus.validationStatus
        .statusResult,
    ).toBe('FAILED');
    const mended = await client.send<TriggerResponse>(
      'PUT',
      at('in'),
      triggerYaml(client, 'in', { extra: ['inputYaml: "pipeline: {}\\n"'] }),
    );
    expect(mended.body.data).toMatchObject({ errorResponse: false, errors: {} });
  });

  it('is not enabled while nothing starts pipelines: refused with the remedy, or stored as not enabled when errors are to be ignored', async () => {
    const client = await project();
    const yaml = triggerYaml(client, 'on', { extra: ['enabled: true'] });
    const refusal = {
      status: 422,
      body: {
        code: 'NOT_IMPLEMENTED',
        message: expect.stringMatching(/^trigger\.enabled: .*write "enabled: false"/),
        errors: [{ fieldId: 'trigger.enabled' }],
      },
    };
    expect(await create(client, yaml)).toMatchObject(refusal);
    expect((await client.send('GET', at('on'))).status).toBe(404);
    const said = {
      enabled: false,
      yaml,
      errorResponse: true,
      errors: { 'trigger.enabled': expect.stringMatching(/nothing starts a pipeline by itself yet/) },
    };
    expect((await create(client, yaml, 'targetIdentifier=deploy&ignoreError=true')).body.data).toMatchObject(said);
    expect((await client.send('GET', at('on'))).body.data).toMatchObject(said);
    expect((await client.send('GET', at('on', '/details'))).body.data).toMatchObject({
      enabled: false,
      triggerStatus: {
        validationStatus: { statusResult: 'FAILED', detailedMessage: expect.stringMatching(/^trigger\.enabled: /) },
      },
    });
    expect(await client.send('PUT', at('on'), yaml)).toMatchObject(refusal);
    const off = triggerYaml(client, 'on', { extra: ['enabled: false'] });
    expect((await client.send('PUT', at('on'), off)).body.data).toMatchObject({
      enabled: false,
      yaml: off,
      errorResponse: false,
      errors: {},
    });
  });

  it('shows what was stored as enabled before as not enabled, with the reason', async () => {
    const client = await project();
    await created(client, 'old');
    await created(client, 'off');
    await world.pg.query(
      'pipeline',
      `UPDATE triggers SET is_enabled = true, errors = '{"trigger.inputYaml":"is wrong"}' WHERE identifier = 'old' AND project_id = $1`,
      [client.project],
    );
    const db = await openDataSource(
      createPipelineDataSource(readFileSync(world.env['PIPELINE_DATABASE_URL_FILE'] ?? '', 'utf8'), 2),
    );
    try {
      await new DisableTriggers1795430000000().up(db.createQueryRunner());
    } finally {
      await db.destroy();
    }
    expect((await client.send('GET', at('old'))).body.data).toMatchObject({
      enabled: false,
      errorResponse: true,
      errors: { 'trigger.enabled': expect.stringMatching(/write "enabled: false"/), 'trigger.inputYaml': 'is wrong' },
    });
    expect((await client.send('GET', at('off'))).body.data).toMatchObject({ enabled: false, errors: {} });
  });

  it('loses its triggers with the pipeline', async () => {
    const client = await project();
    await created(client, 'gone');
    expect((await client.send('DELETE', '/pipeline/api/pipelines/deploy')).status).toBe(200);
    expect((await client.send('GET', at('gone'))).status).toBe(404);
    await client.create(simplePipeline('deploy'));
    expect(
      (await client.send<{ totalItems: number }>('GET', '/pipeline/api/triggers?targetIdentifier=deploy')).body.data
        .totalItems,
    ).toBe(0);
  });

  it('belongs to its account and project; viewers look, editors change', async () => {
    const client = await project();
    await created(client, 'mine');
    const elsewhere = world.project();
    await elsewhere.create(simplePipeline('deploy'));
    expect((await elsewhere.send('GET', at('mine'))).status).toBe(404);
    expect((await elsewhere.send('DELETE', at('mine'))).status).toBe(404);
    expect((await client.as('other').send('GET', at('mine'))).status).toBe(404);
    const [viewer, editor] = [client.as('acc', VIEWER), client.as('acc', EDITOR)];
    expect((await viewer.send('GET', at('mine'))).status).toBe(200);
    expect([
      (await create(viewer, triggerYaml(client, 'x'))).status,
      (await viewer.send('PUT', at('mine'), triggerYaml(client, 'mine'))).status,
      (await viewer.send('DELETE', at('mine'))).status,
    ]).toEqual([403, 403, 403]);
    expect((await editor.send('DELETE', at('mine'))).status).toBe(200);
  });

  it('has a catalogue of the kinds it knows', async () => {
    const answer = await world
      .project()
      .send<{ catalog: { category: string; triggerCatalogType: string[] }[] }>('GET', '/pipeline/api/triggers/catalog');
    expect(answer.body.data.catalog.map(({ category }) => category)).toEqual([
      'Webhook',
      'Artifact',
      'Manifest',
      'Scheduled',
      'MultiRegionArtifact',
      'SystemEvent',
    ]);
    expect(answer.body.data.catalog[0]?.triggerCatalogType).toEqual(
      expect.arrayContaining(['Github', 'Gitlab', 'Bitbucket', 'Custom']),
    );
  });

  it.each([
    ['POST', '/ng/api/webhook'],
    ['POST', '/pipeline/api/webhook/trigger'],
    ['POST', '/pipeline/api/webhook/custom?pipelineIdentifier=p&triggerIdentifier=t'],
    ['POST', '/pipeline/api/webhook/custom/token/v2'],
    ['GET', '/pipeline/api/webhook/triggerProcessingDetails?eventId=e'],
  ])('does not pretend to take an event: %s %s', async (method, path) => {
    const answer = await world.project().send(method, path, method === 'POST' ? { ref: 'refs/heads/main' } : undefined);
    expect(answer).toMatchObject({
      status: 422,
      body: {
        status: 'FAILURE',
        code: 'NOT_IMPLEMENTED',
        message: expect.stringMatching(/do not start pipelines yet/),
      },
    });
  });

  it.each([
    ['NUL', 'a\u0000b'],
    ['a lone surrogate', 'a\ud800b'],
    ['a huge text', 'x'.repeat(300_000)],
  ])('never fails on %s', async (_what, text) => {
    const client = await project();
    const trigger = {
      identifier: 'odd',
      name: 'n',
      description: text,
      orgIdentifier: client.org,
      projectIdentifier: client.project,
      source: { type: 'Webhook', spec: { type: 'Custom', spec: {} } },
    };
    expect((await create(client, JSON.stringify({ trigger }))).status).toBeLessThan(500);
    expect(
      (
        await client.send(
          'GET',
          `/pipeline/api/triggers/${encodeURIComponent(text.replace('\ud800', '\ufffd').slice(0, 50))}?targetIdentifier=${encodeURIComponent(text.replace('\ud800', '\ufffd').slice(0, 50))}`,
        )
      ).status,
    ).toBeLessThan(500);
    expect(
      (
        await client.send(
          'GET',
          `/pipeline/api/triggers?targetIdentifier=deploy&searchTerm=${encodeURIComponent(text.replace('\ud800', '\ufffd').slice(0, 200))}`,
        )
      ).status,
    ).toBeLessThan(500);
  });
});
