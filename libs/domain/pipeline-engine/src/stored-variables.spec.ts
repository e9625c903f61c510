import { describe, expect, it } from '@jest/globals';
import { storedVariable, storedVariablesIn } from './stored-variables.js';

describe('stored variables', () => {
  it('are named by scope, each once, wherever an expression stands', () => {
    const text =
      'a: <+variable.x>\nb: "v-<+ variable.org.y >-<+variable.account.z>-<+variable.x>"\nc: <+pipeline.variables.n>\nd: variable.w\ne: <+variable.account>\nf: <+pipeline.variables.variable.q>';
    expect(storedVariablesIn(text)).toEqual({ account: ['z'], org: ['y'], project: ['x', 'account'] });
  });

  it('are looked for in the scope they are named in, and nowhere else', () => {
    const values = { account: { x: 'of account' }, org: { y: 'of org' }, project: { x: 'of project', toString: 't' } };
    expect(
      ['variable.x', 'variable.account.x', 'variable.org.y', 'variable.toString'].map((body) =>
        storedVariable(body, values),
      ),
    ).toEqual(['of project', 'of account', 'of org', 't'].map((value) => ({ kind: 'value', value })));
    expect(storedVariable('variable.org.x', values)).toEqual({
      kind: 'unknown',
      reason: 'the organization has no variable "x"; create it with POST /ng/api/variables',
    });
    expect(storedVariable('variable.account.constructor', values)).toMatchObject({ kind: 'unknown' });
    expect(
      ['pipeline.variables.x', 'variable', 'variable.a.b', 'variable.org.a.b'].map((body) =>
        storedVariable(body, values),
      ),
    ).toEqual([undefined, undefined, undefined, undefined]);
  });
});
