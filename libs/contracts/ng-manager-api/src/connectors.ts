import {
  defineRoute,
  ngPage,
  queryBoolean,
  queryList,
  scopeFromQueryOrBody,
  scopeQuery,
} from '@sluice/api-conventions';
import { z } from 'zod';
import { connector, connectorIn } from './connector-spec.js';
import { byIdentifier, epochMs, ngList, ngScope, rowCopies } from './places.js';

export const connectivityStatus = z.enum(['SUCCESS', 'FAILURE', 'PARTIAL', 'UNKNOWN']);
const connectivityError = z.object({ reason: z.string(), message: z.string(), code: z.int() });

export const connectorStatus = z.object({
  status: connectivityStatus,
  errorSummary: z.string().nullable(),
  errors: z.array(connectivityError),
  testedAt: epochMs,
  lastTestedAt: epochMs,
  lastConnectedAt: epochMs.nullable(),
});
export type ConnectorStatus = z.output<typeof connectorStatus>;

export const connectorResponse = z.object({
  ...rowCopies,
  connector,
  createdAt: epochMs,
  lastModifiedAt: epochMs,
  status: connectorStatus.nullable(),
  activityDetails: z.object({ lastActivityTime: epochMs }),
  harnessManaged: z.boolean(),
  gitDetails: z.object({ valid: z.boolean() }),
  entityValidityDetails: z.object({ valid: z.boolean(), invalidYaml: z.string().nullable() }),
  governanceMetadata: z.null(),
  /** What is kept and not done, by field: of a connector that leads to a database without a driver here. */
  warnings: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
});
export type ConnectorResponse = z.output<typeof connectorResponse>;

export const validationResult = z.object({
  status: connectivityStatus,
  errors: z.array(connectivityError),
  errorSummary: z.string().nullable(),
  testedAt: epochMs,
  delegateId: z.string().nullable(),
});
export type ValidationResult = z.output<typeof validationResult>;

const strings = z.array(z.string().max(256)).max(256).nullish();
/** Lists are alternatives, keys add up. Clients send `filterType` and the scope along; both are taken and not looked at. */
export const connectorFilter = z.object({
  filterType: z.literal('Connector', { error: 'must be Connector' }).nullish(),
  types: strings,
  categories: strings,
  connectorNames: strings,
  connectorIdentifiers: strings,
  connectivityStatuses: strings,
  /** DELEGATE: reached by a delegate. MANAGER: by the platform itself. */
  connectorConnectivityModes: strings,
  /** Part of the description, whatever the case. */
  description: z.string().max(256).nullish(),
  inheritingCredentialsFromDelegate: z.boolean().nullish(),
  /** All of them must be there, with these values. */
  tags: z.record(z.string().max(128), z.string().max(128)).nullish(),
  /** Of cloud cost connectors, which do not exist here: with features named in it, nothing is found. */
  ccmConnectorFilter: z.object({ featuresEnabled: strings }).nullish(),
});
export type ConnectorFilter = z.output<typeof connectorFilter>;

/** The scope of a create or update comes from query and body together; the permission is checked there (api-contract 3, SDK quirk). */
export const createConnector = defineRoute({
  id: 'createConnector',
  method: 'POST',
  path: '/ng/api/connectors',
  summary: 'Create a connector',
  style: 'ng',
  access: { permission: 'connector.edit', scopeFrom: scopeFromQueryOrBody('connector') },
  query: ngScope,
  body: z.object({ connector: connectorIn }),
  response: connectorResponse,
});

export const updateConnector = defineRoute({
  ...createConnector,
  id: 'updateConnector',
  method: 'PUT',
  summary: 'Change a connector',
});

export const getConnector = defineRoute({
  id: 'getConnector',
  method: 'GET',
  path: '/ng/api/connectors/:identifier',
  summary: 'Read a connector',
  style: 'ng',
  access: { permission: 'connector.view' },
  params: byIdentifier,
  /** `branch` and `repoIdentifier` are taken and not looked at: connectors do not live on branches. */
  query: z.object({
    ...scopeQuery,
    branch: z.string().max(256).optional(),
    repoIdentifier: z.string().max(256).optional(),
  }),
  response: connectorResponse,
});

/** Refused with ENTITY_REFERENCED, naming the users, while something refers to it, unless `forceDelete`. */
export const deleteConnector = defineRoute({
  id: 'deleteConnector',
  method: 'DELETE',
  path: '/ng/api/connectors/:identifier',
  summary: 'Delete a connector',
  style: 'ng',
  access: { permission: 'connector.edit' },
  params: byIdentifier,
  query: z.object({ ...scopeQuery, forceDelete: queryBoolean.optional() }),
  response: z.boolean(),
});

/**
 * The built-in secret manager, of type Local, is here only when type or category is given: generated clients read this list and do not know that type. The
 * second list always shows it.
 */
export const listConnectors = defineRoute({
  id: 'listConnectors',
  method: 'GET',
  path: '/ng/api/connectors',
  summary: 'List connectors',
  style: 'ng',
  access: { permission: 'connector.view' },
  query: z.object({
    ...ngList,
    type: queryList.optional(),
    category: queryList.optional(),
    source_category: queryList.optional(),
    includeAllConnectorsAvailableAtScope: queryBoolean.optional(),
  }),
  response: ngPage(connectorResponse),
});

export const listConnectorsV2 = defineRoute({
  id: 'listConnectorsV2',
  method: 'POST',
  path: '/ng/api/connectors/listV2',
  summary: 'List connectors by filter',
  style: 'ng',
  access: { permission: 'connector.view' },
  query: z.object({
    ...ngList,
    includeAllConnectorsAvailableAtScope: queryBoolean.optional(),
    /** Filters cannot be stored, so none can be named. */
    filterIdentifier: z
      .literal('', { error: 'names a stored filter, and there are none; send the filter in the body' })
      .optional(),
    /** Connectors do not live on branches; taken and not looked at. */
    getDistinctFromBranches: queryBoolean.optional(),
  }),
  body: connectorFilter.nullish(),
  response: ngPage(connectorResponse),
});

/**
 * Executed by a delegate; answers within 30 s, also when no delegate is there. Only the built-in secret manager needs none: there a value is sealed and
 * opened again. What cannot be tested is a FAILURE that says so. A test sends secrets to where the connector leads, so looking is not enough for it: the
 * caller needs `connector.access`, and `secret.access` where the secrets live.
 */
export const testConnector = defineRoute({
  id: 'testConnector',
  method: 'POST',
  path: '/ng/api/connectors/testConnection/:identifier',
  summary: 'Test a connection, from a delegate',
  style: 'ng',
  access: { permission: 'connector.access' },
  params: byIdentifier,
  query: ngScope,
  body: z.unknown().optional(),
  response: validationResult,
});

export const testGitRepo = defineRoute({
  id: 'testGitRepo',
  method: 'POST',
  path: '/ng/api/connectors/testGitRepoConnection/:identifier',
  summary: 'Test the connection to one repository of a Git connector, from a delegate',
  style: 'ng',
  access: { permission: 'connector.access' },
  params: byIdentifier,
  query: z.object({ ...scopeQuery, repoURL: z.string().max(2048).optional() }),
  body: z.unknown().optional(),
  response: validationResult,
});

/** The same for everybody: clients ask for it with the account alone, also for people with rights in a project only. */
export const connectorCatalogue = defineRoute({
  id: 'connectorCatalogue',
  method: 'GET',
  path: '/ng/api/connectors/catalogue',
  summary: 'Connector types by category',
  style: 'ng',
  access: { permission: 'connector.view', orInside: true },
  query: ngScope,
  response: z.object({ catalogue: z.array(z.object({ category: z.string(), connectors: z.array(z.string()) })) }),
});

export const isConnectorIdentifierFree = defineRoute({
  id: 'isConnectorIdentifierFree',
  method: 'GET',
  path: '/ng/api/connectors/validateUniqueIdentifier',
  summary: 'Is this identifier still free?',
  style: 'ng',
  access: { permission: 'connector.view' },
  query: z.object({ ...scopeQuery, identifier: z.string().min(1).max(128) }),
  response: z.boolean(),
});
