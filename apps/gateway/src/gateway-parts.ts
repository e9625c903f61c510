import type { BlockList } from 'node:net';
import type { Logger } from '@sluice/telemetry';
import type { GatewayLimits } from './config.js';
import type { Places } from './limits/places.js';
import type { RateLimits } from './limits/rate-limits.js';
import type { UpstreamClient } from './proxy/upstream-client.js';
import type { Upstream } from './routing/routing-table.js';

/** What is made once at the start. */
export interface GatewayParts {
  readonly limits: GatewayLimits;
  readonly trustedProxies: BlockList | undefined;
  readonly rateLimits: RateLimits;
  readonly upstreams: Readonly<Record<Upstream, UpstreamClient>>;
  readonly uiDir: string | undefined;
  readonly places: Readonly<Record<'requests' | 'streams', Places>>;
  readonly log: Logger;
}

export const PARTS = Symbol('GatewayParts');
