import { evaluateCondition } from './conditions.js';
import type { Lookup } from './expressions.js';
import { ancestry, type FailureStrategy, type Plan, type PlanNode } from './plan.js';

/** What has happened so far, from the point of view of a node that is next. */
export interface Surroundings {
  /** Has anything failed in the stage (for stages: in the pipeline) until now? */
  readonly hasFailed: boolean;
  /** Has anything failed in the list this node stands in, since that list began? */
  readonly hasFailedHere: boolean;
}

export type RunDecision =
  | { readonly kind: 'run'; readonly reason: string }
  | { readonly kind: 'skip'; readonly reason: string }
  | { readonly kind: 'invalid'; readonly reason: string };

/**
 * May a node run? Without `when`: as long as nothing in front of it in the same list failed. With `when`: by the status of the whole
 * stage or pipeline, and its condition.
 */
export function decideRun(
  node: Pick<PlanNode, 'when' | 'kind'>,
  surroundings: Surroundings,
  lookup: (body: string) => Lookup,
): RunDecision {
  const what = node.kind === 'stage' ? 'pipeline' : 'stage';
  if (!node.when)
    return surroundings.hasFailedHere
      ? { kind: 'skip', reason: 'something in front of it failed' }
      : { kind: 'run', reason: `${what} status is Success` };
  const { outcome, condition } = node.when;
  if (outcome === 'Success' && surroundings.hasFailed)
    return { kind: 'skip', reason: `it runs only while the ${what} is successful` };
  if (outcome === 'Failure' && !surroundings.hasFailed)
    return { kind: 'skip', reason: `it runs only after the ${what} failed` };
  if (condition === null)
    return { kind: 'run', reason: `${what} status is ${surroundings.hasFailed ? 'Failure' : 'Success'}` };
  const result = evaluateCondition(condition, lookup);
  if (result.kind === 'invalid') return { kind: 'invalid', reason: `condition "${condition}": ${result.reason}` };
  return result.isTrue
    ? { kind: 'run', reason: `condition is true: ${condition}` }
    : { kind: 'skip', reason: `condition is false: ${condition}` };
}

/** What is done about a failed step. */
export type FailureAction = 'ignore' | 'abort' | 'rollbackStage' | 'rollbackPipeline' | 'fail';

/**
 * The action for a failure at `nodeId`: the nearest level (step, group, stage) with a strategy for this failure type decides. Without any
 * the stage's rollback steps run when it has some. An action that is not built
 * (Retry, MarkAsSuccess, ManualIntervention) is refused when the pipeline is saved; one in a plan from before counts as MarkAsFailure.
 */
export function decideFailure(plan: Plan, nodeId: string, failureType: string): FailureAction {
  for (const node of ancestry(plan, nodeId)) {
    const strategy = node.failureStrategies.find(
      (one) => one.errors.includes('AllErrors') || one.errors.includes(failureType),
    );
    if (strategy) return actionOf(strategy);
  }
  return 'rollbackStage';
}

function actionOf(strategy: FailureStrategy): FailureAction {
  switch (strategy.action) {
    case 'Ignore':
      return 'ignore';
    case 'Abort':
      return 'abort';
    case 'StageRollback':
    case 'StepGroupRollback':
      return 'rollbackStage';
    case 'PipelineRollback':
      return 'rollbackPipeline';
    default:
      return 'fail';
  }
}

/** Selectors of a step's task: the nearest level that names any decides, `connector` selectors come last. */
export function effectiveSelectors(
  plan: Plan,
  nodeId: string,
  connectorSelectors: readonly string[],
): readonly string[] {
  const nearest = ancestry(plan, nodeId).find(
    (node) => node.delegateSelectors !== null && node.delegateSelectors.length > 0,
  );
  return nearest?.delegateSelectors ?? connectorSelectors;
}

/** Selectors of a pod: one delegate must satisfy every step in it. */
export function podSelectors(
  plan: Plan,
  stepIds: readonly string[],
  connectorSelectors: Readonly<Record<string, readonly string[]>>,
): string[] {
  return [...new Set(stepIds.flatMap((id) => effectiveSelectors(plan, id, connectorSelectors[id] ?? [])))];
}
