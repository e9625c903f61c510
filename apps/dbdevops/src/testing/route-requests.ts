import { PROJECT } from './fixture.js';
import type { TestRequest } from './running-dbdevops.js';

/** One public route, as an account administrator asks for what the fixture holds. */
export interface RouteRequest {
  readonly request: TestRequest;
  /** What it answers, where the route’s own success status is not it. */
  readonly status?: number;
  /** What another account gets for the same request; 404 when absent. */
  readonly otherAccount?: { readonly status: number; readonly answers?: object };
  /** The request changes what the fixture holds. */
  readonly changesFixture?: true;
}

const schema = { ...PROJECT, dbschema: 'orders' };
const instance = { ...schema, dbinstance: 'dev' };
const flyway = { ...PROJECT, dbschema: 'fly', dbinstance: 'f1' };
const scope = { orgIdentifier: 'default', projectIdentifier: 'shop' };
const execution = { pipelineExecutionId: 'exec-1', stageExecutionId: 'stage-1' };
const metadata = { pipeline: 'deploy', planExecutionId: 'exec-1', stageExecutionId: 'stage-1' };
const pair = { dbSchema: 'orders', dbInstance: 'dev' };
const FQN = 'db/changelog.xml::1::ann';
const NOT_SERVED = 422;
const EMPTY_LIST = { status: 200, answers: [] };

const stepOutput = {
  schemaIdentifier: 'orders',
  instanceIdentifier: 'dev',
  harnessCommand: 'Update',
  pipelineIdentifier: 'deploy',
  ...execution,
};
const snapshotQuery = {
  ...scope,
  ...execution,
  harnessCommand: 'DBOPSSnapshot',
  pipelineIdentifier: 'deploy',
  dbInstance: 'dev',
  dbSchema: 'orders',
  parentId: 'p1',
};
const pluginResponse = {
  org: 'default',
  project: 'shop',
  ...pair,
  logs: "Liquibase command 'update' was executed successfully.",
  status: 'SUCCESS',
  data: {},
  command: 'Update',
  ...metadata,
};

/** By the id of the route. What the answers hold is looked at through the gateway, by the conformance suite. */
export const ROUTE_REQUESTS: Readonly<Record<string, RouteRequest>> = {
  listDbSchemas: {
    request: { params: PROJECT, query: { search_term: 'ORD', sort: 'name', order: 'ASC' } },
    otherAccount: EMPTY_LIST,
  },
  createDbSchema: {
    request: {
      params: PROJECT,
      body: { identifier: 'stock', name: 'Stock', changelog: { connector: 'git', location: 'db.xml' } },
    },
    otherAccount: { status: 201 },
    changesFixture: true,
  },
  dbSchemaOverview: {
    request: { params: PROJECT },
    otherAccount: { status: 200, answers: { dbInstanceCount: 0, recentDeployments: [] } },
  },
  getDbSchema: { request: { params: schema } },
  updateDbSchema: {
    request: { params: schema, body: { identifier: 'other', migrationType: 'Flyway', name: 'All orders' } },
    changesFixture: true,
  },
  deleteDbSchema: { request: { params: schema, query: { forceDelete: true } }, changesFixture: true },
  listDbSchemasOfAccount: { request: { query: { search_term: 'orders' } }, otherAccount: EMPTY_LIST },
  deleteDbSchemasOfProject: {
    request: { query: { ...scope, parent_id: 'any', forceDelete: true } },
    otherAccount: { status: 204 },
    changesFixture: true,
  },
  createDbInstance: {
    request: {
      params: schema,
      body: {
        identifier: 'qa',
        name: 'QA',
        connector: 'db',
        branch: 'main',
        context: 'test',
        tags: { env: 'qa' },
        substituteProperties: { owner: 'app' },
      },
    },
    changesFixture: true,
  },
  listDbInstances: { request: { params: schema, body: {} } },
  getDbInstance: { request: { params: instance } },
  updateDbInstance: { request: { params: instance, body: { gitTag: 'v2' } }, changesFixture: true },
  deleteDbInstance: { request: { params: instance }, changesFixture: true },
  schemaMigrationState: { request: { params: schema, query: { search_term: 'changelog' } } },
  instanceMigrationState: { request: { params: instance } },
  changesetSql: { request: { params: instance, body: { changesetFQN: FQN } }, status: 404 },
  changesetYaml: { request: { params: instance, query: { changeSet: FQN } }, status: 404 },
  changesetMetadata: {
    request: { params: instance, query: { ...execution, harnessCommand: 'Update', contentType: 'Sql' } },
    status: NOT_SERVED,
  },
  changesetExistence: { request: { params: schema, body: { changeSets: [{ id: '1' }, { id: '99' }] } } },
  deployedState: { request: { params: instance, body: { ...metadata, stepType: 'DBSchemaApply' } } },
  parseMigrationLog: { request: { params: instance, body: "Liquibase command 'update' was executed successfully." } },
  getParsedLog: { request: { params: { ...instance, log: 'log-1' } } },
  flywaySchemaMigrationState: { request: { params: flyway, body: {} }, status: NOT_SERVED },
  flywayInstanceMigrationState: { request: { params: flyway }, status: NOT_SERVED },
  flywayDeployedState: {
    request: { params: flyway, body: { ...metadata, stepType: 'FlywayMigrate' } },
    status: NOT_SERVED,
  },
  flywayMigrationScript: { request: { params: flyway, query: { flywayVersion: '1' } }, status: 404 },
  flywayStepScripts: { request: { query: { ...scope, ...execution, ...pair, command: 'Migrate' } }, status: 404 },
  snapshotObjectNames: { request: { params: instance, query: { objectType: 'Table' } }, status: NOT_SERVED },
  snapshotObjectValues: {
    request: { params: instance, body: { objectType: 'Table', objectNames: ['users'] } },
    status: NOT_SERVED,
  },
  storeDbMetadata: {
    request: { params: { snapshotId: 's1' }, query: snapshotQuery, body: [] },
    status: NOT_SERVED,
    otherAccount: { status: NOT_SERVED },
  },
  storeMetadataSnapshot: {
    request: { params: { snapshotId: 's1' }, query: snapshotQuery, body: new Uint8Array([1, 0, 2]) },
    status: NOT_SERVED,
    otherAccount: { status: NOT_SERVED },
  },
  defaultAuthoringInstance: { request: { params: schema } },
  defaultLlmPipeline: { request: { params: PROJECT }, status: 404 },
  executeLlmPipeline: {
    request: {
      params: PROJECT,
      body: {
        conversationId: 'c1',
        schemaId: 'orders',
        instanceId: 'dev',
        changeset: 'databaseChangeLog: []',
        useDefaultPipeline: true,
      },
    },
    status: NOT_SERVED,
  },
  recordAuthoringEvent: {
    request: {
      params: PROJECT,
      body: {
        schemaIdentifier: 'orders',
        conversationId: 'c1',
        pipelineIdentifier: 'deploy',
        pipelineExecutionId: 'exec-1',
      },
    },
    status: NOT_SERVED,
  },
  authoringPipelineStatus: {
    request: { params: { ...PROJECT, pipelineIdentifier: 'deploy' }, query: { pipelineExecutionId: 'exec-1' } },
    status: 404,
  },
  getDefaultImages: { request: {}, otherAccount: { status: 200 } },
  getCustomerImages: { request: {}, otherAccount: { status: 200, answers: {} } },
  updateImages: {
    request: { body: [{ field: 'defaultTag', value: 'mine/liquibase:2' }] },
    otherAccount: { status: 201 },
    changesFixture: true,
  },
  resetImages: {
    request: { body: ['mongoTag', { field: 'db2Tag' }] },
    otherAccount: { status: 201 },
    changesFixture: true,
  },
  deleteImages: { request: {}, otherAccount: { status: 200 }, changesFixture: true },
  pinImage: { request: { body: { value: '1.2.0' } }, otherAccount: { status: 200 }, changesFixture: true },
  stepPluginInputs: {
    request: {
      body: {
        ...pair,
        command: 'Update',
        Org: 'default',
        Project: 'shop',
        settings: { a: 'b' },
        properties: { owner: 'me' },
      },
    },
  },
  stepPluginResponse: { request: { body: pluginResponse }, changesFixture: true },
  flywayStepPluginInputs: {
    request: { body: { ...pair, command: 'Migrate', parentId: 'p1', pipelineExecutionMetadata: metadata } },
    status: NOT_SERVED,
    otherAccount: { status: NOT_SERVED },
  },
  pluginOutputResponse: {
    request: { body: { orgId: 'default', projectId: 'shop', ...stepOutput, stepResponse: 'eA==' } },
    status: NOT_SERVED,
    otherAccount: { status: NOT_SERVED },
  },
  flywayPluginOutputResponse: {
    request: { body: { parentId: 'p1', ...stepOutput, stepResponse: 'eA==', lastChunk: true } },
    status: NOT_SERVED,
    otherAccount: { status: NOT_SERVED },
  },
  failureInterrupt: {
    request: { body: { orgId: 'default', projectId: 'shop', ...stepOutput, interruptType: 'Abort' } },
    status: NOT_SERVED,
    otherAccount: { status: NOT_SERVED },
  },
  flywayFailureInterrupt: {
    request: { body: { parentId: 'p1', ...stepOutput, interruptType: 'Abort' } },
    status: NOT_SERVED,
    otherAccount: { status: NOT_SERVED },
  },
  customOperations: {
    request: {
      body: {
        ...pair,
        command: 'Rollback',
        org: 'default',
        project: 'shop',
        pipelineExecutionMetadata: metadata,
        properties: ['EarlierRunInStage', 'SuccessfulChangeSetDeploymentInStage', 'DeployedChangeSets', 'PreStartTag'],
      },
    },
  },
  flywayCustomOperations: {
    request: { body: { ...pair, command: 'Undo', pipelineExecutionMetadata: metadata, properties: ['PreStartTag'] } },
    status: NOT_SERVED,
    otherAccount: { status: NOT_SERVED },
  },
  schemaInstanceMetadata: { request: { body: { ...pair, org: 'default', project: 'shop' } } },
  pluginCapability: { request: {}, otherAccount: { status: 200 } },
};
