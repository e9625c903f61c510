import { describe, expect, it } from '@jest/globals';
import { AppError } from '@sluice/kernel';
import { parse } from 'yaml';
import { applyRuntimeInput, inputRoot, inputTemplate, mergeInputs } from './runtime-input.js';

const PIPELINE = `pipeline:
  identifier: p
  name: P
  variables:
    - { name: fixed, type: String, value: f }
    - { name: tag, type: String, value: <+input> }
    - { name: region, type: String, value: '<+input>.default(eu).allowedValues(eu,us)' }
  stages:
    - stage:
        identifier: one
        name: One
        type: Custom
        spec:
          execution:
            steps:
              - stepGroup:
                  identifier: grp
                  name: G
                  steps:
                    - step: { identifier: a, name: A, type: Apply, spec: { instance: <+input>, fixed: 1 } }
`;
const INPUT = `pipeline:
  identifier: p
  variables:
    - { name: region, type: String, value: us }
    - { name: tag, type: String, value: june }
  stages:
    - stage:
        identifier: one
        spec: { execution: { steps: [{ stepGroup: { identifier: grp, steps: [{ step: { identifier: a, spec: { instance: prod, fixed: 2 } } }] } }] } }
`;

interface Doc {
  pipeline: {
    variables: { name: string; value?: unknown; default?: unknown }[];
    stages: {
      stage: {
        spec: { execution: { steps: { stepGroup: { steps: { step: { spec: Record<string, unknown> } }[] } }[] } };
      };
    }[];
  };
}
const applied = (pipeline: string, input: string): Doc => parse(applyRuntimeInput(pipeline, input)) as Doc;
const refuse = (work: () => unknown): AppError => {
  try {
    work();
  } catch (cause) {
    if (cause instanceof AppError) return cause;
    throw cause;
  }
  throw new Error('it was taken');
};
const single = (value: string): string =>
  `pipeline: { variables: [{ name: v, type: String, value: ${JSON.stringify(value)} }] }`;
const given = (value: unknown): string => `pipeline: { variables: [{ name: v, value: ${JSON.stringify(value)} }] }`;

describe('applyRuntimeInput', () => {
  it('fills inputs where they stand: variables by name, stages, groups and steps by identifier', () => {
    const { pipeline } = applied(PIPELINE, INPUT);
    expect(pipeline.variables.map(({ value }) => value)).toEqual(['f', 'june', 'us']);
    expect(pipeline.stages[0]?.stage.spec.execution.steps[0]?.stepGroup.steps[0]?.step.spec['instance']).toBe('prod');
  });

  it('changes nothing that is not an input', () => {
    const { pipeline } = applied(
      PIPELINE,
      INPUT.replace('variables:', 'variables:\n    - { name: fixed, value: other }'),
    );
    expect(pipeline.variables[0]?.value).toBe('f');
    expect(pipeline.stages[0]?.stage.spec.execution.steps[0]?.stepGroup.steps[0]?.step.spec['fixed']).toBe(1);
  });

  it('names every input without a value', () => {
    const error = refuse(() => applyRuntimeInput(PIPELINE, ''));
    expect(error.code).toBe('INVALID_REQUEST');
    expect(error.details.fields?.map(({ field }) => field)).toEqual([
      'pipeline.variables[1].value',
      'pipeline.stages[0].stage.spec.execution.steps[0].stepGroup.steps[0].step.spec.instance',
    ]);
    expect(error.message).toContain(
      'pipeline.variables[1].value (variable "tag"): is a runtime input without a value; give it',
    );
    expect(error.details.fields?.[1]?.error).toContain(
      '.step.spec.instance (step "a"): is a runtime input without a value; give it',
    );
  });

  it('names a variable with the stage it is of, and what has a value that is not allowed', () => {
    const stages = `pipeline: { stages: [{ stage: { identifier: one, variables: [{ name: kind, value: '<+input>.allowedValues(a, b)' }, { name: tag, value: <+input> }] } }] }`;
    const given = 'pipeline: { stages: [{ stage: { identifier: one, variables: [{ name: kind, value: c }] } }] }';
    expect(
      refuse(() => applyRuntimeInput(stages, given)).details.fields?.map(({ error }) => error.split(';')[0]),
    ).toEqual([
      'pipeline.stages[0].stage.variables[0].value (variable "kind" of stage "one"): has a value that is not allowed (found: c)',
      'pipeline.stages[0].stage.variables[1].value (variable "tag" of stage "one"): is a runtime input without a value',
    ]);
  });

  it.each([
    ['a default', '<+input>.default(x)', '', 'x'],
    ['a quoted default', '<+input>.default("a, b")', '', 'a, b'],
    ['a number as default', '<+input>.default(7)', '', 7],
    ['a boolean as default', '<+input>.default(true)', '', true],
    ['a value over a default', '<+input>.default(x)', given('y'), 'y'],
    ['a number', '<+input>', given(5), 5],
    ['an allowed value', '<+input>.allowedValues(a, b)', given('b'), 'b'],
    ['one of selectOneFrom', '<+input>.selectOneFrom(a,b)', given('a'), 'a'],
    [
      'an expression the author allows',
      '<+input>.allowedValues(<+pipeline.sequenceId>, b)',
      given('<+pipeline.sequenceId>'),
      '<+pipeline.sequenceId>',
    ],
    ['a list of allowed values', '<+input>.allowedValues(a, b)', given(['a', 'b']), ['a', 'b']],
    ['a pattern with a comma', '<+input>.regex([a-z]{1,3})', given('abc'), 'abc'],
    ['a pattern in quotes', '<+input>.regex("^(a|b),c$")', given('b,c'), 'b,c'],
    ['a matching value', '<+input>.regex(^[a-z]+$)', given('abc'), 'abc'],
    ['an expression as value', '<+input>', given('<+pipeline.sequenceId>'), '<+pipeline.sequenceId>'],
    ['an unfilled template: the default', '<+input>.default(x)', given('<+input>'), 'x'],
    ['an empty value: the default', '<+input>.default(x)', given(''), 'x'],
  ])('takes %s', (_what, value, input, expected) =>
    expect(applied(single(value), input).pipeline.variables[0]?.value).toEqual(expected),
  );

  it.each([
    [
      'a value that is not allowed',
      '<+input>.allowedValues(a,b)',
      given('c'),
      /not allowed \(found: c\); use one of: a, b/,
    ],
    ['a default that is not allowed', '<+input>.default(c).allowedValues(a,b)', '', /not allowed/],
    ['a value that does not match', '<+input>.regex([a-z]+)', given('A1'), /does not match \[a-z\]\+/],
    ['a pattern that is none', '<+input>.regex([a-z)', given('a'), /does not match/],
    [
      'an expression under a pattern',
      '<+input>.regex([a-z.]+)',
      given('<+pipeline.variables.x>'),
      /holds an expression, which cannot be checked against \[a-z\.\]\+ \(found: <\+pipeline\.variables\.x>\); write the value itself/,
    ],
    [
      'an expression inside text under a pattern that would take it',
      '<+input>.regex(.*)',
      given('a<+pipeline.variables.x>b'),
      /holds an expression/,
    ],
    [
      'an expression in a default under a pattern',
      '<+input>.default("<+pipeline.variables.x>").regex(.*)',
      '',
      /holds an expression/,
    ],
    [
      'an expression hidden in a list under a pattern',
      '<+input>.regex(.*)',
      given(['<+pipeline.variables.x>']),
      /holds an expression/,
    ],
    [
      'an expression hidden in an object under a pattern',
      '<+input>.regex(.*)',
      given({ a: ['<+pipeline.variables.x>'] }),
      /holds an expression/,
    ],
    [
      'an expression that is not among the allowed values',
      '<+input>.allowedValues(a,b)',
      given('<+pipeline.variables.x>'),
      /not allowed/,
    ],
    ['a list with one value that is not allowed', '<+input>.allowedValues(a,b)', given(['a', 'c']), /not allowed/],
    [
      'a value too long for a pattern with a comma',
      '<+input>.regex([a-z]{1,3})',
      given('abcd'),
      /does not match \[a-z\]\{1,3\}/,
    ],
    ['an input sent back unfilled', '<+input>', given('<+input>'), /runtime input without a value/],
    ['null', '<+input>', given(null), /without a value/],
  ])('refuses %s', (_what, value, input, message) =>
    expect(refuse(() => applyRuntimeInput(single(value), input)).message).toMatch(message),
  );

  it('leaves an optional variable out when nothing is given', () => {
    const optional =
      'pipeline: { variables: [{ name: v, type: String, required: false, value: <+input> }, { name: w, type: String, default: d, value: <+input> }] }';
    expect(applied(optional, '').pipeline.variables).toEqual([
      { name: 'v', type: 'String', required: false },
      { name: 'w', type: 'String', default: 'd' },
    ]);
  });

  it('keeps inputs of branches apart', () => {
    const fork =
      'pipeline: { stages: [{ parallel: [{ stage: { identifier: a, x: <+input> } }, { stage: { identifier: b, x: <+input> } }] }] }';
    const input =
      'pipeline: { stages: [{ parallel: [{ stage: { identifier: b, x: 2 } }, { stage: { identifier: a, x: 1 } }] }] }';
    expect(parse(applyRuntimeInput(fork, input))).toEqual({
      pipeline: {
        stages: [{ parallel: [{ stage: { identifier: 'a', x: 1 } }, { stage: { identifier: 'b', x: 2 } }] }],
      },
    });
  });
});

describe('inputRoot', () => {
  it.each([
    ['nothing', '', undefined],
    ['blanks', '  \n', undefined],
    ['null', 'null', undefined],
    ['an empty object', '{}', undefined],
    ['only keys clients add', '{"orgIdentifier":"o","projectIdentifier":"p"}', undefined],
    ['the pipeline part', 'pipeline: { a: 1 }\norgIdentifier: o', { a: 1 }],
  ])('of %s', (_what, text, expected) => expect(inputRoot(text)).toEqual(expected));

  it('refuses another root, with the remedy', () =>
    expect(refuse(() => inputRoot('variables: []')).message).toMatch(/no root key "pipeline".*send "pipeline:"/));
  it('refuses what is no YAML', () => expect(refuse(() => inputRoot('a: [')).code).toBe('INVALID_YAML_ERROR'));
});

describe('mergeInputs', () => {
  it('lets later ones win, element by element', () => {
    const below = {
      identifier: 'p',
      variables: [
        { name: 'a', value: '1' },
        { name: 'b', value: '2' },
      ],
    };
    const above = {
      identifier: 'p',
      variables: [
        { name: 'b', value: '3' },
        { name: 'c', value: '4' },
      ],
    };
    expect(mergeInputs([below, above])).toEqual({
      identifier: 'p',
      variables: [
        { name: 'a', value: '1' },
        { name: 'b', value: '3' },
        { name: 'c', value: '4' },
      ],
    });
  });

  it('does not let an unfilled input hide a value', () => {
    expect(mergeInputs([{ v: 'x' }, { v: '<+input>' }])).toEqual({ v: 'x' });
  });

  it.each([
    [[undefined, null], undefined],
    [[undefined, { a: 1 }], { a: 1 }],
    [[], undefined],
  ])('of %j is %j', (inputs, expected) => expect(mergeInputs(inputs)).toEqual(expected));
});

describe('inputTemplate', () => {
  it('keeps only inputs and what tells them apart', () => {
    expect(parse(inputTemplate(PIPELINE) ?? '')).toEqual({
      pipeline: {
        identifier: 'p',
        variables: [
          { type: 'String', name: 'tag', value: '<+input>' },
          { type: 'String', name: 'region', value: '<+input>.default(eu).allowedValues(eu,us)' },
        ],
        stages: [
          {
            stage: {
              identifier: 'one',
              type: 'Custom',
              spec: {
                execution: {
                  steps: [
                    {
                      stepGroup: {
                        identifier: 'grp',
                        steps: [{ step: { identifier: 'a', type: 'Apply', spec: { instance: '<+input>' } } }],
                      },
                    },
                  ],
                },
              },
            },
          },
        ],
      },
    });
  });

  it('is undefined without inputs', () =>
    expect(inputTemplate('pipeline: { identifier: p, name: x }')).toBeUndefined());
  it('filled in, it is runtime input again', () => {
    const filled = (inputTemplate(PIPELINE) ?? '')
      .replace('value: <+input>\n', 'value: june\n')
      .replace('instance: <+input>', 'instance: prod');
    expect(applied(PIPELINE, filled).pipeline.variables.map(({ value }) => value)).toEqual(['f', 'june', 'eu']);
  });
});
