import { z } from 'zod';

/**
 * How long the delegate service lets a delegate work without word, and waits for it to stop after that. The services that act on it are given the same
 * variables: the delegate service, which keeps the leases, and whoever waits for a step that cannot be told to stop.
 */
export const leaseSettings = {
  DELEGATE_SERVICE_LEASE_MS: z.coerce.number().int().min(500).max(600_000).default(30_000),
  DELEGATE_SERVICE_FENCE_MS: z.coerce.number().int().min(200).max(600_000).optional(),
} as const;

/** In milliseconds. */
export interface LeaseTimes {
  /** From the sending of a renewal on, a delegate may work this long without another one. */
  readonly leaseMs: number;
  /** After the lease, for the delegate to stop what it does by its own clock; only then is the task taken from it. */
  readonly fenceMs: number;
}

/** @param env parsed by {@link leaseSettings}; a fence that is not given is half a lease */
export function leaseTimes(env: {
  readonly DELEGATE_SERVICE_LEASE_MS: number;
  readonly DELEGATE_SERVICE_FENCE_MS?: number | undefined;
}): LeaseTimes {
  return {
    leaseMs: env.DELEGATE_SERVICE_LEASE_MS,
    fenceMs: env.DELEGATE_SERVICE_FENCE_MS ?? Math.round(env.DELEGATE_SERVICE_LEASE_MS / 2),
  };
}
