import { logKey } from '@sluice/log-api';
import type { ProjectScope } from '@sluice/kernel';
import type { ExecutionDetail, PipelineExecutionSummary, PlanExecutionResponse } from '@sluice/pipeline-api';
import { executionGraph, stageCounts, stageLayout, type NodeState, type Plan } from '@sluice/pipeline-engine';
import type { StepTypeRegistry } from '@sluice/step-types';
import type { Execution } from './execution.repository.js';

type States = Readonly<Record<string, NodeState>>;

const NO_GIT = { objectId: null, branch: null, repoIdentifier: null, rootFolder: null, filePath: null, repoName: null };

/** An inline entity: kept in Sluice's own database, not in Git. */
export const inlineGitDetails = (): typeof NO_GIT => ({ ...NO_GIT });

/** No policy has been evaluated. */
export function noGovernance(scope: ProjectScope, at: number, action: 'onsave' | 'onrun') {
  return { id: '', deny: false, status: 'pass' as const, message: '', timestamp: at, created: at, type: 'pipeline', entity: '', action, accountId: scope.accountId, orgId: scope.orgId, projectId: scope.projectId, details: [] };
}

function scopeOfExecution(execution: Execution): ProjectScope {
  return { level: 'project', accountId: execution.accountId, orgId: execution.orgId, projectId: execution.projectId };
}

function triggerInfo(execution: Execution) {
  const { principal } = execution.caller;
  const email = 'email' in principal ? principal.email : '';
  return {
    triggerType: 'MANUAL',
    triggeredBy: { uuid: principal.id, identifier: principal.name, extraInfo: { email } },
    isRerun: execution.retryOf !== null,
    rerunInfo: execution.retryOf === null ? null : { rootExecutionId: execution.retryOf, prevExecutionId: execution.retryOf, rootTriggerType: 'MANUAL', prevTriggerType: 'MANUAL' },
  };
}

/** `pipelineExecutionSummary` of api-contract 4.4. `states` must hold the stage nodes at least. */
export function summaryOf(execution: Execution, states: States): PipelineExecutionSummary {
  const { plan } = execution;
  const counts = stageCounts(plan, states);
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
    tags: Object.entries(plan.tags).map(([key, value]) => ({ key, value })),
    modules: ['dbops'],
    moduleInfo: {},
    governanceMetadata: noGovernance(scopeOfExecution(execution), execution.createdAt, 'onrun'),
    gitDetails: inlineGitDetails(),
    successfulStagesCount: counts.successful,
    runningStagesCount: counts.running,
    failedStagesCount: counts.failed,
    totalStagesCount: counts.total,
    canRetry: execution.endedAt !== null && execution.status !== 'Success',
    showRetryHistory: execution.retryOf !== null,
    isStagesExecution: false,
    allowStageExecutions: plan.allowsStageExecutions,
    stagesExecuted: [],
    stagesExecutedNames: null,
    notes: execution.notes,
  };
}

/** @param stage stage node (setup id or node id) to which the graph is narrowed; undefined for the whole graph */
export function graphOf(execution: Execution, states: States, types: StepTypeRegistry, stage: string | undefined): NonNullable<ExecutionDetail['executionGraph']> {
  const { plan } = execution;
  const interrupts = execution.interruptId === null ? [] : [{ interruptId: execution.interruptId, interruptType: 'ABORT_ALL', tookEffectAt: execution.interruptedAt, interruptConfig: { issuedBy: { manualIssuer: { identifier: execution.interruptedBy } } } }];
  const graph = executionGraph(
    {
      plan,
      states,
      logKeyOf: (path) => logKey({ accountId: execution.accountId, pipelineId: execution.pipelineIdentifier, runSequence: execution.runSequence, planExecutionId: execution.planExecutionId, path }),
      partsOf: (type) => types.find(type)?.shownAs.parts ?? [],
      shownTypeOf: (type) => types.find(type)?.shownAs.stepType ?? type,
    },
    interrupts,
  );
  return stage === undefined ? graph : narrowed(graph, plan, stage);
}

function narrowed(graph: NonNullable<ExecutionDetail['executionGraph']>, plan: Plan, stage: string): NonNullable<ExecutionDetail['executionGraph']> {
  const wanted = plan.stageIds.find((id) => id === stage || plan.nodes[id]?.setupId === stage);
  const isWanted = (uuid: string): boolean => {
    const stageId = plan.nodes[uuid]?.stageId ?? plan.nodes[uuid.replace(/-(resource|command)$/, '')]?.stageId ?? null;
    return stageId === null || stageId === wanted;
  };
  const keep = <T>(map: Record<string, T>): Record<string, T> => Object.fromEntries(Object.entries(map).filter(([uuid]) => isWanted(uuid)));
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
        principalInfo: { principal: execution.caller.principal.id, principalType: execution.caller.principal.type === 'serviceAccount' ? 'SERVICE_ACCOUNT' : 'USER' },
        moduleType: null,
        retryInfo: { isRetry: execution.retryOf !== null, rootExecutionId: execution.retryOf, parentRetryId: execution.retryOf },
      },
      governanceMetadata: noGovernance(scope, execution.createdAt, 'onrun'),
      version: 0,
      nodeType: 'PLAN',
    },
    gitDetails: inlineGitDetails(),
  };
}
