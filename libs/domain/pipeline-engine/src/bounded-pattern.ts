import { runInNewContext } from 'node:vm';

const PATTERN_MAX = 1_024;
const VALUE_MAX = 8_192;
/** A pattern that takes longer than this is taken as one that never ends. */
const PATTERN_MS = 100;

/** `unusable`: no regular expression, too long, or one that runs away on this value. */
export type PatternResult = 'match' | 'no match' | 'unusable';

/** Does the whole of `value` have the form `pattern`? Pipeline authors write the patterns: one that runs away must not hold the service. */
export function matchPattern(pattern: string, value: string): PatternResult {
  if (pattern.length > PATTERN_MAX) return 'unusable';
  if (value.length > VALUE_MAX) return 'no match';
  try {
    const isMatch: unknown = runInNewContext('new RegExp(pattern).test(value)', { pattern: `^(?:${pattern})$`, value }, { timeout: PATTERN_MS });
    return isMatch === true ? 'match' : 'no match';
  } catch {
    return 'unusable';
  }
}
