import { defineRoute, entityRef, identifier, paged, queryBoolean, queryList, scopeFromPathOrQuery, scopeOfAccount, v1PageQuery, type ScopeFrom } from '@sluice/api-conventions';
import { z } from 'zod';
import { epochMs, named } from './places.js';
import { secretTextSpec } from './secret-spec.js';

/**
 * The `/v1` twins of secrets (api-contract 3.1) at account, org and project: bare bodies in snake case, the type inside the spec, lists with their totals
 * in headers. Secrets and secret managers are named by `identifier` or, as older clients say, `slug`; answers carry both.
 */
const text = z.string().max(1024);
const manager = { secret_manager_identifier: entityRef.optional(), secret_manager_slug: entityRef.optional(), secretManagerIdentifier: entityRef.optional() };
const port = z.int().min(1).max(65_535).nullish();
const passphrase = { encrypted_passphrase: z.union([entityRef, z.literal('')]).nullish() };
const { valueType, value } = secretTextSpec.shape;

const specIn = z.discriminatedUnion(
  'type',
  [
    z.object({ type: z.literal('SecretText'), ...manager, value_type: valueType.optional(), valueType: valueType.optional(), value }),
    z.object({ type: z.literal('SecretFile'), ...manager }),
    z.object({ type: z.literal('SSHKeyReference'), port, username: text.min(1), key: entityRef, ...passphrase }),
    z.object({ type: z.literal('SSHKeyPath'), port, username: text.min(1), key_path: text.min(1), ...passphrase }),
    z.object({ type: z.literal('SSHPassword'), port, username: text.min(1), password: entityRef }),
    z.object({ type: z.literal('SSHKerberosTGTKeyTabFile'), port, principal: text.min(1), realm: text.min(1), key_path: text }),
    z.object({ type: z.literal('SSHKerberosTGTPassword'), port, principal: text.min(1), realm: text.min(1), password: entityRef }),
  ],
  { error: (issue) => (issue.code === 'invalid_union' ? 'is not supported; use SecretText, SecretFile, SSHKeyReference, SSHKeyPath, SSHPassword, SSHKerberosTGTKeyTabFile or SSHKerberosTGTPassword' : undefined) },
);
export type V1SecretSpec = z.output<typeof specIn>;

const secretIn = z.object({
  secret: z
    .object({
      identifier: identifier.optional(), slug: identifier.optional(), name: named.name, description: named.description, tags: named.tags,
      org: z.string().max(128).nullish(), project: z.string().max(128).nullish(), spec: specIn,
    })
    .refine(({ identifier: key, slug }) => (key ?? slug) !== undefined && (!key || !slug || key === slug), 'give identifier or slug (the same when both are given)'),
});
export type V1SecretIn = z.output<typeof secretIn>['secret'];

const secretOut = z.object({
  secret: z.object({
    identifier: z.string(), slug: z.string(), name: z.string(), org: z.string().nullable(), project: z.string().nullable(),
    description: z.string(), tags: z.record(z.string(), z.string()), spec: specIn,
  }),
  created: epochMs,
  updated: epochMs,
  draft: z.boolean(),
});
export type V1SecretOut = z.output<typeof secretOut>;

const account = { accountIdentifier: z.string().optional() };
const listQuery = z.object({
  ...account,
  ...v1PageQuery,
  secret: queryList.optional(),
  type: queryList.optional(),
  recursive: queryBoolean.optional(),
  search_term: z.string().max(256).optional(),
  sort: z.enum(['name', 'identifier', 'created', 'updated']).default('created'),
  order: z.enum(['ASC', 'DESC']).default('DESC'),
});
const segment = z.string().min(1).max(128);

/** The five routes of one level. `private` and `private_secret` are the same. */
function twins<const Place extends Readonly<Record<string, z.ZodString>>>(level: 'Account' | 'Org' | 'Project', above: string, place: Place, scopeFrom: ScopeFrom) {
  const base = { style: 'bare' } as const;
  const view = { permission: 'secret.view', scopeFrom } as const;
  const edit = { permission: 'secret.edit', scopeFrom } as const;
  const where = level === 'Account' ? 'of the account' : level === 'Org' ? 'of an organization' : 'of a project';
  const all = `${above}/secrets`;
  const one = `${all}/:secret`;
  const params = z.object({ ...place, secret: segment });
  const query = z.object(account);
  return {
    list: defineRoute({ ...base, access: view, id: `v1List${level}Secrets`, method: 'GET', path: all, summary: `List the secrets ${where}`, params: z.object(place), query: listQuery, isPaged: true, response: paged(secretOut) }),
    create: defineRoute({
      ...base, access: edit, id: `v1Create${level}Secret`, method: 'POST', path: all, summary: `Create a secret ${where}`, status: 201, params: z.object(place),
      query: z.object({ ...account, private: queryBoolean.optional(), private_secret: queryBoolean.optional() }), body: secretIn, response: secretOut,
    }),
    get: defineRoute({ ...base, access: view, id: `v1Get${level}Secret`, method: 'GET', path: one, summary: `Read a secret ${where}, without its value`, params, query, response: secretOut }),
    update: defineRoute({ ...base, access: edit, id: `v1Update${level}Secret`, method: 'PUT', path: one, summary: `Change a secret ${where}; an absent value stays`, params, query, body: secretIn, response: secretOut }),
    /** Answers what was deleted. */
    delete: defineRoute({ ...base, access: edit, id: `v1Delete${level}Secret`, method: 'DELETE', path: one, summary: `Delete a secret ${where}`, params, query: z.object({ ...account, forceDelete: queryBoolean.optional() }), response: secretOut }),
  };
}

export const v1AccountSecrets = twins('Account', '/v1', {}, scopeOfAccount);
export const v1OrgSecrets = twins('Org', '/v1/orgs/:org', { org: segment }, scopeFromPathOrQuery);
export const v1ProjectSecrets = twins('Project', '/v1/orgs/:org/projects/:project', { org: segment, project: segment }, scopeFromPathOrQuery);
/** What the routes of every level have in common. */
export type V1SecretRoutes = typeof v1AccountSecrets | typeof v1OrgSecrets | typeof v1ProjectSecrets;
