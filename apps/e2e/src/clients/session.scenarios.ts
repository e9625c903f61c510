import { describe, expect, it } from '@jest/globals';
import { newId } from '@sluice/kernel';
import type { Stack } from '@sluice/local-stack';
import { stringify } from 'yaml';
import { sqlChangelog } from '../harness/changelogs.js';
import { applyStep, group, stage } from '../harness/project.js';
import { executionLogWith } from './execution-log.js';
import { gitSpec, jdbcSpec, mcpOf, terraformOf } from './fixtures.js';
import type { McpClient, McpRequest, TerraformClient } from './requests.js';
import { dataOf, path, property } from './rows.js';
import { run, waitAsClient } from './runs.js';

const SCHEMAS = '/dbops/v1/orgs/{org}/projects/{project}/dbschema';
const GOOD = [
  { id: 'one', sql: 'CREATE TABLE session_one (id int);', rollback: 'DROP TABLE session_one;' },
  { id: 'two', sql: 'CREATE TABLE session_two (id int);', rollback: 'DROP TABLE session_two;' },
];
const BROKEN = [{ id: 'broken', sql: 'INSERT INTO session_absent VALUES (1);' }];

/** A person's whole session with the client, from an empty account to an empty account, with nothing but requests of api-contract 7. */
export function sessionScenarios(stack: () => Stack): void {
  describe('a session', () => {
    it('makes, runs, reads, diagnoses and removes everything', async () => {
      const { client, terraform } = open(stack());
      const ask = async (request: Omit<McpRequest, 'scope'> & Partial<Pick<McpRequest, 'scope'>>): Promise<unknown> =>
        dataOf(await client.send({ scope: 'S', ...request }));

      await makeProject(ask, terraform, client, stack());
      await makeDatabase(ask, stack());
      const [works, fails] = await Promise.all([
        runAndWait(ask, client, 'works', 'orders', 'prod'),
        runAndWait(ask, client, 'fails', 'broken', 'prod'),
      ]);
      expect([works.status, fails.status]).toEqual(['Success', 'Failed']);

      const log = await executionLogWith(client, { executionId: works.id }, /one[\s\S]*two/);
      expect(log).toMatch(/one[\s\S]*two/);
      expect(log).not.toContain(stack().customerDatabase.password);

      expect(
        await ask({
          method: 'POST',
          path: `${SCHEMAS}/orders/changesets/existence`,
          body: { changeSets: [{ id: 'one' }, { id: 'two' }, { id: 'three' }] },
        }),
      ).toEqual({ existence: { one: true, two: true, three: false } });
      expect(await ask({ method: 'GET', path: `${SCHEMAS}/orders/instance/prod` })).toMatchObject({
        lastAppliedTag: 'v1',
        toOnboard: false,
      });

      await diagnose(ask, client, fails.id);
      await nothingInUseGoes(client);
      await removeAll(ask, terraform, client);
    });
  });
}

type Ask = (request: Omit<McpRequest, 'scope'> & Partial<Pick<McpRequest, 'scope'>>) => Promise<unknown>;

function open(stack: Stack): { readonly client: McpClient; readonly terraform: TerraformClient } {
  const id = newId();
  return { client: mcpOf(stack, '', { org: `session_${id}`, project: 'databases' }), terraform: terraformOf(stack) };
}

async function makeProject(ask: Ask, terraform: TerraformClient, { place }: McpClient, stack: Stack): Promise<void> {
  await ask({
    method: 'POST',
    path: '/ng/api/organizations',
    scope: 'A',
    body: { organization: { identifier: place.org, name: 'Session' } },
  });
  await ask({
    method: 'POST',
    path: '/ng/api/projects',
    scope: 'AO',
    body: { project: { identifier: place.project, name: 'Databases', modules: ['DBOPS'] } },
    addsScopeTo: 'project',
  });
  const scope = { orgIdentifier: place.org, projectIdentifier: place.project };
  const secret = {
    type: 'SecretText',
    identifier: 'db_password',
    name: 'Password',
    ...scope,
    spec: {
      type: 'SecretTextSpec',
      secretManagerIdentifier: 'harnessSecretManager',
      valueType: 'Inline',
      value: stack.customerDatabase.password,
    },
  };
  dataOf(await terraform.send({ method: 'POST', path: '/ng/api/v2/secrets', query: scope, body: { secret } }));
}

async function makeDatabase(ask: Ask, { customerDatabase: database, git }: Stack): Promise<void> {
  const repository = `session_${newId()}`;
  await git.createRepository(repository, { 'good.sql': sqlChangelog(GOOD), 'broken.sql': sqlChangelog(BROKEN) });
  const connectors = [
    { name: 'Git', identifier: 'git', type: 'Git', spec: gitSpec(git.urlOf(repository)) },
    {
      name: 'Database',
      identifier: 'database',
      type: 'JDBC',
      spec: jdbcSpec(database.jdbcUrl, database.username, 'db_password'),
    },
  ];
  for (const connector of connectors) {
    await ask({ method: 'POST', path: '/ng/api/connectors', body: { connector }, addsScopeTo: 'connector' });
    expect(
      await ask({
        method: 'POST',
        path: `/ng/api/connectors/testConnection/${connector.identifier}`,
        body: {},
        addsScopeTo: '',
      }),
    ).toMatchObject({ status: 'SUCCESS' });
  }
  for (const [identifier, location] of [
    ['orders', 'good.sql'],
    ['broken', 'broken.sql'],
  ] as const) {
    await ask({
      method: 'POST',
      path: SCHEMAS,
      body: {
        identifier,
        name: identifier,
        type: 'Repository',
        migrationType: 'Liquibase',
        changelog: { connector: 'git', location },
      },
    });
    await ask({
      method: 'POST',
      path: `${SCHEMAS}/${identifier}/instance`,
      body: { identifier: 'prod', name: 'Production', connector: 'database', branch: 'main' },
    });
  }
}

async function runAndWait(
  ask: Ask,
  client: McpClient,
  identifier: string,
  schema: string,
  instance: string,
): Promise<{ readonly id: string; readonly status: string }> {
  const pipeline = {
    identifier,
    name: identifier,
    stages: [stage('database', [group('migrate', [applyStep('apply', { schema, instance, url: '' }, { tag: 'v1' })])])],
  };
  await ask({ method: 'POST', path: '/pipeline/api/pipelines/v2', yaml: stringify({ pipeline }) });
  const id = await run(client, identifier);
  return { id, status: (await waitAsClient(client, id)).status };
}

/** `harness_diagnose`: the failed nodes of the whole graph, and the log of each. */
async function diagnose(ask: Ask, client: McpClient, executionId: string): Promise<void> {
  const detail = await ask({
    method: 'GET',
    path: `/pipeline/api/pipelines/execution/v2/${executionId}`,
    query: { renderFullBottomGraph: true },
  });
  const nodes = Object.values(path(detail, 'executionGraph', 'nodeMap') as Record<string, unknown>);
  const step = nodes.find((node) => property(node, 'identifier') === 'apply' && property(node, 'status') === 'Failed');
  expect(path(step, 'failureInfo', 'message')).toMatch(/broken[\s\S]*session_absent/);
  expect(await executionLogWith(client, { executionId, step: 'apply', stage: 'database' }, /session_absent/)).toMatch(
    /session_absent/,
  );
}

/** What is in use is refused, and the message names what uses it; the client shows it to its user as it is. */
async function nothingInUseGoes(client: McpClient): Promise<void> {
  const uses = [
    { path: `${SCHEMAS}/orders`, users: ['pipeline works', 'instance prod'] },
    { path: '/ng/api/connectors/git', users: ['dbschema', 'orders'] },
    { path: '/ng/api/connectors/database', users: ['dbinstance', 'prod'] },
  ];
  for (const { path: address, users } of uses) {
    const { status, body } = await client.send({ method: 'DELETE', scope: 'S', path: address });
    expect([address, status, property(body, 'message')]).toEqual([
      address,
      400,
      expect.stringContaining('forceDelete=true'),
    ]);
    for (const user of users) expect(property(body, 'message')).toContain(user);
  }
}

async function removeAll(ask: Ask, terraform: TerraformClient, client: McpClient): Promise<void> {
  const { org, project } = client.place;
  const steps: readonly (Omit<McpRequest, 'scope' | 'method'> & Partial<Pick<McpRequest, 'scope'>>)[] = [
    ...['works', 'fails'].map((id) => ({ path: `/pipeline/api/pipelines/${id}` })),
    ...['orders', 'broken'].flatMap((id) => [{ path: `${SCHEMAS}/${id}/instance/prod` }, { path: `${SCHEMAS}/${id}` }]),
    ...['git', 'database'].map((id) => ({ path: `/ng/api/connectors/${id}` })),
  ];
  for (const step of steps) await ask({ method: 'DELETE', ...step });
  dataOf(
    await terraform.send({
      method: 'DELETE',
      path: '/ng/api/v2/secrets/db_password',
      query: { orgIdentifier: org, projectIdentifier: project },
    }),
  );
  await ask({ method: 'DELETE', path: `/ng/api/projects/${project}`, scope: 'AO' });
  await ask({ method: 'DELETE', path: `/ng/api/organizations/${org}`, scope: 'A' });
  for (const step of [
    { path: `/ng/api/organizations/${org}`, scope: 'A' as const },
    { path: '/ng/api/connectors/git' },
    { path: `${SCHEMAS}/orders` },
    { path: '/pipeline/api/pipelines/works' },
  ]) {
    expect((await client.send({ method: 'GET', scope: 'S', ...step })).status).toBe(404);
  }
}
