import type { z } from 'zod';
import { isRecord } from './runtime-input.js';

/**
 * Parses the spec of a step whose expressions have been replaced. A value of another scalar type than the field takes is read as that type when it can be:
 * `tag: <+pipeline.sequenceId>` is the text "7", and the text "3" of a variable is the number 3. What was written without an expression is judged when it is saved.
 */
export function parseFitted<Spec>(schema: z.ZodType<Spec>, spec: unknown): z.ZodSafeParseResult<Spec> {
  const parsed = schema.safeParse(spec);
  if (parsed.success) return parsed;
  const fitted: unknown = structuredClone(spec);
  for (const issue of parsed.error.issues) if (issue.code === 'invalid_type') fit(fitted, issue.path, issue.expected);
  return schema.safeParse(fitted);
}

function fit(root: unknown, path: readonly PropertyKey[], expected: string): void {
  const key = path.at(-1);
  const holder = path
    .slice(0, -1)
    .reduce<unknown>(
      (current, part) => (isRecord(current) || Array.isArray(current) ? Reflect.get(current, part) : undefined),
      root,
    );
  if (key === undefined || !(isRecord(holder) || Array.isArray(holder))) return;
  const value: unknown = Reflect.get(holder, key);
  if (expected === 'string' && (typeof value === 'number' || typeof value === 'boolean'))
    Reflect.set(holder, key, String(value));
  if (expected === 'number' && typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value))
    Reflect.set(holder, key, Number(value));
  if (expected === 'boolean' && (value === 'true' || value === 'false')) Reflect.set(holder, key, value === 'true');
}
