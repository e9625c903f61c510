import { beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '@sluice/kernel';
import type { Stack } from '@sluice/local-stack';
import { BASES, gitSpec, jdbcSpec, mcpOf, must, newPlace, putSecret, terraformOf } from './fixtures.js';
import type { McpClient } from './requests.js';
import { testRows, type Row } from './rows.js';

const SCHEMAS = '/dbops/v1/orgs/{org}/projects/{project}/dbschema';
const NUMBER = expect.any(Number);

/** api-contract 7.2, row by row: bodies are passed through untouched, answers are read as they are. */
export function dbdevopsScenarios(stack: () => Stack): void {
  describe.each(BASES)('the MCP client on databases, $what', ({ path }) => {
    let client: McpClient | undefined;
    const mcp = (): McpClient => {
      if (!client) throw new Error('there is no client yet');
      return client;
    };

    beforeAll(async () => {
      const anywhere = mcpOf(stack(), path, { org: 'default', project: 'none' });
      client = anywhere.at(await newPlace(anywhere));
      const { customerDatabase: database } = stack();
      await putSecret(terraformOf(stack()), client.place, 'db_password', database.password);
      const connectors = [
        { identifier: 'git', type: 'Git', spec: gitSpec('http://git.example/orders.git') },
        { identifier: 'jdbc', type: 'JDBC', spec: jdbcSpec(database.jdbcUrl, database.username, 'db_password') },
      ];
      for (const connector of connectors)
        await must(
          client.send({
            method: 'POST',
            path: '/ng/api/connectors',
            scope: 'S',
            addsScopeTo: 'connector',
            body: { connector: { name: connector.identifier, ...connector } },
          }),
        );
    });

    const schema = `orders_${newId()}`;
    testRows(mcp, schemaRows(schema));
    testRows(mcp, instanceRows(schema));
    testRows(mcp, readRows(schema));
    testRows(mcp, endRows(schema));

    it('ignores that org and project are said twice, and reads no totals', async () => {
      const answer = await mcp().send({ method: 'GET', path: SCHEMAS, scope: 'S', query: { page: 0, limit: 20 } });
      expect([
        answer.body,
        answer.headers.get('x-total-elements'),
        answer.headers.get('x-page-number'),
        answer.headers.get('x-page-size'),
      ]).toEqual([[], '0', '0', '20']);
    });
  });
}

const raw = { scope: 'S', extracts: 'RAW' } as const;

function schemaRows(identifier: string): Row[] {
  const one = `${SCHEMAS}/${identifier}`;
  const repository = {
    identifier,
    name: 'Orders',
    tags: { team: 'data' },
    type: 'Repository',
    migrationType: 'Liquibase',
    changelog: { connector: 'git', location: 'db/changelog.xml' },
  };
  const shown = {
    ...repository,
    created: NUMBER,
    instanceCount: 0,
    schemaSourceType: 'Git',
    usePercona: false,
    parentId: expect.any(String),
  };
  const script = {
    identifier: 'scripted',
    name: 'Scripted',
    type: 'Script',
    migrationType: 'Liquibase',
    changeLogScript: { location: 'changelog.yaml', image: 'alpine', shell: 'Sh', command: 'true' },
  };
  return [
    {
      name: 'database_schema.create',
      method: 'POST',
      path: SCHEMAS,
      ...raw,
      body: repository,
      status: 201,
      expected: shown,
    },
    {
      name: 'database_schema.create from a script',
      method: 'POST',
      path: SCHEMAS,
      ...raw,
      body: script,
      status: 201,
      expected: { ...script, schemaSourceType: 'Custom' },
    },
    {
      name: 'database_schema.list',
      method: 'GET',
      path: SCHEMAS,
      ...raw,
      query: { search_term: 'Orders', migrationType: 'Liquibase', page: 0, limit: 20 },
      status: 200,
      expected: [shown],
    },
    { name: 'database_schema.get', method: 'GET', path: one, ...raw, status: 200, expected: shown },
    {
      name: 'database_schema.update',
      method: 'PUT',
      path: one,
      ...raw,
      body: { name: 'Renamed', tags: { team: 'platform' }, changelog: { location: 'db/other.xml' } },
      status: 200,
      expected: {
        name: 'Renamed',
        tags: { team: 'platform' },
        changelog: { connector: 'git', location: 'db/other.xml' },
        updated: NUMBER,
      },
    },
    {
      name: 'database_schema.delete',
      method: 'DELETE',
      path: `${SCHEMAS}/scripted`,
      ...raw,
      status: 204,
      expected: undefined,
    },
  ];
}

function instanceRows(schema: string): Row[] {
  const root = `${SCHEMAS}/${schema}/instance`;
  const instance = {
    identifier: 'prod',
    name: 'Production',
    tags: { env: 'prod' },
    connector: 'jdbc',
    branch: 'main',
    context: 'prod,!test',
    substituteProperties: { owner: 'orders_app' },
  };
  const shown = {
    ...instance,
    created: NUMBER,
    lastDeployedChangeSetTag: expect.any(String),
    toOnboard: expect.any(Boolean),
    schemaIdentifier: schema,
  };
  const { branch: _branch, ...onCommit } = instance;
  return [
    {
      name: 'database_instance.create',
      method: 'POST',
      path: root,
      ...raw,
      body: instance,
      status: 201,
      expected: shown,
    },
    {
      name: 'database_instance.list',
      method: 'POST',
      path: `${root}list`,
      ...raw,
      query: { page: 0, limit: 20 },
      body: {},
      status: 200,
      expected: [shown],
    },
    {
      name: 'database_instance.list with a term',
      method: 'POST',
      path: `${root}list`,
      ...raw,
      query: { search_term: 'Prod', page: 0, limit: 20 },
      body: { instanceTags: [{ key: 'env', value: 'prod' }] },
      status: 200,
      expected: [{ identifier: 'prod' }],
    },
    { name: 'database_instance.get', method: 'GET', path: `${root}/prod`, ...raw, status: 200, expected: shown },
    {
      name: 'database_instance.update',
      method: 'PUT',
      path: `${root}/prod`,
      ...raw,
      body: { name: 'Live', context: 'live', commitSha: '<+trigger.commitSha>' },
      status: 200,
      expected: { ...onCommit, name: 'Live', context: 'live', commitSha: '<+trigger.commitSha>' },
    },
    {
      name: 'database_schema.get counts instances',
      method: 'GET',
      path: `${SCHEMAS}/${schema}`,
      ...raw,
      status: 200,
      expected: { instanceCount: 1 },
    },
  ];
}

/** What belongs to later work answers its documented shape, or a 4xx with a message; never a made-up success. */
function readRows(schema: string): Row[] {
  const one = `${SCHEMAS}/${schema}/dbinstance/prod`;
  const llm = '/dbops/v1/orgs/{org}/projects/{project}';
  const refused = { message: expect.any(String) };
  return [
    {
      name: 'database_snapshot_object.list',
      method: 'GET',
      path: `${one}/snapshot-object-names`,
      ...raw,
      query: { objectType: 'Table', page: 0, limit: 20 },
      status: 422,
      expected: refused,
    },
    {
      name: 'database_snapshot_object.get',
      method: 'POST',
      path: `${one}/snapshot-object-values`,
      ...raw,
      body: { objectType: 'Table', objectNames: ['users'] },
      status: 422,
      expected: refused,
    },
    {
      name: 'database_changeset_existence.get',
      method: 'POST',
      path: `${SCHEMAS}/${schema}/changesets/existence`,
      ...raw,
      body: { changeSets: [{ id: '1' }] },
      status: 200,
      expected: { existence: { 1: false } },
    },
    {
      name: 'database_default_authoring_instance.get',
      method: 'GET',
      path: `${SCHEMAS}/${schema}/default-authoring-instance`,
      ...raw,
      status: 200,
      expected: { identifier: 'prod', name: 'Live', hasSnapshot: false, connector: 'jdbc' },
    },
    {
      name: 'database_llm_authoring_pipeline.get',
      method: 'GET',
      path: `${llm}/default-llm-pipeline`,
      ...raw,
      query: { dbSchema: schema, dbInstance: 'prod' },
      status: 404,
      expected: refused,
    },
    {
      name: 'database_execute_llm_authoring_pipeline.run',
      method: 'POST',
      path: `${llm}/llm-authoring/execute-pipeline`,
      ...raw,
      body: {
        conversationId: 'c1',
        schemaId: schema,
        instanceId: 'prod',
        changeset: 'databaseChangeLog: []',
        useDefaultPipeline: true,
      },
      status: 422,
      expected: refused,
    },
  ];
}

function endRows(schema: string): Row[] {
  const one = `${SCHEMAS}/${schema}`;
  return [
    {
      name: 'database_instance.delete',
      method: 'DELETE',
      path: `${one}/instance/prod`,
      ...raw,
      status: 204,
      expected: undefined,
    },
    {
      name: 'database_instance.get of what is gone',
      method: 'GET',
      path: `${one}/instance/prod`,
      ...raw,
      status: 404,
      expected: { message: expect.any(String) },
    },
    { name: 'database_schema.delete', method: 'DELETE', path: one, ...raw, status: 204, expected: undefined },
    {
      name: 'database_schema.get of what is gone',
      method: 'GET',
      path: one,
      ...raw,
      status: 404,
      expected: { message: expect.any(String) },
    },
    {
      name: 'database_schema.create of one that goes with its instance',
      method: 'POST',
      path: SCHEMAS,
      ...raw,
      body: {
        identifier: 'whole',
        name: 'Whole',
        type: 'Repository',
        migrationType: 'Liquibase',
        changelog: { connector: 'git', location: 'db/changelog.xml' },
      },
      status: 201,
      expected: { identifier: 'whole' },
    },
    {
      name: 'database_instance.create in it',
      method: 'POST',
      path: `${SCHEMAS}/whole/instance`,
      ...raw,
      body: { identifier: 'prod', name: 'Production', connector: 'jdbc', branch: 'main' },
      status: 201,
      expected: { identifier: 'prod' },
    },
    {
      name: 'database_schema.delete with its instances, of which the client warns its user',
      method: 'DELETE',
      path: `${SCHEMAS}/whole`,
      ...raw,
      status: 204,
      expected: undefined,
    },
    {
      name: 'database_schema.get of what went with its instances',
      method: 'GET',
      path: `${SCHEMAS}/whole`,
      ...raw,
      status: 404,
      expected: { message: expect.any(String) },
    },
  ];
}
