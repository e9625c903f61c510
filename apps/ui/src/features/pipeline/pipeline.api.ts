import { pipelineDetail, pipelineSummary, planExecutionResponse } from '@sluice/pipeline-api';
import { z } from 'zod';

import type { GatewayClient } from '../../gateway/gateway-client.js';
import { segment } from '../../gateway/gateway-client.js';
import { ngEnvelope, springPage } from '../../gateway/envelopes.js';
import type { ProjectScope } from '../project/project-scope.js';
import { scopeQuery } from '../project/project-scope.js';

const summaryFields = pipelineSummary.pick({
  identifier: true,
  name: true,
  numOfStages: true,
  executionSummaryInfo: true,
});
export type PipelineSummary = z.output<typeof summaryFields>;

const detailFields = pipelineDetail.pick({ yamlPipeline: true });
export type PipelineDetail = z.output<typeof detailFields>;

const startedFields = z.object({ planExecution: planExecutionResponse.shape.planExecution.pick({ uuid: true }) });

/** One page of pipelines by name. @throws GatewayError */
export async function listPipelines(
  gateway: GatewayClient,
  scope: ProjectScope,
  filter: { readonly searchTerm: string; readonly page: number; readonly size: number },
  signal?: AbortSignal,
) {
  const { data } = await gateway.json(ngEnvelope(springPage(summaryFields)), {
    method: 'POST',
    path: '/pipeline/api/pipelines/list',
    query: { ...scopeQuery(scope), page: filter.page, size: filter.size, searchTerm: filter.searchTerm || undefined },
    body: { filterType: 'PipelineSetup' },
    signal,
  });
  return data.data;
}

/** The pipeline's YAML as it is stored. @throws GatewayError */
export async function getPipeline(
  gateway: GatewayClient,
  scope: ProjectScope,
  pipelineId: string,
  signal?: AbortSignal,
): Promise<PipelineDetail> {
  const { data } = await gateway.json(ngEnvelope(detailFields), {
    path: `/pipeline/api/pipelines/${segment(pipelineId)}`,
    query: scopeQuery(scope),
    signal,
  });
  return data.data;
}

/** Starts the pipeline with its fixed inputs. @returns the id of the new execution. @throws GatewayError */
export async function runPipeline(gateway: GatewayClient, scope: ProjectScope, pipelineId: string): Promise<string> {
  const { data } = await gateway.json(ngEnvelope(startedFields), {
    method: 'POST',
    path: `/pipeline/api/pipeline/execute/${segment(pipelineId)}`,
    query: { ...scopeQuery(scope), moduleType: 'DBOPS' },
    rawBody: { contentType: 'application/yaml', text: '' },
  });
  return data.data.planExecution.uuid;
}
