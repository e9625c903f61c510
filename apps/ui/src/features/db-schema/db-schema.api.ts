import { dbInstanceOut, dbSchemaOut, instanceMigrationState, schemaMigrationState } from '@sluice/dbdevops-api';
import { z } from 'zod';

import type { GatewayClient } from '../../gateway/gateway-client.js';
import { segment } from '../../gateway/gateway-client.js';
import { totalElementsOf } from '../../gateway/envelopes.js';
import type { ProjectScope } from '../project/project-scope.js';

const ofInstance = instanceMigrationState.response.shape.body;
const migrationState = schemaMigrationState.response.shape.body;

export type DbSchema = z.output<typeof dbSchemaOut>;
export type DbInstance = z.output<typeof dbInstanceOut>;
export type Changeset = z.output<typeof migrationState>['changeSets'][number];
export type ChangesetInstance = Changeset['instances'][number];
export type ChangesetStatus = ChangesetInstance['status'];

export interface MigrationState {
  /** `stateUnknownSince` (seconds): what is shown is from before, and a run since then left the state unknown. */
  readonly instances: readonly {
    readonly identifier: string;
    readonly name: string;
    readonly stateUnknownSince?: number | undefined;
  }[];
  /** Instances of the schema, on all pages of them. */
  readonly instanceCount: number;
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

/** A page of a schema's instances by name. */
export interface InstancePage {
  /** 0-based. */
  readonly page: number;
  readonly limit: number;
}

const BY_NAME = { sort: 'name', order: 'ASC' } as const;
const pageQuery = (filter: PageFilter) => ({
  page: filter.page,
  limit: filter.limit,
  search_term: filter.searchTerm || undefined,
});

/** One page of DB schemas by name. @throws GatewayError */
export async function listDbSchemas(
  gateway: GatewayClient,
  scope: ProjectScope,
  filter: PageFilter,
  signal?: AbortSignal,
) {
  const { data, headers } = await gateway.json(z.array(dbSchemaOut), {
    path: schemasPath(scope),
    query: { ...pageQuery(filter), ...BY_NAME },
    signal,
  });
  return { schemas: data, total: totalElementsOf(headers, data.length) };
}

/** @throws GatewayError 404 when the schema does not exist. */
export async function getDbSchema(
  gateway: GatewayClient,
  scope: ProjectScope,
  schemaId: string,
  signal?: AbortSignal,
): Promise<DbSchema> {
  const { data } = await gateway.json(dbSchemaOut, { path: `${schemasPath(scope)}/${segment(schemaId)}`, signal });
  return data;
}

/** @throws GatewayError 404 when there is no such instance. */
export async function getDbInstance(
  gateway: GatewayClient,
  scope: ProjectScope,
  schemaId: string,
  instanceId: string,
  signal?: AbortSignal,
): Promise<DbInstance> {
  const { data } = await gateway.json(dbInstanceOut, {
    path: `${schemasPath(scope)}/${segment(schemaId)}/instance/${segment(instanceId)}`,
    signal,
  });
  return data;
}

/** @throws GatewayError */
export async function listDbInstances(
  gateway: GatewayClient,
  scope: ProjectScope,
  schemaId: string,
  page: InstancePage,
  signal?: AbortSignal,
): Promise<readonly DbInstance[]> {
  const { data } = await gateway.json(z.array(dbInstanceOut), {
    method: 'POST',
    path: `${schemasPath(scope)}/${segment(schemaId)}/instancelist`,
    query: { ...page, ...BY_NAME },
    body: {},
    signal,
  });
  return data;
}

/** One page of changesets with their status on a page of instances, or on the one instance named. @throws GatewayError */
export async function getMigrationState(
  gateway: GatewayClient,
  scope: ProjectScope,
  schemaId: string,
  { instances, ...filter }: PageFilter & { readonly instances: string | InstancePage },
  signal?: AbortSignal,
): Promise<MigrationState> {
  const { data, headers } = await gateway.json(migrationState, {
    method: 'POST',
    path: `${schemasPath(scope)}/${segment(schemaId)}/migrationstate`,
    query: pageQuery(filter),
    body: { instanceFilter: typeof instances === 'string' ? { instances: [instances] } : { ...instances, ...BY_NAME } },
    signal,
  });
  return {
    instances: data.instances,
    instanceCount: data.instanceCount,
    changesets: data.changeSets,
    total: totalElementsOf(headers, data.changeSets.length),
  };
}

/** Labels of a page of changesets, by changeset, as the history of one instance has them; changesets without labels are left out. @throws GatewayError */
export async function getChangesetLabels(
  gateway: GatewayClient,
  scope: ProjectScope,
  schemaId: string,
  instanceId: string,
  filter: PageFilter,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const { data } = await gateway.json(ofInstance, {
    path: `${schemasPath(scope)}/${segment(schemaId)}/dbinstance/${segment(instanceId)}/migrationstate`,
    query: pageQuery(filter),
    signal,
  });
  return new Map(data.changeSets.flatMap(({ changeSetFQN, label }) => (label ? [[changeSetFQN, label] as const] : [])));
}
