import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { sayIssue } from './say-issue.js';

const said = (schema: z.ZodType, value: unknown): string[] => schema.safeParse(value).error?.issues.map(sayIssue) ?? [];
const color = z.enum(['red', 'blue']);

describe('what is said of a bad value', () => {
  it('is what the schema says', () => {
    expect(said(color, 'green')).toEqual(['Invalid option: expected one of "red"|"blue"']);
    expect(said(z.union([z.boolean(), color], 'must be red or true'), 'green')).toEqual(['must be red or true']);
  });

  it('names every choice of a union, with the place inside it, each once', () => {
    expect(said(z.union([color, z.object({ color })]), { color: 'green' })).toEqual([
      'Invalid option: expected one of "red"|"blue", or color: Invalid option: expected one of "red"|"blue"',
    ]);
    expect(said(z.union([z.string().min(1), z.string().max(0)]), 7)).toEqual([
      'Invalid input: expected string, received number',
    ]);
  });

  it('is never long', () => {
    expect(
      said(z.union([z.boolean(), z.enum(Array.from({ length: 200 }, (_, at) => `choice-${at}`))]), 'x')[0]?.length,
    ).toBeLessThanOrEqual(500);
  });
});
