import { logKey } from '@sluice/log-api';
import type { ProjectScope } from '@sluice/kernel';
import type {
  ExecutionDetail,
  ExecutionOutline,
  PipelineExecutionSummary,
  PlanExecutionResponse,
} from '@sluice/pipeline-api';
import {
  executionGraph,
  shownWarnings,
  stageCounts,
  stageLayout,
  stepOfPart,
  type NodeState,
  type Plan,
  type PlanOutline,
  type ResourceHoldUp,
  type Warning,
} from '@sluice/pipeline-engine';
import type { CallIdentity } from '@sluice/service-identity';
import type { StepTypeRegistry } from '@sluice/step-types';
import { MODULE } from '../database/list-query.js';
import type { Execution, ListedExecution } from './execution.repository.js';
import { filedUnder } from './filed-under.js';
import { whyNotRetried } from './retry-rules.js';

/** What is known of an execution's nodes, by node id. */
export type States = Readonly<Record<string, NodeState>>;

const NO_GIT = { objectId: null, branch: null, repoIdentifier: null, rootFolder: null, filePath: null, repoName: null };

/** An inline entity: kept in Sluice's own database, not in Git. */
export const inlineGitDetails = (): typeof NO_GIT => ({ ...NO_GIT });

/** Fields without an effect, in an answer; absent when there are none, as clients of the contract expect. */
export function warned(warnings: readonly Warning[]): { warnings?: Warning[] } {
  return warnings.length > 0 ? { warnings: [...warnings] } : {};
}

/** What the YAML of a run holds and what has no effect, by the name of the node. */
export function warningsOfPlan(plan: Plan): Warning[] {
  return shownWarnings(
    Object.values(plan.nodes).flatMap(({ baseFqn, ineffective = [] }) =>
      ineffective.map((message) => ({ field: baseFqn, message })),
    ),
  );
}

/** No policy has been evaluated. */
export function noGovernance(scope: ProjectScope, at: number, action: 'onsave' | 'onrun') {
  return {
    id: '',
    deny: false,
    status: 'pass' as const,
    message: '',
    timestamp: at,
    created: at,
    type: 'pipeline',
    entity: '',
    action,
    accountId: scope.accountId,
    orgId: scope.orgId,
    projectId: scope.projectId,
    details: [],
    detailsList: [],
  };
}

export function scopeOfExecution(execution: ListedExecution): ProjectScope {
  return { level: 'project', accountId: execution.accountId, orgId: execution.orgId, projectId: execution.projectId };
}

/** Who started a run, as clients read it. */
export function startedBy({ principal }: CallIdentity): {
  uuid: string;
  identifier: string;
  extraInfo: { email: string };
} {
  return {
    uuid: principal.id,
    identifier: principal.name,
    extraInfo: { email: 'email' in principal ? principal.email : '' },
  };
}

function triggerInfo(execution: ListedExecution) {
  const earlier = execution.retryOf ?? execution.rerunOf;
  return {
    triggerType: 'MANUAL',
    triggeredBy: startedBy(execution.caller),
    isRerun: earlier !== null,
    rerunInfo:
      earlier === null
        ? null
        : {
            rootExecutionId: execution.rootExecutionId ?? earlier,
            prevExecutionId: earlier,
            rootTriggerType: 'MANUAL',
            prevTriggerType: 'MANUAL',
          },
  };
}

/** `pipelineExecutionSummary` of api-contract 4.4. `states` must hold the stage nodes at least; `stored` the identifier of its pipeline when that is still there. */
export function summaryOf(
  execution: ListedExecution,
  states: States,
  stored: ReadonlySet<string>,
): PipelineExecutionSummary {
  const { plan } = execution;
  const counts = stageCounts(plan, states);
  const filed = filedUnder(plan);
  const failure = execution.failureMessage === null ? null : { message: execution.failureMessage };
  return {
    pipelineIdentifier: execution.pipelineIdentifier,
    planExecutionId: execution.planExecutionId,
    name: execution.name,
    status: execution.status,
    orgIdentifier: execution.orgId,
    projectIdentifier: execution.projectId,
    shouldUseSimplifiedKey: true,
    runSequence: execution.runSequence,
    startTs: execution.createdAt,
    endTs: execution.endedAt ?? undefined,
    createdAt: execution.createdAt,
    ...stageLayout(plan, states),
    executionTriggerInfo: triggerInfo(execution),
    executionErrorInfo: failure,
    failureInfo: failure,
    tags: Object.entries(execution.tags).map(([key, value]) => ({ key, value })),
    modules: [MODULE],
    moduleInfo: { [MODULE]: {}, ...(filed ? { cd: filed } : {}) },
    governanceMetadata: noGovernance(scopeOfExecution(execution), execution.createdAt, 'onrun'),
    gitDetails: inlineGitDetails(),
    successfulStagesCount: counts.successful,
    runningStagesCount: counts.running,
    failedStagesCount: counts.failed,
    totalStagesCount: counts.total,
    canRetry:
      execution.endedAt !== null && whyNotRetried(execution, stored.has(execution.pipelineIdentifier)) === undefined,
    showRetryHistory: execution.retryOf !== null || execution.isRetried,
    isStagesExecution: execution.chosenStages !== null,
    allowStageExecutions: plan.allowsStageExecutions,
    stagesExecuted: [...(execution.chosenStages ?? [])],
    stagesExecutedNames: execution.chosenStages && stageNames(plan),
    notes: execution.notes,
  };
}

function stageNames(plan: PlanOutline): Record<string, string> {
  return Object.fromEntries(
    plan.stageIds.flatMap((id) => (plan.nodes[id] ? [[plan.nodes[id].identifier, plan.nodes[id].name]] : [])),
  );
}

/** The little of an execution that a long list shows. */
export function outlineOf(execution: ListedExecution): ExecutionOutline {
  return {
    planExecutionId: execution.planExecutionId,
    pipelineIdentifier: execution.pipelineIdentifier,
    name: execution.name,
    status: execution.status,
    orgIdentifier: execution.orgId,
    projectIdentifier: execution.projectId,
    runSequence: execution.runSequence,
    startTs: execution.createdAt,
    endTs: execution.endedAt ?? undefined,
    createdAt: execution.createdAt,
    executionTriggerInfo: triggerInfo(execution),
  };
}

type Graph = NonNullable<ExecutionDetail['executionGraph']>;

/**
 * @param holdUps what stands before steps that wait, by task id
 * @param stage stage node (setup id or node id) to which the graph is narrowed; undefined for the whole graph
 */
export function graphOf(
  execution: Execution,
  states: States,
  types: StepTypeRegistry,
  holdUps: ReadonlyMap<string, ResourceHoldUp>,
  stage: string | undefined,
): Graph {
  const { plan } = execution;
  const interrupts =
    execution.interruptId === null
      ? []
      : [
          {
            interruptId: execution.interruptId,
            interruptType: 'ABORT_ALL',
            tookEffectAt: execution.interruptedAt,
            interruptConfig: { issuedBy: { manualIssuer: { identifier: execution.interruptedBy } } },
          },
        ];
  const graph = executionGraph(
    {
      plan,
      states,
      logKeyOf: (path, run = execution) =>
        logKey({
          accountId: execution.accountId,
          pipelineId: execution.pipelineIdentifier,
          runSequence: run.runSequence,
          planExecutionId: run.planExecutionId,
          path,
        }),
      partsOf: (type) => types.find(type)?.shownAs.parts ?? [],
      shownTypeOf: (type) => types.find(type)?.shownAs.stepType ?? type,
      holdUpOf: (taskId) => holdUps.get(taskId),
    },
    interrupts,
  );
  return stage === undefined ? graph : narrowed(graph, plan, stage);
}

function narrowed(graph: Graph, plan: Plan, stage: string): Graph {
  const wanted = plan.stageIds.find((id) => id === stage || plan.nodes[id]?.setupId === stage);
  return keeping(graph, (uuid) => {
    const stageId = (plan.nodes[uuid] ?? plan.nodes[stepOfPart(uuid)])?.stageId ?? null;
    return stageId === null || stageId === wanted;
  });
}

/** The graph below one of its nodes, which becomes the root. Undefined when the graph has no such node. */
export function subGraph(graph: Graph, nodeId: string): Graph | undefined {
  if (!Object.hasOwn(graph.nodeMap, nodeId)) return undefined;
  const below = new Set<string>();
  const visit = (id: string, isRoot: boolean): void => {
    below.add(id);
    const edges = graph.nodeAdjacencyListMap[id];
    for (const next of [...(edges?.children ?? []), ...(isRoot ? [] : (edges?.nextIds ?? []))]) visit(next, false);
  };
  visit(nodeId, true);
  return { ...keeping(graph, (uuid) => below.has(uuid)), rootNodeId: nodeId };
}

function keeping(graph: Graph, isWanted: (uuid: string) => boolean): Graph {
  const keep = <T>(map: Record<string, T>): Record<string, T> =>
    Object.fromEntries(Object.entries(map).filter(([uuid]) => isWanted(uuid)));
  return { ...graph, nodeMap: keep(graph.nodeMap), nodeAdjacencyListMap: keep(graph.nodeAdjacencyListMap) };
}

/** PlanExecutionResponse of api-contract 4.3. */
export function startedView(execution: Execution): PlanExecutionResponse {
  const scope = scopeOfExecution(execution);
  return {
    planExecution: {
      uuid: execution.planExecutionId,
      createdAt: execution.createdAt,
      planId: execution.plan.id,
      setupAbstractions: { accountId: scope.accountId, orgIdentifier: scope.orgId, projectIdentifier: scope.projectId },
      validUntil: execution.validUntil,
      status: execution.status,
      startTs: execution.createdAt,
      endTs: execution.endedAt,
      metadata: {
        runSequence: execution.runSequence,
        triggerInfo: triggerInfo(execution),
        pipelineIdentifier: execution.pipelineIdentifier,
        executionUuid: execution.planExecutionId,
        principalInfo: {
          principal: execution.caller.principal.id,
          principalType: execution.caller.principal.type === 'serviceAccount' ? 'SERVICE_ACCOUNT' : 'USER',
        },
        moduleType: execution.moduleType,
        retryInfo: {
          isRetry: execution.retryOf !== null,
          rootExecutionId: execution.rootExecutionId,
          parentRetryId: execution.retryOf,
        },
      },
      governanceMetadata: noGovernance(scope, execution.createdAt, 'onrun'),
      version: 0,
      nodeType: 'PLAN',
    },
    gitDetails: inlineGitDetails(),
    ...warned(warningsOfPlan(execution.plan)),
  };
}
