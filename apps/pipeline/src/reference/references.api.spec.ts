import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '@sluice/kernel';
import {
  World,
  groupYaml,
  pipelineYaml,
  simplePipeline,
  stageYaml,
  type ProjectClient,
} from '../testing/pipeline-under-test.js';

const PIPELINES = '/pipeline/api/pipelines';

/** What every pipeline of these tests refers to. */
const COMMON = ['connector k8s', 'connector account.harnessImage', 'dbschema orders'];

/** The pipeline with a variable whose value refers to secrets. */
const naming = (id: string, ...secrets: readonly string[]): string =>
  simplePipeline(id).replace(
    `  name: ${id}\n`,
    `  name: ${id}\n  variables:\n    - { name: v, type: String, value: "${secrets.map((secret) => `<+secrets.getValue('${secret}')>`).join(' ')}" }\n`,
  );

describe('what stored documents refer to', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.create();
    await world.startInProcess();
  }, 300_000);
  afterAll(() => world.stop());

  const usesOf = ({ accountId, org, project }: ProjectClient, user: string): readonly string[] =>
    world.ngManager.state.uses.get(`${accountId}/${org}/${project} ${user}`) ?? [];
  const settled = (client: ProjectClient, user: string, uses: readonly string[]) =>
    waitFor(() => JSON.stringify(usesOf(client, user)) === JSON.stringify(uses), {
      timeoutMs: 120_000,
      what: `${user} to refer to ${JSON.stringify(uses)}`,
    });

  it('is known to NG manager, and exactly that, when the answer to a create or update comes', async () => {
    const client = world.project();
    await client.create(naming('p', 'one', 'account.two'));
    expect(usesOf(client, 'pipeline p')).toEqual(['secret one', 'secret account.two', ...COMMON]);
    expect((await client.send('PUT', `${PIPELINES}/v2/p`, naming('p', 'three'))).status).toBe(200);
    expect(usesOf(client, 'pipeline p')).toEqual(['secret three', ...COMMON]);
  });

  it('is nothing when the answer to the deletion of the pipeline comes, nor of its input sets and triggers', async () => {
    const client = world.project();
    await client.create(simplePipeline('p'));
    const set = `inputSet:\n  identifier: s\n  name: s\n  pipeline:\n    identifier: p\n    variables:\n      - { name: v, type: Secret, value: account.token }\n`;
    expect((await client.send('POST', '/pipeline/api/inputSets?pipelineIdentifier=p', set)).status).toBe(200);
    const input =
      'pipeline:\n  identifier: p\n  variables:\n    - { name: v, type: String, value: "<+secrets.getValue(\'org.inside\')>" }\n';
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
      encryptedWebhookSecretIdentifier: 'signing',
      inputYaml: input,
    };
    expect(
      (await client.send('POST', '/pipeline/api/triggers?targetIdentifier=p', JSON.stringify({ trigger }))).status,
    ).toBe(200);
    expect(usesOf(client, 'inputSet p/s')).toEqual(['secret account.token']);
    expect([...usesOf(client, 'trigger p/t')].sort()).toEqual([
      'connector account.gh',
      'secret org.inside',
      'secret signing',
    ]);
    expect((await client.send('DELETE', `${PIPELINES}/p`)).status).toBe(200);
    for (const user of ['pipeline p', 'inputSet p/s', 'trigger p/t'])
      expect([user, usesOf(client, user)]).toEqual([user, []]);
  });

  it('and is not run, a Flyway schema, is said in the answer to the save', async () => {
    const client = world.project();
    world.ngManager.state.flyway.add('orders');
    const saved = await client.send<{ warnings: { field: string; message: string }[] }>(
      'POST',
      `${PIPELINES}/v2`,
      simplePipeline('p'),
    );
    expect(saved.body.data.warnings).toContainEqual({
      field: 'pipeline.stages[0].stage.spec.execution.steps[0].stepGroup.steps[0].step.spec.dbSchema',
      message: 'orders is not run',
    });
    world.ngManager.state.flyway.clear();
    const later = await client.send<{ warnings: { field: string }[] }>('PUT', `${PIPELINES}/v2/p`, simplePipeline('p'));
    expect(later.body.data.warnings.filter(({ field }) => field.endsWith('dbSchema'))).toEqual([]);
  });

  describe('filed under services, environments and infrastructures', () => {
    const stage = (id: string, lines: readonly string[]): string =>
      stageYaml(id, groupYaml('grp', [{ id: 'apply' }])).replace(
        '          execution:\n',
        `${lines.map((line) => `          ${line}\n`).join('')}          execution:\n`,
      );
    const filed = (id: string, environmentRef = 'prod'): string =>
      pipelineYaml(
        id,
        stage('one', [
          'service: { serviceRef: account.shop }',
          `environment: { environmentRef: ${environmentRef}, deployToAll: false, infrastructureDefinitions: [{ identifier: cluster }] }`,
        ]) + stage('two', ['service: { serviceRef: other }']),
      );
    const list = async (client: ProjectClient, body: object) =>
      (
        await client.send<{ content: { planExecutionId: string }[] }>(
          'POST',
          '/pipeline/api/pipelines/execution/summary',
          body,
        )
      ).body.data.content
        .map(({ planExecutionId }) => planExecutionId)
        .sort();
    beforeAll(() => {
      for (const one of [
        'service account.shop',
        'service other',
        'environment prod',
        'environment org.prod',
        'infrastructure prod/cluster',
        'infrastructure org.prod/cluster',
      ])
        world.ngManager.state.filed.add(one);
    });

    it('is looked up when it is saved and refused with its field when it is not there; the answer says that nothing is deployed to it', async () => {
      const client = world.project();
      const refused = await client.send('POST', `${PIPELINES}/v2`, filed('p', 'nowhere'));
      expect([refused.status, refused.body.code, refused.body.message]).toEqual([
        400,
        'INVALID_IDENTIFIER_REF',
        expect.stringContaining(
          'pipeline.stages[0].stage.spec.environment.environmentRef: there is no environment "nowhere"',
        ),
      ]);
      const saved = await client.send<{ warnings: { field: string; message: string }[] }>(
        'POST',
        `${PIPELINES}/v2`,
        filed('p'),
      );
      expect(saved.body.data.warnings).toEqual(
        expect.arrayContaining(
          ['service', 'environment'].map((key) => ({
            field: `pipeline.stages[0].stage.spec.${key}`,
            message: expect.stringContaining('nothing is deployed to'),
          })),
        ),
      );
      expect(usesOf(client, 'pipeline p')).toEqual(
        expect.arrayContaining([
          'service account.shop',
          'environment prod',
          'infrastructure prod/cluster',
          'service other',
        ]),
      );
      expect((await client.send<{ yamlPipeline: string }>('GET', `${PIPELINES}/p`)).body.data.yamlPipeline).toBe(
        filed('p'),
      );
    });

    it('may be of a scope above only for who may see it there', async () => {
      const client = world.project();
      const admin = { role: 'project_admin', orgId: client.org, projectId: client.project } as const;
      const refused = await client.as('acc', [admin]).send('POST', `${PIPELINES}/v2`, filed('p'));
      expect([refused.status, refused.body.message]).toEqual([
        400,
        expect.stringMatching(
          /serviceRef: there is no service "shop" in account acc that .* may use; .*the role Viewer there/,
        ),
      ]);
      expect(
        (await client.as('acc', [admin, { role: 'viewer' }]).send('POST', `${PIPELINES}/v2`, filed('p'))).status,
      ).toBe(200);
    });

    it.each([
      [
        'a text that is no reference',
        'environment: { environmentRef: "a b" }',
        /is no reference; write id, org\.id or account\.id/,
      ],
      ['a text in its place', 'service: shop', /pipeline\.stages\[0\]\.stage\.spec\.service/],
    ])('is refused for %s', async (_what, line, message) => {
      const answer = await world.project().send('POST', `${PIPELINES}/v2`, pipelineYaml('p', stage('one', [line])));
      expect([answer.status, answer.body.message]).toEqual([400, expect.stringMatching(message)]);
    });

    it('in the input of a run is looked up too, and shown on the execution and found in the list by it', async () => {
      const client = world.project();
      await client.create(filed('p', '<+input>'));
      await client.create(simplePipeline('plain'));
      const input = (environmentRef: string): string =>
        `pipeline:\n  identifier: p\n  stages:\n    - stage:\n        identifier: one\n        type: Custom\n        spec:\n          environment:\n            environmentRef: ${environmentRef}\n`;
      const refused = await client.send('POST', '/pipeline/api/pipeline/execute/p', input('nowhere'));
      expect([refused.status, refused.body.message]).toEqual([
        400,
        expect.stringContaining('environment.environmentRef: there is no environment "nowhere"'),
      ]);
      const [run, plain] = [await client.execute('p', input('org.prod')), await client.execute('plain')];
      expect((await client.detail(run)).pipelineExecutionSummary.moduleInfo).toEqual({
        dbops: {},
        cd: {
          serviceIdentifiers: ['account.shop', 'other'],
          envIdentifiers: ['org.prod'],
          infrastructureIdentifiers: ['cluster'],
        },
      });
      expect((await client.detail(plain)).pipelineExecutionSummary.moduleInfo).toEqual({ dbops: {} });
      const by = (cd: object): Promise<string[]> =>
        list(client, { filterType: 'PipelineExecution', moduleProperties: { cd } });
      expect(
        await by({
          serviceIdentifiers: ['other', 'nowhere'],
          envIdentifiers: ['org.prod'],
          infrastructureIdentifiers: ['cluster'],
        }),
      ).toEqual([run]);
      expect(await by({ serviceIdentifiers: ['other'], envIdentifiers: ['prod'] })).toEqual([]);
      expect(await by({ envIdentifiers: [] })).toEqual([run, plain].sort());
      await client.send('POST', '/pipeline/api/filters', {
        name: 'Prod',
        identifier: 'prod',
        filterProperties: {
          filterType: 'PipelineExecution',
          moduleProperties: { cd: { envIdentifiers: ['org.prod'] } },
        },
      });
      expect(
        (
          await client.send<{ content: { planExecutionId: string }[] }>(
            'POST',
            '/pipeline/api/pipelines/execution/summary?filterIdentifier=prod',
            {},
          )
        ).body.data.content.map(({ planExecutionId }) => planExecutionId),
      ).toEqual([run]);
      await Promise.all([run, plain].map((id) => client.ended(id)));
    });
  });

  it('of a document that was refused is forgotten, and what is stored still counts', async () => {
    const client = world.project();
    await client.create(naming('p', 'kept'));
    expect((await client.send('POST', `${PIPELINES}/v2`, naming('p', 'refused'))).status).toBe(409);
    expect((await client.send('PUT', `${PIPELINES}/v2/p`, naming('p', 'refused'), { 'if-match': '99' })).status).toBe(
      412,
    );
    expect(usesOf(client, 'pipeline p')).toEqual(['secret kept', ...COMMON]);
    expect((await client.send('PUT', `${PIPELINES}/v2/none`, naming('none', 'x'))).status).toBe(404);
    expect(usesOf(client, 'pipeline none')).toEqual([]);
  });

  it('is at most a thousand things', async () => {
    const client = world.project();
    const secrets = Array.from({ length: 1_000 }, (_, index) => `s${index}`);
    const most = secrets.slice(COMMON.length);
    expect(await client.send('POST', `${PIPELINES}/v2`, naming('p', 'more', ...most))).toMatchObject({
      status: 400,
      body: {
        message: expect.stringContaining('refers to 1001 connectors, secrets and DB schemas; at most 1000 are taken'),
      },
    });
    await client.create(naming('p', ...most));
    expect(usesOf(client, 'pipeline p')).toHaveLength(1_000);
  });

  it('is said again after a restart when NG manager did not hear it', async () => {
    const client = world.project();
    await client.create(naming('p', 'one'));
    await settled(client, 'pipeline p', ['secret one', ...COMMON]);
    world.ngManager.state.failUses = true;
    expect((await client.send('DELETE', `${PIPELINES}/p`)).status).toBe(200);
    await world.stopApp();
    expect(usesOf(client, 'pipeline p')).toHaveLength(4);
    world.ngManager.state.failUses = false;
    await world.startInProcess();
    await settled(client, 'pipeline p', []);
  });

  it('must be known before it is stored: with NG manager away nothing is', async () => {
    const client = world.project();
    await client.create(naming('p', 'one'));
    world.ngManager.state.failUses = true;
    expect(await client.send('PUT', `${PIPELINES}/v2/p`, naming('p', 'two'))).toMatchObject({
      status: 503,
      body: { code: 'UPSTREAM_UNAVAILABLE' },
    });
    world.ngManager.state.failUses = false;
    expect((await client.send('GET', `${PIPELINES}/p`)).body.data).toMatchObject({ yamlPipeline: naming('p', 'one') });
  });
});
