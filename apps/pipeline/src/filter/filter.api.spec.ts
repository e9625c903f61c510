import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '@sluice/kernel';
import { testUser } from '@sluice/testing';
import { removeProject } from '../testing/ng-manager-double.js';
import {
  World,
  groupYaml,
  pipelineYaml,
  simplePipeline,
  stageYaml,
  type ProjectClient,
} from '../testing/pipeline-under-test.js';

const FILTERS = '/pipeline/api/filters';
const SETUP = `${FILTERS}?type=PipelineSetup`;
const tagged = (id: string, tag: string): string =>
  pipelineYaml(id, stageYaml('db', groupYaml('grp', [{ id: 'apply' }])), [`tags: { team: ${tag} }`]);

describe('stored filters', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.create();
    await world.startInProcess();
  }, 300_000);
  afterAll(() => world.stop());

  const store = (
    client: ProjectClient,
    identifier: string,
    filterProperties: object,
    more: object = {},
    method = 'POST',
  ) =>
    client.send<Record<string, unknown>>(method, FILTERS, {
      name: `Filter ${identifier}`,
      identifier,
      orgIdentifier: client.org,
      projectIdentifier: client.project,
      filterProperties,
      ...more,
    });
  const named = (client: ProjectClient, path: string, body: object = {}) =>
    client
      .send<{ content: { identifier: string; name: string; planExecutionId: string }[] }>('POST', path, body)
      .then(
        (answer) => [answer.status, answer.body.data?.content.map((row) => row.identifier ?? row.name).sort()] as const,
      );

  it('come back as they were sent, from every route, with the project that the body names', async () => {
    const client = world.project();
    const filterProperties = {
      filterType: 'PipelineSetup',
      name: 'pipe',
      description: 'text',
      pipelineIdentifiers: ['a', 'b'],
      pipelineTags: [{ key: 'team', value: 'x' }],
      tags: { foo: 'bar' },
      moduleProperties: {},
    };
    const stored = {
      name: 'Filter mine',
      identifier: 'mine',
      orgIdentifier: client.org,
      projectIdentifier: client.project,
      filterProperties,
      filterVisibility: 'EveryOne',
    };
    expect(await store(client, 'mine', filterProperties)).toMatchObject({ status: 200, body: { data: stored } });
    expect((await client.send('GET', `${FILTERS}/mine?type=PipelineSetup`)).body.data).toEqual(stored);
    const later = {
      ...stored,
      name: 'Later',
      filterProperties: { filterType: 'PipelineSetup', tags: {} },
      filterVisibility: 'OnlyCreator',
    };
    expect(await client.send('PUT', FILTERS, later)).toMatchObject({ status: 200, body: { data: later } });
    expect((await client.send('GET', SETUP)).body.data).toMatchObject({
      totalItems: 1,
      pageSize: 100,
      content: [later],
    });
    expect((await client.send('GET', `${SETUP}&searchTerm=nothing`)).body.data).toMatchObject({
      totalItems: 0,
      content: [],
    });
    expect((await client.send('DELETE', `${FILTERS}/mine?type=PipelineSetup`)).body.data).toBe(true);
    expect(await client.send('GET', `${FILTERS}/mine?type=PipelineSetup`)).toMatchObject({
      status: 404,
      body: { code: 'ENTITY_NOT_FOUND' },
    });
    expect((await client.send('PUT', FILTERS, later)).status).toBe(404);
  });

  it('of the two types may have the same identifier, of one type not', async () => {
    const client = world.project();
    expect((await store(client, 'same', { filterType: 'PipelineSetup' })).status).toBe(200);
    expect((await store(client, 'same', { filterType: 'PipelineExecution', status: ['Failed'] })).status).toBe(200);
    expect(await store(client, 'same', { filterType: 'PipelineSetup' })).toMatchObject({
      status: 409,
      body: { code: 'DUPLICATE_FIELD', errors: [{ fieldId: 'identifier' }] },
    });
    expect((await client.send('GET', `${FILTERS}?type=PipelineExecution`)).body.data).toMatchObject({
      content: [{ identifier: 'same', filterProperties: { status: ['Failed'] } }],
    });
  });

  it.each([
    [
      'a type that nothing is filtered by',
      { filterProperties: { filterType: 'Template' } },
      /filterType must be PipelineSetup or PipelineExecution/,
    ],
    [
      'a property of a module',
      { filterProperties: { filterType: 'PipelineSetup', moduleProperties: { cd: { serviceIdentifiers: ['s'] } } } },
      /is not a filter here/,
    ],
    [
      'a property the lists do not know',
      { filterProperties: { filterType: 'PipelineSetup', triggerTypes: ['CRON'] } },
      /triggerTypes/,
    ],
    ['no name', { name: '' }, /must not be empty/],
    ['an identifier that is none', { identifier: 'a b' }, /must start with a letter/],
  ])('are refused with the field when they hold %s', async (_what, more, message) => {
    const answer = await store(world.project(), 'bad', { filterType: 'PipelineSetup' }, more);
    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer.body)).toMatch(message);
  });

  it('narrow the lists that name them, together with what the request says itself', async () => {
    const client = world.project();
    for (const [id, tag] of [
      ['one', 'x'],
      ['two', 'x'],
      ['three', 'y'],
    ] as const)
      await client.create(tagged(id, tag));
    await store(client, 'of_x', { filterType: 'PipelineSetup', pipelineTags: [{ key: 'team', value: 'x' }] });
    await store(client, 'of_map', { filterType: 'PipelineSetup', tags: { team: 'y' } });
    await store(client, 'first', { filterType: 'PipelineSetup', name: 'one' });
    const list = '/pipeline/api/pipelines/list?filterIdentifier=';
    expect(await named(client, `${list}of_x`, { filterType: 'PipelineSetup' })).toEqual([200, ['one', 'two']]);
    expect(await named(client, `${list}of_map`)).toEqual([200, ['three']]);
    expect(await named(client, `${list}of_x`, { name: 'two' })).toEqual([200, ['two']]);
    expect(await named(client, `${list}first`, { name: 'three' })).toEqual([200, ['three']]);
    expect(
      (await client.send('GET', `/v1/orgs/${client.org}/projects/${client.project}/pipelines?filter_identifier=of_map`))
        .body,
    ).toMatchObject([{ identifier: 'three' }]);
    await client.ended(await client.execute('one'));
    await client.ended(await client.execute('three'));
    await store(client, 'of_x', { filterType: 'PipelineExecution', pipelineTags: [{ key: 'team', value: 'x' }] });
    await store(client, 'broken', { filterType: 'PipelineExecution', status: ['Failed'] });
    const runs = '/pipeline/api/pipelines/execution/summary';
    expect(await named(client, `${runs}?filterIdentifier=of_x`)).toEqual([200, ['one']]);
    expect(await named(client, `${runs}/outline?filterIdentifier=of_x`)).toEqual([200, ['one']]);
    expect(await named(client, `${runs}?filterIdentifier=broken`)).toEqual([200, []]);
    expect(await named(client, `${runs}?filterIdentifier=broken&status=Success`)).toEqual([200, ['one', 'three']]);
    expect(await client.send('POST', `${runs}?filterIdentifier=first`, {})).toMatchObject({
      status: 400,
      body: {
        errors: [{ fieldId: 'filterIdentifier' }],
        message: expect.stringMatching(/no saved filter "first" of type PipelineExecution/),
      },
    });
  });

  it('of OnlyCreator are there for who made them, and for nobody else', async () => {
    const client = world.project();
    await store(client, 'secret', { filterType: 'PipelineSetup' }, { filterVisibility: 'OnlyCreator' });
    await world.pg.query('pipeline', `UPDATE filters SET created_by = 'somebody else' WHERE project_id = $1`, [
      client.project,
    ]);
    const answers = await Promise.all([
      client.send('GET', `${FILTERS}/secret?type=PipelineSetup`),
      client.send('DELETE', `${FILTERS}/secret?type=PipelineSetup`),
      store(client, 'secret', { filterType: 'PipelineSetup' }, {}, 'PUT'),
      client.send('POST', '/pipeline/api/pipelines/list?filterIdentifier=secret', {}),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 400]);
    expect((await client.send('GET', SETUP)).body.data).toMatchObject({ totalItems: 0 });
  });

  it('belong to a project: outside of one they are refused, in one that does not exist too', async () => {
    const client = world.project();
    const own = await world.identities.headers('pipeline', testUser('acc'));
    const send = (body: object) =>
      fetch(`${world.url}${FILTERS}?accountIdentifier=acc`, {
        method: 'POST',
        headers: { ...own, 'content-type': 'application/json' },
        body: JSON.stringify({
          name: 'n',
          identifier: 'n',
          filterProperties: { filterType: 'PipelineSetup' },
          ...body,
        }),
      });
    const [none, noProject] = [await send({}), await send({ orgIdentifier: client.org })];
    expect([none.status, await none.text()]).toEqual([400, expect.stringContaining('orgIdentifier is missing')]);
    expect([noProject.status, await noProject.text()]).toEqual([
      400,
      expect.stringContaining('projectIdentifier is missing'),
    ]);
  });

  it('go with their project, and say so in the audit trail', async () => {
    const client = world.project();
    await client.create(simplePipeline('p'));
    await store(client, 'mine', { filterType: 'PipelineSetup' });
    const position = removeProject(world.ngManager.state, {
      accountId: client.accountId,
      orgId: client.org,
      projectId: client.project,
    });
    await waitFor(() => (world.ngManager.state.confirmed.get(position) ?? 0) >= 1, {
      timeoutMs: 120_000,
      what: 'confirmation of the removal',
    });
    expect(await world.pg.query('pipeline', 'SELECT 1 FROM filters WHERE project_id = $1', [client.project])).toEqual(
      [],
    );
    const told = () =>
      world.ngManager.state.auditEvents.filter(
        ({ projectId, resourceType }) => projectId === client.project && resourceType === 'filter',
      );
    const events = await waitFor(() => told().length >= 2 && told(), {
      timeoutMs: 120_000,
      what: 'audit events of the filter',
    });
    expect(events).toMatchObject([
      { action: 'create', identifier: 'mine' },
      { action: 'delete', identifier: 'mine', details: { isRemovedWith: `project ${client.project}` } },
    ]);
  });
});
