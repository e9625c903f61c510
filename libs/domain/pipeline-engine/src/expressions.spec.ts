import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AppError } from '@sluice/kernel';
import {
  ExpressionBudget,
  MAX_EXPRESSION_CHARACTERS,
  MAX_EXPRESSION_DEPTH,
  MAX_EXPRESSIONS,
  evaluate,
  findExpressions,
  hasExpression,
  inputExpression,
  type Lookup,
} from './expressions.js';

const values: Record<string, string | number | boolean> = {
  'pipeline.variables.a': 'A',
  'pipeline.variables.n': 3,
  'pipeline.variables.t': true,
  'pipeline.variables.nested': 'x-<+pipeline.variables.a>',
  'pipeline.variables.loop': '<+pipeline.variables.loop>',
  'pipeline.variables.ping': '<+pipeline.variables.pong>',
  'pipeline.variables.pong': 'p<+pipeline.variables.ping>',
};
const lookup = (body: string): Lookup => {
  if (body.startsWith('later.')) return { kind: 'keep' };
  const value = values[body];
  return value === undefined ? { kind: 'unknown', reason: `no ${body}` } : { kind: 'value', value };
};

describe('findExpressions', () => {
  it.each([
    ['none', 'plain text', []],
    ['one', 'a <+b.c> d', ['b.c']],
    ['several', '<+a><+b> and <+c>', ['a', 'b', 'c']],
    ['spaces inside', '<+ a.b >', ['a.b']],
    ['quotes with a bracket inside', '<+secrets.getValue("a>b")>', ['secrets.getValue("a>b")']],
    ['single quotes', "<+secrets.getValue('x')>", ["secrets.getValue('x')"]],
    ['nesting: only the outer one', '<+a.<+b>.c>', ['a.<+b>.c']],
    ['an unclosed one', 'x <+a.b', []],
    ['comparison signs', 'a < b > c', []],
    ['SQL arrows', "data->>'x' <> 1", []],
  ])('%s', (_what, text, bodies) => expect(findExpressions(text).map((expression) => expression.body)).toEqual(bodies));

  it('takes modifiers of an input along', () => {
    expect(findExpressions('<+input>.default("a b").allowedValues(a b, "c,d") rest')[0]).toMatchObject({
      text: '<+input>.default("a b").allowedValues(a b, "c,d")',
      modifiers: '.default("a b").allowedValues(a b, "c,d")',
    });
    expect(findExpressions('<+a.b>.default(x)')[0]?.text).toBe('<+a.b>');
  });
});

describe('inputExpression', () => {
  it.each([
    '<+input>',
    ' <+input> ',
    '<+input>.default(1)',
    '<+input>.regex([a-z]+)',
    '<+input>.selectManyFrom(a,b).default(a)',
  ])('sees %s', (text) => expect(inputExpression(text)).toBeDefined());
  it.each(['x<+input>', '<+input> <+input>', '<+inputs>', 'input', '', 7, null, undefined])('does not see %p', (text) =>
    expect(inputExpression(text)).toBeUndefined(),
  );
  it.each([
    ['a<+b>', true],
    ['a', false],
    ['<+', false],
    [5, false],
  ])('hasExpression(%p) is %p', (text, expected) => expect(hasExpression(text)).toBe(expected));
});

describe('evaluate', () => {
  const valueOf = (text: unknown): unknown => evaluate(text, lookup).value;

  it.each([
    ['text around', 'v<+pipeline.variables.a>!', 'vA!'],
    ['a lone number keeps its type', '<+pipeline.variables.n>', 3],
    ['a lone boolean keeps its type', '<+pipeline.variables.t>', true],
    ['a number inside text', 'n=<+pipeline.variables.n>', 'n=3'],
    ['values that hold expressions', '<+pipeline.variables.nested>', 'x-A'],
    ['values that hold expressions inside text', '[<+pipeline.variables.nested>]', '[x-A]'],
    ['what comes later stays', 'a <+later.x> b', 'a <+later.x> b'],
    ['secrets stay', '<+secrets.getValue("p")>', '<+secrets.getValue("p")>'],
    ['secrets inside text stay', 'p=<+secrets.getValue("p")>;<+pipeline.variables.a>', 'p=<+secrets.getValue("p")>;A'],
    ['other types are left alone', 5, 5],
    ['null is left alone', null, null],
  ])('%s', (_what, text, expected) => expect(valueOf(text)).toEqual(expected));

  it('walks objects and lists', () => {
    expect(valueOf({ a: ['<+pipeline.variables.a>', { b: '<+pipeline.variables.n>' }], c: 1 })).toEqual({
      a: ['A', { b: 3 }],
      c: 1,
    });
  });

  it('never asks what a secret is', () => {
    const asked: string[] = [];
    evaluate('<+secrets.getValue("x")>', (body) => {
      asked.push(body);
      return { kind: 'keep' };
    });
    expect(asked).toEqual([]);
  });

  it('tells what it could not resolve and leaves it', () => {
    const { value, unresolved } = evaluate({ a: '<+nothing.here>' }, lookup);
    expect(value).toEqual({ a: '<+nothing.here>' });
    expect(unresolved).toEqual([{ expression: '<+nothing.here>', reason: 'no nothing.here' }]);
  });

  it.each(['<+pipeline.variables.loop>', '<+pipeline.variables.ping>'])(
    'stops at a value that refers to itself: %s',
    (text) => {
      expect(evaluate(text, lookup).unresolved.map(({ reason }) => reason)).toContain('it refers to itself');
    },
  );

  it('writes quoted literals into code', () => {
    const code = {
      condition: '<+pipeline.variables.a> == "A" && <+pipeline.variables.n> == 3 && <+later.x> == "y"',
      text: '<+pipeline.variables.a>',
    };
    expect(evaluate(code, lookup, ['condition']).value).toEqual({
      condition: '"A" == "A" && 3 == 3 && <+later.x> == "y"',
      text: 'A',
    });
  });

  it('chooses the quotes a value does not hold, and refuses one that holds both', () => {
    const with_ = (value: string) => evaluate({ condition: '<+x>' }, () => ({ kind: 'value', value }), ['condition']);
    expect(with_('say "hi"').value).toEqual({ condition: `'say "hi"'` });
    expect(with_(`"'`).unresolved).toHaveLength(1);
  });
});

describe('what an expression may cost', () => {
  const from =
    (texts: Readonly<Record<string, string>>, asked: string[] = []) =>
    (body: string): Lookup => {
      asked.push(body);
      return Object.hasOwn(texts, body)
        ? { kind: 'value', value: texts[body] as string }
        : { kind: 'unknown', reason: `no ${body}` };
    };
  const refuse = (act: () => unknown): AppError => {
    try {
      act();
    } catch (cause) {
      if (cause instanceof AppError) return cause;
      throw cause;
    }
    throw new Error('it was taken');
  };

  it('a name is looked up once, however often it stands there', () => {
    const asked: string[] = [];
    const { value } = evaluate(['<+a>', '<+a><+a>', { x: '<+b>' }], from({ a: '1', b: '<+a>-<+a>' }, asked));
    expect(value).toEqual(['1', '11', { x: '1-1' }]);
    expect(asked).toEqual(['a', 'b']);
  });

  it.each([1, 3, 6, 10, 10_000])('a value that refers to itself %d times is looked up once', (times) => {
    const asked: string[] = [];
    const { unresolved } = evaluate('<+a>', from({ a: `x${'<+a>'.repeat(times)}` }, asked));
    expect(unresolved).toEqual([{ expression: '<+a> → <+a>', reason: 'it refers to itself' }]);
    expect(asked).toEqual(['a']);
  });

  it('a cycle is named with everything on it, whatever led into it', () => {
    expect(evaluate('<+in>', from({ in: 'i<+a>', a: '<+b>', b: '-<+c>', c: '<+a>' })).unresolved).toEqual([
      { expression: '<+a> → <+b> → <+c> → <+a>', reason: 'it refers to itself' },
    ]);
  });

  it('a value that doubles is refused at the limit of characters, which the error names', () => {
    const doubling = Object.fromEntries(
      Array.from({ length: 60 }, (_, index) => [
        `v${index}`,
        index === 0 ? 'xxxxxxxx' : `<+v${index - 1}><+v${index - 1}>`,
      ]),
    );
    const error = refuse(() => evaluate('<+v59>', from(doubling)));
    expect([error.code, error.message]).toEqual([
      'INVALID_REQUEST',
      expect.stringContaining(`more than ${MAX_EXPRESSION_CHARACTERS} characters`),
    ]);
  });

  it('more expressions than the limit are refused, counted over all parts that share a budget', () => {
    const budget = new ExpressionBudget();
    const half = '<+a>'.repeat(MAX_EXPRESSIONS / 2);
    evaluate(half, from({ a: '' }), [], budget);
    evaluate(half, from({ a: '' }), [], budget);
    expect(refuse(() => evaluate('<+a>', from({ a: '' }), [], budget)).message).toContain(
      `more than ${MAX_EXPRESSIONS} expressions`,
    );
  });

  it('a chain may be as long as the limit and no longer', () => {
    const chain = Object.fromEntries(
      Array.from({ length: MAX_EXPRESSION_DEPTH + 2 }, (_, index) => [
        `v${index}`,
        index === 0 ? 'end' : `<+v${index - 1}>`,
      ]),
    );
    expect(evaluate(`<+v${MAX_EXPRESSION_DEPTH}>`, from(chain))).toEqual({ value: 'end', unresolved: [] });
    expect(evaluate(`<+v${MAX_EXPRESSION_DEPTH + 1}>`, from(chain)).unresolved[0]?.reason).toContain(
      `more than ${MAX_EXPRESSION_DEPTH} references`,
    );
  });

  it.each([
    ['quotes without an end', `<+input>.default(${'""'.repeat(2_000)}`],
    ['quotes of both kinds', `<+input>.regex(${`"'`.repeat(2_000)}`],
    ['modifiers without arguments', `<+input>${'.default('.repeat(2_000)}`],
    ['brackets that stay open', '<+'.repeat(4_000)],
  ])('%s are read in one pass', (_what, text) => expect(inputExpression(text)).toBeUndefined());

  it('whatever variables refer to one another: each is looked up at most once, and it ends in a value, a cycle or a named limit', () => {
    const names = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    const text = fc
      .array(
        fc.oneof(
          names.map((name) => `<+${name}>`),
          fc.constantFrom('x', '<+', '>', '"', ' ', '.'),
        ),
        { maxLength: 12 },
      )
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.dictionary(names, text, { maxKeys: 5 }), text, (texts, input) => {
        const asked: string[] = [];
        const { value, unresolved } = evaluate({ input, condition: input }, from(texts, asked), ['condition']);
        expect(new Set(asked).size).toBe(asked.length);
        expect(unresolved.length).toBeLessThan(200);
        expect(JSON.stringify(value).length).toBeLessThan(MAX_EXPRESSION_CHARACTERS);
      }),
      { numRuns: 500 },
    );
  });
});
