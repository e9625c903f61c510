import {
  getConnector as connectorRoute,
  getSecret as secretRoute,
  listDelegateTokens as tokensRoute,
  listDelegates as delegatesRoute,
  testConnector as testRoute,
} from '@sluice/ng-manager-api';
import { z } from 'zod';

import { ngEnvelope, ngPage, restEnvelope } from '../../gateway/envelopes.js';
import { segment, type GatewayClient } from '../../gateway/gateway-client.js';
import type { ProjectScope } from '../project/project-scope.js';
import { scopeQuery } from '../project/project-scope.js';

// Of connectors and secrets only what all types have is named: a type this page does not know is shown all the same.
const entity = z.looseObject({
  identifier: z.string(),
  name: z.string(),
  type: z.string(),
  description: z.string().nullish(),
  tags: z.record(z.string(), z.string()).nullish(),
  spec: z.unknown(),
});

const connectorFields = connectorRoute.response
  .pick({ status: true, createdAt: true, lastModifiedAt: true, harnessManaged: true, warnings: true })
  .extend({ connector: entity });
export type Connector = z.output<typeof connectorFields>;

const secretFields = secretRoute.response
  .pick({ createdAt: true, updatedAt: true, draft: true })
  .extend({ secret: entity });
export type Secret = z.output<typeof secretFields>;

const delegateFields = delegatesRoute.response.element.pick({
  name: true,
  type: true,
  description: true,
  tags: true,
  lastHeartBeat: true,
  connected: true,
  delegateReplicas: true,
  orgName: true,
  projectName: true,
});
export type Delegate = z.output<typeof delegateFields>;

/** Without the value of the token: a page is no place for it. */
const tokenFields = tokensRoute.response.element.pick({
  name: true,
  status: true,
  createdAt: true,
  createdByNgUser: true,
  revokeAfter: true,
  ownerIdentifier: true,
});
export type DelegateToken = z.output<typeof tokenFields>;

export interface SetupFilter {
  readonly searchTerm: string;
  /** 0-based. */
  readonly page: number;
  readonly size: number;
}

const listQuery = (scope: ProjectScope, { searchTerm, page, size }: SetupFilter) => ({
  ...scopeQuery(scope),
  searchTerm: searchTerm || undefined,
  pageIndex: page,
  pageSize: size,
});

/** One page of connectors of the project, the built-in one too. @throws GatewayError */
export async function listConnectors(
  gateway: GatewayClient,
  scope: ProjectScope,
  filter: SetupFilter,
  signal?: AbortSignal,
) {
  const { data } = await gateway.json(ngEnvelope(ngPage(connectorFields)), {
    method: 'POST',
    path: '/ng/api/connectors/listV2',
    query: listQuery(scope, filter),
    body: { filterType: 'Connector' },
    signal,
  });
  return { rows: data.data.content, total: data.data.totalItems };
}

/** @throws GatewayError 404 when there is none of this identifier in the project */
export async function getConnector(
  gateway: GatewayClient,
  scope: ProjectScope,
  identifier: string,
  signal?: AbortSignal,
): Promise<Connector> {
  const { data } = await gateway.json(ngEnvelope(connectorFields), {
    path: `/ng/api/connectors/${segment(identifier)}`,
    query: scopeQuery(scope),
    signal,
  });
  return data.data;
}

/** Has a delegate try the connection; the connector keeps what came of it. @throws GatewayError */
export async function testConnector(
  gateway: GatewayClient,
  scope: ProjectScope,
  identifier: string,
): Promise<{ readonly status: string; readonly errorSummary: string | null }> {
  const { data } = await gateway.json(ngEnvelope(testRoute.response.pick({ status: true, errorSummary: true })), {
    method: 'POST',
    path: `/ng/api/connectors/testConnection/${segment(identifier)}`,
    query: scopeQuery(scope),
  });
  return data.data;
}

/** One page of secrets of the project, without their values. @throws GatewayError */
export async function listSecrets(
  gateway: GatewayClient,
  scope: ProjectScope,
  filter: SetupFilter,
  signal?: AbortSignal,
) {
  const { data } = await gateway.json(ngEnvelope(ngPage(secretFields)), {
    path: '/ng/api/v2/secrets',
    query: listQuery(scope, filter),
    signal,
  });
  return { rows: data.data.content, total: data.data.totalItems };
}

/** A secret without its value. @throws GatewayError 404 when there is none of this identifier in the project */
export async function getSecret(
  gateway: GatewayClient,
  scope: ProjectScope,
  identifier: string,
  signal?: AbortSignal,
): Promise<Secret> {
  const { data } = await gateway.json(ngEnvelope(secretFields), {
    path: `/ng/api/v2/secrets/${segment(identifier)}`,
    query: scopeQuery(scope),
    signal,
  });
  return data.data;
}

/** Delegates of the account and of every organization and project in it. @throws GatewayError */
export async function listDelegates(gateway: GatewayClient, signal?: AbortSignal): Promise<readonly Delegate[]> {
  const { data } = await gateway.json(restEnvelope(z.array(delegateFields)), {
    method: 'POST',
    path: '/ng/api/delegate-setup/listDelegates',
    query: { accountIdentifier: gateway.accountId, all: true },
    body: { filterType: 'Delegate' },
    signal,
  });
  return data.resource;
}

/** Delegate tokens of the account. @throws GatewayError */
export async function listDelegateTokens(
  gateway: GatewayClient,
  signal?: AbortSignal,
): Promise<readonly DelegateToken[]> {
  const { data } = await gateway.json(restEnvelope(z.array(tokenFields)), {
    path: '/ng/api/delegate-token-ng',
    query: { accountIdentifier: gateway.accountId },
    signal,
  });
  return data.resource;
}
