import { describe, expect, it } from '@jest/globals';
import { AppError } from '@sluice/kernel';
import { ineffective, requireSupported, type Capability } from './capabilities.js';
import { compilePlan } from './compile-plan.js';
import { parsePipeline } from './pipeline-model.js';
import { testCatalogue, testId } from './testing/catalogue.js';

const table: readonly Capability[] = [
  { place: 'pipeline', field: 'flowControl', support: 'refused', text: 'order the steps' },
  { place: 'pipeline', field: 'properties', support: 'warned', text: 'nothing is cloned' },
  { place: 'stepGroup', field: 'stepGroupInfra', support: 'warned', text: 'processes run' },
  { place: 'step', field: 'enforce', support: 'refused', text: 'check before' },
  { place: 'failureStrategy', field: 'action.type', support: 'refused', text: 'write Abort', values: ['Retry'] },
  { place: { stepType: 'Apply' }, field: 'tag', support: 'refused', text: 'tag by hand' },
  { place: { stepType: 'Apply' }, field: 'count', support: 'warned', text: 'one is enough' },
];
const catalogue = { ...testCatalogue, capabilities: table };
const yaml = (
  over: { pipeline?: string; stage?: string; group?: string; step?: string; spec?: string } = {},
): string => `pipeline:
  identifier: p
  name: P
  ${over.pipeline ?? ''}
  stages:
    - parallel:
        - stage:
            identifier: s
            name: s
            type: Custom
            ${over.stage ?? ''}
            spec: { execution: { steps: [{ parallel: [{ stepGroup: { identifier: g, name: g${over.group ?? ''}, steps: [{ step: { identifier: a, name: a, type: Apply${over.step ?? ''}, spec: { instance: x${over.spec ?? ''} } } }] } }] }] } }
`;
const retry = 'failureStrategies: [{ onFailure: { errors: [AllErrors], action: { type: Retry } } }]';
const check = (text: string, isFilled = false): ReturnType<typeof requireSupported> =>
  requireSupported(parsePipeline(text, catalogue), table, isFilled);
const compile = (text: string): ReturnType<typeof compilePlan> =>
  compilePlan({
    yaml: text,
    catalogue,
    planId: 'plan',
    planExecutionId: 'e',
    accountId: 'acc',
    orgId: 'o',
    projectId: 'p',
    runSequence: 1,
    triggeredBy: { name: '', email: '' },
    idOf: testId,
  });
const refuse = (act: () => unknown): AppError => {
  try {
    act();
  } catch (cause) {
    if (cause instanceof AppError) return cause;
    throw cause;
  }
  throw new Error('it was taken');
};

describe('what would have to be obeyed and cannot be', () => {
  const GROUP = 'pipeline.stages[0].parallel[0].stage.spec.execution.steps[0].parallel[0].stepGroup';
  it.each([
    [
      'of the pipeline',
      { pipeline: 'flowControl: { barriers: [{ identifier: b }] }' },
      'pipeline.flowControl',
      'order the steps',
    ],
    ['of a step', { step: ', enforce: { policySets: [x] }' }, `${GROUP}.steps[0].step.enforce`, 'check before'],
    ['of a spec', { spec: ', tag: t' }, `${GROUP}.steps[0].step.spec.tag`, 'tag by hand'],
    [
      'of a strategy of a stage',
      { stage: retry },
      'pipeline.stages[0].parallel[0].stage.failureStrategies[0].onFailure.action.type',
      'write Abort',
    ],
    [
      'of a strategy of a group',
      { group: `, ${retry}` },
      `${GROUP}.failureStrategies[0].onFailure.action.type`,
      'write Abort',
    ],
    [
      'of a strategy of a step',
      { step: `, ${retry}` },
      `${GROUP}.steps[0].step.failureStrategies[0].onFailure.action.type`,
      'write Abort',
    ],
  ])(
    'is refused when saved and when run, with its place and what to write instead: a field %s',
    (_what, over, field, remedy) => {
      for (const act of [() => check(yaml(over)), () => compile(yaml(over))]) {
        const error = refuse(act);
        expect([error.code, error.details.fields?.map((one) => one.field)]).toEqual(['NOT_IMPLEMENTED', [field]]);
        expect(error.message).toMatch(/line \d+, /);
        expect(error.message).toContain(`is not supported`);
        expect(error.message).toContain(remedy);
      }
    },
  );

  it.each([
    ['false', ', tag: ""'],
    ['empty', ''],
  ])('asks for nothing when it is %s', (_what, spec) => {
    expect(() =>
      check(yaml({ spec, pipeline: 'flowControl: { barriers: [] }', step: ', enforce: { policySets: [] }' })),
    ).not.toThrow();
  });

  it('is left to the run while it is an expression, and refused there when the expression brings it, or stays', () => {
    const withTag = (value: string): string =>
      yaml({
        pipeline: `variables: [{ name: t, type: String, value: "${value}" }]`,
        spec: ', tag: <+pipeline.variables.t>',
      });
    expect(() => check(withTag('x'))).not.toThrow();
    expect(refuse(() => compile(withTag('x'))).code).toBe('NOT_IMPLEMENTED');
    expect(() => compile(withTag(''))).not.toThrow();
    expect(refuse(() => compile(yaml({ spec: ', tag: <+steps.b.output.x>' }))).code).toBe('NOT_IMPLEMENTED');
    const action = retry.replace('type: Retry', 'type: <+pipeline.variables.t>');
    expect(
      refuse(() => compile(yaml({ pipeline: 'variables: [{ name: t, type: String, value: Retry }]', stage: action })))
        .message,
    ).toContain('write Abort');
    expect(() =>
      compile(yaml({ pipeline: 'variables: [{ name: t, type: String, value: Abort }]', stage: action })),
    ).not.toThrow();
  });
});

describe('what is taken and has no effect', () => {
  const text = yaml({
    pipeline: 'properties: { ci: { codebase: c } }',
    group: ', stepGroupInfra: { type: Noop }',
    spec: ', count: 2',
  });
  it('is named with its place and the reason', () => {
    const found = check(text);
    expect(found.map(({ field }) => field.split('.').at(-1))).toEqual(['properties', 'stepGroupInfra', 'count']);
    expect(found[2]?.message).toMatch(/line \d+, .*spec\.count: has no effect \(found: 2\); one is enough/);
  });

  it('stands on the node of the plan it belongs to', () => {
    const { nodes } = compile(text);
    expect(
      Object.values(nodes).flatMap(({ identifier, ineffective: unused }) => (unused ? [[identifier, unused]] : [])),
    ).toEqual([
      ['pipeline', ['properties: nothing is cloned']],
      ['g', ['stepGroupInfra: processes run']],
      ['a', ['count: one is enough']],
    ]);
  });

  it('is one sentence for each reason', () => {
    const rows = ['a', 'b', 'c'].map((field): Capability => ({
      place: 'step',
      field,
      support: 'warned',
      text: field === 'c' ? 'other' : 'same',
    }));
    expect(ineffective('step', { a: 1, b: true, c: [1] }, rows)).toEqual(['a, b: same', 'c: other']);
  });

  it('is shortened when there is a great deal of it', () => {
    const steps = Array.from(
      { length: 60 },
      (_, index) => `{ step: { identifier: s${index}, name: a, type: Apply, spec: { instance: x, count: 2 } } }`,
    ).join(', ');
    const found = check(
      `pipeline: { identifier: p, name: P, stages: [{ stage: { identifier: s, name: s, type: Custom, spec: { execution: { steps: [{ stepGroup: { identifier: g, name: g, steps: [${steps}] } }] } } } }] }`,
    );
    expect([found.length, found.at(-1)?.message]).toEqual([51, '10 more fields have no effect']);
  });
});
