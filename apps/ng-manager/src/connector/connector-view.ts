import { productWithoutDriver } from '@sluice/db-migration';
import type { Connector, ConnectorBody, ConnectorResponse } from '@sluice/ng-manager-api';
import { noDriver } from './jdbc-access.js';
import type { ConnectorRow, ConnectorValues } from './connector.repository.js';

/** Type and spec of a parsed connector or a stored row. The two always belong together: both were written from one parsed body. */
export function connectorBodyOf({ type, spec }: Connector | ConnectorRow): ConnectorBody {
  return { type, spec } as ConnectorBody;
}

export function connectorValuesOf(connector: Connector): ConnectorValues {
  return {
    name: connector.name,
    description: connector.description ?? null,
    tags: connector.tags ?? {},
    ...connectorBodyOf(connector),
  };
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
    ...warningsOf(connectorBodyOf(row)),
  };
}

function warningsOf(body: ConnectorBody): Pick<ConnectorResponse, 'warnings'> {
  const product = body.type === 'JDBC' ? productWithoutDriver(body.spec.url) : undefined;
  return product ? { warnings: [{ field: 'connector.spec.url', message: noDriver(product) }] } : {};
}
