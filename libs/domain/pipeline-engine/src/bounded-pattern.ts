import { createContext, Script } from 'node:vm';

const PATTERN_MAX = 1_024;
const VALUE_MAX = 8_192;
/** A pattern that takes longer than this is taken as one that never ends. */
const PATTERN_MS = 1_000;

// A pattern is data to it, so one context serves all of them; making one takes longer than most patterns.
const context = createContext({ pattern: '', value: '' });
const matching = new Script('new RegExp(pattern).test(value)');

/** `unusable`: no regular expression, too long, or one that runs away on this value. */
export type PatternResult = 'match' | 'no match' | 'unusable';

/** Does the whole of `value` have the form `pattern`? Pipeline authors write the patterns: one that runs away must not hold the service. */
export function matchPattern(pattern: string, value: string): PatternResult {
  if (pattern.length > PATTERN_MAX) return 'unusable';
  if (value.length > VALUE_MAX) return 'no match';
  try {
    Object.assign(context, { pattern: `^(?:${pattern})$`, value });
    const isMatch: unknown = matching.runInContext(context, { timeout: PATTERN_MS });
    return isMatch === true ? 'match' : 'no match';
  } catch {
    return 'unusable';
  }
}
