import { defineRoute, entityRef, ngPage, queryBoolean, queryList, scopeFromQueryOrBody, scopeQuery } from '@sluice/api-conventions';
import { z } from 'zod';
import { byIdentifier, epochMs, named, ngList, ngScope, rowCopies, scopeInBody } from './places.js';

const additionalMetadata = z.object({ values: z.record(z.string(), z.string()).nullish() }).nullish();

const secretTextSpec = z.object({
  secretManagerIdentifier: entityRef,
  valueType: z.enum(['Inline', 'Reference']),
  /** Inline: the value itself, never returned. Reference: the path in the external manager, returned. */
  value: z.string().max(65_536).nullish(),
  additionalMetadata,
});

const head = { ...named, ...scopeInBody };

/** SecretText; other types are refused by name. */
export const secret = z.discriminatedUnion('type', [z.object({ ...head, type: z.literal('SecretText'), spec: secretTextSpec })], {
  error: (issue) => (issue.code === 'invalid_union' ? 'secret type is not supported; use SecretText' : undefined),
});
export type Secret = z.output<typeof secret>;

export const secretResponse = z.object({
  ...rowCopies,
  secret,
  createdAt: epochMs,
  updatedAt: epochMs,
  draft: z.boolean(),
  governanceMetadata: z.null(),
});
export type SecretResponse = z.output<typeof secretResponse>;

/** Scope as for connectors: query and body together. */
export const createSecret = defineRoute({
  id: 'createSecret',
  method: 'POST',
  path: '/ng/api/v2/secrets',
  summary: 'Create a secret',
  style: 'ng',
  access: { permission: 'secret.edit', scopeFrom: scopeFromQueryOrBody('secret') },
  query: z.object({ ...scopeQuery, privateSecret: queryBoolean.optional() }),
  body: z.object({ secret }),
  response: secretResponse,
});

export const updateSecret = defineRoute({
  id: 'updateSecret',
  method: 'PUT',
  path: '/ng/api/v2/secrets/:identifier',
  summary: 'Change a secret; an absent value stays',
  style: 'ng',
  access: { permission: 'secret.edit', scopeFrom: scopeFromQueryOrBody('secret') },
  params: byIdentifier,
  query: ngScope,
  body: z.object({ secret }),
  response: secretResponse,
});

export const getSecret = defineRoute({
  id: 'getSecret',
  method: 'GET',
  path: '/ng/api/v2/secrets/:identifier',
  summary: 'Read a secret, without its value',
  style: 'ng',
  access: { permission: 'secret.view' },
  params: byIdentifier,
  query: ngScope,
  response: secretResponse,
});

/** Refused with ENTITY_REFERENCED, naming the users, while a connector refers to it, unless `forceDelete`. */
export const deleteSecret = defineRoute({
  id: 'deleteSecret',
  method: 'DELETE',
  path: '/ng/api/v2/secrets/:identifier',
  summary: 'Delete a secret',
  style: 'ng',
  access: { permission: 'secret.edit' },
  params: byIdentifier,
  query: z.object({ ...scopeQuery, forceDelete: queryBoolean.optional() }),
  response: z.boolean(),
});

export const listSecrets = defineRoute({
  id: 'listSecrets',
  method: 'GET',
  path: '/ng/api/v2/secrets',
  summary: 'List secrets',
  style: 'ng',
  access: { permission: 'secret.view' },
  query: z.object({ ...ngList, identifiers: queryList.optional(), type: z.string().max(64).optional(), types: queryList.optional(), includeSecretsFromEverySubScope: queryBoolean.optional() }),
  response: ngPage(secretResponse),
});

const strings = z.array(z.string().max(256)).max(1000).nullish();
const booleanOrAbsent = z.boolean().nullish();

/** Both list dialects (api-contract 9, row 3) in one: the SDK's filter and the other client's. */
export const secretFilter = z.object({
  identifiers: strings,
  secretTypes: strings,
  secretIdentifier: z.string().max(256).nullish(),
  secretName: z.string().max(256).nullish(),
  secretManagerIdentifiers: strings,
  description: z.string().max(256).nullish(),
  searchTerm: z.string().max(256).nullish(),
  tags: z.record(z.string(), z.string()).nullish(),
  includeSecretsFromEverySubScope: booleanOrAbsent,
  includeAllSecretsAccessibleAtScope: booleanOrAbsent,
});
export type SecretFilter = z.output<typeof secretFilter>;

export const filterSecrets = defineRoute({
  id: 'filterSecrets',
  method: 'POST',
  path: '/ng/api/v2/secrets/list',
  summary: 'List secrets by filter',
  style: 'ng',
  access: { permission: 'secret.view' },
  query: z.object(ngList),
  body: secretFilter.optional(),
  response: ngPage(secretResponse),
});

export const filterSecretsV2 = defineRoute({ ...filterSecrets, id: 'filterSecretsV2', path: '/ng/api/v2/secrets/list/secrets', summary: 'List secrets by filter (second dialect)' });

export const isSecretIdentifierFree = defineRoute({
  id: 'isSecretIdentifierFree',
  method: 'GET',
  path: '/ng/api/v2/secrets/validateUniqueIdentifier/:identifier',
  summary: 'Is this identifier still free?',
  style: 'ng',
  access: { permission: 'secret.view' },
  params: byIdentifier,
  query: ngScope,
  response: z.boolean(),
});
