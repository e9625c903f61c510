import {
  defineRoute,
  ngPage,
  queryBoolean,
  queryIdentifiers,
  queryList,
  scopeFromQueryOrBody,
  scopeQuery,
} from '@sluice/api-conventions';
import { z } from 'zod';
import { epochMs, ngList, ngScope, rowCopies } from './places.js';
import { MAX_SECRET_BYTES, RESERVED_SECRET_IDENTIFIERS, secret, secretIn } from './secret-spec.js';

/** Words of the addresses below `/v2/secrets` are not read as identifiers. */
const secretIdentifier = z
  .string()
  .min(1)
  .max(128)
  .refine(
    (text) => !RESERVED_SECRET_IDENTIFIERS.includes(text),
    `must not be one of ${RESERVED_SECRET_IDENTIFIERS.join(', ')}`,
  );
const byIdentifier = z.object({ identifier: secretIdentifier });

export const secretResponse = z.object({
  ...rowCopies,
  secret,
  createdAt: epochMs,
  updatedAt: epochMs,
  draft: z.boolean(),
  governanceMetadata: z.null(),
});
export type SecretResponse = z.output<typeof secretResponse>;

const create = z.object({ ...scopeQuery, privateSecret: queryBoolean.optional() });

/** Scope as for connectors: query and body together. With `privateSecret` nobody but its creator sees or uses it. */
export const createSecret = defineRoute({
  id: 'createSecret',
  method: 'POST',
  path: '/ng/api/v2/secrets',
  summary: 'Create a secret',
  style: 'ng',
  access: { permission: 'secret.edit', scopeFrom: scopeFromQueryOrBody('secret') },
  query: create,
  body: z.object({ secret: secretIn }),
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
  body: z.object({ secret: secretIn }),
  response: secretResponse,
});

const secretYaml = z.string().max(4 * MAX_SECRET_BYTES, 'is too long for one secret');

/** Root `secret`. A secret without its value is a draft until an update brings one. Scope in the query; the document's own must agree or be narrower. */
export const createSecretFromYaml = defineRoute({
  id: 'createSecretFromYaml',
  method: 'POST',
  path: '/ng/api/v2/secrets/yaml',
  summary: 'Create a secret from YAML',
  style: 'ng',
  access: { permission: 'secret.edit' },
  query: create,
  bodyKind: 'text',
  body: secretYaml,
  response: secretResponse,
});

export const updateSecretFromYaml = defineRoute({
  id: 'updateSecretFromYaml',
  method: 'PUT',
  path: '/ng/api/v2/secrets/:identifier/yaml',
  summary: 'Change a secret by YAML; an absent value stays',
  style: 'ng',
  access: { permission: 'secret.edit' },
  params: byIdentifier,
  query: ngScope,
  bodyKind: 'text',
  body: secretYaml,
  response: secretResponse,
});

/** `spec` is the JSON of `{secret}` as text. Clients that send the file's name as a field `file` beside its bytes are understood. */
const secretUpload = z.object({
  spec: z.string({ error: 'is required: the JSON of {"secret":{…}} as text' }).max(MAX_SECRET_BYTES),
  file: z
    .file({ error: 'must be a file part, with a filename' })
    .max(MAX_SECRET_BYTES, `must be at most ${MAX_SECRET_BYTES} bytes`)
    .optional(),
});

/** Scope in the query; the spec's own must agree or be narrower. */
export const createSecretFile = defineRoute({
  id: 'createSecretFile',
  method: 'POST',
  path: '/ng/api/v2/secrets/files',
  summary: 'Create a secret file',
  style: 'ng',
  access: { permission: 'secret.edit' },
  query: create,
  bodyKind: 'multipart',
  body: secretUpload,
  response: secretResponse,
});

export const updateSecretFile = defineRoute({
  id: 'updateSecretFile',
  method: 'PUT',
  path: '/ng/api/v2/secrets/files/:identifier',
  summary: 'Change a secret file; absent bytes stay',
  style: 'ng',
  access: { permission: 'secret.edit' },
  params: byIdentifier,
  query: ngScope,
  bodyKind: 'multipart',
  body: secretUpload,
  response: secretResponse,
});

/**
 * Can this secret be used? Its value is read and, for an SSH key, parsed; no host is dialled, which the message says. What is sent in the body
 * (`type`, `host`) is what one client knows of the host; only `host` is looked at, for the message.
 */
export const validateSecret = defineRoute({
  id: 'validateSecret',
  method: 'POST',
  path: '/ng/api/v2/secrets/validate',
  summary: 'Check a stored secret',
  style: 'ng',
  access: { permission: 'secret.edit' },
  query: z.object({ ...scopeQuery, identifier: secretIdentifier }),
  body: z.object({ type: z.string().max(64).nullish(), host: z.string().max(512).nullish() }).nullish(),
  response: z.object({ success: z.boolean(), message: z.string() }),
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
  summary: 'List secrets (deprecated: use the list by filter)',
  style: 'ng',
  access: { permission: 'secret.view' },
  query: z.object({
    ...ngList,
    identifiers: queryIdentifiers.optional(),
    type: z.string().max(64).optional(),
    types: queryList.optional(),
    source_category: z.string().max(64).optional(),
    includeSecretsFromEverySubScope: queryBoolean.optional(),
  }),
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
  tags: z.record(z.string().max(128), z.string().max(128)).nullish(),
  sourceCategory: z.string().max(64).nullish(),
  includeSecretsFromEverySubScope: booleanOrAbsent,
  includeAllSecretsAccessibleAtScope: booleanOrAbsent,
});

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

export const filterSecretsV2 = defineRoute({
  ...filterSecrets,
  id: 'filterSecretsV2',
  path: '/ng/api/v2/secrets/list/secrets',
  summary: 'List secrets by filter (second dialect)',
});

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
