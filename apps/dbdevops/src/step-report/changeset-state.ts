import type { DeploymentStatus, recordStep } from '@sluice/dbdevops-api';
import type { RouteInput } from '@sluice/api-conventions';

/** What NG manager reports about one step. */
export type SentReport = RouteInput<typeof recordStep>['body'];
/** The same with its history as rows, however it was sent. */
export type StepReport = Omit<SentReport, 'result'> & { readonly result: Omit<SentReport['result'], 'packedHistory'> };
type Outcome = StepReport['result']['changesets'][number];
type HistoryRow = NonNullable<StepReport['result']['history']>[number];

export interface ChangesetName {
  readonly id: string;
  readonly author: string;
  readonly file: string;
}

/** `file::id::author`: what the public API calls a changeset's FQN. */
export function fqnOf({ id, author, file }: ChangesetName): string {
  return `${file}::${id}::${author}`;
}

/**
 * Tells changesets apart: the FQN, unless a part of the name holds a colon. Then the same FQN can be of several changesets, and the lengths of file and
 * id (in characters, not UTF-16 units) say where each part ends. The database computes the same from its columns.
 */
export function keyOf(name: ChangesetName): string {
  const isPlain = !name.file.includes(':') && !name.id.includes(':') && !name.author.includes(':');
  return isPlain ? fqnOf(name) : `${fqnOf(name)}#${[...name.file].length},${[...name.id].length}`;
}

/** The state of one changeset on one instance. Times are milliseconds since the epoch. */
export interface ChangesetState extends ChangesetName {
  readonly status: DeploymentStatus;
  /** When the database says it was executed; null when it never was. */
  readonly deployedAt: number | null;
  /** End of the report that brought it into this state. */
  readonly updatedAt: number;
  readonly orderExecuted: number | null;
  readonly tag: string | null;
  readonly label: string | null;
  readonly comment: string | null;
  readonly error: string | null;
  /** Empty, like both execution ids, when no pipeline of Sluice did it. */
  readonly pipeline: string;
  readonly planExecutionId: string;
  readonly stageExecutionId: string;
}

/** What is known of an instance before a report. */
export interface InstanceState {
  /** End of the newest report that read the database's history; null before the first. */
  readonly historyAt: number | null;
  /** By {@link keyOf}. */
  readonly changesets: ReadonlyMap<string, ChangesetState>;
}

export interface InstanceChange {
  /** States to write, in the order new changesets become known; one for each changeset at most. */
  readonly changed: readonly ChangesetState[];
  /** Keys of changesets whose state is to be forgotten: they have left the changelog without ever being deployed. */
  readonly forgotten: readonly string[];
  /** Set when the report read the database's history and is the newest to do so. */
  readonly history: {
    readonly at: number;
    readonly lastAppliedTag: string | null;
    readonly lastChangesetTag: string;
  } | null;
}

const NOTHING: InstanceChange = { changed: [], forgotten: [], history: null };
const NOBODY = { pipeline: '', planExecutionId: '', stageExecutionId: '' } as const;
/** The only execution types that mean a changeset is in the database. */
const DEPLOYED = new Set(['EXECUTED', 'RERAN', 'MARK_RAN']);

/**
 * What a report changes about an instance. The database's own history is the truth: what it lists is deployed, what it listed before and does not
 * list now was rolled back, or has just failed to come back. Outcomes add failures and say who did it; pending changesets are not deployed. A report older than what is known never
 * overwrites it; it only fills in who deployed a changeset that nobody had claimed yet.
 */
export function changeOf(before: InstanceState, report: StepReport): InstanceChange {
  const { history, endedAt } = report.result;
  const isOlder = before.historyAt !== null && endedAt < before.historyAt;
  if (isOlder) return { ...NOTHING, changed: claimed(before, report) };
  const states = history ? statesFromHistory(before, report, history) : statesFromOutcomes(before, report);
  const pending = statesOfPending(before, report, states);
  const changed = [...states, ...pending].filter((state) => isNewer(before, state));
  return { changed, forgotten: forgottenBy(before, report), history: history ? summaryOf(history, endedAt) : null };
}

function statesFromHistory(
  before: InstanceState,
  report: StepReport,
  history: readonly HistoryRow[],
): ChangesetState[] {
  const outcomes = outcomesByKey(report);
  const pending = new Set((report.result.pending ?? []).map(keyOf));
  const deployed = new Map(
    history
      .filter((row) => DEPLOYED.has(row.execType))
      .sort((a, b) => a.orderExecuted - b.orderExecuted)
      .map((row) => [keyOf(row), row]),
  );
  const present = [...deployed].map(([key, row]) =>
    stateInHistory(row, outcomes.get(key), before.changesets.get(key), pending.has(key), report),
  );
  const failed = new Map(
    [...outcomes].filter(([key, outcome]) => isFailedUpdate(outcome, report) && !deployed.has(key)),
  );
  const gone = [...before.changesets]
    .filter(([key, state]) => state.status === 'Successfully_Deployed' && !deployed.has(key) && !failed.has(key))
    .map(([key, state]) => rolledBack(state, outcomes.get(key), report));
  return [...present, ...gone, ...[...failed.values()].map((outcome) => failedState(outcome, before, report))];
}

function stateInHistory(
  row: HistoryRow,
  outcome: Outcome | undefined,
  previous: ChangesetState | undefined,
  isPending: boolean,
  report: StepReport,
): ChangesetState {
  const rerunFailed = outcome && isFailedUpdate(outcome, report);
  // A changeset that runs again on change stays failed until it has run: its row in the history is the one of the earlier run.
  const staysFailed = !outcome && isPending && previous?.status === 'Deployment_Failed';
  const facts = {
    id: row.id,
    author: row.author,
    file: row.file,
    deployedAt: row.dateExecuted,
    orderExecuted: row.orderExecuted,
    tag: row.tag,
    label: row.labels || null,
    comment: row.comments || null,
    updatedAt: report.result.endedAt,
  };
  if (rerunFailed)
    return {
      ...facts,
      status: 'Deployment_Failed',
      error: outcome.error ?? report.result.error?.message ?? null,
      ...executionOf(report),
    };
  if (staysFailed) return { ...previous, ...facts, updatedAt: previous.updatedAt };
  const isOwn = outcome?.status === 'applied' || outcome?.status === 'markedRan';
  const isKnown = previous?.status === 'Successfully_Deployed' && previous.deployedAt === row.dateExecuted;
  const deployer = isOwn ? executionOf(report) : isKnown ? deployerOf(previous) : NOBODY;
  return {
    ...facts,
    status: 'Successfully_Deployed',
    error: null,
    ...deployer,
    updatedAt: isKnown && !isOwn ? previous.updatedAt : facts.updatedAt,
  };
}

function rolledBack(state: ChangesetState, outcome: Outcome | undefined, report: StepReport): ChangesetState {
  const isOwn = outcome?.status === 'rolledBack' || report.command === 'Rollback';
  return {
    ...state,
    status: 'Rolled_Back',
    error: null,
    updatedAt: report.result.endedAt,
    ...(isOwn ? executionOf(report) : NOBODY),
  };
}

function failedState(outcome: Outcome, before: InstanceState, report: StepReport): ChangesetState {
  return {
    ...emptyState(outcome, report),
    status: 'Deployment_Failed',
    deployedAt: before.changesets.get(keyOf(outcome))?.deployedAt ?? null,
    label: outcome.labels || null,
    comment: outcome.comment || null,
    error: outcome.error ?? report.result.error?.message ?? null,
    ...executionOf(report),
  };
}

/** The history could not be read: what the step saw itself do is all there is. */
function statesFromOutcomes(before: InstanceState, report: StepReport): ChangesetState[] {
  return [...outcomesByKey(report).values()].flatMap((outcome): ChangesetState[] => {
    const previous = before.changesets.get(keyOf(outcome));
    switch (outcome.status) {
      case 'applied':
      case 'markedRan':
        return [
          {
            ...emptyState(outcome, report),
            status: 'Successfully_Deployed',
            deployedAt: outcome.at,
            tag: outcome.tag ?? null,
            label: outcome.labels || null,
            comment: outcome.comment || null,
            ...executionOf(report),
          },
        ];
      case 'rolledBack':
        return [
          {
            ...(previous ?? emptyState(outcome, report)),
            status: 'Rolled_Back',
            error: null,
            updatedAt: report.result.endedAt,
            ...executionOf(report),
          },
        ];
      case 'failed':
        return isFailedUpdate(outcome, report) ? [failedState(outcome, before, report)] : [];
      case 'skipped':
        return [];
    }
  });
}

function statesOfPending(
  before: InstanceState,
  report: StepReport,
  decided: readonly ChangesetState[],
): ChangesetState[] {
  const known = new Set(decided.map(keyOf));
  return (report.result.pending ?? []).flatMap((pending): ChangesetState[] => {
    const key = keyOf(pending);
    if (known.has(key)) return [];
    known.add(key);
    const previous = before.changesets.get(key);
    // Failed and rolled back say more than "not deployed", and both mean it.
    if (previous && previous.status !== 'Not_Deployed') return [];
    const label = pending.labels || null;
    const comment = pending.comment || null;
    if (previous && previous.label === label && previous.comment === comment) return [];
    return [{ ...emptyState(pending, report), status: 'Not_Deployed', label, comment }];
  });
}

function forgottenBy(before: InstanceState, report: StepReport): string[] {
  const { pending, history } = report.result;
  if (!pending || !history) return [];
  const alive = new Set<string>(
    [...pending, ...history, ...report.result.changesets].map((name: ChangesetName) => keyOf(name)),
  );
  return [...before.changesets]
    .filter(
      ([key, state]) =>
        (state.status === 'Not_Deployed' || state.status === 'Deployment_Failed') &&
        !alive.has(key) &&
        state.updatedAt <= report.result.endedAt,
    )
    .map(([key]) => key);
}

/** An older report says who deployed a changeset whose row in the history nobody has claimed. */
function claimed(before: InstanceState, report: StepReport): ChangesetState[] {
  const executedAt = new Map((report.result.history ?? []).map((row) => [keyOf(row), row.dateExecuted]));
  return [...outcomesByKey(report).values()].flatMap((outcome): ChangesetState[] => {
    const key = keyOf(outcome);
    const state = before.changesets.get(key);
    const isOwn = outcome.status === 'applied' || outcome.status === 'markedRan';
    if (
      !isOwn ||
      state?.status !== 'Successfully_Deployed' ||
      state.planExecutionId !== '' ||
      state.deployedAt !== executedAt.get(key)
    )
      return [];
    return [{ ...state, ...executionOf(report) }];
  });
}

/**
 * Since when it is not known what the database holds: the start of a run whose result was lost, or that could not read the history. A run that is known
 * not to have reached the database changes nothing about that; the next reading of the history ends it.
 * @param before milliseconds since the epoch, or null while the state is known
 */
export function unknownSinceAfter(before: number | null, report: StepReport): number | null {
  const { history, startedAt, endedAt, reachedDatabase } = report.result;
  if (history === null) return reachedDatabase === false ? before : (before ?? startedAt);
  return before !== null && endedAt >= before ? null : before;
}

/** Drops what says nothing new, and what a later report has decided already. */
function isNewer(before: InstanceState, state: ChangesetState): boolean {
  const previous = before.changesets.get(keyOf(state));
  if (!previous) return true;
  return (
    previous.updatedAt <= state.updatedAt && JSON.stringify(comparable(previous)) !== JSON.stringify(comparable(state))
  );
}

function comparable(state: ChangesetState): readonly unknown[] {
  return [
    state.status,
    state.deployedAt,
    state.updatedAt,
    state.orderExecuted,
    state.tag,
    state.label,
    state.comment,
    state.error,
    state.pipeline,
    state.planExecutionId,
    state.stageExecutionId,
  ];
}

function summaryOf(history: readonly HistoryRow[], at: number): InstanceChange['history'] {
  const latestFirst = [...history].sort((a, b) => b.orderExecuted - a.orderExecuted);
  return {
    at,
    lastAppliedTag: latestFirst.find((row) => row.tag)?.tag ?? null,
    lastChangesetTag: latestFirst[0]?.tag ?? '',
  };
}

function isFailedUpdate(outcome: Outcome, report: StepReport): boolean {
  return outcome.status === 'failed' && report.command === 'Update';
}

/** What became of each changeset: the last thing that was told of it, where a skip counts only when nothing else was. */
function outcomesByKey(report: StepReport): ReadonlyMap<string, Outcome> {
  const outcomes = new Map<string, Outcome>();
  for (const outcome of report.result.changesets) {
    const key = keyOf(outcome);
    if (outcome.status !== 'skipped' || !outcomes.has(key)) outcomes.set(key, outcome);
  }
  return outcomes;
}

function emptyState({ id, author, file }: ChangesetName, report: StepReport): ChangesetState {
  return {
    id,
    author,
    file,
    status: 'Not_Deployed',
    deployedAt: null,
    updatedAt: report.result.endedAt,
    orderExecuted: null,
    tag: null,
    label: null,
    comment: null,
    error: null,
    ...NOBODY,
  };
}

function executionOf(report: StepReport): Pick<ChangesetState, 'pipeline' | 'planExecutionId' | 'stageExecutionId'> {
  return {
    pipeline: report.pipelineIdentifier,
    planExecutionId: report.planExecutionId,
    stageExecutionId: report.stageExecutionId,
  };
}

function deployerOf({
  pipeline,
  planExecutionId,
  stageExecutionId,
}: ChangesetState): Pick<ChangesetState, 'pipeline' | 'planExecutionId' | 'stageExecutionId'> {
  return { pipeline, planExecutionId, stageExecutionId };
}
