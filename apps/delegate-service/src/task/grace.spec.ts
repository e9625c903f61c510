import { describe, expect, it } from '@jest/globals';
import { Grace } from './grace.js';

describe('grace after an outage of our own', () => {
  it('freezes expiry for one lease after the start', () => {
    let now = 1_000;
    const grace = new Grace(30_000, 10_000, () => now);
    for (; now < 31_000; now += 1_000) {
      expect(grace.isFrozen()).toBe(true);
      grace.scanned();
    }
    expect(grace.isFrozen()).toBe(false);
  });

  it('freezes it again when scans had stopped for a while', () => {
    let now = 0;
    const grace = new Grace(30_000, 10_000, () => now);
    now = 9_000;
    grace.scanned();
    now = 40_000;
    expect(grace.isFrozen()).toBe(true);
    for (; now < 70_000; now += 5_000) {
      expect(grace.isFrozen()).toBe(true);
      grace.scanned();
    }
    expect(grace.isFrozen()).toBe(false);
  });
});
