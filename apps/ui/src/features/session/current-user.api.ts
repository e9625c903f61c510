import { getCurrentUser as currentUserRoute } from '@sluice/ng-manager-api';
import type { z } from 'zod';

import type { GatewayClient } from '../../gateway/gateway-client.js';
import { ngEnvelope } from '../../gateway/envelopes.js';

const currentUser = currentUserRoute.response.pick({ uuid: true, name: true, email: true });
export type CurrentUser = z.output<typeof currentUser>;

/** The user the API key belongs to. @throws GatewayError 401 when the key is not good. */
export async function getCurrentUser(gateway: GatewayClient, signal?: AbortSignal): Promise<CurrentUser> {
  const { data } = await gateway.json(ngEnvelope(currentUser), {
    path: '/ng/api/user/currentUser',
    query: { accountIdentifier: gateway.accountId },
    signal,
  });
  return data.data;
}
