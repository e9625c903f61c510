import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { aReport, inHistory, named, outcome } from '../testing/reports.js';
import {
  changeOf,
  fqnOf,
  keyOf,
  unknownSinceAfter,
  type ChangesetState,
  type InstanceChange,
  type InstanceState,
  type StepReport,
} from './changeset-state.js';

const BLANK: InstanceState = { historyAt: null, changesets: new Map() };

/** What is known after a report, as the store would have it. */
function after(before: InstanceState, report: StepReport): InstanceState {
  const change = changeOf(before, report);
  const changesets = new Map(before.changesets);
  for (const state of change.changed) changesets.set(keyOf(state), state);
  for (const fqn of change.forgotten) changesets.delete(fqn);
  return { historyAt: change.history?.at ?? before.historyAt, changesets };
}

function stateOf(state: InstanceState, id: string): ChangesetState | undefined {
  return state.changesets.get(fqnOf(named(id)));
}

const nothing: InstanceChange = { changed: [], forgotten: [], history: null };
const EXECUTION = { pipeline: 'deploy', planExecutionId: 'exec-1', stageExecutionId: 'stage-1' };
const NOBODY = { pipeline: '', planExecutionId: '', stageExecutionId: '' };
const later = { planExecutionId: 'exec-2', stageExecutionId: 'stage-2', stepExecutionId: 'step-2' };

describe('what the database’s own history says', () => {
  it('is deployed, at the time the database says, by the execution that applied it', () => {
    const state = after(
      BLANK,
      aReport({
        history: [inHistory('1', 1, { tag: 'v1', labels: 'core', comments: 'first' })],
        changesets: [outcome('1', 'applied')],
      }),
    );
    expect(stateOf(state, '1')).toEqual({
      ...named('1'),
      ...EXECUTION,
      status: 'Successfully_Deployed',
      deployedAt: 1_000_001,
      updatedAt: 2_000_000,
      orderExecuted: 1,
      tag: 'v1',
      label: 'core',
      comment: 'first',
      error: null,
    });
  });

  it('belongs to nobody when no execution of ours applied it', () => {
    const state = after(BLANK, aReport({ history: [inHistory('1', 1)] }));
    expect(stateOf(state, '1')).toMatchObject({ status: 'Successfully_Deployed', ...NOBODY });
  });

  it('keeps its deployer while the database shows the same run', () => {
    const first = after(BLANK, aReport({ history: [inHistory('1', 1)], changesets: [outcome('1', 'applied')] }));
    const second = changeOf(first, aReport({ history: [inHistory('1', 1)], endedAt: 3_000_000 }, later));
    expect(second).toEqual({ ...nothing, history: { at: 3_000_000, lastAppliedTag: null, lastChangesetTag: '' } });
  });

  it('loses its deployer when something else ran it again', () => {
    const first = after(BLANK, aReport({ history: [inHistory('1', 1)], changesets: [outcome('1', 'applied')] }));
    const second = after(
      first,
      aReport(
        { history: [inHistory('1', 1, { dateExecuted: 2_500_000, execType: 'RERAN' })], endedAt: 3_000_000 },
        later,
      ),
    );
    expect(stateOf(second, '1')).toMatchObject({ deployedAt: 2_500_000, updatedAt: 3_000_000, ...NOBODY });
  });

  it('counts only execution types that leave a changeset in the database', () => {
    const state = after(
      BLANK,
      aReport({ history: [inHistory('1', 1, { execType: 'MARK_RAN' }), inHistory('2', 2, { execType: 'FAILED' })] }),
    );
    expect(stateOf(state, '1')?.status).toBe('Successfully_Deployed');
    expect(stateOf(state, '2')).toBeUndefined();
  });

  it('gives new changesets in the order they were executed, pending ones last', () => {
    const change = changeOf(BLANK, aReport({ history: [inHistory('b', 2), inHistory('a', 1)], pending: [named('c')] }));
    expect(change.changed.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
  });

  it('gives the last tag anywhere, and the tag of the last changeset', () => {
    const rows = [inHistory('1', 1, { tag: 'v1' }), inHistory('3', 3), inHistory('2', 2, { tag: 'v2' })];
    expect(changeOf(BLANK, aReport({ history: rows })).history).toEqual({
      at: 2_000_000,
      lastAppliedTag: 'v2',
      lastChangesetTag: '',
    });
    expect(changeOf(BLANK, aReport({ history: rows.slice(0, 1) })).history).toEqual({
      at: 2_000_000,
      lastAppliedTag: 'v1',
      lastChangesetTag: 'v1',
    });
  });
});

describe('what has vanished from the history', () => {
  const deployed = after(
    BLANK,
    aReport({
      history: [inHistory('1', 1), inHistory('2', 2)],
      changesets: [outcome('1', 'applied'), outcome('2', 'applied')],
    }),
  );

  it('was rolled back by the execution that did it, and keeps the time it had been deployed', () => {
    const report = aReport(
      { history: [inHistory('1', 1)], changesets: [outcome('2', 'rolledBack')], endedAt: 3_000_000 },
      { ...later, command: 'Rollback' },
    );
    expect(stateOf(after(deployed, report), '2')).toMatchObject({
      status: 'Rolled_Back',
      deployedAt: 1_000_002,
      updatedAt: 3_000_000,
      planExecutionId: 'exec-2',
    });
  });

  it('was rolled back by nobody of ours when an update finds it gone', () => {
    const report = aReport({ history: [inHistory('1', 1)], endedAt: 3_000_000 }, later);
    expect(stateOf(after(deployed, report), '2')).toMatchObject({ status: 'Rolled_Back', ...NOBODY });
  });

  it('stays rolled back while it is pending, and is deployed again once the history lists it', () => {
    const undone = after(
      deployed,
      aReport(
        { history: [inHistory('1', 1)], pending: [named('2')], endedAt: 3_000_000 },
        { ...later, command: 'Rollback' },
      ),
    );
    expect(stateOf(undone, '2')?.status).toBe('Rolled_Back');
    const again = after(
      undone,
      aReport(
        { history: [inHistory('1', 1), inHistory('2', 2)], changesets: [outcome('2', 'applied')], endedAt: 4_000_000 },
        { planExecutionId: 'exec-3' },
      ),
    );
    expect(stateOf(again, '2')).toMatchObject({ status: 'Successfully_Deployed', planExecutionId: 'exec-3' });
  });

  it('has failed, once, when the run that found it gone could not bring it back', () => {
    const report = aReport(
      {
        status: 'failed',
        history: [inHistory('1', 1)],
        changesets: [outcome('2', 'failed', { error: 'no such schema' })],
        pending: [named('2')],
        endedAt: 3_000_000,
      },
      later,
    );
    const change = changeOf(deployed, report);
    expect(change.changed.map(({ id, status, error }) => [id, status, error])).toEqual([
      ['2', 'Deployment_Failed', 'no such schema'],
    ]);
    expect(stateOf(after(deployed, report), '2')).toMatchObject({ planExecutionId: 'exec-2', updatedAt: 3_000_000 });
  });

  it('says nothing about a changeset whose rollback failed and that is still there', () => {
    const report = aReport(
      {
        status: 'failed',
        history: [inHistory('1', 1), inHistory('2', 2)],
        changesets: [outcome('2', 'failed', { error: 'no inverse' })],
        endedAt: 3_000_000,
      },
      { ...later, command: 'Rollback' },
    );
    expect(stateOf(after(deployed, report), '2')?.status).toBe('Successfully_Deployed');
  });
});

describe('failures', () => {
  const failure = aReport({
    status: 'failed',
    history: [inHistory('1', 1)],
    changesets: [outcome('2', 'failed', { error: 'relation exists' })],
    pending: [named('2'), named('3')],
  });
  const failed = after(BLANK, failure);

  it('name the error and the execution; what comes after them is not deployed', () => {
    expect(stateOf(failed, '2')).toMatchObject({
      status: 'Deployment_Failed',
      error: 'relation exists',
      deployedAt: null,
      ...EXECUTION,
    });
    expect(stateOf(failed, '3')).toMatchObject({ status: 'Not_Deployed', error: null, ...NOBODY });
  });

  it('last until the changeset is deployed', () => {
    const still = after(
      failed,
      aReport({ history: [inHistory('1', 1)], pending: [named('2'), named('3')], endedAt: 3_000_000 }, later),
    );
    expect(stateOf(still, '2')?.status).toBe('Deployment_Failed');
    const healed = after(
      still,
      aReport(
        { history: [inHistory('1', 1), inHistory('2', 2)], changesets: [outcome('2', 'applied')], endedAt: 4_000_000 },
        later,
      ),
    );
    expect(stateOf(healed, '2')).toMatchObject({ status: 'Successfully_Deployed', error: null });
  });

  it('last through a later look for a changeset that runs again on change', () => {
    const first = after(BLANK, aReport({ history: [inHistory('1', 1)] }));
    const rerun = after(
      first,
      aReport(
        {
          status: 'failed',
          history: [inHistory('1', 1)],
          changesets: [outcome('1', 'failed', { error: 'syntax' })],
          pending: [named('1')],
          endedAt: 3_000_000,
        },
        later,
      ),
    );
    expect(stateOf(rerun, '1')).toMatchObject({ status: 'Deployment_Failed', deployedAt: 1_000_001 });
    const look = after(rerun, aReport({ history: [inHistory('1', 1)], pending: [named('1')], endedAt: 4_000_000 }));
    expect(stateOf(look, '1')).toMatchObject({ status: 'Deployment_Failed', error: 'syntax' });
    const reran = after(
      look,
      aReport({
        history: [inHistory('1', 1, { dateExecuted: 4_500_000 })],
        changesets: [outcome('1', 'applied')],
        endedAt: 5_000_000,
      }),
    );
    expect(stateOf(reran, '1')).toMatchObject({ status: 'Successfully_Deployed', error: null });
  });

  it('take the step’s own message when the changeset has none', () => {
    const report = aReport({
      status: 'failed',
      error: { message: 'timed out', failureType: 'Timeout' },
      changesets: [outcome('1', 'failed')],
    });
    expect(stateOf(after(BLANK, report), '1')?.error).toBe('timed out');
  });
});

describe('what has left the changelog', () => {
  it('is forgotten when it never got into the database', () => {
    const first = after(
      BLANK,
      aReport({ status: 'failed', changesets: [outcome('2', 'failed')], pending: [named('2'), named('3')] }),
    );
    const second = after(first, aReport({ history: [inHistory('1', 1)], pending: [], endedAt: 3_000_000 }, later));
    expect([...second.changesets.keys()]).toEqual([fqnOf(named('1'))]);
  });

  it('is kept when it is not known what the changelog holds', () => {
    const first = after(BLANK, aReport({ pending: [named('3')] }));
    expect(changeOf(first, aReport({ pending: null, endedAt: 3_000_000 })).forgotten).toEqual([]);
  });
});

describe('a history that could not be read', () => {
  const deployed = after(
    BLANK,
    aReport({ history: [inHistory('1', 1, { tag: 'v1' })], changesets: [outcome('1', 'applied')] }),
  );

  it('changes nothing by itself, and leaves the instance to be onboarded', () => {
    const report = aReport({ status: 'failed', history: null, pending: null, endedAt: 3_000_000 }, later);
    expect(changeOf(deployed, report)).toEqual(nothing);
    expect(changeOf(BLANK, report)).toEqual(nothing);
  });

  it('leaves what the step saw itself do', () => {
    const changesets = [
      outcome('2', 'applied', { tag: 'v2', comment: 'second' }),
      outcome('1', 'rolledBack'),
      outcome('3', 'failed', { error: 'boom' }),
      outcome('4', 'skipped'),
    ];
    const state = after(deployed, aReport({ history: null, pending: null, changesets, endedAt: 3_000_000 }, later));
    expect(stateOf(state, '2')).toMatchObject({
      status: 'Successfully_Deployed',
      deployedAt: 1_500_000,
      tag: 'v2',
      comment: 'second',
      planExecutionId: 'exec-2',
    });
    expect(stateOf(state, '1')).toMatchObject({ status: 'Rolled_Back', deployedAt: 1_000_001 });
    expect(stateOf(state, '3')).toMatchObject({ status: 'Deployment_Failed', error: 'boom' });
    expect(stateOf(state, '4')).toBeUndefined();
  });

  it('does not overwrite what a later report without history has said', () => {
    const newer = after(
      BLANK,
      aReport({ history: null, pending: null, changesets: [outcome('1', 'applied')], endedAt: 3_000_000 }, later),
    );
    const older = changeOf(
      newer,
      aReport({ history: null, pending: null, changesets: [outcome('1', 'failed')], endedAt: 2_000_000 }),
    );
    expect(older.changed).toEqual([]);
  });
});

describe('a report that comes after a newer one', () => {
  const newer = after(
    BLANK,
    aReport(
      { history: [inHistory('1', 1), inHistory('2', 2)], changesets: [outcome('2', 'applied')], endedAt: 5_000_000 },
      later,
    ),
  );

  it('overwrites nothing, even when it lists less', () => {
    const older = aReport(
      {
        status: 'failed',
        history: [],
        changesets: [outcome('1', 'failed')],
        pending: [named('1'), named('2'), named('9')],
        endedAt: 4_000_000,
      },
      { isLate: true },
    );
    expect(changeOf(newer, older)).toEqual(nothing);
  });

  it('says who deployed what nobody had claimed', () => {
    const older = aReport({ history: [inHistory('1', 1)], changesets: [outcome('1', 'applied')], endedAt: 4_000_000 });
    const state = after(newer, older);
    expect(stateOf(state, '1')).toMatchObject({ status: 'Successfully_Deployed', updatedAt: 5_000_000, ...EXECUTION });
    expect(state.historyAt).toBe(5_000_000);
  });

  it('does not claim a run that is not the one it saw', () => {
    const older = aReport({
      history: [inHistory('1', 1, { dateExecuted: 77 })],
      changesets: [outcome('1', 'applied')],
      endedAt: 4_000_000,
    });
    expect(changeOf(newer, older)).toEqual(nothing);
  });

  it('is the truth when it is late but newer than what is known', () => {
    const state = after(newer, aReport({ history: [inHistory('1', 1)], endedAt: 6_000_000 }, { isLate: true }));
    expect(stateOf(state, '2')?.status).toBe('Rolled_Back');
  });
});

describe('any report after any state', () => {
  const id = fc.constantFrom('1', '2', 'a::b', 'b');
  const name = fc.record({ id, author: fc.constantFrom('ann', 'a::b'), file: fc.constantFrom('c.xml', 'c.xml::a') });
  const at = fc.integer({ min: 1, max: 9 }).map((step) => step * 1_000_000);
  const state: fc.Arbitrary<ChangesetState> = fc.record({
    id,
    author: fc.constantFrom('ann', 'a::b'),
    file: fc.constantFrom('c.xml', 'c.xml::a'),
    status: fc.constantFrom('Successfully_Deployed', 'Not_Deployed', 'Deployment_Failed', 'Rolled_Back'),
    deployedAt: fc.option(at),
    updatedAt: at,
    orderExecuted: fc.option(fc.nat(5)),
    tag: fc.constant(null),
    label: fc.constant(null),
    comment: fc.constant(null),
    error: fc.constant(null),
    pipeline: fc.constant(''),
    planExecutionId: fc.constantFrom('', 'exec-1'),
    stageExecutionId: fc.constant(''),
  });
  const before: fc.Arbitrary<InstanceState> = fc
    .record({ historyAt: fc.option(at), states: fc.array(state, { maxLength: 8 }) })
    .map(({ historyAt, states }) => ({ historyAt, changesets: new Map(states.map((one) => [keyOf(one), one])) }));
  const row = fc
    .tuple(name, fc.nat(5), fc.constantFrom('EXECUTED', 'RERAN', 'MARK_RAN', 'FAILED'), at)
    .map(([one, order, execType, dateExecuted]) => inHistory('', order, { ...one, execType, dateExecuted }));
  const done = fc
    .tuple(name, fc.constantFrom('applied', 'rolledBack', 'failed', 'skipped', 'markedRan'))
    .map(([one, status]) => outcome('', status, one));
  const report: fc.Arbitrary<StepReport> = fc
    .record({
      history: fc.option(fc.array(row, { maxLength: 8 })),
      changesets: fc.array(done, { maxLength: 8 }),
      pending: fc.option(fc.array(name, { maxLength: 8 })),
      endedAt: at,
    })
    .chain((result) =>
      fc.constantFrom('Update' as const, 'Rollback' as const).map((command) => aReport(result, { command })),
    );

  it('gives one state to each changeset, and forgets none of those', () => {
    fc.assert(
      fc.property(before, report, (known, told) => {
        const { changed, forgotten } = changeOf(known, told);
        const keys = changed.map(keyOf);
        expect(new Set(keys).size).toBe(keys.length);
        expect(forgotten.filter((key) => keys.includes(key))).toEqual([]);
      }),
      { numRuns: 2_000 },
    );
  });

  it('shows as deployed just what the newest reading of the history lists', () => {
    fc.assert(
      fc.property(before, report, (known, told) => {
        const { history, endedAt } = told.result;
        fc.pre(
          history !== null &&
            endedAt >= (known.historyAt ?? 0) &&
            [...known.changesets.values()].every(({ updatedAt }) => updatedAt <= endedAt),
        );
        const listed = new Set((history ?? []).filter(({ execType }) => execType !== 'FAILED').map(keyOf));
        const shown = [...after(known, told).changesets.values()]
          .filter(({ status }) => status === 'Successfully_Deployed')
          .map(keyOf);
        expect(shown.filter((key) => !listed.has(key))).toEqual([]);
      }),
      { numRuns: 2_000 },
    );
  });

  it('keeps changesets apart whose names give the same text', () => {
    const twins = [
      { file: 'c.xml', id: 'a::b', author: 'ann' },
      { file: 'c.xml::a', id: 'b', author: 'ann' },
    ];
    expect(new Set(twins.map(fqnOf)).size).toBe(1);
    expect(
      changeOf(BLANK, aReport({ history: twins.map((one, order) => inHistory('', order, one)) })).changed,
    ).toHaveLength(2);
  });
});

describe('since when the state is not known', () => {
  const lost = aReport({ status: 'failed', history: null, pending: null, startedAt: 2_000_000, endedAt: 3_000_000 });

  it('is the start of the first run that left it unknown', () => {
    expect(unknownSinceAfter(null, lost)).toBe(2_000_000);
    expect(unknownSinceAfter(1_000_000, lost)).toBe(1_000_000);
  });

  it('is not changed by a run that never reached the database', () => {
    const refused = { ...lost, result: { ...lost.result, reachedDatabase: false } };
    expect(unknownSinceAfter(null, refused)).toBeNull();
    expect(unknownSinceAfter(1_000_000, refused)).toBe(1_000_000);
  });

  it('ends with the next reading of the history, not with an older one', () => {
    expect(unknownSinceAfter(2_000_000, aReport({ endedAt: 4_000_000 }))).toBeNull();
    expect(unknownSinceAfter(2_000_000, aReport({ endedAt: 1_500_000 }))).toBe(2_000_000);
  });
});
