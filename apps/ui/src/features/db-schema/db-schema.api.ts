import { z } from 'zod';

import type { GatewayClient } from '../../gateway/gateway-client.js';
import { segment } from '../../gateway/gateway-client.js';
import { totalElementsOf } from '../../gateway/envelopes.js';
import type { ProjectScope } from '../project/project-scope.js';

const dbSchema = z.object({
  identifier: z.string(),
  name: z.string(),
  created: z.number().nullish(),
  updated: z.number().nullish(),
  instanceCount: z.number(),
  type: z.string().nullish(),
  migrationType: z.string().nullish(),
  schemaSourceType: z.string().nullish(),
  changelog: z.object({ location: z.string().nullish(), connector: z.string().nullish(), repo: z.string().nullish() }).nullish(),
});
export type DbSchema = z.output<typeof dbSchema>;

const dbInstance = z.object({
  identifier: z.string(),
  name: z.string(),
  connector: z.string().nullish(),
  branch: z.string().nullish(),
  commitSha: z.string().nullish(),
  gitTag: z.string().nullish(),
  context: z.string().nullish(),
  lastAppliedTag: z.string().nullish(),
});
export type DbInstance = z.output<typeof dbInstance>;

export const CHANGESET_STATUSES = ['Successfully_Deployed', 'Not_Deployed', 'Deployment_Failed', 'Rolled_Back'] as const;

const changesetInstance = z.object({
  instance: z.string(),
  status: z.enum(CHANGESET_STATUSES),
  updated: z.number().nullish(),
  error: z.string().nullish(),
  pipeline: z.string().nullish(),
  planExecutionId: z.string().nullish(),
  stageExecutionId: z.string().nullish(),
  tag: z.string().nullish(),
});
export type ChangesetInstance = z.output<typeof changesetInstance>;

const changeset = z.object({
  changeSet: z.string(),
  author: z.string(),
  fileName: z.string(),
  synced: z.boolean(),
  updated: z.number().nullish(),
  changeSetFQN: z.string().nullish(),
  instances: z.array(changesetInstance),
});
export type Changeset = z.output<typeof changeset>;

const migrationState = z.object({
  schema: z.string(),
  instances: z.array(z.object({ identifier: z.string(), name: z.string() })).nullish(),
  changeSets: z.array(changeset).nullish(),
});

export interface MigrationState {
  readonly instances: readonly { readonly identifier: string; readonly name: string }[];
  readonly changesets: readonly Changeset[];
  /** Changesets that match the search, on all pages. */
  readonly total: number;
}

function schemasPath(scope: ProjectScope): string {
  return `/dbops/v1/orgs/${segment(scope.orgId)}/projects/${segment(scope.projectId)}/dbschema`;
}

export interface PageFilter {
  readonly searchTerm: string;
  /** 0-based. */
  readonly page: number;
  readonly limit: number;
}

const pageQuery = (filter: PageFilter) => ({ page: filter.page, limit: filter.limit, search_term: filter.searchTerm || undefined });

/** One page of DB schemas by name. @throws GatewayError */
export async function listDbSchemas(gateway: GatewayClient, scope: ProjectScope, filter: PageFilter, signal?: AbortSignal) {
  const { data, headers } = await gateway.json(z.array(dbSchema), {
    path: schemasPath(scope),
    query: { ...pageQuery(filter), sort: 'name', order: 'ASC' },
    signal,
  });
  return { schemas: data, total: totalElementsOf(headers, data.length) };
}

/** @throws GatewayError 404 when the schema does not exist. */
export async function getDbSchema(gateway: GatewayClient, scope: ProjectScope, schemaId: string, signal?: AbortSignal): Promise<DbSchema> {
  const { data } = await gateway.json(dbSchema, { path: `${schemasPath(scope)}/${segment(schemaId)}`, signal });
  return data;
}

/** The first 100 instances of a schema. @throws GatewayError */
export async function listDbInstances(gateway: GatewayClient, scope: ProjectScope, schemaId: string, signal?: AbortSignal): Promise<readonly DbInstance[]> {
  const { data } = await gateway.json(z.array(dbInstance), {
    method: 'POST',
    path: `${schemasPath(scope)}/${segment(schemaId)}/instancelist`,
    query: { page: 0, limit: 100 },
    body: {},
    signal,
  });
  return data;
}

/** One page of changesets with their status on each instance (or only on `instanceId`). @throws GatewayError */
export async function getMigrationState(
  gateway: GatewayClient,
  scope: ProjectScope,
  schemaId: string,
  filter: PageFilter & { readonly instanceId?: string | undefined },
  signal?: AbortSignal,
): Promise<MigrationState> {
  const { data, headers } = await gateway.json(migrationState, {
    method: 'POST',
    path: `${schemasPath(scope)}/${segment(schemaId)}/migrationstate`,
    query: pageQuery(filter),
    body: filter.instanceId ? { instanceFilter: { instances: [filter.instanceId] } } : {},
    signal,
  });
  const changesets = data.changeSets ?? [];
  return { instances: data.instances ?? [], changesets, total: totalElementsOf(headers, changesets.length) };
}
