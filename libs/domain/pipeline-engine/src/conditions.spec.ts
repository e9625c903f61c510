import { describe, expect, it } from '@jest/globals';
import { conditionFault, evaluateCondition } from './conditions.js';
import type { Lookup } from './expressions.js';

const lookup = (body: string): Lookup => {
  const values: Record<string, string | number | boolean> = {
    env: 'prod',
    count: 2,
    on: true,
    off: false,
    word: 'true',
    empty: '',
  };
  const value = values[body];
  if (value !== undefined) return { kind: 'value', value };
  return body === 'later' ? { kind: 'keep' } : { kind: 'unknown', reason: `there is no ${body}` };
};

describe('evaluateCondition', () => {
  it.each([
    ['<+env> == "prod"', true],
    ["<+env> == 'prod'", true],
    ['<+env> == "test"', false],
    ['<+env> != "test"', true],
    ['"prod" == <+env>', true],
    ['<+count> == 2', true],
    ['<+count> == "2"', true],
    ['<+count> == 3', false],
    ['<+on>', true],
    ['<+off>', false],
    ['!<+off>', true],
    ['!!<+on>', true],
    ['<+word>', true],
    ['<+empty>', false],
    ['true', true],
    ['false', false],
    ['null', false],
    ['0', false],
    ['1', true],
    ['true && false', false],
    ['true || false', true],
    ['false || false', false],
    ['true && true && true', true],
    ['false && true || true', true],
    ['true || true && false', true],
    ['(true || true) && false', false],
    ['!(<+env> == "prod")', false],
    ['<+env> == "prod" && (<+count> == 1 || <+count> == 2)', true],
    ['  <+on>  ', true],
    ['-1 == -1', true],
    ['1.5 == 1.5', true],
    ['null == null', true],
    ['"a>b" == "a>b"', true],
  ])('%s is %p', (text, expected) =>
    expect(evaluateCondition(text, lookup)).toEqual({ kind: 'value', isTrue: expected }),
  );

  it.each([
    ['', /value is missing/],
    ['==', /value is missing/],
    ['prod == "x"', /cannot read "prod/],
    ['"a" = "b"', /cannot read/],
    ['(true', /closing parenthesis/],
    ['true)', /left over/],
    ['true true', /left over/],
    ['true &&', /value is missing/],
    ['<+env> > 1', /cannot read/],
    ['<+nothing>', /there is no nothing/],
    ['<+later> == 1', /has no value here/],
    ['process.exit()', /cannot read/],
  ])('%s is invalid', (text, reason) => {
    const result = evaluateCondition(text, lookup);
    expect(result.kind).toBe('invalid');
    expect(result.kind === 'invalid' && result.reason).toMatch(reason);
  });

  it.each(['<+anything.at.all> == "x"', '<+a> && !<+b>'])('has no fault whatever its references are: %s', (text) =>
    expect(conditionFault(text)).toBeUndefined(),
  );
  it.each(['a b', '<+x> ==', 'x.y()'])('has a fault: %s', (text) => expect(conditionFault(text)).toBeDefined());
});
