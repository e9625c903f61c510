import type { z } from 'zod';
import { pathOf, valueAt } from './problem-list.js';
import type { Path } from './problems.js';
import { isRecord } from './runtime-input.js';

/**
 * Parses the spec of a step whose expressions have been replaced. A text that is a number or `true` fits a field of that type: variables often hold texts. A
 * number is not made a text: what was written as `1.10` is the number 1.1 by now, and another tag. What has no expression is judged when it is saved.
 */
export function parseFitted<Spec>(schema: z.ZodType<Spec>, spec: unknown): z.ZodSafeParseResult<Spec> {
  const parsed = schema.safeParse(spec);
  if (parsed.success) return parsed;
  const fitted: unknown = structuredClone(spec);
  for (const issue of parsed.error.issues)
    if (issue.code === 'invalid_type') fit(fitted, pathOf(issue), issue.expected);
  return schema.safeParse(fitted);
}

function fit(root: unknown, path: Path, expected: string): void {
  const key = path.at(-1);
  const holder = valueAt(root, path.slice(0, -1));
  if (key === undefined || !(isRecord(holder) || Array.isArray(holder))) return;
  const value: unknown = Reflect.get(holder, key);
  if (expected === 'number' && typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value))
    Reflect.set(holder, key, Number(value));
  if (expected === 'boolean' && (value === 'true' || value === 'false')) Reflect.set(holder, key, value === 'true');
}
