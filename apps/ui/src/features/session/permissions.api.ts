import { getCallerPermissions } from '@sluice/ng-manager-api';
import { useQuery } from '@tanstack/react-query';
import type { z } from 'zod';

import { ngEnvelope } from '../../gateway/envelopes.js';
import type { GatewayClient } from '../../gateway/gateway-client.js';
import { useGateway } from '../../gateway/gateway-context.js';
import type { ProjectScope } from '../project/project-scope.js';
import { scopeQuery } from '../project/project-scope.js';

export type Permission = z.output<typeof getCallerPermissions.response>['permissions'][number];

/** What the signed-in key may do in a project. @throws GatewayError */
async function getPermissions(
  gateway: GatewayClient,
  scope: ProjectScope,
  signal?: AbortSignal,
): Promise<readonly Permission[]> {
  const { data } = await gateway.json(ngEnvelope(getCallerPermissions.response), {
    path: getCallerPermissions.path,
    query: scopeQuery(scope),
    signal,
  });
  return data.data.permissions;
}

/**
 * Whether the signed-in key may do something in a project: what it may not do is not offered. False until the answer is there; true when the
 * question itself failed, as the server checks every action anyway.
 */
export function useMay(scope: ProjectScope, permission: Permission): boolean {
  const gateway = useGateway();
  const query = useQuery({
    queryKey: ['permissions', scope],
    queryFn: ({ signal }) => getPermissions(gateway, scope, signal),
    staleTime: 30_000,
  });
  return query.data ? query.data.includes(permission) : query.isError;
}
