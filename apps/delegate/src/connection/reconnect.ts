const FIRST_MS = 200;
const BASE_MS = 1_000;
const MAX_MS = 30_000;

/**
 * Pause before the next attempt to connect. The first one after a lost connection comes at once, nearly: most are restarts of the other side.
 * Then full jitter between nothing and a ceiling that doubles from 1 s to 30 s, so that a crowd of delegates does not come back in step.
 * @param attempt 0 for the first after a connection that worked
 * @param limitMs a lower ceiling: whoever holds a lease has to be back before it ends
 */
export function reconnectMs(attempt: number, limitMs = MAX_MS, random: () => number = Math.random): number {
  if (attempt === 0) return Math.round(FIRST_MS * (0.5 + random()));
  return Math.round(Math.min(MAX_MS, limitMs, BASE_MS * 2 ** Math.min(attempt - 1, 10)) * random());
}

/** Heartbeats keep clear of each other: within ± 20 % of the interval. */
export function heartbeatPauseMs(intervalMs: number, random: () => number = Math.random): number {
  return Math.round(intervalMs * (0.8 + 0.4 * random()));
}
