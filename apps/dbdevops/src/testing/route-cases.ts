import { publicDbDevopsRoutes } from '@sluice/dbdevops-api';
import { parentIdOf } from '../db-schema/db-schema.js';
import { projectScope } from '@sluice/kernel';
import type { TestReply, TestRequest } from './running-dbdevops.js';

/** Names that exist in the account of the fixture when the cases run. */
export const ACCOUNT = 'acc1';
export const PROJECT = { org: 'default', project: 'shop' } as const;
export const FQN = 'db/changelog.xml::1::ann';

/** One public route: a request that works and, for each way it can go wrong, what to change about it. */
export interface RouteCase {
  readonly request: TestRequest;
  /** What a working request answers, where the route’s own success status is not it. */
  readonly status?: number;
  /** Parts of the answer. */
  readonly answers?: unknown;
  /** Makes the request one the schemas refuse; a path that is too long, or a repeated key, where absent. */
  readonly invalid?: TestRequest;
  /** Makes the request name something that does not exist; null where it names nothing that could be missing. */
  readonly missing: TestRequest | null;
  /** What another account gets for the same request; 404 when absent. */
  readonly otherAccount?: { readonly status: number; readonly answers?: unknown };
  /** The request changes what the fixture holds, so each test starts from a fresh one. */
  readonly changesFixture?: true;
}

const schema = { ...PROJECT, dbschema: 'orders' };
const instance = { ...schema, dbinstance: 'dev' };
const flyway = { ...PROJECT, dbschema: 'fly', dbinstance: 'f1' };
const noSchema = { params: { dbschema: 'nowhere' } };
const noInstance = { params: { dbinstance: 'nowhere' } };
const scope = { orgIdentifier: 'default', projectIdentifier: 'shop' };
const execution = { pipelineExecutionId: 'exec-1', stageExecutionId: 'stage-1' };
const metadata = { pipeline: 'deploy', planExecutionId: 'exec-1', stageExecutionId: 'stage-1' };
const pair = { dbSchema: 'orders', dbInstance: 'dev' };
const NOT_SERVED = 400;
const EMPTY_LIST = { status: 200, answers: [] };
const badPage = { query: { limit: '101' } };

const stepOutput = { schemaIdentifier: 'orders', instanceIdentifier: 'dev', harnessCommand: 'Update', pipelineIdentifier: 'deploy', ...execution };
const snapshotQuery = { ...scope, ...execution, harnessCommand: 'DBOPSSnapshot', pipelineIdentifier: 'deploy', dbInstance: 'dev', dbSchema: 'orders', parentId: 'p1' };
const pluginResponse = { org: 'default', project: 'shop', ...pair, logs: "Liquibase command 'update' was executed successfully.", status: 'SUCCESS', data: {}, command: 'Update', ...metadata };

export const ROUTE_CASES: Readonly<Record<string, RouteCase>> = {
  listDbSchemas: { request: { params: PROJECT, query: { search_term: 'ORD', sort: 'name', order: 'ASC' } }, answers: [{ identifier: 'orders', instanceCount: 2 }], invalid: { query: { sort: 'size' } }, missing: null, otherAccount: EMPTY_LIST },
  createDbSchema: {
    request: { params: PROJECT, body: { identifier: 'stock', name: 'Stock', changelog: { connector: 'git', location: 'db.xml' } } },
    answers: { identifier: 'stock', name: 'Stock', type: 'Repository', migrationType: 'Liquibase', schemaSourceType: 'Git', instanceCount: 0, changelog: { connector: 'git', location: 'db.xml' } },
    invalid: { body: { identifier: 'overview', name: 'Overview', changelog: { connector: 'git', location: 'db.xml' } } },
    missing: null,
    otherAccount: { status: 201 },
    changesFixture: true,
  },
  dbSchemaOverview: { request: { params: PROJECT }, answers: { recentDeployments: [{ dbSchemaIdentifier: 'orders', dbInstanceIdentifier: 'dev', lastDeployed: 2000 }] }, missing: null, otherAccount: { status: 200, answers: { dbInstanceCount: 0, recentDeployments: [] } } },
  getDbSchema: { request: { params: schema }, answers: { identifier: 'orders', name: 'Orders', parentId: parentIdOf(projectScope(ACCOUNT, 'default', 'shop')) }, missing: noSchema },
  updateDbSchema: { request: { params: schema, body: { identifier: 'other', migrationType: 'Flyway', name: 'All orders' } }, answers: { identifier: 'orders', migrationType: 'Liquibase', name: 'All orders' }, invalid: { body: { name: '' } }, missing: noSchema, changesFixture: true },
  deleteDbSchema: { request: { params: schema, query: { forceDelete: true } }, invalid: { query: { forceDelete: 'perhaps' } }, missing: noSchema, changesFixture: true },
  listDbSchemasOfAccount: { request: { query: { search_term: 'orders' } }, answers: [{ identifier: 'orders' }], invalid: badPage, missing: null, otherAccount: EMPTY_LIST },
  deleteDbSchemasOfProject: {
    request: { query: { ...scope, parent_id: 'any', forceDelete: true } },
    invalid: { query: { projectIdentifier: '' } },
    missing: null,
    otherAccount: { status: 204 },
    changesFixture: true,
  },
  createDbInstance: {
    request: { params: schema, body: { identifier: 'qa', name: 'QA', connector: 'db', branch: 'main', context: 'test', tags: { env: 'qa' }, substituteProperties: { owner: 'app' } } },
    answers: { identifier: 'qa', connector: 'db', branch: 'main', context: 'test', tags: { env: 'qa' }, substituteProperties: { owner: 'app' }, toOnboard: true, lastDeployedChangeSetTag: '', schemaIdentifier: 'orders' },
    invalid: { body: { identifier: 'qa', name: 'QA', connector: 'db', branch: 'main', gitTag: 'v1' } },
    missing: noSchema,
    changesFixture: true,
  },
  listDbInstances: { request: { params: schema, body: {} }, answers: [{ identifier: 'prod' }, { identifier: 'dev' }], invalid: { body: { filterType: 'Like' } }, missing: noSchema },
  getDbInstance: { request: { params: instance }, answers: { identifier: 'dev', toOnboard: false, lastAppliedTag: 'v1', lastDeployedChangeSetTag: 'v1' }, missing: noInstance },
  updateDbInstance: { request: { params: instance, body: { gitTag: 'v2' } }, answers: { gitTag: 'v2', connector: 'db' }, invalid: { body: { connector: '' } }, missing: noInstance, changesFixture: true },
  deleteDbInstance: { request: { params: instance }, missing: noInstance, changesFixture: true },
  schemaMigrationState: {
    request: { params: schema, query: { search_term: 'changelog' } },
    answers: {
      schema: 'orders',
      instances: [{ identifier: 'dev', name: 'Dev' }, { identifier: 'prod', name: 'Prod' }],
      changeSets: [{ changeSet: '2', synced: false, instances: [{ instance: 'dev', status: 'Not_Deployed' }, { instance: 'prod', status: 'Not_Deployed' }] }, { changeSet: '1', changeSetFQN: FQN, instances: [{ status: 'Successfully_Deployed', planExecutionId: 'exec-1' }, { status: 'Not_Deployed', pipeline: '' }] }],
    },
    invalid: { body: { instanceFilter: { order: 'UP' } } },
    missing: noSchema,
  },
  instanceMigrationState: { request: { params: instance }, answers: { schemaName: 'Orders', instanceName: 'Dev', changeSets: [{ changeSet: '2', status: 'Not_Deployed', deployedAt: 0 }, { changeSet: '1', status: 'Successfully_Deployed', deployedAt: 1000, tag: 'v1', label: 'core' }] }, invalid: badPage, missing: noInstance },
  changesetSql: { request: { params: instance, body: { changesetFQN: FQN } }, status: 404, answers: { message: partOf('was not recorded') }, invalid: { body: { changesetFQN: '' } }, missing: { body: { changesetFQN: 'a::b::c' } } },
  changesetYaml: { request: { params: instance, query: { changeSet: FQN } }, status: 404, answers: { message: partOf('was not recorded') }, invalid: { query: { changeSet: '' } }, missing: { query: { changeSet: 'a::b::c' } } },
  changesetMetadata: { request: { params: instance, query: { ...execution, harnessCommand: 'Update', contentType: 'Sql' } }, answers: { data: [] }, invalid: { query: { contentType: 'Xml' } }, missing: noInstance },
  changesetExistence: { request: { params: schema, body: { changeSets: [{ id: '1' }, { id: '99' }] } }, answers: { existence: { 1: true, 99: false } }, invalid: { body: { changeSets: [] } }, missing: noSchema },
  deployedState: { request: { params: instance, body: { ...metadata, stepType: 'DBSchemaApply' } }, answers: [{ changeSetId: '1', status: 'SUCCESS', command: 'Update', deployedInCurrentExecution: true, metadata, changeSetFQN: FQN }], invalid: { body: { ...metadata, stepType: 'ShellScript' } }, missing: noInstance },
  parseMigrationLog: { request: { params: instance, body: "Liquibase command 'update' was executed successfully." }, answers: { success: true, command: 'Update' }, invalid: { body: 'hello' }, missing: noInstance },
  getParsedLog: { request: { params: { ...instance, log: 'log-1' } }, answers: { id: 'log-1', success: true, command: 'Update' }, missing: { params: { log: 'log-2' } } },
  flywaySchemaMigrationState: { request: { params: flyway, body: {} }, answers: { schema: 'fly', instances: [{ identifier: 'f1' }], migrations: [] }, invalid: badPage, missing: noSchema },
  flywayInstanceMigrationState: { request: { params: flyway }, answers: { schemaName: 'Fly', migrations: [] }, invalid: badPage, missing: noInstance },
  flywayDeployedState: { request: { params: flyway, body: { ...metadata, stepType: 'FlywayMigrate' } }, answers: { deployedScripts: [] }, invalid: { body: {} }, missing: noInstance },
  flywayMigrationScript: { request: { params: flyway, query: { flywayVersion: '1' } }, status: 404, answers: { message: partOf('no migration of version [1]') }, invalid: { query: { flywayVersion: '' } }, missing: noInstance },
  flywayStepScripts: { request: { query: { ...scope, ...execution, ...pair, command: 'Migrate' } }, status: 404, answers: { message: partOf('no Flyway scripts') }, invalid: { query: { command: 'Drop' } }, missing: { query: { dbSchema: 'nowhere' } } },
  snapshotObjectNames: { request: { params: instance, query: { objectType: 'Table' } }, answers: { data: [] }, invalid: { query: { objectType: '' } }, missing: noInstance },
  snapshotObjectValues: { request: { params: instance, body: { objectType: 'Table', objectNames: ['users'] } }, answers: { data: [] }, invalid: { body: { objectType: 'Table' } }, missing: noInstance },
  storeDbMetadata: { request: { params: { snapshotId: 's1' }, query: snapshotQuery, body: [] }, status: NOT_SERVED, invalid: { body: {} }, missing: null, otherAccount: { status: NOT_SERVED } },
  storeMetadataSnapshot: { request: { params: { snapshotId: 's1' }, query: snapshotQuery, body: new Uint8Array([1, 0, 2]) }, status: NOT_SERVED, invalid: { query: { dbSchema: '' } }, missing: null, otherAccount: { status: NOT_SERVED } },
  defaultAuthoringInstance: { request: { params: schema }, answers: { identifier: 'dev', name: 'Dev', connector: 'db', hasSnapshot: false }, missing: { params: { dbschema: 'empty' } } },
  defaultLlmPipeline: { request: { params: PROJECT }, status: 404, answers: { message: partOf('no pipeline is set up') }, missing: { query: { dbSchema: 'nowhere' } } },
  executeLlmPipeline: {
    request: { params: PROJECT, body: { conversationId: 'c1', schemaId: 'orders', instanceId: 'dev', changeset: 'databaseChangeLog: []', useDefaultPipeline: true } },
    status: NOT_SERVED,
    invalid: { body: { conversationId: 'c1', schemaId: 'orders', instanceId: 'dev', changeset: 'x', useDefaultPipeline: true, runtimeInputs: { schemaId: 'y' } } },
    missing: { body: { conversationId: 'c1', schemaId: 'nowhere', instanceId: 'dev', changeset: 'x', useDefaultPipeline: true } },
  },
  recordAuthoringEvent: {
    request: { params: PROJECT, body: { schemaIdentifier: 'orders', conversationId: 'c1', pipelineIdentifier: 'deploy', pipelineExecutionId: 'exec-1' } },
    status: NOT_SERVED,
    invalid: { body: {} },
    missing: { body: { schemaIdentifier: 'nowhere', conversationId: 'c1', pipelineIdentifier: 'deploy', pipelineExecutionId: 'exec-1' } },
  },
  authoringPipelineStatus: { request: { params: { ...PROJECT, pipelineIdentifier: 'deploy' }, query: { pipelineExecutionId: 'exec-1' } }, status: 404, invalid: { query: { pipelineExecutionId: '' } }, missing: { params: { pipelineIdentifier: 'nowhere' } } },
  getDefaultImages: { request: {}, answers: { defaultTag: partOf('sluice/step-runner:'), gitCloneTag: partOf('sluice/') }, missing: null, otherAccount: { status: 200 } },
  getCustomerImages: { request: {}, answers: { mongoTag: 'mine/mongo:1' }, invalid: { query: { overridesOnly: 'maybe' } }, missing: null, otherAccount: { status: 200, answers: {} } },
  updateImages: { request: { body: [{ field: 'defaultTag', value: 'mine/liquibase:2' }] }, answers: true, invalid: { body: [{ field: 'colour', value: 'red' }] }, missing: null, otherAccount: { status: 201 }, changesFixture: true },
  resetImages: { request: { body: ['mongoTag', { field: 'db2Tag' }] }, answers: true, invalid: { body: ['colour'] }, missing: null, otherAccount: { status: 201 }, changesFixture: true },
  deleteImages: { request: {}, answers: true, missing: null, otherAccount: { status: 200 }, changesFixture: true },
  pinImage: { request: { body: { value: '1.2.0' } }, answers: true, invalid: { body: { value: 'a b' } }, missing: null, otherAccount: { status: 200 }, changesFixture: true },
  stepPluginInputs: {
    request: { body: { ...pair, command: 'Update', Org: 'default', Project: 'shop', settings: { a: 'b' }, properties: { owner: 'me' } } },
    answers: { image: partOf('sluice/step-runner'), schema: { identifier: 'orders' }, instance: { identifier: 'dev' }, settings: { a: 'b' }, propertiesResult: { owner: 'me', color: 'red' }, downloadImages: { gitClone: partOf('sluice/') } },
    invalid: { body: { ...pair, command: 'Explode', Org: 'default', Project: 'shop' } },
    missing: { body: { dbSchema: 'orders', dbInstance: 'nowhere', command: 'Update', Org: 'default', Project: 'shop' } },
  },
  stepPluginResponse: { request: { body: pluginResponse }, invalid: { body: { ...pluginResponse, org: '' } }, missing: { body: { ...pluginResponse, dbInstance: 'nowhere' } }, changesFixture: true },
  flywayStepPluginInputs: { request: { body: { ...pair, command: 'Migrate', parentId: 'p1', pipelineExecutionMetadata: metadata } }, status: NOT_SERVED, invalid: { body: {} }, missing: null, otherAccount: { status: NOT_SERVED } },
  pluginOutputResponse: { request: { body: { orgId: 'default', projectId: 'shop', ...stepOutput, stepResponse: 'eA==' } }, status: NOT_SERVED, invalid: { body: {} }, missing: null, otherAccount: { status: NOT_SERVED } },
  flywayPluginOutputResponse: { request: { body: { parentId: 'p1', ...stepOutput, stepResponse: 'eA==', lastChunk: true } }, status: NOT_SERVED, invalid: { body: {} }, missing: null, otherAccount: { status: NOT_SERVED } },
  failureInterrupt: { request: { body: { orgId: 'default', projectId: 'shop', ...stepOutput, interruptType: 'Abort' } }, status: NOT_SERVED, invalid: { body: {} }, missing: null, otherAccount: { status: NOT_SERVED } },
  flywayFailureInterrupt: { request: { body: { parentId: 'p1', ...stepOutput, interruptType: 'Abort' } }, status: NOT_SERVED, invalid: { body: {} }, missing: null, otherAccount: { status: NOT_SERVED } },
  customOperations: {
    request: { body: { ...pair, command: 'Rollback', org: 'default', project: 'shop', pipelineExecutionMetadata: metadata, properties: ['EarlierRunInStage', 'SuccessfulChangeSetDeploymentInStage', 'DeployedChangeSets', 'PreStartTag'] } },
    answers: { earlierRunInStage: true, successfulChangeSetDeploymentInStage: true, deployedChangeSets: [{ changeSetFQN: FQN }], preStartTag: 'before-1' },
    invalid: { body: { ...pair, command: 'Rollback', org: 'default', project: 'shop', pipelineExecutionMetadata: metadata, properties: [] } },
    missing: { body: { dbSchema: 'orders', dbInstance: 'nowhere', command: 'Rollback', org: 'default', project: 'shop', pipelineExecutionMetadata: metadata, properties: ['PreStartTag'] } },
  },
  flywayCustomOperations: { request: { body: { ...pair, command: 'Undo', pipelineExecutionMetadata: metadata, properties: ['PreStartTag'] } }, status: NOT_SERVED, invalid: { body: {} }, missing: null, otherAccount: { status: NOT_SERVED } },
  schemaInstanceMetadata: {
    request: { body: { ...pair, org: 'default', project: 'shop' } },
    answers: { dbSchema: { identifier: 'orders' }, dbInstance: { identifier: 'dev' }, image: partOf('sluice/step-runner') },
    invalid: { body: pair },
    missing: { body: { ...pair, dbSchema: 'nowhere', org: 'default', project: 'shop' } },
  },
  pluginCapability: { request: {}, answers: { supportsConsolidated: false }, missing: null, otherAccount: { status: 200 } },
};

/** Marks a text of which only a part is known. */
export interface Containing {
  readonly containing: string;
}
function partOf(containing: string): Containing {
  return { containing };
}

/** The request with one part of it changed; params and query are joined, a body is replaced. */
export function changed(request: TestRequest, change: TestRequest): TestRequest {
  return { params: { ...request.params, ...change.params }, query: { ...request.query, ...change.query }, body: 'body' in change ? change.body : request.body };
}

/** What no route takes: a path segment that is too long, or a key that is there twice. */
export function refusedBySchema(id: string): TestRequest {
  const isInProject = publicDbDevopsRoutes.some((route) => route.id === id && route.path.includes('/:org/'));
  return isInProject ? { params: { org: 'x'.repeat(129) } } : { query: { accountIdentifier: [ACCOUNT, ACCOUNT] } };
}

/** Is every known part of the answer there? Lists must have as many entries. */
export function matches(actual: unknown, known: unknown): boolean {
  if (known === undefined) return true;
  if (typeof known !== 'object' || known === null) return actual === known;
  if ('containing' in known && typeof known.containing === 'string') return typeof actual === 'string' && actual.includes(known.containing);
  if (typeof actual !== 'object' || actual === null) return false;
  if (Array.isArray(known)) return Array.isArray(actual) && actual.length === known.length && known.every((entry, place) => matches(actual[place], entry));
  return Object.entries(known).every(([key, value]) => matches((actual as Record<string, unknown>)[key], value));
}

/** `{message}` and nothing else: how this API says what went wrong. */
export function isErrorBody(reply: TestReply): boolean {
  const { body } = reply;
  return typeof body === 'object' && body !== null && Object.keys(body).join() === 'message' && typeof (body as { message: unknown }).message === 'string';
}
