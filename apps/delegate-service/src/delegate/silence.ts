/** A delegate that missed three heartbeats in a row does not count as connected, whatever its socket says. */
export function silentMs(config: { readonly heartbeatMs: number; readonly leaseMs: number }): number {
  return Math.max(config.leaseMs, config.heartbeatMs * 3);
}
