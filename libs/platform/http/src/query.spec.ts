import { describe, expect, it } from '@jest/globals';
import { parseQuery } from './query.js';

describe('the query of an address', () => {
  it('holds one value as text, and the values of a repeated key as a list, also with brackets', () => {
    expect({ ...parseQuery('a=1&b=2&b=3&c[]=4&c=5&d&__proto__=x') }).toEqual({
      a: '1',
      b: ['2', '3'],
      c: ['4', '5'],
      d: '',
      ['__proto__']: 'x',
    });
  });

  // A copy of the list for each value makes minutes of it, in which the process answers nobody.
  it('is read in one pass, however often a key is repeated', () => {
    const values = parseQuery('a&'.repeat(60_000))['a'];
    expect(values).toHaveLength(60_000);
  }, 60_000);
});
