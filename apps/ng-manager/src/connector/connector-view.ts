import type { Connector, ConnectorBody, ConnectorResponse } from '@sluice/ng-manager-api';
import type { ConnectorRow, ConnectorValues } from './connector.repository.js';

/** Type and spec of a parsed connector or a stored row. The two always belong together: both were written from one parsed body. */
export function connectorBodyOf({ type, spec }: Connector | ConnectorRow): ConnectorBody {
  return { type, spec } as ConnectorBody;
}

export function connectorValuesOf(connector: Connector): ConnectorValues {
  return { name: connector.name, description: connector.description ?? null, tags: connector.tags ?? {}, ...connectorBodyOf(connector) };
}

export function presentConnector(row: ConnectorRow): ConnectorResponse {
  const connector = {
    name: row.name,
    identifier: row.identifier,
    description: row.description ?? '',
    orgIdentifier: row.orgId,
    projectIdentifier: row.projectId,
    tags: row.tags,
    ...connectorBodyOf(row),
  } as Connector;
  return {
    connector,
    createdAt: row.createdAt.getTime(),
    lastModifiedAt: row.updatedAt.getTime(),
    status: row.status,
    activityDetails: { lastActivityTime: row.lastActivityAt.getTime() },
    harnessManaged: row.harnessManaged,
    gitDetails: { valid: true },
    entityValidityDetails: { valid: true, invalidYaml: null },
    governanceMetadata: null,
  };
}
