import {
  executionDetail,
  executionGraph,
  executionNode,
  interruptResult,
  layoutNode,
  pipelineExecutionSummary,
} from '@sluice/pipeline-api';
import { z } from 'zod';

import type { GatewayClient } from '../../gateway/gateway-client.js';
import { segment } from '../../gateway/gateway-client.js';
import { ngEnvelope, springPage } from '../../gateway/envelopes.js';
import type { ProjectScope } from '../project/project-scope.js';
import { scopeQuery } from '../project/project-scope.js';

// The fields these pages read, of the shapes the pipeline service promises: what they do not read cannot break them.
const layoutNodeFields = layoutNode.pick({
  nodeType: true,
  nodeGroup: true,
  nodeIdentifier: true,
  nodeUuid: true,
  nodeExecutionId: true,
  name: true,
  status: true,
  startTs: true,
  endTs: true,
  edgeLayoutList: true,
  failureInfo: true,
});
export type LayoutNode = z.output<typeof layoutNodeFields>;

const summaryFields = pipelineExecutionSummary
  .pick({
    planExecutionId: true,
    pipelineIdentifier: true,
    name: true,
    status: true,
    runSequence: true,
    startTs: true,
    endTs: true,
    createdAt: true,
    startingNodeId: true,
    executionTriggerInfo: true,
    executionErrorInfo: true,
    failureInfo: true,
  })
  .extend({ layoutNodeMap: z.record(z.string(), layoutNodeFields) });
export type ExecutionSummary = z.output<typeof summaryFields>;

const nodeFields = executionNode.pick({
  uuid: true,
  name: true,
  identifier: true,
  baseFqn: true,
  stepType: true,
  status: true,
  startTs: true,
  endTs: true,
  failureInfo: true,
  logBaseKey: true,
  delegateInfoList: true,
  stepParameters: true,
  outcomes: true,
  nodeRunInfo: true,
  progressData: true,
});
export type ExecutionNode = z.output<typeof nodeFields>;

const graphFields = executionGraph
  .pick({ rootNodeId: true, nodeAdjacencyListMap: true })
  .extend({ nodeMap: z.record(z.string(), nodeFields) });
export type ExecutionGraph = z.output<typeof graphFields>;

const detailFields = executionDetail.extend({
  pipelineExecutionSummary: summaryFields,
  executionGraph: graphFields.optional(),
});
export type ExecutionDetail = z.output<typeof detailFields>;

export interface ExecutionListFilter {
  readonly pipelineIdentifier?: string | undefined;
  readonly statuses: readonly string[];
  readonly searchTerm: string;
  /** 0-based. */
  readonly page: number;
  readonly size: number;
}

/** One page of executions, newest first. @throws GatewayError */
export async function listExecutions(
  gateway: GatewayClient,
  scope: ProjectScope,
  filter: ExecutionListFilter,
  signal?: AbortSignal,
) {
  const { data } = await gateway.json(ngEnvelope(springPage(summaryFields)), {
    method: 'POST',
    path: '/pipeline/api/pipelines/execution/summary',
    query: {
      ...scopeQuery(scope),
      pipelineIdentifier: filter.pipelineIdentifier,
      status: filter.statuses,
      searchTerm: filter.searchTerm || undefined,
      page: filter.page,
      size: filter.size,
    },
    body: { filterType: 'PipelineExecution' },
    signal,
  });
  return data.data;
}

/** One execution with its whole graph. @throws GatewayError */
export async function getExecution(
  gateway: GatewayClient,
  scope: ProjectScope,
  executionId: string,
  signal?: AbortSignal,
): Promise<ExecutionDetail> {
  const { data } = await gateway.json(ngEnvelope(detailFields), {
    path: `/pipeline/api/pipelines/execution/v2/${segment(executionId)}`,
    query: { ...scopeQuery(scope), renderFullBottomGraph: true },
    signal,
  });
  return data.data;
}

/** Asks the execution to stop; it goes on for a moment while its statements are cancelled. @throws GatewayError */
export async function abortExecution(gateway: GatewayClient, scope: ProjectScope, executionId: string): Promise<void> {
  await gateway.json(ngEnvelope(interruptResult), {
    method: 'PUT',
    path: `/pipeline/api/pipeline/execute/interrupt/${segment(executionId)}`,
    query: { ...scopeQuery(scope), interruptType: 'AbortAll' },
  });
}
