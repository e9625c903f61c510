import { describe, expect, it } from '@jest/globals';
import { fitInput, templateWith } from './input-fit.js';

const PIPELINE = `pipeline:
  identifier: p
  name: P
  variables:
    - { name: tag, type: String, value: <+input> }
    - { name: kind, type: String, value: "<+input>.allowedValues(a, b)" }
    - { name: fixed, type: String, value: one }
  stages:
    - stage: { identifier: s, name: S, type: Custom, spec: { execution: { steps: [ { step: { identifier: x, name: x, type: T, spec: { n: <+input> } } } ] } } }
`;
const step = (spec: object): unknown => ({
  identifier: 'p',
  stages: [
    {
      stage: {
        identifier: 's',
        type: 'Custom',
        spec: { execution: { steps: [{ step: { identifier: 'x', type: 'T', spec } }] } },
      },
    },
  ],
});
const faultsOf = (input: unknown): string[] =>
  fitInput(PIPELINE, input).faults.map(({ path, message }) => `${path} ${message}`);

describe('fitInput', () => {
  it('has nothing against values for inputs, with the marks around them', () => {
    const input = {
      identifier: 'p',
      variables: [
        { name: 'tag', type: 'String', value: 'x' },
        { name: 'kind', value: 'b' },
      ],
    };
    expect(fitInput(PIPELINE, input)).toEqual({ kept: input, faults: [] });
    expect(faultsOf(step({ n: 1 }))).toEqual([]);
  });

  it('inputs left open, or left out, are no fault', () => {
    expect(faultsOf({ variables: [{ name: 'tag', value: '<+input>' }] })).toEqual([]);
    expect(faultsOf(undefined)).toEqual([]);
    expect(faultsOf({ variables: [{ name: 'kind', value: '<+input>.allowedValues(a, b)' }] })).toEqual([]);
  });

  it('the same value as in the pipeline is no fault and is not kept', () => {
    expect(fitInput(PIPELINE, { variables: [{ name: 'fixed', value: 'one' }] })).toEqual({
      kept: undefined,
      faults: [],
    });
  });

  it.each([
    [
      'a value where none is asked for',
      { variables: [{ name: 'fixed', value: 'two' }] },
      'pipeline.variables[0].value is not a runtime input of the pipeline',
    ],
    [
      'a variable there is not',
      { variables: [{ name: 'gone', value: 'x' }] },
      'pipeline.variables[0] stands for nothing in the pipeline',
    ],
    [
      'a stage there is not',
      { stages: [{ stage: { identifier: 'gone', spec: {} } }] },
      'pipeline.stages[0] stands for nothing in the pipeline',
    ],
    [
      'a key there is not',
      step({ m: 1 }),
      'pipeline.stages[0].stage.spec.execution.steps[0].step.spec.m stands for nothing in the pipeline',
    ],
    [
      'a value that is not allowed',
      { variables: [{ name: 'kind', value: 'c' }] },
      'pipeline.variables[0].value has a value that is not allowed',
    ],
    [
      'an object where a text stands',
      { variables: [{ name: 'fixed', value: { a: 1 } }] },
      'pipeline.variables[0].value stands for nothing in the pipeline',
    ],
  ])('names %s', (_what, input, fault) => {
    expect(faultsOf(input)).toEqual([fault]);
  });

  it('names what does not fit as people call it', () => {
    const namedIn = (input: unknown): (string | undefined)[] =>
      fitInput(PIPELINE, input).faults.map(({ named }) => named);
    expect(
      namedIn({
        variables: [
          { name: 'gone', value: 'x' },
          { name: 'kind', value: 'c' },
        ],
      }),
    ).toEqual(['variable "gone"', 'variable "kind"']);
    expect(namedIn({ stages: [{ stage: { identifier: 'gone', spec: {} } }] })).toEqual(['stage "gone"']);
    expect(namedIn({ nope: { a: 1 } })).toEqual([undefined]);
  });

  it('keeps what fits beside what does not', () => {
    expect(
      fitInput(PIPELINE, {
        variables: [
          { name: 'tag', value: 'x' },
          { name: 'gone', value: 'y' },
        ],
      }).kept,
    ).toEqual({ variables: [{ name: 'tag', value: 'x' }] });
  });
});

describe('templateWith', () => {
  it('puts values in and leaves the rest open', () => {
    expect(templateWith(PIPELINE, { variables: [{ name: 'tag', value: 'x' }] })).toMatchObject({
      variables: [
        { name: 'tag', value: 'x' },
        { name: 'kind', value: '<+input>.allowedValues(a, b)' },
      ],
      stages: [{ stage: { identifier: 's' } }],
    });
  });

  it('is nothing for a pipeline without inputs', () => {
    expect(templateWith('pipeline: { identifier: p, stages: [] }', { x: 1 })).toBeUndefined();
  });
});
