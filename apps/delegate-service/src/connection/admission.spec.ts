import { describe, expect, it } from '@jest/globals';
import { Admission } from './admission.js';

describe('admission of connections', () => {
  it('lets a burst of one second through, then as many as time allows', () => {
    let now = 0;
    const admission = new Admission(3, () => now);
    expect([1, 2, 3, 4].map(() => admission.admits())).toEqual([true, true, true, false]);
    now = 400;
    expect([1, 2].map(() => admission.admits())).toEqual([true, false]);
    now = 60_000;
    expect([1, 2, 3, 4].map(() => admission.admits())).toEqual([true, true, true, false]);
  });
});
