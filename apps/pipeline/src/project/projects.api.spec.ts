import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '@sluice/kernel';
import { ProjectClient, World, simplePipeline, type Answer } from '../testing/pipeline-under-test.js';

const PIPELINES = '/pipeline/api/pipelines';

type Attempt = (client: ProjectClient) => Promise<Answer<unknown>>;
const v1 = ({ org, project }: ProjectClient): string => `/v1/orgs/${org}/projects/${project}/pipelines`;
const ATTEMPTS: readonly (readonly [string, Attempt])[] = [
  ['a pipeline', (client) => client.send('POST', `${PIPELINES}/v2`, simplePipeline('p'))],
  ['a pipeline in the older form', (client) => client.send('POST', PIPELINES, simplePipeline('p'))],
  [
    'a pipeline in the v1 form',
    (client) => client.send('POST', v1(client), { identifier: 'p', name: 'p', pipeline_yaml: simplePipeline('p') }),
  ],
  [
    'a run of YAML that is not stored',
    (client) => client.send('POST', `${v1(client)}/p/execute/dynamic`, { yaml: simplePipeline('p') }),
  ],
];

describe('pipelines live in projects that exist', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.create();
    await world.startInProcess();
  }, 300_000);
  afterAll(() => world.stop());

  const isStored = async (client: ProjectClient): Promise<boolean> =>
    (await client.send('GET', `${PIPELINES}/p`)).status === 200;
  const timesAsked = ({ org, project }: ProjectClient): number =>
    world.ngManager.state.askedForProjects.filter((one) => one === `${org}/${project}`).length;

  it.each(ATTEMPTS)(
    'answers 404 to %s in a project or an organization there is not, and names it',
    async (_what, attempt) => {
      const noProject = new ProjectClient(world, 'acc', 'default', 'nowhere', undefined);
      expect(await attempt(noProject)).toMatchObject({
        status: 404,
        body: {
          code: 'RESOURCE_NOT_FOUND_EXCEPTION',
          message: 'project "nowhere" does not exist in org acc/default; create it first',
        },
      });
      const noOrg = new ProjectClient(world, 'acc', 'nowhere', `p${newId()}`, undefined);
      expect(await attempt(noOrg)).toMatchObject({
        status: 404,
        body: {
          code: 'RESOURCE_NOT_FOUND_EXCEPTION',
          message: 'organization "nowhere" does not exist in account acc; create it first',
        },
      });
      expect([await isStored(noProject), await isStored(noOrg)]).toEqual([false, false]);
    },
  );

  it('asks every time, so that a project that was made or deleted counts at once, for its own account', async () => {
    const client = world.project();
    world.ngManager.state.missing.add(client.project);
    expect((await client.send('POST', `${PIPELINES}/v2`, simplePipeline('p'))).status).toBe(404);
    world.ngManager.state.missing.delete(client.project);
    await client.create(simplePipeline('p'));
    world.ngManager.state.missing.add(client.project);
    expect((await client.send('POST', `${PIPELINES}/v2`, simplePipeline('q'))).status).toBe(404);
    expect(timesAsked(client)).toBe(3);
  });

  it('refuses wrong YAML without asking anybody', async () => {
    const client = world.project();
    expect((await client.send('POST', `${PIPELINES}/v2`, 'a: [')).status).toBe(400);
    expect(timesAsked(client)).toBe(0);
  });

  it('answers 503 and stores nothing while NG manager cannot be reached', async () => {
    await world.stopApp();
    await world.startInProcess({ PIPELINE_NG_MANAGER_URL: 'http://127.0.0.1:1' });
    const client = world.project();
    for (const [what, attempt] of ATTEMPTS)
      expect([what, await attempt(client)]).toMatchObject([
        what,
        { status: 503, body: { code: 'UPSTREAM_UNAVAILABLE' } },
      ]);
    expect(await isStored(client)).toBe(false);
  });
});
