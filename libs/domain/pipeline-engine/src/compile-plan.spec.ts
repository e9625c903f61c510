import { describe, expect, it } from '@jest/globals';
import { AppError } from '@sluice/kernel';
import { compilePlan } from './compile-plan.js';
import { ancestry, nodeOf, planOutline, stepsBelow, type Plan, type PlanNode } from './plan.js';
import { testCatalogue, testId } from './testing/catalogue.js';

const step = (id: string, extra = '', spec = '{ instance: x }'): string =>
  `{ step: { identifier: ${id}, name: ${id}, type: Apply, spec: ${spec}${extra} } }`;
const group = (id: string, steps: string, extra = ''): string =>
  `{ stepGroup: { identifier: ${id}, name: ${id}, steps: [${steps}]${extra} } }`;
const stage = (id: string, steps: string, extra = '', rollback = ''): string =>
  `{ stage: { identifier: ${id}, name: ${id}, type: Custom, spec: { execution: { steps: [${steps}]${rollback} } }${extra} } }`;
const pipeline = (stages: string, extra = ''): string =>
  `pipeline: { identifier: p, name: P, stages: [${stages}]${extra} }`;
const simple = (extra = ''): string => pipeline(stage('s', group('g', step('a'))), extra);

const plan = (yaml: string, over: object = {}): Plan =>
  compilePlan({
    yaml,
    catalogue: testCatalogue,
    planId: 'plan',
    planExecutionId: 'exec',
    accountId: 'acc',
    orgId: 'org',
    projectId: 'proj',
    runSequence: 7,
    triggeredBy: { name: 'Me', email: 'me@x' },
    idOf: testId,
    ...over,
  });
const refuse = (yaml: string): AppError => {
  try {
    plan(yaml);
  } catch (cause) {
    if (cause instanceof AppError) return cause;
    throw cause;
  }
  throw new Error('it was taken');
};
const find = (of: Plan, identifier: string): PlanNode => {
  const node = Object.values(of.nodes).find((one) => one.identifier === identifier);
  if (!node) throw new Error(`no ${identifier}`);
  return node;
};
const names = (of: Plan, ids: readonly string[]): string[] => ids.map((id) => nodeOf(of, id).identifier);

describe('the tree', () => {
  it('keeps the connectors a group’s infrastructure names, with variables in them resolved', () => {
    const made = plan(
      pipeline(
        stage(
          's',
          group(
            'g',
            step('a'),
            ", stepGroupInfra: { type: ECSDirect, spec: { connectorRef: '<+pipeline.variables.cluster>', harnessImageConnectorRef: account.images, cluster: c } }",
          ) +
            ', ' +
            group('h', step('b'), ', stepGroupInfra: { type: Noop }'),
        ),
        ', variables: [{ name: cluster, type: String, value: org.ecs }]',
      ),
    );
    expect(find(made, 'g').infraConnectors).toEqual([
      { key: 'connectorRef', ref: 'org.ecs' },
      { key: 'harnessImageConnectorRef', ref: 'account.images' },
    ]);
    expect([find(made, 'h'), find(made, 'a')].map((node) => 'infraConnectors' in node)).toEqual([false, false]);
  });

  it('keeps what a stage is filed under, with variables in it resolved, and in the outline too', () => {
    const filed = (spec: string, variables = ''): unknown => {
      const made = plan(
        pipeline(
          `{ stage: { identifier: s, name: s, type: Custom, spec: { ${spec} execution: { steps: [${group('g', step('a'))}] } } } }`,
          variables,
        ),
      );
      expect(planOutline(made).nodes[find(made, 's').id]?.filedUnder).toEqual(find(made, 's').filedUnder);
      return find(made, 's').filedUnder;
    };
    const variables =
      ', variables: [{ name: env, type: String, value: account.prod }, { name: none, type: String, value: "" }]';
    expect(
      filed(
        "service: { serviceRef: shop }, environment: { environmentRef: '<+pipeline.variables.env>', deployToAll: false, infrastructureDefinitions: [{ identifier: cluster }] },",
        variables,
      ),
    ).toEqual({ service: 'shop', environment: 'account.prod', infrastructures: ['cluster'] });
    expect(filed('environment: { environmentRef: "" },')).toBeUndefined();
    for (const replaced of [
      "environment: '<+pipeline.variables.env>',",
      "environment: { environmentRef: '<+pipeline.variables.none>', infrastructureDefinitions: '<+pipeline.variables.env>' },",
    ])
      expect(filed(replaced, variables)).toBeUndefined();
  });

  it.each([
    ['25m', ', stepGroupInfra: { type: KubernetesDirect, spec: { connectorRef: k, initTimeout: 25m } }', 25 * 60_000],
    ['no limit of its own', '', 10 * 60_000],
  ])('gives the pod of a group with %s that time to be ready', (_, infra, expected) => {
    const made = plan(pipeline(stage('s', group('g', step('a'), infra))));
    expect(find(made, 'liteEngineTask').timeoutMs).toBe(expected);
  });

  it('has a root, stages, an execution, a group with its Initialize node, and steps', () => {
    const made = plan(simple());
    const chain = ancestry(made, find(made, 'a').id).map((node) => [node.kind, node.stepType, node.baseFqn]);
    expect(chain).toEqual([
      ['step', 'Apply', 'pipeline.stages.s.spec.execution.steps.g.steps.a'],
      ['stepGroup', 'STEP_GROUP', 'pipeline.stages.s.spec.execution.steps.g'],
      ['execution', 'NG_EXECUTION', 'pipeline.stages.s.spec.execution'],
      ['stage', 'CUSTOM_STAGE', 'pipeline.stages.s'],
      ['stages', 'STAGES_STEP', 'pipeline.stages'],
      ['pipeline', 'PIPELINE_SECTION', 'pipeline'],
    ]);
    expect(names(made, find(made, 'g').children)).toEqual(['liteEngineTask', 'a']);
  });

  it('makes brothers depend on the one in front', () => {
    const made = plan(
      pipeline(`${stage('s', group('g', `${step('a')}, ${step('b')}`))}, ${stage('t', group('h', step('c')))}`),
    );
    expect(names(made, find(made, 'a').dependsOn)).toEqual(['liteEngineTask']);
    expect(names(made, find(made, 'b').dependsOn)).toEqual(['a']);
    expect(names(made, find(made, 't').dependsOn)).toEqual(['s']);
    expect(find(made, 's').dependsOn).toEqual([]);
    expect(names(made, made.stageIds)).toEqual(['s', 't']);
  });

  it('puts branches below a fork, which adds nothing to their names', () => {
    const made = plan(pipeline(stage('s', group('g', `{ parallel: [${step('a')}, ${step('b')}] }`))));
    expect(names(made, find(made, 'parallel1').children)).toEqual(['a', 'b']);
    expect(find(made, 'b').baseFqn).toBe('pipeline.stages.s.spec.execution.steps.g.steps.b');
    expect(find(made, 'b').dependsOn).toEqual([]);
  });

  it('takes parallel stages', () => {
    const made = plan(
      pipeline(`{ parallel: [${stage('s', group('g', step('a')))}, ${stage('t', group('h', step('b')))}] }`),
    );
    expect(names(made, made.stageIds)).toEqual(['s', 't']);
    expect(nodeOf(made, find(made, 's').parentId ?? '').kind).toBe('parallel');
  });

  it('lets nested groups use the pod of the outermost, with one Initialize node', () => {
    const made = plan(pipeline(stage('s', group('g', `${step('a')}, ${group('inner', step('b'))}`))));
    expect(find(made, 'b').podGroupId).toBe(find(made, 'g').id);
    expect(Object.values(made.nodes).filter((node) => node.kind === 'initialise')).toHaveLength(1);
    expect(find(made, 'b').logPath).toEqual(['s', 'g', 'inner', 'b']);
    expect(
      names(
        made,
        stepsBelow(made, find(made, 'g').id).map((node) => node.id),
      ),
    ).toEqual(['a', 'b']);
  });

  it('puts rollback steps beside the execution, with groups and pods of their own', () => {
    const made = plan(
      pipeline(stage('s', group('g', step('a')), '', `, rollbackSteps: [${group('undo', step('back'))}]`)),
    );
    expect(names(made, find(made, 's').children)).toEqual(['execution', 'rollbackSteps']);
    expect(find(made, 'back').baseFqn).toBe('pipeline.stages.s.spec.execution.rollbackSteps.undo.steps.back');
    expect(find(made, 'back').podGroupId).toBe(find(made, 'undo').id);
  });

  it('gives the same ids again for the same execution, other node ids for another, and every id once', () => {
    const yaml = pipeline(
      `${stage('s', `${group('g', `${step('a')}, { parallel: [${step('b')}, ${step('c')}] }, { parallel: [${step('d')}] }`)}`)}`,
    );
    const [one, again, other] = [plan(yaml), plan(yaml), plan(yaml, { planExecutionId: 'exec2' })];
    expect(again).toEqual(one);
    expect(find(other, 'a').id).not.toBe(find(one, 'a').id);
    expect(find(other, 'a').setupId).toBe(find(one, 'a').setupId);
    const ids = Object.values(one.nodes).flatMap((node) => [node.id, node.setupId]);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('is plain data', () => expect(JSON.parse(JSON.stringify(plan(simple())))).toEqual(plan(simple())));
});

describe('what nodes carry', () => {
  it('timeouts: ten minutes for a step and eight hours for a pipeline unless written', () => {
    const made = plan(simple());
    expect([made.timeoutMs, find(made, 'a').timeoutMs, find(made, 's').timeoutMs]).toEqual([28_800_000, 600_000, null]);
    const written = plan(
      pipeline(stage('s', group('g', step('a', ', timeout: 90s')), ', timeout: 1h'), ', timeout: 2h 30m'),
    );
    expect([written.timeoutMs, find(written, 'a').timeoutMs, find(written, 's').timeoutMs]).toEqual([
      9_000_000, 90_000, 3_600_000,
    ]);
  });

  it('selectors per level; null where a level says nothing', () => {
    const made = plan(
      pipeline(
        stage(
          's',
          group('g', step('a', '', '{ instance: x, delegateSelectors: [d] }'), ', delegateSelectors: [c]'),
          ', delegateSelectors: [b]',
        ),
        ', delegateSelectors: [a]',
      ),
    );
    expect(ancestry(made, find(made, 'a').id).map((node) => node.delegateSelectors)).toEqual([
      ['d'],
      ['c'],
      null,
      ['b'],
      null,
      ['a'],
    ]);
  });

  it('conditions and failure strategies as written', () => {
    const strategy =
      ', failureStrategies: [{ onFailure: { errors: [Timeout, Connectivity], action: { type: Ignore } } }]';
    const made = plan(
      pipeline(
        stage(
          's',
          group('g', step('a', `, when: { stageStatus: All, condition: '<+pipeline.variables.e> == "x"' }${strategy}`)),
          ', when: { pipelineStatus: Failure }',
        ),
        ', variables: [{ name: e, type: String, value: x }]',
      ),
    );
    expect(find(made, 'a').when).toEqual({ outcome: 'All', condition: '"x" == "x"' });
    expect(find(made, 'a').failureStrategies).toEqual([{ errors: ['Timeout', 'Connectivity'], action: 'Ignore' }]);
    expect(find(made, 's').when).toEqual({ outcome: 'Failure', condition: null });
  });
});

describe('expressions known at the start', () => {
  const specOf = (spec: string, extra = ''): unknown =>
    find(
      plan(
        pipeline(
          stage(
            's',
            group('g', step('a', '', spec)),
            ', variables: [{ name: own, type: String, value: <+pipeline.variables.v>-own }]',
          ),
          `, variables: [{ name: v, type: String, value: V }, { name: n, type: Number, value: 3 }, { name: d, type: String, default: D }]${extra}`,
        ),
      ),
      'a',
    ).step?.spec;

  it.each([
    ['<+pipeline.variables.v>', 'V'],
    ['<+pipeline.variables.d>', 'D'],
    ['<+stage.variables.own>', 'V-own'],
    ['<+pipeline.stages.s.variables.own>', 'V-own'],
    ['<+pipeline.sequenceId>', '7'],
    ['run-<+pipeline.sequenceId>', 'run-7'],
    ['<+pipeline.executionId>', 'exec'],
    ['<+pipeline.identifier>', 'p'],
    ['run if <+true>, not if <+false>', 'run if true, not if false'],
    ['<+pipeline.name>', 'P'],
    ['<+stage.identifier>', 's'],
    ['<+pipeline.triggeredBy.email>', 'me@x'],
    ['<+org.identifier>/<+project.identifier>/<+account.identifier>', 'org/proj/acc'],
    ['<+secrets.getValue("pw")>', '<+secrets.getValue("pw")>'],
    ['<+steps.b.output.preStartTag>', '<+steps.b.output.preStartTag>'],
    ['<+execution.steps.g.steps.b.output.x>', '<+execution.steps.g.steps.b.output.x>'],
    [
      '<+pipeline.stages.s.spec.execution.steps.g.steps.b.output.x>',
      '<+pipeline.stages.s.spec.execution.steps.g.steps.b.output.x>',
    ],
  ])('%s is %p', (text, expected) =>
    expect(specOf(`{ instance: x, tag: ${JSON.stringify(text)} }`)).toEqual({ instance: 'x', tag: expected }),
  );

  describe('a value that does not fit its step', () => {
    const withCount = (value: string, extra = '', rollback = ''): string =>
      pipeline(
        stage(
          's',
          group('g', `${step('a')}, ${step('b', extra, '{ instance: x, count: <+pipeline.variables.n> }')}`),
          '',
          rollback,
        ),
        `, variables: [{ name: n, type: Number, value: ${value} }]`,
      );

    it.each([
      ['abc', /\.steps\[1\]\.step\.spec\.count: must be a number \(found: abc\)/],
      ['-3', /spec\.count: .*\(found: -3\)/],
      ['1.5', /spec\.count: /],
      ['0', /spec\.count: /],
    ])('such as %s is named before anything runs', (value, message) => {
      expect(refuse(withCount(value))).toMatchObject({
        code: 'PLAN_CREATION_ERROR',
        message: expect.stringMatching(message),
      });
    });

    it('is left to the run where a run that goes well does not come to it, or goes on', () => {
      const undo = `, rollbackSteps: [${group('undo', step('back', '', '{ instance: x, count: <+pipeline.variables.n> }'))}]`;
      const zero = ', variables: [{ name: n, type: Number, value: 0 }]';
      const ignore = ', failureStrategies: [{ onFailure: { errors: [AllErrors], action: { type: Ignore } } }]';
      expect(() => plan(pipeline(stage('s', group('g', step('a')), '', undo), zero))).not.toThrow();
      expect(() => plan(withCount('abc', ', when: { stageStatus: Failure }'))).not.toThrow();
      expect(() => plan(withCount('abc', ignore))).not.toThrow();
      expect(() => plan(withCount('abc', ', when: { stageStatus: Success }'))).toThrow('spec.count');
    });

    it('such as a number for a text is not made one: 1.10 is 1.1 by now', () => {
      const tagged = (value: string): string =>
        pipeline(
          stage('s', group('g', step('a', '', '{ instance: x, tag: <+pipeline.variables.n> }'))),
          `, variables: [{ name: n, type: String, value: ${value} }]`,
        );
      expect(refuse(tagged('1.10')).message).toMatch(
        /spec\.tag: must be a text.*\(found: 1\.1\); give the variable its value in quotes/,
      );
      expect(() => plan(tagged('"1.10"'))).not.toThrow();
    });

    it('is left to the run below a condition, and when it has an output in it', () => {
      expect(() =>
        plan(withCount('abc', `, when: { stageStatus: Success, condition: '<+pipeline.variables.n> != "abc"' }`)),
      ).not.toThrow();
      expect(() =>
        plan(pipeline(stage('s', group('g', step('a', '', '{ instance: x, count: <+steps.b.output.count> }'))))),
      ).not.toThrow();
    });
  });

  it('keeps the type of a number variable', () =>
    expect(specOf('{ instance: x, count: <+pipeline.variables.n> }')).toEqual({ instance: 'x', count: 3 }));

  it.each([
    ['an unknown variable', '<+pipeline.variables.nope>', /the pipeline has no variable "nope"/],
    ['an unknown stage variable', '<+stage.variables.nope>', /stage "s" has no variable "nope"/],
    ['an unknown name', '<+foo.bar>', /nothing has this name; known are pipeline\.variables\.X/],
    ['a trigger value in a manual run', '<+trigger.commitSha>', /nothing has this name/],
    ['an input inside text', 'a-<+input>', /runtime input cannot stand inside other text/],
  ])('refuses %s', (_what, text, message) => {
    const error = refuse(
      pipeline(stage('s', group('g', step('a', '', `{ instance: x, tag: ${JSON.stringify(text)} }`)))),
    );
    expect(error.code).toBe('PLAN_CREATION_ERROR');
    expect(error.message).toMatch(message);
  });

  it('does not look into parts it does not use', () =>
    expect(() => plan(simple(', notificationRules: [{ text: <+anything> }]'))).not.toThrow());
  it('refuses a pipeline of another project', () =>
    expect(refuse(simple(', projectIdentifier: other')).code).toBe('SCHEMA_VALIDATION_FAILED'));
});
