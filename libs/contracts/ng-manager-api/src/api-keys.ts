import {
  defineRoute,
  ngPage,
  queryIdentifiers,
  scopeFromQueryOrBody,
  scopeQuery,
  type PermissionAccess,
  type RawRequest,
} from '@sluice/api-conventions';
import { z } from 'zod';
import { byIdentifier, epochMs, named, ngList, scopeInBody } from './places.js';

const apiKeyType = z.enum(['USER', 'SERVICE_ACCOUNT']);

/** Milliseconds since the epoch, up to the year 9999. */
const instant = epochMs.min(0).max(253_402_300_799_999);

export const apiKey = z.object({
  ...named,
  ...scopeInBody,
  apiKeyType,
  /** Uuid of a user, identifier of a service account at the scope. */
  parentIdentifier: z.string().min(1).max(128),
  /** Milliseconds a token of this key lives when it says nothing else. */
  defaultTimeToExpireToken: z
    .int()
    .min(0)
    .max(100 * 365 * 24 * 3_600_000)
    .nullish(),
  accountIdentifier: z.string().max(128).nullish(),
  governanceMetadata: z.unknown().optional(),
});
export type ApiKey = z.output<typeof apiKey>;

export const token = z.object({
  ...named,
  ...scopeInBody,
  apiKeyType,
  parentIdentifier: z.string().min(1).max(128),
  apiKeyIdentifier: z.string().min(1).max(128),
  accountIdentifier: z.string().max(128).nullish(),
  /** 0 or absent: now. */
  validFrom: instant.nullish(),
  /** It ends at the earlier of the two; 0 is no end. */
  validTo: instant.nullish(),
  scheduledExpireTime: instant.nullish(),
});
export type Token = z.output<typeof token>;

/** `email` and `username` are for who sends them: clients that find a value they did not send take it for a change made elsewhere. */
const tokenOut = token.extend({ valid: z.boolean(), email: z.null(), username: z.null(), encodedPassword: z.null() });
export type TokenOut = z.output<typeof tokenOut>;

const owner = { apiKeyType: apiKeyType.default('USER'), parentIdentifier: z.string().min(1).max(128) };
/** Create and update carry everything in the body, with the account alone in the query. */
const written = z.object(scopeQuery);
/** The Go SDK updates a key without any query. */
const updated = z.object({ ...scopeQuery, accountIdentifier: scopeQuery.accountIdentifier.optional() });
const owned = z.object({ ...scopeQuery, ...owner });
const ofKey = { ...scopeQuery, ...owner, apiKeyIdentifier: z.string().min(1).max(128) };

/** A user manages their own keys; other people's need `user.edit` on the account, a service account's need it where the service account lives. */
function keyAccess(place: 'query' | 'body'): PermissionAccess {
  const keysOf = ({
    [place]: at,
  }: RawRequest): { readonly apiKeyType?: unknown; readonly parentIdentifier?: unknown } =>
    typeof at === 'object' && at !== null ? at : {};
  const isServiceAccount = (raw: RawRequest): boolean => keysOf(raw).apiKeyType === 'SERVICE_ACCOUNT';
  const scope = scopeFromQueryOrBody();
  return {
    permission: 'user.edit',
    scopeFrom: (raw) => (isServiceAccount(raw) ? scope(raw) : {}),
    ownerFrom: (raw) => {
      const { parentIdentifier } = keysOf(raw);
      return isServiceAccount(raw) || typeof parentIdentifier !== 'string' ? undefined : parentIdentifier;
    },
  };
}

/** What names the owner: the body of a create or update, the query of everything else. */
const byBody = { style: 'ng', access: keyAccess('body') } as const;
const base = { style: 'ng', access: keyAccess('query') } as const;

export const createApiKey = defineRoute({
  ...byBody,
  id: 'createApiKey',
  method: 'POST',
  path: '/ng/api/apikey',
  summary: 'Create an API key',
  query: written,
  body: apiKey,
  response: apiKey,
});
export const listApiKeys = defineRoute({
  ...base,
  id: 'listApiKeys',
  method: 'GET',
  path: '/ng/api/apikey',
  summary: 'List API keys',
  query: owned.extend({ identifiers: queryIdentifiers.optional() }),
  response: z.array(apiKey),
});
/** The Terraform provider puts the account where the identifier belongs; the body then says which key it is. */
export const updateApiKey = defineRoute({
  ...byBody,
  id: 'updateApiKey',
  method: 'PUT',
  path: '/ng/api/apikey/:identifier',
  summary: 'Change an API key',
  params: byIdentifier,
  query: updated,
  body: apiKey,
  response: apiKey,
});
/** Its tokens stop working. */
export const deleteApiKey = defineRoute({
  ...base,
  id: 'deleteApiKey',
  method: 'DELETE',
  path: '/ng/api/apikey/:identifier',
  summary: 'Delete an API key with its tokens',
  params: byIdentifier,
  query: owned,
  response: z.boolean(),
});

const apiKeyAggregate = z.object({
  apiKey,
  createdAt: epochMs,
  lastModifiedAt: epochMs,
  createdBy: z.object({ name: z.string(), email: z.string() }).nullable(),
  tokensCount: z.int(),
});
export type ApiKeyAggregate = z.output<typeof apiKeyAggregate>;
export const aggregateApiKeys = defineRoute({
  ...base,
  id: 'aggregateApiKeys',
  method: 'GET',
  path: '/ng/api/apikey/aggregate',
  summary: 'Page of API keys',
  query: z.object({ ...ngList, ...owner, identifiers: queryIdentifiers.optional() }),
  response: ngPage(apiKeyAggregate),
});
export const aggregateApiKey = defineRoute({
  ...base,
  id: 'aggregateApiKey',
  method: 'GET',
  path: '/ng/api/apikey/aggregate/:identifier',
  summary: 'Read an API key',
  params: byIdentifier,
  query: owned,
  response: apiKeyAggregate,
});

/** Answers the token value, shown this once. */
export const createToken = defineRoute({
  ...byBody,
  id: 'createToken',
  method: 'POST',
  path: '/ng/api/token',
  summary: 'Create a token',
  query: written,
  body: token,
  response: z.string(),
});
export const updateToken = defineRoute({
  ...byBody,
  id: 'updateToken',
  method: 'PUT',
  path: '/ng/api/token/:identifier',
  summary: 'Change a token',
  params: byIdentifier,
  query: written,
  body: token,
  response: tokenOut,
});
export const deleteToken = defineRoute({
  ...base,
  id: 'deleteToken',
  method: 'DELETE',
  path: '/ng/api/token/:identifier',
  summary: 'Delete a token',
  params: byIdentifier,
  query: z.object(ofKey),
  response: z.boolean(),
});
/** Answers the new value; the old one works until `rotateTimestamp` (ms), or not at all. */
export const rotateToken = defineRoute({
  ...base,
  id: 'rotateToken',
  method: 'POST',
  path: '/ng/api/token/rotate/:identifier',
  summary: 'Replace the value of a token',
  params: byIdentifier,
  query: z.object({ ...ofKey, rotateTimestamp: z.coerce.number().int().min(0).max(253_402_300_799_999).optional() }),
  body: z.unknown().optional(),
  response: z.string(),
});
const tokenAggregate = z.object({
  token: tokenOut,
  createdAt: epochMs,
  lastModifiedAt: epochMs,
  expiryAt: epochMs.nullable(),
});
export type TokenAggregate = z.output<typeof tokenAggregate>;
export const aggregateTokens = defineRoute({
  ...base,
  id: 'aggregateTokens',
  method: 'GET',
  path: '/ng/api/token/aggregate',
  summary: 'Page of tokens',
  query: z.object({
    ...ngList,
    ...owner,
    apiKeyIdentifier: z.string().max(128).optional(),
    identifiers: queryIdentifiers.optional(),
  }),
  response: ngPage(tokenAggregate),
});
