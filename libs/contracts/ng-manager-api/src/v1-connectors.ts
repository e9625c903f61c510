import { defineRoute, paged, queryBoolean, queryList, refusingNearKeys } from '@sluice/api-conventions';
import { z } from 'zod';
import { connectivityStatus, connectorStatus, validationResult } from './connectors.js';
import { epochMs } from './places.js';
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
 * The `/v1` twins of connectors (api-contract 3.1) at account, org and project: bare bodies, the type inside the spec, lists with their totals in headers.
 * The spec has the fields of the other generation beside `type`. Where that generation has a `type` of its own inside a spec, it is called here by what it
 * says: `protocol` for Git (Http or Ssh), `connectionType` for Github, Gitlab and Bitbucket (Account or Repo), as it is called for Git.
 * The spec is checked as one of the other generation, so its errors name `connector.spec.…`.
 */
const spec = z.looseObject({
  type: z.string({ error: 'is required: the type of the connector, such as JDBC' }).max(64),
});

/** A misspelt field is refused, and its value is not repeated. */
const connectorIn = refusingNearKeys(z.object({ connector: v1EntityIn(spec) }), { showsValues: false });
export type V1ConnectorIn = z.output<typeof connectorIn>['connector'];

const connectorOut = z.object({
  connector: v1EntityOut(spec),
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

const listQuery = z.object({
  ...v1ListKeys,
  connector: queryList.optional(),
  type: queryList.optional(),
  category: queryList.optional(),
  /** Also those of the scopes above. */
  recursive: queryBoolean.optional(),
});

/** The six routes of one level. */
function twins<const Place extends Readonly<Record<string, z.ZodString>>>({
  name,
  where,
  path,
  place,
  scopeFrom,
}: V1Level<Place>) {
  const base = { style: 'bare' } as const;
  const view = { permission: 'connector.view', scopeFrom } as const;
  const edit = { permission: 'connector.edit', scopeFrom } as const;
  const use = { permission: 'connector.access', scopeFrom } as const;
  const all = `${path}/connectors`;
  const one = `${all}/:connector`;
  const params = z.object({ ...place, connector: v1Segment });
  const query = z.object(v1Account);
  return {
    list: defineRoute({
      ...base,
      access: view,
      id: `v1List${name}Connectors`,
      method: 'GET',
      path: all,
      summary: `List the connectors ${where}`,
      params: z.object(place),
      query: listQuery,
      isPaged: true,
      response: paged(connectorOut),
    }),
    create: defineRoute({
      ...base,
      access: edit,
      id: `v1Create${name}Connector`,
      method: 'POST',
      path: all,
      summary: `Create a connector ${where}`,
      status: 201,
      params: z.object(place),
      query,
      body: connectorIn,
      response: connectorOut,
    }),
    get: defineRoute({
      ...base,
      access: view,
      id: `v1Get${name}Connector`,
      method: 'GET',
      path: one,
      summary: `Read a connector ${where}`,
      params,
      query,
      response: connectorOut,
    }),
    update: defineRoute({
      ...base,
      access: edit,
      id: `v1Update${name}Connector`,
      method: 'PUT',
      path: one,
      summary: `Change a connector ${where}`,
      params,
      query,
      body: connectorIn,
      response: connectorOut,
    }),
    /** Answers what was deleted. */
    delete: defineRoute({
      ...base,
      access: edit,
      id: `v1Delete${name}Connector`,
      method: 'DELETE',
      path: one,
      summary: `Delete a connector ${where}`,
      params,
      query: z.object({ ...v1Account, forceDelete: queryBoolean.optional() }),
      response: connectorOut,
    }),
    test: defineRoute({
      ...base,
      access: use,
      id: `v1Test${name}Connector`,
      method: 'GET',
      path: `${one}/test-connection`,
      summary: `Test a connector ${where}, from a delegate`,
      params,
      query,
      response: testOut,
    }),
  };
}

export const v1AccountConnectors = twins(V1_ACCOUNT);
export const v1OrgConnectors = twins(V1_ORG);
export const v1ProjectConnectors = twins(V1_PROJECT);
/** What the routes of every level have in common. */
export type V1ConnectorRoutes = typeof v1AccountConnectors | typeof v1OrgConnectors | typeof v1ProjectConnectors;
