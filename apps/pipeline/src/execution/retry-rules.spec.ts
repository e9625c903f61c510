import { describe, expect, it } from '@jest/globals';
import { NEW_NODE, compilePlan, type NodeState, type Plan, type Status } from '@sluice/pipeline-engine';
import { StepTypeRegistry } from '@sluice/step-types';
import { retryableGroups, stagesToTakeOver } from './retry-rules.js';

const stage = (id: string): string =>
  `{ stage: { identifier: ${id}, name: ${id}, type: Custom, spec: { execution: { steps: [{ stepGroup: { identifier: g, name: g, steps: [{ step: { identifier: s, name: s, type: DBSchemaApply, spec: { connectorRef: c, dbSchema: a, dbInstance: b } } }] } }] } } } }`;
const PLAN: Plan = compilePlan({
  yaml: `pipeline: { identifier: p, name: P, stages: [${stage('a')}, ${stage('b')}, { parallel: [${stage('c')}, ${stage('d')}] }, ${stage('e')}] }`,
  catalogue: new StepTypeRegistry(),
  planId: 'plan',
  planExecutionId: 'x',
  accountId: 'acc',
  orgId: 'o',
  projectId: 'p',
  runSequence: 1,
  triggeredBy: { name: '', email: '' },
  idOf: (text) => text,
});
const statesOf = (statuses: Partial<Record<string, Status>>): Record<string, NodeState> =>
  Object.fromEntries(
    PLAN.stageIds.map((id) => [
      id,
      { ...NEW_NODE, status: statuses[PLAN.nodes[id]?.identifier ?? ''] ?? 'NotStarted' },
    ]),
  );
const kept = (statuses: Partial<Record<string, Status>>, stages: string[] = [], runsAllOfGroup = false): string[] =>
  [...stagesToTakeOver(PLAN, statesOf(statuses), { stages, runsAllOfGroup })].map((fqn) =>
    fqn.replace('pipeline.stages.', ''),
  );

describe('what a retry keeps', () => {
  it('what succeeded in front of the first stage that did not', () => {
    expect(kept({ a: 'Success', b: 'IgnoreFailed', c: 'Failed', d: 'Failed' })).toEqual(['a', 'b']);
  });

  it('a stage that was left out is decided anew and is no reason to run later ones again', () => {
    expect(kept({ a: 'Skipped', b: 'Success', c: 'Failed', d: 'Failed' })).toEqual(['b']);
  });

  it('branches that succeeded, unless the whole fork is to run again', () => {
    const statuses = { a: 'Success', b: 'Success', c: 'Failed', d: 'Success' } as const;
    expect(kept(statuses)).toEqual(['a', 'b', 'd']);
    expect(kept(statuses, [], true)).toEqual(['a', 'b']);
    expect(kept(statuses, ['c'])).toEqual(['a', 'b', 'd']);
    expect(kept(statuses, ['c', 'd'])).toEqual(['a', 'b']);
  });

  it('a stage that never ran, because of an abort, is where it begins', () => {
    expect(kept({ a: 'Success' })).toEqual(['a']);
  });

  it('stages to begin at may have succeeded', () => {
    expect(kept({ a: 'Success', b: 'Success', c: 'Success', d: 'Success', e: 'Success' }, ['b'])).toEqual(['a']);
  });

  it('names a stage there is not, and refuses when all succeeded', () => {
    expect(() => kept({}, ['z'])).toThrow('the execution has no stage "z"; it has a, b, c, d, e');
    expect(() => kept({ a: 'Success', b: 'Success', c: 'Success', d: 'Success', e: 'Success' })).toThrow(
      'every stage of the execution succeeded',
    );
  });
});

it('a retry may begin at every group up to the one that failed', () => {
  expect(
    retryableGroups(PLAN, statesOf({ a: 'Success', b: 'Success', c: 'Failed', d: 'Success' })).map((group) =>
      group.map(({ identifier }) => identifier),
    ),
  ).toEqual([['a'], ['b'], ['c', 'd']]);
});
