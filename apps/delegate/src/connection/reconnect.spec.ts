import { describe, expect, it } from '@jest/globals';
import { heartbeatPauseMs, reconnectMs } from './reconnect.js';

describe('pauses between connections', () => {
  it('tries again at once after a connection that worked', () => {
    expect([reconnectMs(0, undefined, () => 0), reconnectMs(0, undefined, () => 1)]).toEqual([100, 300]);
  });

  it('then spreads attempts between nothing and a ceiling of 1 to 30 seconds', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 100].map((attempt) => reconnectMs(attempt, undefined, () => 1))).toEqual([
      1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000,
    ]);
    expect(reconnectMs(5, undefined, () => 0)).toBe(0);
  });

  it('comes back sooner when a lease has to be kept', () => {
    expect(reconnectMs(7, 15_000, () => 1)).toBe(15_000);
  });

  it('lets heartbeats stray by a fifth', () => {
    expect([heartbeatPauseMs(10_000, () => 0), heartbeatPauseMs(10_000, () => 1)]).toEqual([8_000, 12_000]);
  });
});
