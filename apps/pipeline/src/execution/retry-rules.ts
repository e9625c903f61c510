import { AppError } from '@sluice/kernel';
import {
  NEW_NODE,
  isBroken,
  isFinal,
  nodeOf,
  type NodeState,
  type Plan,
  type PlanNode,
  type Status,
} from '@sluice/pipeline-engine';

type States = Readonly<Record<string, NodeState>>;

/** From where an execution is retried. */
export interface RetryFrom {
  /** Identifiers of the stages to begin at; empty for the first ones that did not succeed. */
  readonly stages: readonly string[];
  /** Of stages that run side by side: run those again too that had succeeded. */
  readonly runsAllOfGroup: boolean;
}

/** Stages as they follow each other; those of a fork together. */
function stageGroups(plan: Plan): readonly (readonly PlanNode[])[] {
  const stages = Object.values(plan.nodes).find((node) => node.kind === 'stages');
  return (stages?.children ?? [])
    .map((id) => nodeOf(plan, id))
    .map((node) => (node.kind === 'parallel' ? node.children.map((child) => nodeOf(plan, child)) : [node]));
}

/**
 * `baseFqn` of the stages whose result a retry keeps.
 * @throws AppError INVALID_REQUEST naming a stage there is not, or when nothing is left to be retried
 */
export function stagesToTakeOver(plan: Plan, states: States, from: RetryFrom): ReadonlySet<string> {
  const groups = stageGroups(plan);
  const unknown = from.stages.find((identifier) => !groups.flat().some((stage) => stage.identifier === identifier));
  if (unknown !== undefined) {
    throw new AppError(
      'INVALID_REQUEST',
      `the execution has no stage "${unknown}"; it has ${groups
        .flat()
        .map(({ identifier }) => identifier)
        .join(', ')}`,
      { fields: [{ field: 'retryStages', error: `there is no stage "${unknown}"` }] },
    );
  }
  const begins = (stage: PlanNode): boolean =>
    from.stages.length > 0 ? from.stages.includes(stage.identifier) : mustRun(states, stage);
  const first = groups.findIndex((group) => group.some(begins));
  if (first < 0)
    throw new AppError(
      'INVALID_REQUEST',
      'every stage of the execution succeeded, so there is nothing to retry; run the pipeline again, or name the stages to begin at in retryStages',
    );
  const kept = groups.flatMap((group, index) => {
    if (index > first) return [];
    const succeeded = group.filter((stage) => hasSucceeded(states, stage));
    if (index < first) return succeeded;
    return from.runsAllOfGroup ? [] : succeeded.filter((stage) => !begins(stage));
  });
  return new Set(kept.map(({ baseFqn }) => baseFqn));
}

/** Why an execution cannot be retried, or undefined when it can. @param hasPipeline whether the pipeline it ran is still stored */
export function whyNotRetried({ status, pipelineIdentifier }: Retriable, hasPipeline: boolean): string | undefined {
  if (!isFinal(status)) return `the execution is still ${status}; it can be retried when it has ended`;
  if (!isBroken(status)) return `the execution ended with ${status}, so there is nothing to retry`;
  return hasPipeline
    ? undefined
    : `pipeline "${pipelineIdentifier}" has been deleted, so its executions cannot be retried; create the pipeline and run it`;
}

/** What of an execution says whether it can be retried. */
export interface Retriable {
  readonly status: Status;
  readonly pipelineIdentifier: string;
}

/** Groups up to the first one that did not succeed: from each of them a retry may begin. */
export function retryableGroups(plan: Plan, states: States): readonly (readonly PlanNode[])[] {
  const groups = stageGroups(plan);
  const first = groups.findIndex((group) => group.some((stage) => mustRun(states, stage)));
  return first < 0 ? groups : groups.slice(0, first + 1);
}

function stateOf(states: States, { id }: PlanNode): NodeState {
  return states[id] ?? NEW_NODE;
}

function hasSucceeded(states: States, stage: PlanNode): boolean {
  const { status } = stateOf(states, stage);
  return status === 'Success' || status === 'IgnoreFailed';
}

/** A stage that was left out by its condition is decided anew, but it is nothing to begin at. */
function mustRun(states: States, stage: PlanNode): boolean {
  const { status } = stateOf(states, stage);
  return isBroken(status) || !isFinal(status);
}
