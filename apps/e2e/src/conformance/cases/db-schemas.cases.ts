import type { RouteCases } from '../route-case.js';
import type { World } from '../world.js';

const LISTS = { none: 'a list has nothing that could be missing' };
const noSchema = { change: { params: { dbschema: 'nowhere' } } };
const noInstance = { change: { params: { dbinstance: 'nowhere' } } };
const longOrg = { change: { params: { org: 'x'.repeat(129) } }, field: 'org' };
const badLimit = { change: { query: { limit: '101' } }, field: 'limit' };
const atSchema = ({ path, schema }: World) => ({ ...path, dbschema: schema });
const atInstance = (world: World) => ({ ...atSchema(world), dbinstance: world.instance });
/** Keys clients append to every call. */
const appended = ({ scope }: World) => ({ ...scope, routingId: scope.accountIdentifier });

/** DB schemas and instances (api-contract 2.1, 2.2). */
export const dbSchemaCases: RouteCases = {
  listDbSchemas: {
    request: (world) => ({
      params: world.path,
      query: {
        ...appended(world),
        search_term: world.schema.toUpperCase(),
        sort: 'name',
        order: 'ASC',
        migrationType: 'Liquibase',
      },
    }),
    answers: ({ schema, gitConnector }) => [
      {
        identifier: schema,
        instanceCount: 1,
        type: 'Repository',
        migrationType: 'Liquibase',
        schemaSourceType: 'Git',
        changelog: { connector: gitConnector, location: 'changelog.sql' },
      },
    ],
    invalid: { change: { query: { sort: 'size' } }, field: 'sort' },
    missing: LISTS,
  },
  createDbSchema: {
    request: (world) => ({
      params: world.path,
      query: appended(world),
      json: {
        identifier: world.make.id('schema'),
        name: 'Stock',
        tags: { team: 'a' },
        type: 'Repository',
        migrationType: 'Liquibase',
        changelog: { connector: world.gitConnector, location: 'db.xml' },
        service: 'orders',
        usePercona: false,
      },
    }),
    answers: (_, { json }) => ({ ...(json as object), schemaSourceType: 'Git', instanceCount: 0 }),
    invalid: ({ gitConnector }) => ({
      change: {
        json: { identifier: 'overview', name: 'Overview', changelog: { connector: gitConnector, location: 'db.xml' } },
      },
      field: 'identifier',
    }),
    missing: { change: { params: { project: 'nowhere' } } },
  },
  dbSchemaOverview: {
    request: ({ path }) => ({ params: path }),
    check: (text) => (text.includes('"lastDeployed":') ? undefined : 'has no recent deployment'),
    invalid: longOrg,
    missing: { none: 'a project without schemas has an overview too' },
    otherAccount: 'an answer of its own',
  },
  getDbSchema: {
    request: (world) => ({ params: atSchema(world), query: appended(world) }),
    answers: ({ schema, marker }) => ({
      identifier: schema,
      name: `${marker} schema`,
      instanceCount: 1,
      migrationType: 'Liquibase',
    }),
    invalid: longOrg,
    missing: noSchema,
  },
  updateDbSchema: {
    request: async ({ path, make }) => ({
      params: { ...path, dbschema: await make.schema() },
      json: { identifier: 'other', migrationType: 'Flyway', name: 'All orders', tags: { a: 'b' } },
    }),
    answers: (_, { params }) => ({
      identifier: params?.['dbschema'],
      migrationType: 'Liquibase',
      name: 'All orders',
      tags: { a: 'b' },
    }),
    invalid: { change: { json: { name: '' } }, field: 'name' },
    missing: noSchema,
  },
  deleteDbSchema: {
    request: async ({ path, make }) => ({ params: { ...path, dbschema: await make.schema() } }),
    invalid: longOrg,
    missing: noSchema,
  },
  listDbSchemasOfAccount: {
    request: ({ account, schema, org, project }) => ({
      headers: { 'harness-account': account },
      query: { search_term: schema, orgIdentifier: org, projectIdentifier: project },
    }),
    answers: ({ schema }) => [{ identifier: schema }],
    invalid: badLimit,
    missing: LISTS,
  },
  deleteDbSchemasOfProject: {
    request: async ({ org, make }) => ({
      query: { orgIdentifier: org, projectIdentifier: await make.project(), parent_id: 'any' },
    }),
    invalid: { change: { query: { parent_id: [] } }, field: 'parent_id' },
    missing: { none: 'a project without schemas has nothing to delete' },
    otherAccount: 'an answer of its own',
  },
  createDbInstance: {
    request: async (world) => ({
      params: { ...world.path, dbschema: await world.make.schema() },
      query: appended(world),
      json: {
        identifier: world.make.id('instance'),
        name: 'QA',
        connector: world.jdbcConnector,
        branch: 'main',
        context: 'test',
        tags: { env: 'qa' },
        substituteProperties: { owner: 'app' },
      },
    }),
    answers: (_, { json, params }) => ({
      ...(json as object),
      toOnboard: true,
      lastDeployedChangeSetTag: '',
      schemaIdentifier: params?.['dbschema'],
    }),
    invalid: ({ jdbcConnector }) => ({
      change: { json: { identifier: 'qa', name: 'QA', connector: jdbcConnector, branch: 'main', gitTag: 'v1' } },
      field: 'branch',
    }),
    missing: noSchema,
  },
  listDbInstances: {
    request: (world) => ({
      params: atSchema(world),
      query: appended(world),
      json: { filterType: 'Equals', instanceTags: [{ key: 'env', value: 'prod' }] },
    }),
    answers: ({ instance }) => [{ identifier: instance, tags: { env: 'prod' } }],
    invalid: { change: { json: { filterType: 'Like' } }, field: 'filterType' },
    missing: noSchema,
  },
  getDbInstance: {
    request: (world) => ({ params: atInstance(world) }),
    answers: ({ instance, jdbcConnector }) => ({
      identifier: instance,
      connector: jdbcConnector,
      branch: 'main',
      toOnboard: false,
      lastAppliedTag: 'v1',
      lastDeployedChangeSetTag: 'v1',
    }),
    invalid: longOrg,
    missing: noInstance,
  },
  updateDbInstance: {
    request: async (world) => ({
      params: { ...world.path, ...(await world.make.instance()) },
      json: { identifier: 'other', name: 'Renamed', gitTag: 'v2', connector: world.jdbcConnector, context: 'a' },
    }),
    answers: (_, { params }) => ({ identifier: params?.['dbinstance'], name: 'Renamed', gitTag: 'v2', context: 'a' }),
    invalid: { change: { json: { connector: '' } }, field: 'connector' },
    missing: noInstance,
  },
  deleteDbInstance: {
    request: async ({ path, make }) => ({ params: { ...path, ...(await make.instance()) } }),
    invalid: longOrg,
    missing: noInstance,
  },
  defaultAuthoringInstance: {
    request: (world) => ({ params: atSchema(world) }),
    answers: ({ instance, jdbcConnector, marker }) => ({
      identifier: instance,
      name: `${marker} instance`,
      connector: jdbcConnector,
      hasSnapshot: false,
    }),
    invalid: longOrg,
    missing: ({ emptySchema }) => ({ change: { params: { dbschema: emptySchema } } }),
  },
};
