import { z } from 'zod';

import type { GatewayClient } from '../../gateway/gateway-client.js';
import { segment } from '../../gateway/gateway-client.js';
import { ngEnvelope, springPage } from '../../gateway/envelopes.js';
import type { ProjectScope } from '../project/project-scope.js';
import { scopeQuery } from '../project/project-scope.js';

const timestamp = z.number().nullish();
const failure = z.object({ message: z.string().nullish() }).nullish();

const layoutNode = z.object({
  nodeUuid: z.string().nullish(),
  nodeIdentifier: z.string().nullish(),
  nodeExecutionId: z.string().nullish(),
  nodeGroup: z.string().nullish(),
  nodeType: z.string().nullish(),
  name: z.string().nullish(),
  status: z.string().nullish(),
  startTs: timestamp,
  endTs: timestamp,
  failureInfo: failure,
  edgeLayoutList: z.object({ currentNodeChildren: z.array(z.string()).nullish(), nextIds: z.array(z.string()).nullish() }).nullish(),
});
export type LayoutNode = z.output<typeof layoutNode>;

const executionSummary = z.object({
  planExecutionId: z.string(),
  pipelineIdentifier: z.string(),
  name: z.string().nullish(),
  status: z.string(),
  runSequence: z.number().nullish(),
  startTs: timestamp,
  endTs: timestamp,
  createdAt: timestamp,
  startingNodeId: z.string().nullish(),
  layoutNodeMap: z.record(z.string(), layoutNode).nullish(),
  executionTriggerInfo: z.object({
    triggerType: z.string().nullish(),
    triggeredBy: z.object({
      identifier: z.string().nullish(),
      extraInfo: z.record(z.string(), z.unknown()).nullish(),
    }).nullish(),
  }).nullish(),
  executionErrorInfo: failure,
  failureInfo: failure,
  successfulStagesCount: z.number().nullish(),
  failedStagesCount: z.number().nullish(),
  totalStagesCount: z.number().nullish(),
});
export type ExecutionSummary = z.output<typeof executionSummary>;

const logKeyCarrier = z.object({ logKeys: z.array(z.string()).nullish(), logKeysList: z.array(z.string()).nullish() });

const executionNode = z.object({
  uuid: z.string(),
  name: z.string().nullish(),
  identifier: z.string().nullish(),
  baseFqn: z.string().nullish(),
  stepType: z.string().nullish(),
  status: z.string().nullish(),
  startTs: timestamp,
  endTs: timestamp,
  failureInfo: z.object({
    message: z.string().nullish(),
    failureTypeList: z.array(z.string()).nullish(),
    responseMessages: z.array(z.object({ message: z.string().nullish(), level: z.string().nullish() })).nullish(),
  }).nullish(),
  logBaseKey: z.string().nullish(),
  executableResponses: z.array(z.record(z.string(), logKeyCarrier.nullish().catch(undefined))).nullish(),
  delegateInfoList: z.array(z.object({ id: z.string().nullish(), name: z.string().nullish() })).nullish(),
  stepParameters: z.unknown().optional(),
  outcomes: z.record(z.string(), z.unknown()).nullish(),
});
export type ExecutionNode = z.output<typeof executionNode>;

const executionGraph = z.object({
  rootNodeId: z.string().nullish(),
  nodeMap: z.record(z.string(), executionNode),
  nodeAdjacencyListMap: z.record(z.string(), z.object({
    children: z.array(z.string()).nullish(),
    nextIds: z.array(z.string()).nullish(),
  })),
});
export type ExecutionGraph = z.output<typeof executionGraph>;

const executionDetail = z.object({ pipelineExecutionSummary: executionSummary, executionGraph: executionGraph.nullish() });
export type ExecutionDetail = z.output<typeof executionDetail>;

export interface ExecutionListFilter {
  readonly pipelineIdentifier?: string | undefined;
  readonly statuses: readonly string[];
  readonly searchTerm: string;
  /** 0-based. */
  readonly page: number;
  readonly size: number;
}

/** One page of executions, newest first. @throws GatewayError */
export async function listExecutions(gateway: GatewayClient, scope: ProjectScope, filter: ExecutionListFilter, signal?: AbortSignal) {
  const { data } = await gateway.json(ngEnvelope(springPage(executionSummary)), {
    method: 'POST',
    path: '/pipeline/api/pipelines/execution/summary',
    query: {
      ...scopeQuery(scope),
      pipelineIdentifier: filter.pipelineIdentifier,
      status: filter.statuses,
      searchTerm: filter.searchTerm || undefined,
      page: filter.page,
      size: filter.size,
      sort: 'startTs,DESC',
    },
    body: { filterType: 'PipelineExecution' },
    signal,
  });
  return data.data;
}

/** One execution with its whole graph. @throws GatewayError */
export async function getExecution(gateway: GatewayClient, scope: ProjectScope, executionId: string, signal?: AbortSignal): Promise<ExecutionDetail> {
  const { data } = await gateway.json(ngEnvelope(executionDetail), {
    path: `/pipeline/api/pipelines/execution/v2/${segment(executionId)}`,
    query: { ...scopeQuery(scope), renderFullBottomGraph: true },
    signal,
  });
  return data.data;
}

/** Asks the execution to stop; it goes on for a moment while its statements are cancelled. @throws GatewayError */
export async function abortExecution(gateway: GatewayClient, scope: ProjectScope, executionId: string): Promise<void> {
  await gateway.json(z.unknown(), {
    method: 'PUT',
    path: `/pipeline/api/pipeline/execute/interrupt/${segment(executionId)}`,
    query: { ...scopeQuery(scope), interruptType: 'AbortAll' },
  });
}
