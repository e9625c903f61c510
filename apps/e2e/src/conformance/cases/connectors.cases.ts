import { partOf } from '../answers.js';
import type { RouteCases } from '../route-case.js';
import { gitConnectorBody } from '../make-world.js';
import type { World } from '../world.js';

const LISTS = { none: 'a list has nothing that could be missing' };
const longIdentifier = { change: { params: { identifier: 'x'.repeat(129) } }, field: 'identifier' };
const missing = { change: { params: { identifier: 'nowhere' } }, code: 'RESOURCE_NOT_FOUND_EXCEPTION' };
const noConnector = { change: { params: { connector: 'nowhere' } }, status: 400, code: 'INVALID_IDENTIFIER_REF' };
const atInstance = ({ path, schema, instance }: World) => ({
  params: { ...path, dbschema: schema, dbinstance: instance },
});
const badPage = { change: { query: { pageSize: '0' } }, field: 'pageSize' };

/** Connectors of `/ng/api` (api-contract 3.1, 3.3). Tests of connections are made by a delegate. */
export const connectorCases: RouteCases = {
  createConnector: {
    request: (world) => ({
      query: world.inAccount,
      json: {
        connector: { ...gitConnectorBody(world, world.make.id('connector')), description: 'd', tags: { a: 'b' } },
      },
    }),
    answers: (_, { json }) => ({ ...(json as object), harnessManaged: false }),
    invalid: (world) => ({
      change: { json: { connector: { ...gitConnectorBody(world, 'c'), type: 'Nonsense' } } },
      field: 'connector.type',
    }),
    missing: (world) => ({
      change: { json: { connector: { ...gitConnectorBody(world, 'c'), projectIdentifier: 'nowhere' } } },
    }),
  },
  updateConnector: {
    request: async (world) => ({
      query: world.inAccount,
      json: {
        connector: { ...gitConnectorBody(world, await world.make.connector()), name: 'Renamed', tags: { a: 'b' } },
      },
    }),
    answers: (_, { json }) => json,
    invalid: (world) => ({
      change: { json: { connector: { ...gitConnectorBody(world, 'c'), name: '' } } },
      field: 'connector.name',
    }),
    missing: (world) => ({
      change: { json: { connector: gitConnectorBody(world, 'nowhere') } },
      code: 'RESOURCE_NOT_FOUND_EXCEPTION',
    }),
  },
  getConnector: {
    request: ({ scope, jdbcConnector }) => ({ query: scope, params: { identifier: jdbcConnector } }),
    answers: ({ jdbcConnector }) => ({
      connector: {
        identifier: jdbcConnector,
        type: 'JDBC',
        spec: { auth: { type: 'UsernamePassword' }, executeOnDelegate: true },
      },
      entityValidityDetails: { valid: true },
    }),
    invalid: longIdentifier,
    missing,
  },
  deleteConnector: {
    request: async ({ scope, make }) => ({ query: scope, params: { identifier: await make.connector() } }),
    answers: true,
    invalid: { change: { query: { forceDelete: 'perhaps' } }, field: 'forceDelete' },
    missing,
  },
  listConnectors: {
    request: ({ scope, jdbcConnector }) => ({ query: { ...scope, searchTerm: jdbcConnector, type: 'JDBC' } }),
    answers: ({ jdbcConnector }) => ({ totalItems: 1, content: [{ connector: { identifier: jdbcConnector } }] }),
    invalid: badPage,
    missing: LISTS,
  },
  listConnectorsV2: {
    request: ({ scope, gitConnector }) => ({
      query: { ...scope, pageSize: 3 },
      json: {
        filterType: 'Connector',
        types: ['Git'],
        connectorIdentifiers: [gitConnector],
        orgIdentifier: scope.orgIdentifier,
        projectIdentifier: scope.projectIdentifier,
      },
    }),
    answers: ({ gitConnector }) => ({
      totalItems: 1,
      pageSize: 3,
      content: [{ connector: { identifier: gitConnector, type: 'Git' } }],
    }),
    invalid: badPage,
    missing: LISTS,
  },
  testConnector: {
    request: ({ scope, jdbcConnector }) => ({
      query: scope,
      params: { identifier: jdbcConnector },
      json: { orgIdentifier: scope.orgIdentifier, projectIdentifier: scope.projectIdentifier },
    }),
    answers: { status: 'SUCCESS', errors: [] },
    invalid: longIdentifier,
    missing,
  },
  testGitRepo: {
    request: ({ scope, gitConnector }) => ({ query: scope, params: { identifier: gitConnector } }),
    answers: { status: 'SUCCESS', errors: [] },
    invalid: { change: { query: { repoURL: 'x'.repeat(2049) } }, field: 'repoURL' },
    missing,
  },
  connectorCatalogue: {
    request: ({ inAccount }) => ({ query: inAccount }),
    answers: {
      catalogue: [
        { category: 'DATABASE', connectors: ['JDBC'] },
        { category: 'CODE_REPO', connectors: ['Git', 'Github', 'Gitlab', 'Bitbucket'] },
        { category: 'CLOUD_PROVIDER', connectors: ['K8sCluster', 'Aws', 'Gcp', 'Azure'] },
        { category: 'ARTIFACTORY', connectors: ['DockerRegistry', 'Artifactory', 'Nexus'] },
        {
          category: 'SECRET_MANAGER',
          connectors: ['Local', 'Vault', 'AwsSecretManager', 'GcpSecretManager', 'AzureKeyVault'],
        },
      ],
    },
    invalid: { change: { query: { accountIdentifier: [] } }, field: 'accountIdentifier' },
    missing: LISTS,
    otherAccount: 'an answer of its own',
  },
  isConnectorIdentifierFree: {
    request: ({ scope, gitConnector }) => ({ query: { ...scope, identifier: gitConnector } }),
    answers: false,
    invalid: { change: { query: { identifier: [] } }, field: 'identifier' },
    missing: { none: 'a free identifier is an answer' },
    otherAccount: 'an answer of its own',
  },
  connectorBranches: {
    request: ({ path, gitConnector }) => ({ params: { ...path, connector: gitConnector } }),
    answers: { branches: [{ name: 'main' }], defaultBranch: 'main' },
    invalid: { change: { query: { limit: '0' } }, field: 'limit' },
    missing: noConnector,
  },
  connectorCommits: {
    request: ({ path, gitConnector }) => ({
      params: { ...path, connector: gitConnector },
      query: { ref: 'main', limit: 1 },
    }),
    answers: { commits: [{ author: partOf(''), subject: partOf('') }] },
    invalid: { change: { query: { limit: '0' } }, field: 'limit' },
    missing: noConnector,
  },
  getChangelogLock: {
    request: atInstance,
    answers: { locked: false, holder: null, session: null },
    invalid: { change: { params: { dbinstance: 'x'.repeat(129) } }, field: 'dbinstance' },
    missing: { change: { params: { dbinstance: 'nowhere' } } },
  },
  releaseChangelogLock: {
    request: (world) => ({ ...atInstance(world), json: { holder: 'build-7 (10.0.0.7)' } }),
    answers: { release: 'notLocked', lock: { locked: false } },
    invalid: { change: { json: { holder: 7 } }, field: 'holder' },
    missing: { change: { params: { dbinstance: 'nowhere' } } },
  },
  changelogPreview: {
    request: ({ path, schema }) => ({ params: { ...path, dbschema: schema }, query: { ref: 'main' } }),
    answers: { path: 'changelog.sql' },
    invalid: { change: { query: { ref: 'x'.repeat(257) } }, field: 'ref' },
    missing: { change: { params: { dbschema: 'nowhere' } } },
  },
};
