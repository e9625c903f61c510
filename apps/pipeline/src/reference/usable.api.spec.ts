import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RoleGrant } from '@sluice/kernel';
import {
  World,
  groupYaml,
  pipelineYaml,
  simplePipeline,
  stageYaml,
  type Answer,
  type ProjectClient,
} from '../testing/pipeline-under-test.js';

const PIPELINES = '/pipeline/api/pipelines';
const withVariables = (id: string, ...variables: readonly string[]): string =>
  pipelineYaml(id, stageYaml('db', groupYaml('grp', [{ id: 'apply' }])), [
    'variables:',
    ...variables.map((one) => `  - ${one}`),
  ]);
const withInput = (id: string): string => withVariables(id, '{ name: v, type: String, value: <+input> }');
const inputOf = (id: string, value: string): string =>
  `pipeline:\n  identifier: ${id}\n  variables:\n    - { name: v, type: String, value: "${value}" }\n`;
const secret = (ref: string): string => `<+secrets.getValue('${ref}')>`;
const store = (client: ProjectClient, yaml: string): Promise<Answer<unknown>> =>
  client.send('POST', `${PIPELINES}/v2`, yaml);
const triggerOf = (
  client: ProjectClient,
  identifier: string,
  more: { readonly connectorRef?: string; readonly input?: string; readonly signing?: string },
) => ({
  trigger: {
    identifier,
    name: identifier,
    orgIdentifier: client.org,
    projectIdentifier: client.project,
    pipelineIdentifier: 'stored',
    source: {
      type: 'Webhook',
      spec: {
        type: 'Github',
        spec: { type: 'Push', spec: { connectorRef: more.connectorRef ?? 'hub', repoName: 'r' } },
      },
    },
    inputYaml: more.input ?? '',
    ...(more.signing ? { encryptedWebhookSecretIdentifier: more.signing } : {}),
  },
});
const trigger = (client: ProjectClient, id: string, more: Parameters<typeof triggerOf>[2]): Promise<Answer<unknown>> =>
  client.send('POST', '/pipeline/api/triggers?targetIdentifier=stored', JSON.stringify(triggerOf(client, id, more)), {
    'content-type': 'application/json',
  });

/** Every place of a pipeline, input set, trigger or request where people name connectors and secrets. */
const PLACES: readonly (readonly [
  place: string,
  write: (client: ProjectClient, id: string, ref: string) => Promise<Answer<unknown>>,
])[] = [
  [
    'an image connector of a new pipeline',
    (client, id, ref) =>
      store(client, simplePipeline(id).replace('connectorRef: account.harnessImage', `connectorRef: ${ref}`)),
  ],
  [
    'a cluster connector of a new pipeline',
    (client, id, ref) => store(client, simplePipeline(id).replace('connectorRef: k8s', `connectorRef: ${ref}`)),
  ],
  [
    'an image registry of a step group',
    (client, id, ref) =>
      store(
        client,
        simplePipeline(id).replace('connectorRef: k8s', `connectorRef: k8s, harnessImageConnectorRef: ${ref}`),
      ),
  ],
  [
    'a secret expression of a new pipeline',
    (client, id, ref) => store(client, withVariables(id, `{ name: v, type: String, value: "${secret(ref)}" }`)),
  ],
  [
    'a secret variable of a new pipeline',
    (client, id, ref) => store(client, withVariables(id, `{ name: v, type: Secret, value: ${ref} }`)),
  ],
  [
    'a pipeline that is changed',
    (client, _, ref) =>
      client.send(
        'PUT',
        `${PIPELINES}/v2/stored`,
        withVariables(
          'stored',
          '{ name: v, type: String, value: <+input> }',
          `{ name: w, type: Secret, value: ${ref} }`,
        ),
      ),
  ],
  [
    'an input set',
    (client, id, ref) =>
      client.send(
        'POST',
        '/pipeline/api/inputSets?pipelineIdentifier=stored',
        `inputSet:\n  identifier: ${id}\n  name: ${id}\n  ${inputOf('stored', secret(ref)).replaceAll('\n', '\n  ')}`,
      ),
  ],
  ['the connector of a trigger', (client, id, ref) => trigger(client, id, { connectorRef: ref })],
  ['the webhook secret of a trigger', (client, id, ref) => trigger(client, id, { signing: ref })],
  ['the input of a trigger', (client, id, ref) => trigger(client, id, { input: inputOf('stored', secret(ref)) })],
  [
    'the input of a run',
    (client, _, ref) => client.send('POST', '/pipeline/api/pipeline/execute/stored', inputOf('stored', secret(ref))),
  ],
  [
    'other YAML to run',
    (client, _, ref) =>
      client.send('POST', `/v1/orgs/${client.org}/projects/${client.project}/pipelines/stored/execute/dynamic`, {
        yaml: withVariables('stored', `{ name: v, type: Secret, value: ${ref} }`),
      }),
  ],
];
const SHARED: Readonly<Record<string, readonly RoleGrant[]>> = {
  '': [],
  'org.': [{ role: 'resource_user', orgId: 'default' }],
  'account.': [{ role: 'resource_user' }],
};

describe('connectors and secrets named in pipelines', () => {
  let world: World;
  let client: ProjectClient;
  const admin = (...more: readonly RoleGrant[]): ProjectClient =>
    client.as('acc', [{ role: 'project_admin', orgId: client.org, projectId: client.project }, ...more]);
  beforeAll(async () => {
    world = await World.create();
    await world.startInProcess();
    client = world.project();
    await client.create(withInput('stored'));
  }, 300_000);
  afterAll(() => world.stop());

  describe.each(PLACES.map(([place, write], at) => ({ place, write, at })))('$place', ({ write, at }) => {
    it.each(['', 'org.', 'account.'])(
      'may name "%s…" when its writer may use what lives there, and not otherwise',
      async (prefix) => {
        const id = (who: string): string => `u${at}_${prefix.replace('.', '')}${who}`;
        const without = await write(admin(), id('without'), `${prefix}thing`);
        expect(without.status).toBe(prefix === '' ? 200 : 400);
        if (prefix !== '')
          expect(without.body).toMatchObject({
            message: expect.stringMatching(
              /there is no (connector|secret) "thing" in (org acc\/default|account acc) that .* may use/,
            ),
          });
        expect((await write(admin(...(SHARED[prefix] ?? [])), id('shared'), `${prefix}thing`)).status).toBe(200);
      },
    );
  });

  it('built-in connectors of the account are there for everybody', async () => {
    expect((await store(admin(), simplePipeline('built_in'))).status).toBe(200);
  });

  it('in the input of a repeated run are those of its starter; what the pipeline and the earlier run name was allowed then', async () => {
    await client.send('PUT', `${PIPELINES}/v2/stored`, withInput('stored'));
    const run = await client.execute('stored', inputOf('stored', secret('account.thing')));
    await client.ended(run);
    const executor = client.as('acc', [{ role: 'pipeline_executor', orgId: client.org, projectId: client.project }]);
    const again = (input: string): Promise<Answer<unknown>> =>
      executor.send('POST', `/pipeline/api/pipeline/execute/rerun/${run}/stored`, input);
    expect((await again('')).status).toBe(200);
    expect((await again(inputOf('stored', secret('account.thing')))).status).toBe(400);
    expect((await again(inputOf('stored', secret('own')))).status).toBe(200);
  });

  it('preflight tells nothing of connectors above that only its input names', async () => {
    await client.create(
      simplePipeline('flight')
        .replace('connectorRef: k8s', 'connectorRef: <+pipeline.variables.v>')
        .replace(
          '  name: flight\n',
          '  name: flight\n  variables:\n    - { name: v, type: String, value: <+input> }\n',
        ),
    );
    const check = async (who: ProjectClient) => {
      const started = await who.send<string>(
        'POST',
        '/pipeline/api/pipeline/execute/preflightCheck?pipelineIdentifier=flight',
        inputOf('flight', 'account.hub'),
      );
      const answer = await who.send<{
        connectorWrapperResponse: { checkResponses: { connectorIdentifier: string; status: string }[] };
      }>('GET', `/pipeline/api/pipeline/execute/getPreflightCheckResponse?preflightCheckId=${started.body.data}`);
      return answer.body.data.connectorWrapperResponse.checkResponses.map(({ connectorIdentifier, status }) => [
        connectorIdentifier,
        status,
      ]);
    };
    const executor: RoleGrant = { role: 'pipeline_executor', orgId: client.org, projectId: client.project };
    expect(await check(client.as('acc', [executor]))).toContainEqual(['account.hub', 'FAILURE']);
    expect(await check(client.as('acc', [executor, { role: 'resource_user' }]))).toContainEqual([
      'account.hub',
      'SUCCESS',
    ]);
  });

  it("secrets of a run are asked for with its steps and the delegate's scope, as the delegate service knows it", async () => {
    const own = world.project();
    await own.create(simplePipeline('p'));
    const before = world.ngManager.state.sealedFor.length;
    await own.ended(await own.execute('p'));
    expect(world.ngManager.state.sealedFor.slice(before)).toEqual([
      {
        steps: [{ key: expect.any(String), dbSchema: 'orders', dbInstance: 'prod' }],
        delegateScope: { accountId: 'acc', orgId: 'default' },
      },
    ]);
  });
});
