import { BENCH_ORG, BENCH_PROJECT, BIG_GROUP, BIG_INSTANCE, BIG_PIPELINE, BIG_SCHEMA } from './places.js';

/** Who asks. */
export interface Asker {
  readonly name: 'project user' | 'administrator';
  readonly apiKey: string;
  readonly userId: string;
  readonly account: string;
}

/** What a list is asked for besides page, search and order: the part only a person can know. */
export interface ListRequest {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Statuses that are right for this asker; 200 where absent. */
  readonly expects?: number;
}

type RequestOf = (asker: Asker) => ListRequest;

const project: RequestOf = () => ({ params: { org: BENCH_ORG, project: BENCH_PROJECT } });
const schema: RequestOf = () => ({ params: { org: BENCH_ORG, project: BENCH_PROJECT, dbschema: BIG_SCHEMA } });
const instance: RequestOf = () => ({
  params: { org: BENCH_ORG, project: BENCH_PROJECT, dbschema: BIG_SCHEMA, dbinstance: BIG_INSTANCE },
});
const withBody =
  (of: RequestOf, body: unknown): RequestOf =>
  (asker) => ({ ...of(asker), body });
const withQuery =
  (of: RequestOf, query: Readonly<Record<string, string>>): RequestOf =>
  (asker) => ({ ...of(asker), query: { ...of(asker).query, ...query } });

/** The project for its user, the whole account for the administrator. */
const scoped: RequestOf = ({ name, account }) => ({
  query: {
    accountIdentifier: account,
    ...(name === 'administrator' ? {} : { orgIdentifier: BENCH_ORG, projectIdentifier: BENCH_PROJECT }),
  },
});
const inProject: RequestOf = ({ account }) => ({
  query: { accountIdentifier: account, orgIdentifier: BENCH_ORG, projectIdentifier: BENCH_PROJECT },
});
const inAccount: RequestOf = ({ account }) => ({ query: { accountIdentifier: account } });
const ofUser: RequestOf = ({ account, userId }) => ({
  query: { accountIdentifier: account, apiKeyType: 'USER', parentIdentifier: userId },
});
/** Only an administrator may; the project's user is told so, which must not be slow either. */
const administrators =
  (of: RequestOf): RequestOf =>
  (asker) => ({ ...of(asker), ...(asker.name === 'administrator' ? {} : { expects: 403 }) });

const flyway: RequestOf = () => ({
  params: { org: BENCH_ORG, project: BENCH_PROJECT, dbschema: 'schema_9', dbinstance: 'instance_9' },
  expects: 404,
});
const execution = {
  planExecutionId: 'exec-instance_1',
  stageExecutionId: 'stage-instance_1',
  pipeline: BIG_PIPELINE,
  stepType: 'DBSchemaApply',
};

/** One row per list route of the contracts, by its id. A list without a row fails the benchmark. */
export const LIST_REQUESTS: Readonly<Record<string, RequestOf>> = {
  // DB DevOps
  listDbSchemas: project,
  listDbSchemasOfAccount: scoped,
  listDbInstances: withBody(schema, {}),
  schemaMigrationState: withBody(schema, {}),
  instanceMigrationState: instance,
  deployedState: withBody(instance, execution),
  changesetSql: (asker) => ({
    ...instance(asker),
    body: { changesetFQN: 'db/changes/release-0.xml::create-table-1::bob' },
    expects: 404,
  }),
  changesetMetadata: withQuery(instance, {
    harnessCommand: 'Update',
    pipelineExecutionId: 'e',
    stageExecutionId: 's',
    contentType: 'Sql',
  }),
  snapshotObjectNames: withQuery(instance, { objectType: 'Table' }),
  flywaySchemaMigrationState: (asker) => ({ ...withBody(flyway, {})(asker), expects: 200 }),
  flywayInstanceMigrationState: flyway,
  flywayDeployedState: withBody(flyway, { ...execution, stepType: 'DBSchemaApply' }),
  flywayMigrationScript: withQuery(flyway, { flywayVersion: '1' }),
  flywayStepScripts: (asker) => ({
    query: {
      ...inProject(asker).query,
      pipelineExecutionId: 'e',
      stageExecutionId: 's',
      dbSchema: 'schema_9',
      dbInstance: 'i',
      command: 'Migrate',
    },
    expects: 404,
  }),

  // Organizations, projects, connectors, secrets, people
  listOrganizations: inAccount,
  listProjects: ({ account }) => ({ query: { accountIdentifier: account, orgIdentifier: BENCH_ORG } }),
  listAllProjects: inAccount,
  v1ListOrgs: () => ({}),
  v1ListProjects: () => ({ params: { org: BENCH_ORG } }),
  listConnectors: inProject,
  listConnectorsV2: withBody(scoped, {}),
  listConnectorsByFqn: ({ account }) => ({
    query: { accountIdentifier: account },
    body: Array.from({ length: 100 }, (_, index) => `${account}/${BENCH_ORG}/${BENCH_PROJECT}/connector_${index + 1}`),
  }),
  v1ListAccountConnectors: administrators(() => ({})),
  v1ListOrgConnectors: administrators(() => ({ params: { org: BENCH_ORG } })),
  v1ListProjectConnectors: project,
  v1ListAccountSecrets: administrators(() => ({})),
  v1ListOrgSecrets: administrators(() => ({ params: { org: BENCH_ORG } })),
  v1ListProjectSecrets: project,
  listSecrets: scoped,
  filterSecrets: withBody(inProject, {}),
  filterSecretsV2: withBody(scoped, {}),
  aggregateUsers: scoped,
  batchUsers: withBody(scoped, {}),
  listServiceAccounts: inProject,
  aggregateServiceAccounts: inProject,
  listUserGroups: scoped,
  filterUserGroups: (asker) => withBody(scoped, { accountIdentifier: asker.account })(asker),
  listGroupMembers: (asker) => ({ ...withBody(inProject, {})(asker), params: { identifier: BIG_GROUP } }),
  listRoles: scoped,
  listRoleAssignments: inProject,
  authzListRoleAssignments: inProject,
  authzFilterRoleAssignments: withBody(inProject, { principalTypeFilter: ['USER', 'SERVICE_ACCOUNT'] }),
  authzFilterRoleAssignmentsByScope: (asker) =>
    withBody(scoped, {
      scopeFilters: [
        {
          filter: 'INCLUDING_CHILD_SCOPES',
          ...(asker.name === 'administrator' ? {} : { orgIdentifier: BENCH_ORG, projectIdentifier: BENCH_PROJECT }),
        },
      ],
    })(asker),
  authzListRoles: scoped,
  listResourceGroups: scoped,
  filterResourceGroups: withBody(scoped, {}),
  listAuditEvents: withBody(scoped, {}),
  listSecurityEvents: scoped,
  listApiKeys: ofUser,
  aggregateApiKeys: ofUser,
  aggregateTokens: withQuery(ofUser, { apiKeyIdentifier: 'key_1' }),
  listSettings: scoped,
  listVariables: scoped,
  listServices: scoped,
  listEnvironments: scoped,
  listInfrastructures: withQuery(scoped, { environmentIdentifier: 'environment_1' }),
  listDeadLetters: administrators(inAccount),
  listDelegates: withBody(scoped, {}),
  listDelegateTokens: scoped,
  delegateGroupsOfToken: administrators(withQuery(inAccount, { delegateTokenName: 'token_1' })),
  delegatesOfTokenByPath: administrators((asker) => ({ ...inAccount(asker), params: { tokenName: 'token_1' } })),

  // Pipelines
  listPipelines: withBody(inProject, {}),
  listExecutions: withBody(inProject, {}),
  listExecutionSummaries: withBody(inProject, {}),
  stagesExecutionList: withQuery(inProject, { pipelineIdentifier: BIG_PIPELINE }),
  listInputSets: withQuery(inProject, { pipelineIdentifier: BIG_PIPELINE }),
  listFilters: withQuery(inProject, { type: 'PipelineSetup' }),
  listTriggers: withQuery(inProject, { targetIdentifier: BIG_PIPELINE }),
  listApprovals: () => ({ params: { org: BENCH_ORG, project: BENCH_PROJECT, executionId: 'unknown' }, expects: 404 }),
  v1ListPipelines: project,
  v1ListInputSets: withQuery(project, { pipeline: BIG_PIPELINE }),
};
