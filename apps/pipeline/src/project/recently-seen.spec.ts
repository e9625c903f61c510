import { expect, it } from '@jest/globals';
import { RecentlySeen } from './recently-seen.js';

it('forgets a key when its time is up, however often it was asked for', () => {
  let now = 0;
  const seen = new RecentlySeen(10, 100, { now: () => now });
  seen.add('a');
  now = 99;
  expect(seen.has('a')).toBe(true);
  now = 100;
  expect(seen.has('a')).toBe(false);
  expect(seen.has('never')).toBe(false);
});

it('keeps no more keys than its limit: the least recently used goes', () => {
  const seen = new RecentlySeen(2, 100, { now: () => 0 });
  seen.add('a');
  seen.add('b');
  expect(seen.has('a')).toBe(true);
  seen.add('c');
  expect(['a', 'b', 'c'].map((key) => seen.has(key))).toEqual([true, false, true]);
});
