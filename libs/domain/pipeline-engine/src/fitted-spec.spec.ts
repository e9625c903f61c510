import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { parseFitted } from './fitted-spec.js';

const schema = z.strictObject({
  tag: z.string().optional(),
  count: z.number().int().min(1).optional(),
  isLast: z.boolean().optional(),
  names: z.array(z.string()).optional(),
});

describe('a spec whose expressions were replaced', () => {
  it.each([
    [{ count: '3' }, { count: 3 }],
    [{ isLast: 'false' }, { isLast: false }],
    [
      { tag: 'v1', count: 2 },
      { tag: 'v1', count: 2 },
    ],
  ])('%j is read as %j', (spec, expected) => expect(parseFitted(schema, spec).data).toEqual(expected));

  it.each([
    { count: 'abc' },
    { count: '-3' },
    { count: '1.5' },
    { count: '0' },
    { count: '' },
    { tag: 7 },
    { tag: 1.1 },
    { tag: ['a'] },
    { tag: null },
    { other: 1 },
    'text',
    null,
  ])('%j does not fit', (spec) => {
    expect(parseFitted(schema, spec).success).toBe(false);
  });

  it('is not changed itself', () => {
    const spec = { count: '3' };
    parseFitted(schema, spec);
    expect(spec).toEqual({ count: '3' });
  });
});
