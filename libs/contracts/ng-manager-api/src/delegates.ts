import { defineRoute, entityName, queryBoolean, scopeFromQueryOrBody, scopeQuery } from '@sluice/api-conventions';
import { z } from 'zod';
import { epochMs, ngScope } from './places.js';

const delegate = z.object({
  type: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  tags: z.array(z.string()),
  lastHeartBeat: epochMs,
  connected: z.boolean(),
  delegateReplicas: z.array(
    z.object({
      uuid: z.string(),
      lastHeartbeat: epochMs,
      connected: z.boolean(),
      hostName: z.string(),
      version: z.string(),
      expiringAt: epochMs.nullable(),
    }),
  ),
  autoUpgrade: z.enum(['ON', 'OFF', 'DETECTING']),
  legacy: z.boolean(),
  orgName: z.string().nullable(),
  projectName: z.string().nullable(),
});
export type Delegate = z.output<typeof delegate>;

/** Statuses and the like are compared without regard to case; one that is not known finds nothing. */
export const delegateFilter = z.object({
  filterType: z.string().max(64).nullish(),
  /** CONNECTED, DISCONNECTED, ENABLED; nothing here is ever WAITING_FOR_APPROVAL, DISABLED or DELETED. */
  status: z.string().max(64).nullish(),
  delegateName: z.string().max(256).nullish(),
  delegateType: z.string().max(64).nullish(),
  description: z.string().max(256).nullish(),
  /** AVAILABLE or EXPIRED. */
  delegateInstanceFilter: z.string().max(64).nullish(),
  /** ON, OFF or DETECTING. */
  autoUpgrade: z.string().max(64).nullish(),
  /** ACTIVE, EXPIRING, EXPIRED or UNSUPPORTED. */
  versionStatus: z.string().max(64).nullish(),
  hostName: z.string().max(256).nullish(),
  delegateGroupIdentifier: z.string().max(256).nullish(),
  delegateTags: z.array(z.string().max(256)).max(256).nullish(),
});
export type DelegateFilter = z.output<typeof delegateFilter>;

export const listDelegates = defineRoute({
  id: 'listDelegates',
  method: 'POST',
  path: '/ng/api/delegate-setup/listDelegates',
  summary: 'List delegates',
  style: 'rest',
  access: { permission: 'delegate.view', scopeFrom: scopeFromQueryOrBody() },
  query: z.object({ ...scopeQuery, all: queryBoolean.optional() }),
  body: delegateFilter.optional(),
  response: z.array(delegate),
});

/** The same for everybody, as the catalogue of connectors. */
export const latestDelegateVersion = defineRoute({
  id: 'latestDelegateVersion',
  method: 'GET',
  path: '/ng/api/delegate-setup/latest-supported-version',
  summary: 'Newest delegate version',
  style: 'rest',
  access: { permission: 'delegate.view', orInside: true },
  query: ngScope,
  response: z.object({ latestSupportedVersion: z.string(), latestSupportedMinimalVersion: z.string() }),
});

const setupDetails = z.object({
  name: z
    .string()
    .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'must hold lower-case letters, digits and hyphens, at most 63'),
  identifier: z.string().max(128).nullish(),
  description: z.string().max(1024).nullish(),
  size: z.enum(['LAPTOP', 'SMALL', 'MEDIUM', 'LARGE']).nullish(),
  orgIdentifier: z.string().max(128).nullish(),
  projectIdentifier: z.string().max(128).nullish(),
  delegateType: z.string().max(64).nullish(),
  tokenName: entityName.nullish(),
  tags: z.array(z.string().min(1).max(128)).max(128).nullish(),
  runAsRoot: z.boolean().nullish(),
});
export type DelegateSetupDetails = z.output<typeof setupDetails>;

/** A YAML file. The token's value is not in it: it belongs into a Kubernetes secret. */
export const generateHelmValues = defineRoute({
  id: 'generateHelmValues',
  method: 'POST',
  path: '/ng/api/delegate-setup/generate-helm-values',
  summary: 'Values to install a delegate with',
  style: 'bare',
  access: { permission: 'delegate.edit', scopeFrom: scopeFromQueryOrBody() },
  query: ngScope,
  body: setupDetails,
  response: z.string(),
});

export const delegateToken = z.object({
  uuid: z.string(),
  accountId: z.string(),
  name: z.string(),
  createdBy: z.object({ name: z.string() }).nullable(),
  createdByNgUser: z.object({ type: z.literal('USER'), name: z.string() }).nullable(),
  createdAt: epochMs,
  status: z.enum(['ACTIVE', 'REVOKED']),
  /** In base64, at creation and to readers with delegate.edit. Null for others, once revoked, and for tokens whose value was never kept. */
  value: z.string().nullable(),
  ownerIdentifier: z.string().nullable(),
  parentUniqueId: z.string().nullable(),
  revokeAfter: epochMs.nullable(),
});
export type DelegateToken = z.output<typeof delegateToken>;

const TOKENS = '/ng/api/delegate-token-ng';
const tokenPath = z.object({ tokenName: z.string().min(1).max(128) });
const tokenNameQuery = z.object({ ...scopeQuery, tokenName: entityName });
const view = { style: 'rest', access: { permission: 'delegate.view' } } as const;
const edit = { style: 'rest', access: { permission: 'delegate.edit' } } as const;

/** Tokens are read at an address that ends in their name: what means something else there names none. */
const NO_TOKEN_NAMES: readonly string[] = ['delegate-groups', '.', '..'];
const newTokenName = entityName
  .regex(/^[\w .-]*$/, 'must hold only letters, digits, blanks, ".", "_" and "-"')
  .refine((name) => !NO_TOKEN_NAMES.includes(name), {
    error: `must not be one of ${NO_TOKEN_NAMES.join(', ')}, which mean something else in addresses; choose another name`,
  });

/** Two dialects: `tokenName` in the query without a body, or `{name}` in the body (api-contract 3.5); given in both, they must agree. */
export const createDelegateToken = defineRoute({
  style: 'rest',
  access: { permission: 'delegate.edit', scopeFrom: scopeFromQueryOrBody() },
  id: 'createDelegateToken',
  method: 'POST',
  path: TOKENS,
  summary: 'Create a delegate token',
  query: z.object({
    ...scopeQuery,
    tokenName: newTokenName.optional(),
    revokeAfter: z.coerce.number().int().min(0).max(253_402_300_799_999).optional(),
  }),
  body: z.object({ name: newTokenName.nullish() }).optional(),
  response: delegateToken,
});
export const listDelegateTokens = defineRoute({
  ...view,
  id: 'listDelegateTokens',
  method: 'GET',
  path: TOKENS,
  summary: 'List delegate tokens',
  query: z.object({
    ...scopeQuery,
    name: z.string().max(128).optional(),
    status: z.enum(['ACTIVE', 'REVOKED']).optional(),
  }),
  response: z.array(delegateToken),
});
export const getDelegateToken = defineRoute({
  ...view,
  id: 'getDelegateToken',
  method: 'GET',
  path: `${TOKENS}/:tokenName`,
  summary: 'Read a delegate token',
  params: tokenPath,
  query: ngScope,
  response: delegateToken,
});
export const revokeDelegateToken = defineRoute({
  ...edit,
  id: 'revokeDelegateToken',
  method: 'PUT',
  path: TOKENS,
  summary: 'Revoke a delegate token',
  query: tokenNameQuery,
  body: z.unknown().optional(),
  response: delegateToken,
});
export const revokeDelegateTokenByPath = defineRoute({
  ...edit,
  id: 'revokeDelegateTokenByPath',
  method: 'PUT',
  path: `${TOKENS}/:tokenName`,
  summary: 'Revoke a delegate token',
  params: tokenPath,
  query: z.object({ ...scopeQuery, status: z.literal('REVOKED', 'can only become REVOKED').optional() }),
  body: z.unknown().optional(),
  response: delegateToken,
});
export const deleteDelegateToken = defineRoute({
  ...edit,
  id: 'deleteDelegateToken',
  method: 'DELETE',
  path: TOKENS,
  summary: 'Delete a delegate token',
  query: tokenNameQuery,
  response: z.boolean(),
});
export const deleteDelegateTokenByPath = defineRoute({
  ...edit,
  id: 'deleteDelegateTokenByPath',
  method: 'DELETE',
  path: `${TOKENS}/:tokenName`,
  summary: 'Delete a delegate token',
  params: tokenPath,
  query: ngScope,
  response: z.boolean(),
});

const delegatesOfToken = z.object({ delegateGroupDetails: z.array(delegate) });
export const delegateGroupsOfToken = defineRoute({
  ...view,
  id: 'delegateGroupsOfToken',
  method: 'GET',
  path: `${TOKENS}/delegate-groups`,
  summary: 'Delegates that use a token',
  query: z.object({ ...scopeQuery, delegateTokenName: entityName }),
  response: delegatesOfToken,
});
export const delegatesOfTokenByPath = defineRoute({
  ...view,
  id: 'delegatesOfTokenByPath',
  method: 'GET',
  path: `${TOKENS}/:tokenName/delegates`,
  summary: 'Delegates that use a token',
  params: tokenPath,
  query: ngScope,
  response: delegatesOfToken,
});
