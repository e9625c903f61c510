import {
  defineRoute,
  ngPage,
  queryIdentifiers,
  scopeFromQueryOrBody,
  scopeQuery,
  type PermissionAccess,
} from '@sluice/api-conventions';
import { z } from 'zod';
import { roleAssignmentMetadata } from './people.js';
import { byIdentifier, epochMs, named, ngList, ngScope, scopeInBody } from './places.js';

/** Principals without a person: they sign in with `sat.…` keys, made by `/apikey` and `/token` with apiKeyType SERVICE_ACCOUNT. */
export const serviceAccount = z.strictObject({
  ...named,
  ...scopeInBody,
  accountIdentifier: z.string().max(128).nullish(),
  /** `<identifier>@service.sluice` when absent. */
  email: z.email().max(256).nullish(),
  governanceMetadata: z.unknown().optional(),
  extended: z.boolean().optional(),
});
export type ServiceAccount = z.output<typeof serviceAccount>;

const serviceAccountOut = z.object({ ...named, ...scopeInBody, accountIdentifier: z.string(), email: z.string() });
export type ServiceAccountOut = z.output<typeof serviceAccountOut>;

const serviceAccountAggregate = z.object({
  serviceAccount: serviceAccountOut,
  createdAt: epochMs,
  lastModifiedAt: epochMs,
  tokensCount: z.int(),
  roleAssignmentsMetadataDTO: z.array(roleAssignmentMetadata),
});
export type ServiceAccountAggregate = z.output<typeof serviceAccountAggregate>;

const PATH = '/ng/api/serviceaccount';
const view: PermissionAccess = { permission: 'user.view' };
const edit: PermissionAccess = { permission: 'user.edit' };
const written: PermissionAccess = { permission: 'user.edit', scopeFrom: scopeFromQueryOrBody() };
const style = 'ng';

export const createServiceAccount = defineRoute({
  id: 'createServiceAccount',
  method: 'POST',
  path: PATH,
  summary: 'Create a service account',
  style,
  access: written,
  query: ngScope,
  body: serviceAccount,
  response: serviceAccountOut,
});
export const updateServiceAccount = defineRoute({
  id: 'updateServiceAccount',
  method: 'PUT',
  path: `${PATH}/:identifier`,
  summary: 'Change a service account',
  style,
  access: written,
  params: byIdentifier,
  query: ngScope,
  body: serviceAccount,
  response: serviceAccountOut,
});
export const listServiceAccounts = defineRoute({
  id: 'listServiceAccounts',
  method: 'GET',
  path: PATH,
  summary: 'List service accounts',
  style,
  access: view,
  query: z.object({ ...scopeQuery, identifiers: queryIdentifiers.optional() }),
  response: z.array(serviceAccountOut),
});
export const getServiceAccount = defineRoute({
  id: 'getServiceAccount',
  method: 'GET',
  path: `${PATH}/:identifier`,
  summary: 'Read a service account',
  style,
  access: view,
  params: byIdentifier,
  query: ngScope,
  response: serviceAccountOut,
});
/** Its keys and tokens stop working. */
export const deleteServiceAccount = defineRoute({
  id: 'deleteServiceAccount',
  method: 'DELETE',
  path: `${PATH}/:identifier`,
  summary: 'Delete a service account with its keys',
  style,
  access: edit,
  params: byIdentifier,
  query: ngScope,
  response: z.boolean(),
});
export const aggregateServiceAccounts = defineRoute({
  id: 'aggregateServiceAccounts',
  method: 'GET',
  path: `${PATH}/aggregate`,
  summary: 'Page of service accounts with their roles',
  style,
  access: view,
  query: z.object({ ...ngList, identifiers: queryIdentifiers.optional() }),
  response: ngPage(serviceAccountAggregate),
});
export const aggregateServiceAccount = defineRoute({
  id: 'aggregateServiceAccount',
  method: 'GET',
  path: `${PATH}/aggregate/:identifier`,
  summary: 'Read a service account with its roles',
  style,
  access: view,
  params: byIdentifier,
  query: ngScope,
  response: serviceAccountAggregate,
});
