import { describe, expect, it } from '@jest/globals';
import { matchPattern } from './bounded-pattern.js';

describe('a pattern of a pipeline', () => {
  it.each([
    ['[a-z]+', 'abc', 'match'],
    ['[a-z]+', 'abc1', 'no match'],
    ['a|b', 'b', 'match'],
    ['^[a-z]+$', 'abc', 'match'],
    ['.', '', 'no match'],
    ['[a-z', 'a', 'unusable'],
    ['a'.repeat(1_025), 'a', 'unusable'],
    ['a+', 'a'.repeat(8_193), 'no match'],
    ['"; process.exit()', 'a', 'no match'],
  ])('%s and %s: %s', (pattern, value, result) => {
    expect(matchPattern(pattern, value)).toBe(result);
  });

  it('that runs away is stopped', () => {
    expect(matchPattern('(a+)+', `${'a'.repeat(40)}b`)).toBe('unusable');
  });
});
