import { describe, expect, it } from '@jest/globals';
import { compilePlan } from './compile-plan.js';
import { NEW_NODE, reduceNode, type NodeEvent, type NodeState } from './node-state.js';
import { outputLookup, resolveOutputs } from './outputs.js';
import type { Plan, PlanNode } from './plan.js';
import { decideFailure, decideRun, effectiveSelectors, podSelectors } from './run-rules.js';
import { STATUSES, isBroken, isFinal, statusOfParent, type Status } from './status.js';
import { testCatalogue, testId } from './testing/catalogue.js';

describe('status of a parent', () => {
  it.each<[Status[], Status]>([
    [[], 'Success'],
    [['Success'], 'Success'],
    [['Success', 'Success'], 'Success'],
    [['Skipped'], 'Success'],
    [['Success', 'Skipped'], 'Success'],
    [['IgnoreFailed', 'Success'], 'IgnoreFailed'],
    [['IgnoreFailed', 'Failed'], 'Failed'],
    [['Success', 'Failed'], 'Failed'],
    [['Failed', 'Success'], 'Failed'],
    [['Expired'], 'Expired'],
    [['Expired', 'Failed'], 'Failed'],
    [['Failed', 'Errored'], 'Errored'],
    [['Failed', 'Aborted', 'Errored'], 'Aborted'],
    [['NotStarted', 'Success'], 'Success'],
  ])('of %j is %s', (children, expected) => expect(statusOfParent(children)).toBe(expected));

  it('knows which are final and which are broken', () => {
    expect(STATUSES.filter(isFinal)).toEqual([
      'Success',
      'IgnoreFailed',
      'Skipped',
      'Failed',
      'Errored',
      'Expired',
      'Aborted',
    ]);
    expect(STATUSES.filter(isBroken)).toEqual(['Failed', 'Errored', 'Expired', 'Aborted']);
  });
});

describe('may a node run', () => {
  const unknown = () => ({ kind: 'unknown', reason: 'no such thing' }) as const;
  const table: [string, PlanNode['when'], boolean, boolean, 'run' | 'skip' | 'invalid'][] = [
    ['without `when`, nothing failed', null, false, false, 'run'],
    ['without `when`, something failed in front of it', null, true, true, 'skip'],
    ['without `when`, in a list that began after the failure', null, true, false, 'run'],
    ['Success, nothing failed', { outcome: 'Success', condition: null }, false, false, 'run'],
    ['Success, the stage failed before its list', { outcome: 'Success', condition: null }, true, false, 'skip'],
    ['Failure, nothing failed', { outcome: 'Failure', condition: null }, false, false, 'skip'],
    ['Failure, something failed', { outcome: 'Failure', condition: null }, true, true, 'run'],
    ['All, nothing failed', { outcome: 'All', condition: null }, false, false, 'run'],
    ['All, something failed', { outcome: 'All', condition: null }, true, true, 'run'],
    ['a true condition', { outcome: 'All', condition: '"a" == "a"' }, false, false, 'run'],
    ['a false condition', { outcome: 'All', condition: '"a" == "b"' }, false, false, 'skip'],
    ['a false condition after the status said no', { outcome: 'Failure', condition: 'true' }, false, false, 'skip'],
    ['a condition that cannot be evaluated', { outcome: 'All', condition: '<+x> == 1' }, false, false, 'invalid'],
  ];
  it.each(table)('%s', (_what, when, hasFailed, hasFailedHere, expected) => {
    for (const kind of ['step', 'stepGroup', 'stage'] as const)
      expect(decideRun({ when, kind }, { hasFailed, hasFailedHere }, unknown).kind).toBe(expected);
  });

  it('says why', () => {
    expect(
      decideRun(
        { when: { outcome: 'Failure', condition: null }, kind: 'stage' },
        { hasFailed: false, hasFailedHere: false },
        unknown,
      ).reason,
    ).toBe('it runs only after the pipeline failed');
    expect(
      decideRun(
        { when: { outcome: 'All', condition: 'false' }, kind: 'step' },
        { hasFailed: false, hasFailedHere: false },
        unknown,
      ).reason,
    ).toBe('condition is false: false');
  });
});

const strategy = (action: string, errors = 'AllErrors'): string =>
  `failureStrategies: [{ onFailure: { errors: [${errors}], action: { type: ${action} } } }]`;
const planOf = (levels: { step?: string; group?: string; stage?: string; pipeline?: string }): Plan =>
  compilePlan({
    yaml: `pipeline: { identifier: p, name: P${levels.pipeline ? `, ${levels.pipeline}` : ''}, stages: [{ stage: { identifier: s, name: s, type: Custom${levels.stage ? `, ${levels.stage}` : ''}, spec: { execution: { steps: [{ stepGroup: { identifier: g, name: g${levels.group ? `, ${levels.group}` : ''}, steps: [{ step: { identifier: a, name: a, type: Apply${levels.step ? `, ${levels.step}` : ''}, spec: { instance: x } } }, { step: { identifier: b, name: b, type: Apply, spec: { instance: y } } }] } }] } } } }] }`,
    catalogue: testCatalogue,
    planId: 'plan',
    planExecutionId: 'e',
    accountId: 'acc',
    orgId: 'o',
    projectId: 'p',
    runSequence: 1,
    triggeredBy: { name: '', email: '' },
    idOf: testId,
  });
const A = testId('e/pipeline.stages.s.spec.execution.steps.g.steps.a');
const B = testId('e/pipeline.stages.s.spec.execution.steps.g.steps.b');

describe('what is done about a failure', () => {
  it.each([
    ['nothing is said: roll back', {}, 'Unknown', 'rollbackStage'],
    ['the step says Ignore', { step: strategy('Ignore') }, 'Unknown', 'ignore'],
    ['the step wins over the stage', { step: strategy('Abort'), stage: strategy('Ignore') }, 'Unknown', 'abort'],
    ['the group wins over the stage', { group: strategy('Abort'), stage: strategy('Ignore') }, 'Unknown', 'abort'],
    ['the stage decides alone', { stage: strategy('PipelineRollback') }, 'Unknown', 'rollbackPipeline'],
    [
      'a strategy for another error does not count',
      { step: strategy('Ignore', 'Timeout'), stage: strategy('Abort') },
      'Connectivity',
      'abort',
    ],
    [
      'a strategy for this error counts',
      { step: strategy('Ignore', 'Timeout, Connectivity') },
      'Connectivity',
      'ignore',
    ],
    ['StageRollback', { step: strategy('StageRollback') }, 'Unknown', 'rollbackStage'],
    ['StepGroupRollback', { step: strategy('StepGroupRollback') }, 'Unknown', 'rollbackStage'],
    ['Retry makes no sense for a database', { step: strategy('Retry') }, 'Unknown', 'fail'],
    ['MarkAsSuccess makes no sense for a database', { step: strategy('MarkAsSuccess') }, 'Unknown', 'fail'],
    ['MarkAsFailure', { step: strategy('MarkAsFailure') }, 'Unknown', 'fail'],
    ['ManualIntervention', { step: strategy('ManualIntervention') }, 'Unknown', 'fail'],
  ] as const)('%s', (_what, levels, failureType, expected) =>
    expect(decideFailure(planOf(levels), A, failureType)).toBe(expected),
  );
});

describe('which delegates', () => {
  const on = (name: string): string => `delegateSelectors: [${name}]`;
  it.each([
    [{}, ['connector']],
    [{ pipeline: on('p') }, ['p']],
    [{ pipeline: on('p'), stage: on('s') }, ['s']],
    [{ pipeline: on('p'), stage: on('s'), group: on('g') }, ['g']],
    [{ group: 'delegateSelectors: []', stage: on('s') }, ['s']],
  ])('nearest level wins: %j', (levels, expected) =>
    expect(effectiveSelectors(planOf(levels), A, ['connector'])).toEqual(expected),
  );

  it('asks one delegate for what every step of a pod needs', () => {
    expect(podSelectors(planOf({}), [A, B], { [A]: ['x', 'y'], [B]: ['y', 'z'] })).toEqual(['x', 'y', 'z']);
  });
});

describe('outputs', () => {
  const outputs = (fqn: string) => (fqn.endsWith('.a') ? { preStartTag: 't1', list: [1], n: 2 } : undefined);
  const made = planOf({});
  it.each([
    ['<+steps.a.output.preStartTag>', 't1'],
    ['<+execution.steps.g.steps.a.output.preStartTag>', 't1'],
    ['<+stage.spec.execution.steps.g.steps.a.output.preStartTag>', 't1'],
    ['<+pipeline.stages.s.spec.execution.steps.g.steps.a.output.preStartTag>', 't1'],
    ['x-<+steps.a.output.n>', 'x-2'],
    ['<+steps.a.output.n>', 2],
  ])('%s', (text, expected) =>
    expect(resolveOutputs(made, B, { v: text }, outputs)).toEqual({ value: { v: expected }, unresolved: [] }),
  );

  it.each([
    ['<+steps.b.output.x>', /step "b" has not run/],
    ['<+steps.zzz.output.x>', /there is no step pipeline\.stages\.s\.spec\.execution\.steps\.g\.steps\.zzz/],
    ['<+steps.a.output.nope>', /has no output "nope"; it has preStartTag, list, n/],
    ['<+steps.a.output.list>', /has no output "list"/],
    ['<+pipeline.stages.other.spec.execution.steps.g.steps.a.output.x>', /there is no step/],
    ['<+something.else>', /nothing has this name while the step runs/],
  ])('%s has no value', (text, reason) =>
    expect(resolveOutputs(made, B, text, outputs).unresolved[0]?.reason).toMatch(reason),
  );

  it('secrets stay', () =>
    expect(resolveOutputs(made, B, '<+secrets.getValue("x")>', outputs)).toEqual({
      value: '<+secrets.getValue("x")>',
      unresolved: [],
    }));
  it('serve conditions', () =>
    expect(
      decideRun(
        { when: { outcome: 'All', condition: '<+steps.a.output.preStartTag> == "t1"' }, kind: 'step' },
        { hasFailed: false, hasFailedHere: false },
        outputLookup(made, B, outputs),
      ).kind,
    ).toBe('run'));
});

describe('the life of a node', () => {
  const play = (...events: NodeEvent[]): NodeState => events.reduce(reduceNode, NEW_NODE);
  const started: NodeEvent = { kind: 'started', at: 10 };
  const ended: NodeEvent = { kind: 'ended', at: 30, status: 'Success', outputs: { x: 1 } };

  it('starts and ends', () =>
    expect(play(started, ended)).toMatchObject({ status: 'Success', startedAt: 10, endedAt: 30, outputs: { x: 1 } }));
  it('stays as it ended, whatever comes later', () => {
    const done = play(started, ended);
    for (const event of [
      started,
      { kind: 'ended', at: 99, status: 'Failed' },
      { kind: 'stopping' },
      { kind: 'skipped', at: 1, decision: '' },
      { kind: 'waitsForResource', at: 1 },
      { kind: 'resourceGranted', at: 1 },
    ] satisfies NodeEvent[])
      expect(reduceNode(done, event)).toBe(done);
  });
  it('takes a note even after its end, each once', () => {
    const note: NodeEvent = { kind: 'note', text: 'late' };
    expect(play(started, ended, note, note).notes).toEqual(['late']);
  });
  it('keeps its first start', () => expect(play(started, { kind: 'started', at: 20 }).startedAt).toBe(10));
  it('waits for its instance and gets it', () => {
    expect(play(started, { kind: 'waitsForResource', at: 11 }).status).toBe('ResourceWaiting');
    expect(play(started, { kind: 'waitsForResource', at: 11 }, started).status).toBe('ResourceWaiting');
    expect(play(started, { kind: 'waitsForResource', at: 11 }, { kind: 'resourceGranted', at: 15 })).toMatchObject({
      status: 'Running',
      resource: { waitedFrom: 11, grantedAt: 15 },
    });
    expect(play(started, { kind: 'resourceGranted', at: 15 })).toMatchObject({
      status: 'Running',
      resource: { waitedFrom: 15, grantedAt: 15 },
    });
  });
  it('is skipped only before it starts', () => {
    expect(play({ kind: 'skipped', at: 5, decision: 'why' })).toMatchObject({
      status: 'Skipped',
      decision: 'why',
      endedAt: 5,
    });
    expect(play(started, { kind: 'skipped', at: 5, decision: 'why' }).status).toBe('Running');
  });
  it('shows that it is stopping until it has stopped', () => {
    expect(play({ kind: 'stopping' }).status).toBe('NotStarted');
    expect(play(started, { kind: 'stopping' }).status).toBe('Discontinuing');
    expect(play(started, { kind: 'stopping' }, started).status).toBe('Discontinuing');
    expect(play(started, { kind: 'stopping' }, { kind: 'ended', at: 40, status: 'Aborted', note: 'n' })).toMatchObject({
      status: 'Aborted',
      notes: ['n'],
    });
  });
  it('remembers delegate and task', () => {
    const delegate = { id: 'd', name: 'D', taskId: 't' };
    const taken = play({ ...started, taskId: 't' }, { kind: 'taskAcquired', delegate });
    expect(taken).toMatchObject({ taskId: 't', delegate });
    expect(reduceNode(taken, { kind: 'taskAcquired', delegate })).toBe(taken);
  });
  it('may end without having started: it failed before', () =>
    expect(
      play({ kind: 'ended', at: 7, status: 'Failed', failure: { message: 'm', failureType: 'Unknown' } }),
    ).toMatchObject({ status: 'Failed', startedAt: 7, endedAt: 7 }));
  it('applying every event twice is the same as once', () => {
    const events: NodeEvent[] = [
      started,
      { kind: 'waitsForResource', at: 11 },
      { kind: 'resourceGranted', at: 12 },
      { kind: 'taskAcquired', delegate: { id: 'd', name: 'D', taskId: 't' } },
      { kind: 'stopping' },
      ended,
    ];
    expect(play(...events.flatMap((event) => [event, event]))).toEqual(play(...events));
  });
});
