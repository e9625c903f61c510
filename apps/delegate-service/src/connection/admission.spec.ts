import { describe, expect, it } from '@jest/globals';
import { Admission } from './admission.js';

describe('admission of connections', () => {
  it('lets a burst of one second through, then as many as time allows', () => {
    let now = 0;
    const admission = new Admission(3, () => now);
    expect([1, 2, 3, 4].map(() => admission.admits('a'))).toEqual([true, true, true, false]);
    now = 400;
    expect([1, 2].map(() => admission.admits('a'))).toEqual([true, false]);
    now = 60_000;
    expect([1, 2, 3, 4].map(() => admission.admits('a'))).toEqual([true, true, true, false]);
  });

  it('counts each key for itself, also among more keys than it remembers', () => {
    let now = 0;
    const admission = new Admission(1, () => now);
    expect(admission.admits('busy')).toBe(true);
    for (let key = 0; key < 20_000; key += 1) {
      now += 1;
      expect(admission.admits(`key ${key}`)).toBe(true);
      if (now < 1_000) expect(admission.admits('busy')).toBe(false);
    }
  });
});
