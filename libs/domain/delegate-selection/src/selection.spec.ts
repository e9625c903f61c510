import { describe, expect, it } from '@jest/globals';
import { accountScope, projectScope, type Scope } from '@sluice/kernel';
import { exclusionOf, missingSelectors, type Candidate, type Requirement } from './eligibility.js';
import { explainSelection, selectDelegates } from './selection.js';

const aDelegate = (over: Partial<Candidate> = {}): Candidate => ({
  id: 'd1',
  name: 'east',
  hostName: 'host-1',
  scope: accountScope('A1'),
  tags: ['Linux'],
  taskKinds: ['initialise-pod', 'execute-step'],
  isConnected: true,
  isDraining: false,
  heldTasks: 0,
  maxTasks: 4,
  ...over,
});
const aTask = (over: Partial<Requirement> = {}): Requirement => ({
  scope: projectScope('A1', 'default', 'shop'),
  secretScope: over.scope ?? projectScope('A1', 'default', 'shop'),
  kind: 'initialise-pod',
  selectors: [],
  boundDelegateId: null,
  ...over,
});
const ORG: Scope = { level: 'org', accountId: 'A1', orgId: 'default' };

describe('eligibility of a delegate', () => {
  it.each<[string, Scope, Scope, boolean]>([
    ['an account delegate serves every project', accountScope('A1'), projectScope('A1', 'o', 'p'), true],
    [
      'an org delegate serves its projects',
      { level: 'org', accountId: 'A1', orgId: 'o' },
      projectScope('A1', 'o', 'p'),
      true,
    ],
    [
      'an org delegate does not serve another org',
      { level: 'org', accountId: 'A1', orgId: 'x' },
      projectScope('A1', 'o', 'p'),
      false,
    ],
    ['a project delegate serves only that project', projectScope('A1', 'o', 'q'), projectScope('A1', 'o', 'p'), false],
    ['a project delegate does not serve its account', projectScope('A1', 'o', 'p'), accountScope('A1'), false],
    ['nobody serves another account', accountScope('A2'), projectScope('A1', 'o', 'p'), false],
  ])('%s', (_rule, scope, taskScope, isEligible) => {
    expect(exclusionOf(aDelegate({ scope }), aTask({ scope: taskScope }))).toEqual(
      isEligible ? undefined : { rule: 'scope' },
    );
  });

  it.each<[string, Scope, Scope, boolean]>([
    [
      'secrets of a project open on delegates of the project',
      projectScope('A1', 'default', 'shop'),
      projectScope('A1', 'default', 'shop'),
      true,
    ],
    ['secrets of a project open on delegates above', accountScope('A1'), projectScope('A1', 'default', 'shop'), true],
    ['secrets of an org open on delegates of the org', ORG, ORG, true],
    ['secrets of an org open on no delegate of a project', projectScope('A1', 'default', 'shop'), ORG, false],
    ['secrets of an account open on delegates of the account', accountScope('A1'), accountScope('A1'), true],
    ['secrets of an account open on no delegate of an org', ORG, accountScope('A1'), false],
    [
      'secrets of an account open on no delegate of a project',
      projectScope('A1', 'default', 'shop'),
      accountScope('A1'),
      false,
    ],
  ])('%s', (_rule, scope, secretScope, isEligible) => {
    expect(exclusionOf(aDelegate({ scope }), aTask({ secretScope }))).toEqual(
      isEligible ? undefined : { rule: 'secretScope' },
    );
  });

  it('needs every selector, whatever its case and blanks, among tags, name and host name', () => {
    expect(missingSelectors(aDelegate({ tags: ['Prod ', 'EU'] }), [' prod', 'eu', 'East', 'HOST-1'])).toEqual([]);
    expect(missingSelectors(aDelegate(), ['linux', 'gpu'])).toEqual(['gpu']);
  });

  it('names the first rule that excludes', () => {
    expect(exclusionOf(aDelegate({ taskKinds: [] }), aTask())).toEqual({ rule: 'taskKind' });
    expect(exclusionOf(aDelegate({ isConnected: false, isDraining: true }), aTask())).toEqual({ rule: 'disconnected' });
    expect(exclusionOf(aDelegate({ isDraining: true }), aTask())).toEqual({ rule: 'draining' });
    expect(exclusionOf(aDelegate({ heldTasks: 4 }), aTask())).toEqual({ rule: 'capacity' });
  });

  it('gives a bound task to its delegate even when that is full or draining, and to nobody else', () => {
    const bound = aTask({ boundDelegateId: 'd1', selectors: ['gpu'] });
    expect(exclusionOf(aDelegate({ heldTasks: 9, isDraining: true }), bound)).toBeUndefined();
    expect(exclusionOf(aDelegate({ id: 'd2' }), bound)).toEqual({ rule: 'bound' });
    expect(exclusionOf(aDelegate({ scope: accountScope('A2') }), bound)).toEqual({ rule: 'scope' });
  });
});

describe('selection among delegates', () => {
  it('puts the least loaded first, by the share of their places', () => {
    const small = aDelegate({ id: 'small', heldTasks: 1, maxTasks: 2 });
    const big = aDelegate({ id: 'big', heldTasks: 3, maxTasks: 10 });
    expect(selectDelegates([small, big], aTask()).eligible.map(({ id }) => id)).toEqual(['big', 'small']);
  });

  it('waits when no delegate is connected or known at all', () => {
    expect(selectDelegates([], aTask()).verdict).toBe('wait');
    expect(selectDelegates([aDelegate({ isConnected: false })], aTask()).verdict).toBe('wait');
    expect(selectDelegates([aDelegate({ isConnected: false, tags: [] })], aTask({ selectors: ['gpu'] })).verdict).toBe(
      'wait',
    );
  });

  it('waits for the right delegate to come back although a wrong one is connected', () => {
    const right = aDelegate({ id: 'right', tags: ['gpu'], isConnected: false });
    expect(selectDelegates([aDelegate(), right], aTask({ selectors: ['gpu'] })).verdict).toBe('wait');
  });

  it('is impossible when delegates are connected and none could ever run the task, with a reason for each', () => {
    const task = aTask({ selectors: ['gpu'] });
    const selection = selectDelegates(
      [aDelegate(), aDelegate({ id: 'd2', name: 'west', scope: projectScope('A1', 'default', 'hr'), tags: ['gpu'] })],
      task,
    );
    expect(selection.verdict).toBe('impossible');
    expect(explainSelection(selection, task)).toBe(
      'no delegate can take the task: east lacks the selector "gpu"; west serves project A1/default/hr, not project A1/default/shop',
    );
  });

  it('is impossible at once, and says why, when the only delegates are of the project and the secrets of the account', () => {
    const task = aTask({ secretScope: accountScope('A1') });
    const selection = selectDelegates([aDelegate({ scope: projectScope('A1', 'default', 'shop') })], task);
    expect(selection.verdict).toBe('impossible');
    expect(explainSelection(selection, task)).toBe(
      'no delegate can take the task: east serves project A1/default/shop only, and the task opens secrets of account A1, which go to delegates of that scope or above it alone',
    );
  });

  it('is impossible for a bound task whose delegate is not known any more', () => {
    const task = aTask({ boundDelegateId: 'gone' });
    const selection = selectDelegates([aDelegate()], task);
    expect(selection.verdict).toBe('impossible');
    expect(explainSelection(selection, task)).toBe('the delegate that holds the pod of this task is gone');
  });

  it('waits for the bound delegate to reconnect, and says so', () => {
    const task = aTask({ boundDelegateId: 'd1' });
    const selection = selectDelegates([aDelegate({ isConnected: false }), aDelegate({ id: 'd2' })], task);
    expect(selection.verdict).toBe('wait');
    expect(explainSelection(selection, task)).toBe(
      'the delegate that holds the pod of this task (east) is not connected',
    );
  });
});
