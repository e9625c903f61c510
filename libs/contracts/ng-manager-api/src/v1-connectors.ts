import { defineRoute, identifier, paged, queryBoolean, queryList, scopeFromPathOrQuery, scopeOfAccount, v1PageQuery, type ScopeFrom } from '@sluice/api-conventions';
import { z } from 'zod';
import { connectivityStatus, connectorStatus, validationResult } from './connectors.js';
import { epochMs, named } from './places.js';

/**
 * The `/v1` twins of connectors (api-contract 3.1) at account, org and project: bare bodies, the type inside the spec, lists with their totals in headers.
 * The spec has the fields of the other generation beside `type`. Where that generation has a `type` of its own inside a spec, it is called here by what it
 * says: `protocol` for Git (Http or Ssh), `connectionType` for Github, Gitlab and Bitbucket (Account or Repo), as it is called for Git.
 * The spec is checked as one of the other generation, so its errors name `connector.spec.…`.
 */
const spec = z.looseObject({ type: z.string({ error: 'is required: the type of the connector, such as JDBC' }).max(64) });

const connectorIn = z.object({
  connector: z
    .object({
      identifier: identifier.optional(), slug: identifier.optional(), name: named.name, description: named.description, tags: named.tags,
      org: z.string().max(128).nullish(), project: z.string().max(128).nullish(), spec,
    })
    .refine(({ identifier: key, slug }) => (key ?? slug) !== undefined && (!key || !slug || key === slug), 'give identifier or slug (the same when both are given)'),
});
export type V1ConnectorIn = z.output<typeof connectorIn>['connector'];

const connectorOut = z.object({
  connector: z.object({
    identifier: z.string(), slug: z.string(), name: z.string(), org: z.string().nullable(), project: z.string().nullable(),
    description: z.string(), tags: z.record(z.string(), z.string()), spec,
  }),
  created: epochMs,
  updated: epochMs,
  status: connectorStatus.nullable(),
  harness_managed: z.boolean(),
});
export type V1ConnectorOut = z.output<typeof connectorOut>;

const testOut = z.object({
  status: connectivityStatus,
  errors: validationResult.shape.errors,
  error_summary: z.string().nullable(),
  tested_at: epochMs,
  delegate_id: z.string().nullable(),
});
export type V1ConnectorTestOut = z.output<typeof testOut>;

const account = { accountIdentifier: z.string().optional() };
const listQuery = z.object({
  ...account,
  ...v1PageQuery,
  connector: queryList.optional(),
  type: queryList.optional(),
  category: queryList.optional(),
  /** Also those of the scopes above. */
  recursive: queryBoolean.optional(),
  search_term: z.string().max(256).optional(),
  sort: z.enum(['name', 'identifier', 'created', 'updated']).default('created'),
  order: z.enum(['ASC', 'DESC']).default('DESC'),
});
const segment = z.string().min(1).max(128);

/** The six routes of one level. */
function twins<const Place extends Readonly<Record<string, z.ZodString>>>(level: 'Account' | 'Org' | 'Project', above: string, place: Place, scopeFrom: ScopeFrom) {
  const base = { style: 'bare' } as const;
  const view = { permission: 'connector.view', scopeFrom } as const;
  const edit = { permission: 'connector.edit', scopeFrom } as const;
  const where = level === 'Account' ? 'of the account' : level === 'Org' ? 'of an organization' : 'of a project';
  const all = `${above}/connectors`;
  const one = `${all}/:connector`;
  const params = z.object({ ...place, connector: segment });
  const query = z.object(account);
  return {
    list: defineRoute({ ...base, access: view, id: `v1List${level}Connectors`, method: 'GET', path: all, summary: `List the connectors ${where}`, params: z.object(place), query: listQuery, isPaged: true, response: paged(connectorOut) }),
    create: defineRoute({ ...base, access: edit, id: `v1Create${level}Connector`, method: 'POST', path: all, summary: `Create a connector ${where}`, status: 201, params: z.object(place), query, body: connectorIn, response: connectorOut }),
    get: defineRoute({ ...base, access: view, id: `v1Get${level}Connector`, method: 'GET', path: one, summary: `Read a connector ${where}`, params, query, response: connectorOut }),
    update: defineRoute({ ...base, access: edit, id: `v1Update${level}Connector`, method: 'PUT', path: one, summary: `Change a connector ${where}`, params, query, body: connectorIn, response: connectorOut }),
    /** Answers what was deleted. */
    delete: defineRoute({ ...base, access: edit, id: `v1Delete${level}Connector`, method: 'DELETE', path: one, summary: `Delete a connector ${where}`, params, query: z.object({ ...account, forceDelete: queryBoolean.optional() }), response: connectorOut }),
    test: defineRoute({ ...base, access: view, id: `v1Test${level}Connector`, method: 'GET', path: `${one}/test-connection`, summary: `Test a connector ${where}, from a delegate`, params, query, response: testOut }),
  };
}

export const v1AccountConnectors = twins('Account', '/v1', {}, scopeOfAccount);
export const v1OrgConnectors = twins('Org', '/v1/orgs/:org', { org: segment }, scopeFromPathOrQuery);
export const v1ProjectConnectors = twins('Project', '/v1/orgs/:org/projects/:project', { org: segment, project: segment }, scopeFromPathOrQuery);
/** What the routes of every level have in common. */
export type V1ConnectorRoutes = typeof v1AccountConnectors | typeof v1OrgConnectors | typeof v1ProjectConnectors;
