import { createContext, use } from 'react';

import type { GatewayClient } from './gateway-client.js';

export const GatewayContext = createContext<GatewayClient | undefined>(undefined);

/** The gateway client of the signed-in session. */
export function useGateway(): GatewayClient {
  const gateway = use(GatewayContext);
  if (!gateway) throw new Error('useGateway needs a GatewayContext above it');
  return gateway;
}
