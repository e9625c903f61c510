import type { EnvironmentResponse, InfrastructureResponse, ServiceResponse } from '@sluice/ng-manager-api';
import type { FilingRow } from './filing.repository.js';

export function presentService(row: FilingRow): ServiceResponse {
  return { service: { ...detailsOf(row), deleted: false }, ...timesOf(row) };
}

export function presentEnvironment(row: FilingRow): EnvironmentResponse {
  const { type, color = '' } = row.traits;
  return {
    environment: {
      ...detailsOf(row),
      deleted: false,
      type: type === 'Production' ? 'Production' : 'PreProduction',
      color,
    },
    ...timesOf(row),
  };
}

export function presentInfrastructure(row: FilingRow): InfrastructureResponse {
  const { type = '', deploymentType, environmentRef = row.environment } = row.traits;
  return {
    infrastructure: {
      ...detailsOf(row),
      environmentRef,
      type,
      ...(deploymentType === undefined ? {} : { deploymentType }),
    },
    ...timesOf(row),
  };
}

/** Copies for clients that show only the top level of a list row. */
export function rowOf<T extends object>(
  row: FilingRow,
  shown: T,
): T & { identifier: string; name: string; type?: string } {
  return {
    identifier: row.identifier,
    name: row.name,
    ...(row.traits['type'] === undefined ? {} : { type: row.traits['type'] }),
    ...shown,
  };
}

function detailsOf({ accountId, orgId, projectId, identifier, name, description, tags, yaml }: FilingRow) {
  return {
    accountId,
    ...(orgId === null ? {} : { orgIdentifier: orgId }),
    ...(projectId === null ? {} : { projectIdentifier: projectId }),
    identifier,
    name,
    description: description ?? '',
    tags,
    yaml,
    storeType: 'INLINE' as const,
  };
}

function timesOf({ createdAt, updatedAt }: FilingRow): { createdAt: number; lastModifiedAt: number } {
  return { createdAt: createdAt.getTime(), lastModifiedAt: updatedAt.getTime() };
}
