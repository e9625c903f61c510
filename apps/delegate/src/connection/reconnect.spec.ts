import { describe, expect, it } from '@jest/globals';
import { heartbeatPauseMs, reconnectMs } from './reconnect.js';

describe('pauses between connections', () => {
  it('tries again at once after a connection that worked', () => {
    expect([reconnectMs(0, () => 0), reconnectMs(0, () => 1)]).toEqual([100, 300]);
  });

  it('then spreads attempts between nothing and a ceiling of 1 to 30 seconds', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 100].map((attempt) => reconnectMs(attempt, () => 1))).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
    expect(reconnectMs(5, () => 0)).toBe(0);
  });

  it('lets heartbeats stray by a fifth', () => {
    expect([heartbeatPauseMs(10_000, () => 0), heartbeatPauseMs(10_000, () => 1)]).toEqual([8_000, 12_000]);
  });
});
