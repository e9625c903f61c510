import { z } from 'zod';

import type { GatewayClient } from '../../gateway/gateway-client.js';
import { segment } from '../../gateway/gateway-client.js';
import { ngEnvelope, springPage } from '../../gateway/envelopes.js';
import type { ProjectScope } from '../project/project-scope.js';
import { scopeQuery } from '../project/project-scope.js';

const pipelineSummary = z.object({
  identifier: z.string(),
  name: z.string(),
  description: z.string().nullish(),
  numOfStages: z.number().nullish(),
  lastUpdatedAt: z.number().nullish(),
  executionSummaryInfo: z.object({
    lastExecutionTs: z.number().nullish(),
    lastExecutionStatus: z.string().nullish(),
    lastExecutionId: z.string().nullish(),
  }).nullish(),
});
export type PipelineSummary = z.output<typeof pipelineSummary>;

const pipelineDetail = z.object({ yamlPipeline: z.string(), version: z.number().nullish() });
export type PipelineDetail = z.output<typeof pipelineDetail>;

const planExecution = z.object({ planExecution: z.object({ uuid: z.string() }) });

/** One page of pipelines by name. @throws GatewayError */
export async function listPipelines(
  gateway: GatewayClient,
  scope: ProjectScope,
  filter: { readonly searchTerm: string; readonly page: number; readonly size: number },
  signal?: AbortSignal,
) {
  const { data } = await gateway.json(ngEnvelope(springPage(pipelineSummary)), {
    method: 'POST',
    path: '/pipeline/api/pipelines/list',
    query: { ...scopeQuery(scope), page: filter.page, size: filter.size, searchTerm: filter.searchTerm || undefined },
    body: { filterType: 'PipelineSetup' },
    signal,
  });
  return data.data;
}

/** The pipeline's YAML as it is stored. @throws GatewayError */
export async function getPipeline(gateway: GatewayClient, scope: ProjectScope, pipelineId: string, signal?: AbortSignal): Promise<PipelineDetail> {
  const { data } = await gateway.json(ngEnvelope(pipelineDetail), {
    path: `/pipeline/api/pipelines/${segment(pipelineId)}`,
    query: scopeQuery(scope),
    signal,
  });
  return data.data;
}

/** Starts the pipeline with its fixed inputs. @returns the id of the new execution. @throws GatewayError */
export async function runPipeline(gateway: GatewayClient, scope: ProjectScope, pipelineId: string): Promise<string> {
  const { data } = await gateway.json(ngEnvelope(planExecution), {
    method: 'POST',
    path: `/pipeline/api/pipeline/execute/${segment(pipelineId)}`,
    query: { ...scopeQuery(scope), moduleType: 'DBOPS' },
    rawBody: { contentType: 'application/yaml', text: '' },
  });
  return data.data.planExecution.uuid;
}
