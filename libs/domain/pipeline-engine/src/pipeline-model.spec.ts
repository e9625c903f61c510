import { describe, expect, it } from '@jest/globals';
import { AppError } from '@sluice/kernel';
import { parsePipeline } from './pipeline-model.js';
import { testCatalogue } from './testing/catalogue.js';

const GOOD = `pipeline:
  identifier: deploy
  name: Deploy it
  orgIdentifier: default
  projectIdentifier: shop
  tags: { team: db }
  variables:
    - name: release
      type: String
      value: one
  stages:
    - stage:
        identifier: db
        name: DB
        type: Custom
        spec:
          execution:
            steps:
              - stepGroup:
                  identifier: grp
                  name: Group
                  stepGroupInfra: { type: KubernetesDirect, spec: { connectorRef: k8s } }
                  steps:
                    - step:
                        identifier: apply
                        name: Apply
                        type: Apply
                        timeout: 10m
                        spec: { instance: prod }
`;

/** The good document with one line replaced (or followed by others). */
const changed = (from: string, to: string): string => {
  if (!GOOD.includes(from)) throw new Error(`no "${from}"`);
  return GOOD.replace(from, to);
};

const refuse = (yaml: string, expected?: { orgId: string; projectId: string }): AppError => {
  try {
    parsePipeline(yaml, testCatalogue, expected);
  } catch (cause) {
    if (cause instanceof AppError) return cause;
    throw cause;
  }
  throw new Error('it was taken');
};

describe('a pipeline that is right', () => {
  it('is read', () => {
    const { pipeline, stages } = parsePipeline(GOOD, testCatalogue, { orgId: 'default', projectId: 'shop' });
    expect([pipeline.identifier, stages.map((stage) => stage.identifier)]).toEqual(['deploy', ['db']]);
  });

  it('may be JSON, with root keys of others beside it', () => {
    const json = JSON.stringify({
      pipeline: {
        identifier: 'j',
        name: 'j',
        stages: [
          {
            stage: {
              identifier: 's',
              name: 's',
              type: 'Custom',
              spec: { execution: { steps: [{ step: { identifier: 'n', name: 'n', type: 'Note' } }] } },
            },
          },
        ],
      },
      orgIdentifier: 'default',
      projectIdentifier: 'shop',
      extra: [1],
    });
    expect(parsePipeline(json, testCatalogue).pipeline.identifier).toBe('j');
  });

  it.each([
    ['a runtime input for a duration', 'timeout: 10m', 'timeout: <+input>'],
    ['a runtime input for a number', 'spec: { instance: prod }', 'spec: { instance: prod, count: <+input> }'],
    ['an expression for a text', 'spec: { instance: prod }', 'spec: { instance: "<+pipeline.variables.release>" }'],
    ['an expression for a list', 'name: Group', 'name: Group\n                  delegateSelectors: <+input>'],
    ['an expression as variable value', 'value: one', 'value: <+input>.default(x)'],
    ['a boolean variable', 'value: one', 'value: true'],
    ['a variable without a value', '      value: one\n', ''],
    [
      'a stage condition',
      'type: Custom',
      'type: Custom\n        when: { pipelineStatus: All, condition: "<+pipeline.variables.release> == \\"one\\"" }',
    ],
    [
      'failure strategies',
      'type: Custom',
      'type: Custom\n        failureStrategies: [{ onFailure: { errors: [AllErrors], action: { type: StageRollback } } }]',
    ],
    [
      'notification rules, flow control and properties',
      '  tags:',
      '  notificationRules: [{ any: thing }]\n  flowControl: { barriers: [] }\n  properties: { ci: { codebase: x } }\n  tags:',
    ],
    ['a combined duration', 'timeout: 10m', 'timeout: 1h 30m'],
    [
      'no step group infrastructure',
      '                  stepGroupInfra: { type: KubernetesDirect, spec: { connectorRef: k8s } }\n',
      '',
    ],
  ])('takes %s', (_what, from, to) => expect(() => parsePipeline(changed(from, to), testCatalogue)).not.toThrow());
});

describe('a pipeline that is wrong', () => {
  it.each([
    ['another root', 'foo: 1', 'pipeline: .*no root key "pipeline"'],
    ['a list as root', '[1, 2]', 'no root key "pipeline"'],
    ['an empty document', '', 'no root key "pipeline"'],
    [
      'a misspelt key',
      changed('  stages:', '  stags:'),
      'line 11, pipeline\\.stags: the key "stags" is not known here; remove it or check its spelling',
    ],
    ['a missing name', changed('  name: Deploy it\n', ''), 'pipeline\\.name: is missing; add it'],
    [
      'a missing identifier of a step',
      changed('                        identifier: apply\n', ''),
      'line \\d+, pipeline\\.stages\\[0\\]\\.stage\\.spec\\.execution\\.steps\\[0\\]\\.stepGroup\\.steps\\[0\\]\\.step\\.identifier: is missing',
    ],
    [
      'a bad identifier',
      changed('identifier: deploy', 'identifier: de-ploy'),
      'line 2, pipeline\\.identifier: must start with .*\\(found: de-ploy\\)',
    ],
    [
      'a number as name',
      changed('name: Deploy it', 'name: 42'),
      'line 3, pipeline\\.name: must be a string \\(found: 42\\); put it in quotes',
    ],
    ['no stages', 'pipeline: { identifier: a, name: a, stages: [] }', 'must hold at least one stage'],
    [
      'an unknown stage type',
      changed('type: Custom', 'type: Deploy'),
      'line 15, .*\\.type: stage type "Deploy" is not known \\(found: Deploy\\); use one of: Custom',
    ],
    [
      'an unknown step type',
      changed('type: Apply', 'type: Aply'),
      'line \\d+, .*step\\.type: step type "Aply" is not known .*use one of: Apply, Note',
    ],
    [
      'a step type without its spec',
      changed('                        spec: { instance: prod }\n', ''),
      'spec\\.instance: is missing',
    ],
    [
      'an unknown key in a spec',
      changed('instance: prod }', 'instance: prod, instanse: x }'),
      'spec\\.instanse: the key "instanse" is not known here',
    ],
    [
      'a wrong type in a spec',
      changed('instance: prod }', 'instance: prod, count: many }'),
      'spec\\.count: must be a number \\(found: many\\)',
    ],
    [
      'too small a number in a spec',
      changed('instance: prod }', 'instance: prod, count: 0 }'),
      'spec\\.count: .*\\(found: 0\\)',
    ],
    [
      'a bad duration',
      changed('timeout: 10m', 'timeout: ten minutes'),
      'timeout: is not a duration; write for example 90s, 10m or 1h 30m',
    ],
    ['too short a duration', changed('timeout: 10m', 'timeout: 1ms'), 'timeout: must be between 1s and 30d'],
    ['a number as duration', changed('timeout: 10m', 'timeout: 600'), 'timeout: must be a string'],
    [
      'an unknown infrastructure',
      changed('type: KubernetesDirect', 'type: Docker'),
      'stepGroupInfra\\.type: has a value that is not allowed \\(found: Docker\\); use one of: KubernetesDirect',
    ],
    [
      'a bad condition',
      changed('type: Custom', 'type: Custom\n        when: { pipelineStatus: All, condition: "<+x> is good" }'),
      'condition: is not a condition: cannot read',
    ],
    [
      'a stage status on a stage',
      changed('type: Custom', 'type: Custom\n        when: { stageStatus: All }'),
      'when\\.(stageStatus|pipelineStatus)',
    ],
    [
      'an unknown status',
      changed('type: Custom', 'type: Custom\n        when: { pipelineStatus: Maybe }'),
      'pipelineStatus: has a value that is not allowed',
    ],
    [
      'an unknown failure action',
      changed(
        'type: Custom',
        'type: Custom\n        failureStrategies: [{ onFailure: { errors: [AllErrors], action: { type: Explode } } }]',
      ),
      'action\\.type: has a value that is not allowed',
    ],
    [
      'an unknown error type',
      changed(
        'type: Custom',
        'type: Custom\n        failureStrategies: [{ onFailure: { errors: [Everything], action: { type: Abort } } }]',
      ),
      'errors\\[0\\]: has a value that is not allowed',
    ],
    ['an unknown variable type', changed('type: String', 'type: Text'), 'variables\\[0\\]\\.type'],
    [
      'a matrix, which is not supported',
      changed('type: Apply', 'type: Apply\n                        strategy: { matrix: {} }'),
      'the key "strategy" is not known here',
    ],
    [
      'a step directly in a stage',
      GOOD.replace(/- stepGroup:[\s\S]*$/, '- step: { identifier: a, name: a, type: Apply, spec: { instance: x } }\n'),
      'a Apply step must sit in a step group',
    ],
    [
      'two kinds in one item',
      changed('- stepGroup:', '- step: { identifier: n, name: n, type: Note }\n                stepGroup:'),
      'must hold exactly one of step, stepGroup or parallel',
    ],
    [
      'an empty item',
      GOOD.replace(/- stepGroup:[\s\S]*$/, '- {}\n'),
      'must hold exactly one of step, stepGroup or parallel',
    ],
    ['an empty group', GOOD.replace(/steps:\n {20}- step:[\s\S]*$/, 'steps: []\n'), 'must hold at least one step'],
    [
      'text instead of steps',
      GOOD.replace(/steps:\n {14}- stepGroup:[\s\S]*$/, 'steps: none\n'),
      'steps: must be a array',
    ],
    ['another pipeline level', 'pipeline:\n  pipeline: {}', 'the key "pipeline" is not known here'],
  ])('%s', (_what, yaml, message) => {
    const error = refuse(yaml);
    expect(error.code).toBe('SCHEMA_VALIDATION_FAILED');
    expect(error.message).toMatch(new RegExp(message));
  });

  it('names duplicate step and stage identifiers with the first place', () => {
    const twice = `${GOOD}                    - step: { identifier: apply, name: b, type: Apply, spec: { instance: x } }\n`;
    expect(refuse(twice).message).toMatch(/step identifier "apply" is used twice, first at .*steps\[0\]\.step/);
    const stage = GOOD.slice(GOOD.indexOf('    - stage:'));
    expect(refuse(GOOD + stage).message).toMatch(/stage identifier "db" is used twice/);
  });

  it('finds duplicates across branches of a fork', () => {
    const note = '{ step: { identifier: n, name: n, type: Note } }';
    expect(refuse(GOOD.replace(/- stepGroup:[\s\S]*$/, `- parallel: [${note}, ${note}]\n`)).message).toMatch(
      /used twice/,
    );
  });

  it('tells several problems at once, each as a field', () => {
    const error = refuse(changed('name: Deploy it', 'name: 42').replace('type: Apply', 'type: Aply'));
    expect(error.details.fields?.map(({ field }) => field)).toEqual(['pipeline.name']);
    const both = refuse(changed('identifier: deploy', 'identifier: 1x').replace('name: Deploy it', 'name: "("'));
    expect(both.details.fields).toHaveLength(2);
  });

  it.each([
    ['orgIdentifier', { orgId: 'other', projectId: 'shop' }],
    ['projectIdentifier', { orgId: 'default', projectId: 'other' }],
  ])('must agree with the %s of the request', (key, expected) =>
    expect(refuse(GOOD, expected).message).toMatch(
      new RegExp(`pipeline\\.${key}: differs from the ${key} of the request, "other"`),
    ),
  );

  it('has a bound on steps', () => {
    const steps = Array.from(
      { length: 250 },
      (_, index) => `{ step: { identifier: s${index}, name: s, type: Note } }`,
    ).join(', ');
    const stages = Array.from(
      { length: 5 },
      (_, index) =>
        `{ stage: { identifier: t${index}, name: t, type: Custom, spec: { execution: { steps: [${steps}] } } } }`,
    ).join(', ');
    expect(refuse(`pipeline: { identifier: a, name: a, stages: [${stages}] }`).message).toMatch(
      /1250 steps; at most 1000/,
    );
  });
});
