import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '@sluice/kernel';
import { World, simplePipeline, type ProjectClient } from '../testing/pipeline-under-test.js';

const PIPELINES = '/pipeline/api/pipelines';

/** What every pipeline of these tests refers to. */
const COMMON = ['connector k8s', 'connector account.harnessImage', 'dbschema orders'];

/** The pipeline with a variable whose value refers to secrets. */
const naming = (id: string, ...secrets: readonly string[]): string =>
  simplePipeline(id).replace(`  name: ${id}\n`, `  name: ${id}\n  variables:\n    - { name: v, type: String, value: "${secrets.map((secret) => `<+secrets.getValue('${secret}')>`).join(' ')}" }\n`);

describe('what stored documents refer to', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.create();
    await world.startInProcess();
  }, 300_000);
  afterAll(() => world.stop());

  const usesOf = ({ accountId, org, project }: ProjectClient, user: string): readonly string[] => world.ngManager.state.uses.get(`${accountId}/${org}/${project} ${user}`) ?? [];
  const settled = (client: ProjectClient, user: string, uses: readonly string[]) =>
    waitFor(() => JSON.stringify(usesOf(client, user)) === JSON.stringify(uses), { timeoutMs: 30_000, what: `${user} to refer to ${JSON.stringify(uses)}` });

  it('is known to NG manager when the answer to a create or update comes, and exactly that a moment later', async () => {
    const client = world.project();
    await client.create(naming('p', 'one', 'account.two'));
    expect(usesOf(client, 'pipeline p')).toEqual(['secret one', 'secret account.two', ...COMMON]);
    expect((await client.send('PUT', `${PIPELINES}/v2/p`, naming('p', 'three'))).status).toBe(200);
    expect(usesOf(client, 'pipeline p')).toContain('secret three');
    await settled(client, 'pipeline p', ['secret three', ...COMMON]);
  });

  it('is nothing once the pipeline is deleted, nor of its input sets and triggers', async () => {
    const client = world.project();
    await client.create(simplePipeline('p'));
    const set = `inputSet:\n  identifier: s\n  name: s\n  pipeline:\n    identifier: p\n    variables:\n      - { name: v, type: Secret, value: account.token }\n`;
    expect((await client.send('POST', '/pipeline/api/inputSets?pipelineIdentifier=p', set)).status).toBe(200);
    const input = 'pipeline:\n  identifier: p\n  variables:\n    - { name: v, type: String, value: "<+secrets.getValue(\'org.inside\')>" }\n';
    const trigger = { identifier: 't', name: 't', orgIdentifier: client.org, projectIdentifier: client.project, pipelineIdentifier: 'p', source: { type: 'Webhook', spec: { type: 'Github', spec: { type: 'Push', spec: { connectorRef: 'account.gh', repoName: 'r' } } } }, encryptedWebhookSecretIdentifier: 'signing', inputYaml: input };
    expect((await client.send('POST', '/pipeline/api/triggers?targetIdentifier=p', JSON.stringify({ trigger }))).status).toBe(200);
    expect(usesOf(client, 'inputSet p/s')).toEqual(['secret account.token']);
    expect([...usesOf(client, 'trigger p/t')].sort()).toEqual(['connector account.gh', 'secret org.inside', 'secret signing']);
    expect((await client.send('DELETE', `${PIPELINES}/p`)).status).toBe(200);
    for (const user of ['pipeline p', 'inputSet p/s', 'trigger p/t']) await settled(client, user, []);
  });

  it('of a document that was refused is forgotten, and what is stored still counts', async () => {
    const client = world.project();
    await client.create(naming('p', 'kept'));
    expect((await client.send('POST', `${PIPELINES}/v2`, naming('p', 'refused'))).status).toBe(409);
    expect((await client.send('PUT', `${PIPELINES}/v2/p`, naming('p', 'refused'), { 'if-match': '99' })).status).toBe(412);
    expect(usesOf(client, 'pipeline p')).toEqual(['secret kept', ...COMMON]);
    expect((await client.send('PUT', `${PIPELINES}/v2/none`, naming('none', 'x'))).status).toBe(404);
    expect(usesOf(client, 'pipeline none')).toEqual([]);
  });

  it('is at most a thousand things', async () => {
    const client = world.project();
    const secrets = Array.from({ length: 1_000 }, (_, index) => `s${index}`);
    const most = secrets.slice(COMMON.length);
    expect(await client.send('POST', `${PIPELINES}/v2`, naming('p', 'more', ...most))).toMatchObject({ status: 400, body: { message: expect.stringContaining('refers to 1001 connectors, secrets and DB schemas; at most 1000 are taken') } });
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
    expect(await client.send('PUT', `${PIPELINES}/v2/p`, naming('p', 'two'))).toMatchObject({ status: 503, body: { code: 'UPSTREAM_UNAVAILABLE' } });
    world.ngManager.state.failUses = false;
    expect((await client.send('GET', `${PIPELINES}/p`)).body.data).toMatchObject({ yamlPipeline: naming('p', 'one') });
  });
});
