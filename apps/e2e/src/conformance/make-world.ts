import { newId, waitFor } from '@sluice/kernel';
import type { Stack } from '@sluice/local-stack';
import { stringify } from 'yaml';
import { z } from 'zod';
import { sqlChangelog, tables } from '../harness/changelogs.js';
import { Project, applyStep, group, nodeOf, stage, type Run, type Target } from '../harness/project.js';
import { holdChangelogLock } from '../harness/schema-dump.js';
import { propertyOf } from './answers.js';
import { send } from './exchange.js';
import type { Maker, PastExecution, World } from './world.js';

/** Skipped at once, so that starting it costs nothing. */
const NEVER = { stageStatus: 'Failure' };
const userInfo = z.looseObject({ data: z.looseObject({ uuid: z.string(), email: z.string(), name: z.string() }) });

/** Makes everything the cases refer to through the public API, and runs one pipeline that works and one that does not. */
export async function makeWorld(stack: Stack): Promise<World> {
  const project = await Project.create(stack);
  const { gateway, scope, at } = project;
  const marker = `marker${newId()}`;
  const path = { org: at.org, project: at.project };
  const inAccount = { accountIdentifier: gateway.accountId };
  const base = {
    account: gateway.accountId,
    org: at.org,
    project: at.project,
    marker,
    scope: { accountIdentifier: gateway.accountId, orgIdentifier: at.org, projectIdentifier: at.project },
    inAccount,
    path,
  };
  const { uuid, email, name } = userInfo.parse(
    await gateway.call('GET', '/ng/api/user/currentUser', { query: inAccount }),
  ).data;
  const call: Maker['call'] = (method, where, request) => gateway.call(method, where, request);

  const good = await project.target({ files: tables('conf', 1), changelog: 'changelog.sql' });
  const bad = await project.target({
    files: { 'changelog.sql': sqlChangelog([{ id: 'one', sql: 'INSERT INTO absent VALUES (1);' }]) },
    changelog: 'changelog.sql',
  });
  // Its runs wait for another tool, so that they last until they are interrupted.
  const held = await project.target({ files: tables('held', 1), changelog: 'changelog.sql' });
  await holdChangelogLock(held.url);
  const [finishedRun, failedRun] = await Promise.all([project.apply(good, { tag: 'v1' }), project.apply(bad)]);
  const past = async (run: Run): Promise<PastExecution> => {
    const step = nodeOf(run, 'apply');
    const detail = await gateway.call('GET', `/pipeline/api/pipelines/execution/v2/${run.id}`, { query: scope });
    const pipeline = String(
      propertyOf(propertyOf(propertyOf(detail, 'data'), 'pipelineExecutionSummary'), 'pipelineIdentifier'),
    );
    const logKey = step.logBaseKey ?? '';
    // A result goes first when its log takes long to be stored.
    await waitFor(
      async () =>
        (await gateway.fetch('GET', '/log-service/blob', { query: { accountID: gateway.accountId, key: logKey } })).ok,
      { timeoutMs: 240_000, intervalMs: 200, what: `the stored log ${logKey}` },
    );
    return {
      id: run.id,
      pipeline,
      stageNode: nodeOf(run, 'database').uuid,
      stepNode: step.uuid,
      logKey,
      logPrefix: logKey.split('/').slice(0, 5).join('/'),
    };
  };

  const known = {
    ...base,
    user: { id: uuid, email, name },
    gitConnector: `${good.schema}_git`,
    jdbcConnector: `${good.schema}_jdbc`,
    secret: `${good.schema}_password`,
    schema: good.schema,
    instance: good.instance,
    changeset: { id: 'conf-1', fqn: 'changelog.sql::conf-1::e2e' },
    flywaySchema: 'flyway_schema',
    flywayInstance: 'flyway_instance',
    emptySchema: 'empty_schema',
    pipelineWithInputs: 'with_inputs',
    inputSet: 'input_set',
    apiKey: `key_${newId()}`,
    token: 'token_of_world',
    delegateToken: `tokens_${newId()}`,
  };
  const make = makerFor(known, call, stack, held);
  const root = `/v1/orgs/${at.org}/projects/${at.project}`;
  await call('POST', `${root}/dbschema`, {
    body: {
      identifier: known.flywaySchema,
      name: `${marker} flyway`,
      migrationType: 'Flyway',
      changelog: { connector: known.gitConnector, location: 'migrations' },
    },
  });
  await call('POST', `${root}/dbschema`, {
    body: {
      identifier: known.emptySchema,
      name: `${marker} empty`,
      changelog: { connector: known.gitConnector, location: 'changelog.sql' },
    },
  });
  await call('POST', `${root}/dbschema/${known.flywaySchema}/instance`, {
    body: {
      identifier: known.flywayInstance,
      name: `${marker} flyway`,
      connector: known.jdbcConnector,
      branch: 'main',
    },
  });
  await call('PUT', `${root}/dbschema/${known.schema}`, { body: { name: `${marker} schema` } });
  await call('PUT', `${root}/dbschema/${known.schema}/instance/${known.instance}`, {
    body: { name: `${marker} instance`, tags: { env: 'prod' } },
  });
  await call('POST', '/pipeline/api/pipelines/v2', {
    query: scope,
    yaml: pipelineYaml(known, known.pipelineWithInputs, {
      variables: [{ name: 'tag', type: 'String', value: '<+input>' }],
    }),
  });
  await call('POST', '/pipeline/api/inputSets', {
    query: { ...scope, pipelineIdentifier: known.pipelineWithInputs },
    yaml: inputSetYaml(known, known.inputSet),
  });
  await call('POST', '/ng/api/apikey', { query: inAccount, body: apiKeyBody(known, known.apiKey) });
  await call('POST', '/ng/api/token', { query: inAccount, body: tokenBody(known, known.token) });
  await call('POST', '/ng/api/delegate-token-ng', { query: { ...inAccount, tokenName: known.delegateToken } });
  const [finished, failed] = await Promise.all([past(finishedRun), past(failedRun)]);
  return { ...known, finished, failed, make };
}

type Known = Omit<World, 'finished' | 'failed' | 'make'>;

function makerFor(known: Known, call: Maker['call'], stack: Stack, held: Target): Maker {
  const { scope, inAccount, org, project, marker } = known;
  const root = `/v1/orgs/${org}/projects/${project}`;
  const id = (prefix: string): string => `${prefix}_${newId()}`;
  const made = async (prefix: string, work: (identifier: string) => Promise<unknown>): Promise<string> => {
    const identifier = id(prefix);
    await work(identifier);
    return identifier;
  };
  const schema = (): Promise<string> =>
    made('schema', (identifier) =>
      call('POST', `${root}/dbschema`, {
        body: { identifier, name: marker, changelog: { connector: known.gitConnector, location: 'changelog.sql' } },
      }),
    );
  const pipeline = (): Promise<string> =>
    made('pipeline', (identifier) =>
      call('POST', '/pipeline/api/pipelines/v2', { query: scope, yaml: pipelineYaml(known, identifier) }),
    );
  return {
    id,
    call,
    schema,
    pipeline,
    organization: () =>
      made('org', (identifier) =>
        call('POST', '/ng/api/organizations', {
          query: inAccount,
          body: { organization: { identifier, name: marker } },
        }),
      ),
    project: () =>
      made('project', (identifier) =>
        call('POST', '/ng/api/projects', {
          query: { ...inAccount, orgIdentifier: org },
          body: { project: { identifier, orgIdentifier: org, name: marker } },
        }),
      ),
    secret: () =>
      made('secret', (identifier) =>
        call('POST', '/ng/api/v2/secrets', { query: scope, body: { secret: secretBody(known, identifier) } }),
      ),
    connector: () =>
      made('connector', (identifier) =>
        call('POST', '/ng/api/connectors', { query: scope, body: { connector: gitConnectorBody(known, identifier) } }),
      ),
    instance: async () => {
      const dbschema = await schema();
      const dbinstance = await made('instance', (identifier) =>
        call('POST', `${root}/dbschema/${dbschema}/instance`, {
          body: { identifier, name: marker, connector: known.jdbcConnector, branch: 'main' },
        }),
      );
      return { dbschema, dbinstance };
    },
    inputSet: () =>
      made('set', (identifier) =>
        call('POST', '/pipeline/api/inputSets', {
          query: { ...scope, pipelineIdentifier: known.pipelineWithInputs },
          yaml: inputSetYaml(known, identifier),
        }),
      ),
    runningExecution: async () => {
      const started = await call(
        'POST',
        `/pipeline/api/pipeline/execute/${await made('waits', (identifier) => call('POST', '/pipeline/api/pipelines/v2', { query: scope, yaml: pipelineYaml({ ...known, schema: held.schema, instance: held.instance }, identifier, { when: undefined }) }))}`,
        { query: scope, yaml: '' },
      );
      const planExecutionId = String(propertyOf(propertyOf(propertyOf(started, 'data'), 'planExecution'), 'uuid'));
      const detail = await call('GET', `/pipeline/api/pipelines/execution/v2/${planExecutionId}`, {
        query: { ...scope, renderFullBottomGraph: 'true' },
      });
      return {
        planExecutionId,
        nodeExecutionId: String(propertyOf(propertyOf(propertyOf(detail, 'data'), 'executionGraph'), 'rootNodeId')),
      };
    },
    apiKey: () =>
      made('key', (identifier) =>
        call('POST', '/ng/api/apikey', { query: inAccount, body: apiKeyBody(known, identifier) }),
      ),
    token: () =>
      made('token', (identifier) =>
        call('POST', '/ng/api/token', { query: inAccount, body: tokenBody(known, identifier) }),
      ),
    delegateToken: () =>
      made('delegates', (tokenName) =>
        call('POST', '/ng/api/delegate-token-ng', { query: { ...inAccount, tokenName } }),
      ),
    upload: async (where, request) => {
      const { status, text } = await send(stack.gatewayUrl, { method: 'POST', path: where }, request, {
        headers: { 'x-api-key': stack.apiKey },
      });
      if (status >= 400) throw new Error(`POST ${where} answered ${status}: ${text}`);
    },
    asPod: async (method, where, query, headers) => {
      const { status, text, json } = await send(
        stack.gatewayUrl,
        { method, path: where },
        { query, headers },
        { headers: {} },
      );
      if (status >= 400) throw new Error(`${method} ${where} answered ${status}: ${text}`);
      return json;
    },
    logToken: async () =>
      (
        await send(
          stack.gatewayUrl,
          { method: 'GET', path: '/log-service/token' },
          {},
          { headers: { 'x-api-key': stack.apiKey } },
        )
      ).text,
  };
}

/** A pipeline of one stage that applies the world's schema; skipped unless `when` says otherwise. */
export function pipelineYaml(
  world: Pick<World, 'org' | 'project' | 'marker' | 'schema' | 'instance'>,
  identifier: string,
  more: { readonly variables?: readonly object[]; readonly when?: object | undefined } = { when: NEVER },
): string {
  const when = 'when' in more ? more.when : NEVER;
  const steps = [
    group(
      'migrate',
      [applyStep('apply', { schema: world.schema, instance: world.instance, url: '' })],
      when ? { when } : {},
    ),
  ];
  return stringify({
    pipeline: {
      identifier,
      name: identifier,
      description: world.marker,
      orgIdentifier: world.org,
      projectIdentifier: world.project,
      ...(more.variables ? { variables: more.variables } : {}),
      stages: [stage('database', steps)],
    },
  });
}

export function inputSetYaml(
  world: Pick<World, 'org' | 'project' | 'pipelineWithInputs' | 'marker'>,
  identifier: string,
  value = 'v1',
): string {
  const pipeline = { identifier: world.pipelineWithInputs, variables: [{ name: 'tag', type: 'String', value }] };
  return stringify({
    inputSet: { identifier, name: identifier, orgIdentifier: world.org, projectIdentifier: world.project, pipeline },
  });
}

export function secretBody(world: Pick<World, 'org' | 'project' | 'marker'>, identifier: string): object {
  return {
    type: 'SecretText',
    identifier,
    name: world.marker,
    orgIdentifier: world.org,
    projectIdentifier: world.project,
    spec: { secretManagerIdentifier: 'harnessSecretManager', valueType: 'Inline', value: 'open sesame' },
  };
}

export function gitConnectorBody(world: Pick<World, 'org' | 'project' | 'marker'>, identifier: string): object {
  return {
    identifier,
    name: world.marker,
    orgIdentifier: world.org,
    projectIdentifier: world.project,
    type: 'Git',
    spec: { url: 'https://git.example.com/shop.git', type: 'Http', connectionType: 'Repo', spec: {} },
  };
}

export function apiKeyBody(world: Pick<World, 'account' | 'marker' | 'user'>, identifier: string): object {
  return {
    identifier,
    name: world.marker,
    apiKeyType: 'USER',
    parentIdentifier: world.user.id,
    accountIdentifier: world.account,
  };
}

export function tokenBody(world: Pick<World, 'account' | 'marker' | 'user' | 'apiKey'>, identifier: string): object {
  return { ...apiKeyBody(world, identifier), apiKeyIdentifier: world.apiKey };
}
