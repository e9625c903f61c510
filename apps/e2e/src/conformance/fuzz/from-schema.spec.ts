import { describe, expect, it } from '@jest/globals';
import { connector } from '@sluice/ng-manager-api';
import fc from 'fast-check';
import { z } from 'zod';
import { fuzzRequests } from './fuzz-requests.js';
import { keysOf, valuesOf } from './from-schema.js';
import { publicRoutes } from '../public-routes.js';

const SEED = 1;

describe('values made from a schema', () => {
  it.each<[string, z.ZodType]>([
    [
      'an object with optional keys',
      z.object({ id: z.string().min(1).max(10), count: z.int().min(0).max(5).optional(), flag: z.boolean().nullish() }),
    ],
    ['a pattern of fixed length', z.object({ known: z.string().regex(/^\d{1,15}:[0-9a-f]{64}$/) })],
    ['numbers beyond 32 bits', z.object({ at: z.int().min(1).max(1e15) })],
    [
      'a union by type',
      z.discriminatedUnion('type', [
        z.object({ type: z.literal('a'), a: z.string() }),
        z.object({ type: z.literal('b'), b: z.array(z.int()).min(1) }),
      ]),
    ],
    ['a map', z.record(z.string(), z.string())],
    ['a default', z.object({ order: z.enum(['ASC', 'DESC']).default('ASC') })],
  ])('fit it: %s', (_, schema) => {
    for (const value of fc.sample(valuesOf(schema), { seed: SEED, numRuns: 100 }))
      expect(schema.safeParse(value).error).toBeUndefined();
  });

  it('reach every type of connector', () => {
    const types = new Set(
      fc.sample(valuesOf(connector), { seed: SEED, numRuns: 200 }).map((value) => (value as { type: string }).type),
    );
    expect(types.size).toBeGreaterThan(6);
  });

  it('name the keys of an object, and none of what is none', () => {
    expect(keysOf(z.object({ a: z.string(), b: z.string() }))).toEqual(['a', 'b']);
    expect(keysOf(z.string())).toEqual([]);
    expect(keysOf(undefined)).toEqual([]);
  });
});

describe('bad requests', () => {
  it('can be made for every public route', () => {
    for (const { route } of publicRoutes())
      expect(fc.sample(fuzzRequests(route, {}), { seed: SEED, numRuns: 1 })).toHaveLength(1);
  });

  it('are the same for the same seed', () => {
    const [one] = publicRoutes();
    if (!one) throw new Error('there are no public routes');
    const made = (): string[] =>
      fc.sample(fuzzRequests(one.route, {}), { seed: SEED, numRuns: 20 }).map(({ target }) => target);
    expect(made()).toEqual(made());
  });
});
