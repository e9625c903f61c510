import { describe, expect, it } from '@jest/globals';

import { durationOf, formatDuration } from './duration.js';
import { pollIntervalMs } from './poll-interval.js';
import { formatRelativeTime, fromEpoch } from './relative-time.js';

describe('a duration', () => {
  it.each([
    [-5, '0.0s'],
    [0, '0.0s'],
    [449, '0.4s'],
    [9_999, '9.9s'],
    [10_000, '10s'],
    [59_999, '59s'],
    [60_000, '1m 00s'],
    [185_000, '3m 05s'],
    [3_599_999, '59m 59s'],
    [7_620_000, '2h 07m'],
    [100_800_000, '1d 4h'],
  ])('of %d ms reads %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it('of something that has not started is unknown; of something that runs it grows', () => {
    expect(durationOf({}, 10)).toBeUndefined();
    expect(durationOf({ startTs: 4 }, 10)).toBe(6);
    expect(durationOf({ startTs: 4, endTs: 5 }, 10)).toBe(1);
    expect(durationOf({ startTs: 12 }, 10)).toBe(0);
  });
});

describe('a point in time', () => {
  const now = Date.UTC(2026, 10, 20, 12);

  it.each([
    [10_000, 'just now'],
    [70_000, '1 minute ago'],
    [50_000, '1 minute ago'],
    [2 * 3_600_000, '2 hours ago'],
    [25 * 3_600_000, 'yesterday'],
    [10 * 86_400_000, '10 Nov 2026'],
  ])('%d ms ago reads %s', (ago, text) => {
    expect(formatRelativeTime(now - ago, now)).toBe(text);
  });

  it('is read from seconds as from milliseconds', () => {
    expect(fromEpoch(1_700_000_000)).toBe(1_700_000_000_000);
    expect(fromEpoch(1_700_000_000_000)).toBe(1_700_000_000_000);
  });
});

describe('polling', () => {
  const times = { activeMs: 2_000, idleMs: 15_000 } as const;

  it.each([
    [true, true, 2_000],
    [true, false, 15_000],
    [false, true, 15_000],
    [false, false, false],
  ])('with activity %p in a visible tab %p pauses %p', (isActive, isVisible, pause) => {
    expect(pollIntervalMs({ ...times, isActive, isVisible })).toBe(pause);
  });
});
