import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RouteDefinition } from '@sluice/api-conventions';
import { PIPELINE_ROUTES } from '@sluice/pipeline-api';
import { World, groupYaml, pipelineYaml, stageYaml, type ProjectClient } from './testing/pipeline-under-test.js';

const WITH_INPUT = pipelineYaml(
  'in',
  stageYaml('db', groupYaml('grp', [{ id: 'apply', spec: ['tag: <+pipeline.variables.tag>'] }])),
  ['allowStageExecutions: true', 'variables:', '  - { name: tag, type: String, value: <+input> }'],
);
const INPUTS = 'pipeline:\n  identifier: in\n  variables:\n    - { name: tag, type: String, value: x }\n';
const SET = `inputSet:\n  identifier: set\n  name: Set\n  ${INPUTS.replace(/\n/g, '\n  ').trimEnd()}\n`;
const OVERLAY = 'overlayInputSet: { identifier: over, name: Over, pipelineIdentifier: in, inputSetReferences: [set] }';

/** Routes that begin something in whatever project they are called in. */
const CREATES =
  /^(create|v1Create|import|preflight|pipelineVariables$|validatePipelineYaml$|list|outline|v1List|v1Import|triggerCatalog$|takeWebhook|.*[Ww]ebhook)/;

/** Roles, answers and odd values are walked through the gateway by the conformance suite (apps/e2e); this is about the service alone. */
describe('every route of the pipeline service', () => {
  let world: World;
  let own: ProjectClient;
  let values: Record<string, string>;
  beforeAll(async () => {
    world = await World.create();
    await world.startInProcess();
    own = world.project('acc');
    await own.create(WITH_INPUT);
    await own.send('POST', '/pipeline/api/inputSets?pipelineIdentifier=in', SET);
    await own.send('POST', '/pipeline/api/inputSets/overlay?pipelineIdentifier=in', OVERLAY);
    const execution = await own.execute('in', INPUTS);
    const { executionGraph } = await own.ended(execution);
    const validation = await own.send<never>(
      'POST',
      `/v1/orgs/${own.org}/projects/${own.project}/pipelines/in/validate`,
      {},
    );
    const check = await own.send<string>(
      'POST',
      '/pipeline/api/pipeline/execute/preflightCheck?pipelineIdentifier=in',
      INPUTS,
    );
    values = {
      pipelineIdentifier: 'in',
      pipeline: 'in',
      planExecutionId: execution,
      originalExecutionId: execution,
      inputSetIdentifier: 'set',
      inputSet: 'set',
      nodeExecutionId: executionGraph.rootNodeId,
      org: own.org,
      project: own.project,
      uuid: (validation.body as unknown as { uuid: string }).uuid,
      preflightCheckId: check.body.data,
      interruptType: 'AbortAll',
      targetIdentifier: 'in',
    };
  }, 300_000);
  afterAll(() => world.stop());

  const pathOf = (route: RouteDefinition): string => {
    const of: Record<string, string> = route.path.includes('/overlay/')
      ? { ...values, inputSetIdentifier: 'over' }
      : values;
    return route.path.replace(/:([A-Za-z]+)/g, (_, name: string) => of[name] ?? 'x');
  };
  const queryOf = (): string =>
    [
      'pipelineIdentifier',
      'pipeline',
      'interruptType',
      'planExecutionId',
      'nodeExecutionId',
      'preflightCheckId',
      'targetIdentifier',
    ]
      .map((key) => `${key}=${values[key] ?? ''}`)
      .join('&');
  const bodyOf = ({ id, method }: RouteDefinition): string | object | undefined => {
    if (method === 'GET' || method === 'DELETE') return undefined;
    if (/Overlay/.test(id)) return OVERLAY;
    if (/^v1(Create|Update)InputSet/.test(id)) return { input_set_yaml: SET, identifier: 'set', name: 's' };
    if (/^(create|update)InputSet/.test(id)) return SET;
    if (/^v1(Create|Update)Pipeline/.test(id)) return { pipeline_yaml: WITH_INPUT, identifier: 'in', name: 'in' };
    if (id === 'v1ExecuteDynamic') return { yaml: WITH_INPUT };
    if (id.endsWith('Stages')) return { stageIdentifiers: ['db'] };
    if (/^(create|update|validate|pipelineVariables)/.test(id) && id !== 'updatePipelineGitMetadata') return WITH_INPUT;
    if (/^(execute|rerun)Pipeline|^retryPipeline|^preflight/.test(id)) return INPUTS;
    return {};
  };
  const call = (client: ProjectClient, route: RouteDefinition) =>
    client.send<unknown>(route.method, `${pathOf(route)}?${queryOf()}`, bodyOf(route));
  const table = PIPELINE_ROUTES.map((route) => [`${route.method} ${route.path}`, route] as const);
  const withPermission = table.filter(([, route]) => typeof route.access === 'object');
  const ownPrefix = (route: RouteDefinition): boolean => !/trigger|webhook|approval/i.test(route.path);

  it.each(withPermission)('another account sees nothing: %s', async (_path, route) => {
    const answer = await call(own.as('other'), route);
    expect(answer.status).toBeLessThan(500);
    if (answer.status < 300) {
      // What another account may do is done in its own, empty project.
      expect(route.id).toMatch(CREATES);
      expect(JSON.stringify(answer.body)).not.toContain(values['planExecutionId'] ?? '');
    }
    await own.as('other').send('DELETE', '/pipeline/api/pipelines/in');
  });

  it.each(withPermission)('no token, no answer: %s', async (_path, route) => {
    expect((await fetch(`${world.url}${pathOf(route)}`, { method: route.method })).status).toBe(401);
  });

  const NUL = String.fromCharCode(0);
  const bomb = `a: &a [x, x, x, x, x, x, x, x, x]\n${'bcdefgh'
    .split('')
    .map(
      (key, index) =>
        `${key}: &${key} [${Array(9)
          .fill(`*${'abcdefg'[index] ?? 'a'}`)
          .join(', ')}]`,
    )
    .join('\n')}\n`;
  const JUNK: readonly (readonly [string, string, string])[] = [
    ['an alias bomb', 'application/yaml', `pipeline:\n  ${bomb.replaceAll('\n', '\n  ')}\n`],
    ['deep nesting', 'application/yaml', '['.repeat(60_000)],
    ['deep JSON', 'application/json', `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`],
    ['a NUL', 'application/yaml', `pipeline: { identifier: in, name: "a${NUL}b" }`],
    [
      'a NUL in JSON',
      'application/json',
      '{"identifier":"a\\u0000","name":"\\u0000","yaml":"\\u0000","pipeline_yaml":"a\\u0000","input_set_yaml":"\\u0000","inputSetReferences":["\\u0000"],"stageIdentifiers":["\\u0000"],"pipelineName":"\\u0000"}',
    ],
    [
      'half a surrogate pair',
      'application/json',
      '{"identifier":"\\ud800","name":"\\ud800","inputSetReferences":["\\ud800"],"stageIdentifiers":["\\ud800"],"pipelineTags":[{"key":"\\ud800"}]}',
    ],
    ['another type', 'application/json', '[1, null, {"pipeline": []}]'],
    ['no JSON', 'application/json', '{"a":'],
    ['no text', 'application/octet-stream', 'x'],
    ['far too much', 'application/yaml', 'x'.repeat(11 * 1024 * 1024)],
    ['too much', 'application/yaml', `# ${'x'.repeat(1_100_000)}`],
  ];
  const taking = withPermission.filter(
    ([, route]) => ownPrefix(route) && route.method !== 'GET' && route.method !== 'DELETE',
  );

  it.each(taking)('takes junk for what it is: %s', async (_path, route) => {
    const own_ = await world.identities.headers('pipeline', {
      accountId: 'acc',
      principal: { type: 'user', id: 'u', name: 'U', email: 'u@x' },
      grants: [{ role: 'account_admin' }],
    });
    const scope = `accountIdentifier=acc&orgIdentifier=${own.org}&projectIdentifier=junk`;
    const isFirst = route === taking[0]?.[1];
    for (const [what, type, body] of JUNK) {
      if (what === 'far too much' && !isFirst) continue;
      const response = await fetch(`${world.url}${pathOf(route).replace(own.project, 'junk')}?${queryOf()}&${scope}`, {
        method: route.method,
        headers: { ...own_, 'content-type': type },
        body,
      });
      const text = await response.text();
      expect([what, response.status < 500, text.slice(0, 300)]).toEqual([what, true, expect.any(String)]);
    }
  });
});
