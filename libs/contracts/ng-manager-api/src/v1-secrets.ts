import { defineRoute, entityRef, paged, queryBoolean, queryList, refusingNearKeys } from '@sluice/api-conventions';
import { z } from 'zod';
import { epochMs } from './places.js';
import { secretTextSpec } from './secret-spec.js';
import {
  V1_ACCOUNT,
  V1_ORG,
  V1_PROJECT,
  v1Account,
  v1EntityIn,
  v1EntityOut,
  v1ListKeys,
  v1Segment,
  type V1Level,
} from './v1-levels.js';

/**
 * The `/v1` twins of secrets (api-contract 3.1) at account, org and project: bare bodies in snake case, the type inside the spec, lists with their totals
 * in headers. Secrets and secret managers are named by `identifier` or, as older clients say, `slug`; answers carry both.
 */
const text = z.string().max(1024);
const manager = {
  secret_manager_identifier: entityRef.optional(),
  secret_manager_slug: entityRef.optional(),
  secretManagerIdentifier: entityRef.optional(),
};
const port = z.int().min(1).max(65_535).nullish();
const passphrase = { encrypted_passphrase: z.union([entityRef, z.literal('')]).nullish() };
const { valueType, value } = secretTextSpec.shape;

const specIn = z.discriminatedUnion(
  'type',
  [
    z.object({
      type: z.literal('SecretText'),
      ...manager,
      value_type: valueType.optional(),
      valueType: valueType.optional(),
      value,
    }),
    z.object({ type: z.literal('SecretFile'), ...manager }),
    z.object({ type: z.literal('SSHKeyReference'), port, username: text.min(1), key: entityRef, ...passphrase }),
    z.object({ type: z.literal('SSHKeyPath'), port, username: text.min(1), key_path: text.min(1), ...passphrase }),
    z.object({ type: z.literal('SSHPassword'), port, username: text.min(1), password: entityRef }),
    z.object({
      type: z.literal('SSHKerberosTGTKeyTabFile'),
      port,
      principal: text.min(1),
      realm: text.min(1),
      key_path: text,
    }),
    z.object({
      type: z.literal('SSHKerberosTGTPassword'),
      port,
      principal: text.min(1),
      realm: text.min(1),
      password: entityRef,
    }),
  ],
  {
    error: (issue) =>
      issue.code === 'invalid_union'
        ? 'is not supported; use SecretText, SecretFile, SSHKeyReference, SSHKeyPath, SSHPassword, SSHKerberosTGTKeyTabFile or SSHKerberosTGTPassword'
        : undefined,
  },
);
export type V1SecretSpec = z.output<typeof specIn>;

/** A misspelt field is refused, and its value is not repeated. */
const secretIn = refusingNearKeys(z.object({ secret: v1EntityIn(specIn) }), { showsValues: false });
export type V1SecretIn = z.output<typeof secretIn>['secret'];

const secretOut = z.object({ secret: v1EntityOut(specIn), created: epochMs, updated: epochMs, draft: z.boolean() });
export type V1SecretOut = z.output<typeof secretOut>;

const listQuery = z.object({
  ...v1ListKeys,
  secret: queryList.optional(),
  type: queryList.optional(),
  recursive: queryBoolean.optional(),
});

/** The five routes of one level. `private` and `private_secret` are the same. */
function twins<const Place extends Readonly<Record<string, z.ZodString>>>({
  name,
  where,
  path,
  place,
  scopeFrom,
}: V1Level<Place>) {
  const base = { style: 'bare' } as const;
  const view = { permission: 'secret.view', scopeFrom } as const;
  const edit = { permission: 'secret.edit', scopeFrom } as const;
  const all = `${path}/secrets`;
  const one = `${all}/:secret`;
  const params = z.object({ ...place, secret: v1Segment });
  const query = z.object(v1Account);
  return {
    list: defineRoute({
      ...base,
      access: view,
      id: `v1List${name}Secrets`,
      method: 'GET',
      path: all,
      summary: `List the secrets ${where}`,
      params: z.object(place),
      query: listQuery,
      isPaged: true,
      response: paged(secretOut),
    }),
    create: defineRoute({
      ...base,
      access: edit,
      id: `v1Create${name}Secret`,
      method: 'POST',
      path: all,
      summary: `Create a secret ${where}`,
      status: 201,
      params: z.object(place),
      query: z.object({ ...v1Account, private: queryBoolean.optional(), private_secret: queryBoolean.optional() }),
      body: secretIn,
      response: secretOut,
    }),
    get: defineRoute({
      ...base,
      access: view,
      id: `v1Get${name}Secret`,
      method: 'GET',
      path: one,
      summary: `Read a secret ${where}, without its value`,
      params,
      query,
      response: secretOut,
    }),
    update: defineRoute({
      ...base,
      access: edit,
      id: `v1Update${name}Secret`,
      method: 'PUT',
      path: one,
      summary: `Change a secret ${where}; an absent value stays`,
      params,
      query,
      body: secretIn,
      response: secretOut,
    }),
    /** Answers what was deleted. */
    delete: defineRoute({
      ...base,
      access: edit,
      id: `v1Delete${name}Secret`,
      method: 'DELETE',
      path: one,
      summary: `Delete a secret ${where}`,
      params,
      query: z.object({ ...v1Account, forceDelete: queryBoolean.optional() }),
      response: secretOut,
    }),
  };
}

export const v1AccountSecrets = twins(V1_ACCOUNT);
export const v1OrgSecrets = twins(V1_ORG);
export const v1ProjectSecrets = twins(V1_PROJECT);
/** What the routes of every level have in common. */
export type V1SecretRoutes = typeof v1AccountSecrets | typeof v1OrgSecrets | typeof v1ProjectSecrets;
