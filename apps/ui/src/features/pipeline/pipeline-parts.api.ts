import { listInputSets as inputSetsRoute, listTriggers as triggersRoute } from '@sluice/pipeline-api';
import type { z } from 'zod';

import type { GatewayClient } from '../../gateway/gateway-client.js';
import { ngEnvelope, ngPage } from '../../gateway/envelopes.js';
import type { ProjectScope } from '../project/project-scope.js';
import { scopeQuery } from '../project/project-scope.js';

const triggerFields = triggersRoute.response.shape.content.element.pick({
  identifier: true,
  name: true,
  type: true,
  enabled: true,
  triggerStatus: true,
  lastTriggerExecutionDetails: true,
});
export type Trigger = z.output<typeof triggerFields>;

const inputSetFields = inputSetsRoute.response.shape.content.element.pick({
  identifier: true,
  name: true,
  description: true,
  inputSetType: true,
  isOutdated: true,
  lastUpdatedAt: true,
});
export type InputSet = z.output<typeof inputSetFields>;

interface PartFilter {
  readonly searchTerm: string;
  /** 0-based. */
  readonly page: number;
  readonly size: number;
}

/** One page of a pipeline's triggers. @throws GatewayError */
export async function listTriggers(
  gateway: GatewayClient,
  scope: ProjectScope,
  pipelineId: string,
  { searchTerm, page, size }: PartFilter,
  signal?: AbortSignal,
) {
  const { data } = await gateway.json(ngEnvelope(ngPage(triggerFields)), {
    path: triggersRoute.path,
    query: { ...scopeQuery(scope), targetIdentifier: pipelineId, page, size, searchTerm: searchTerm || undefined },
    signal,
  });
  return { rows: data.data.content, total: data.data.totalItems };
}

/** One page of a pipeline's input sets and overlays. @throws GatewayError */
export async function listInputSets(
  gateway: GatewayClient,
  scope: ProjectScope,
  pipelineId: string,
  { searchTerm, page, size }: PartFilter,
  signal?: AbortSignal,
) {
  const { data } = await gateway.json(ngEnvelope(ngPage(inputSetFields)), {
    path: inputSetsRoute.path,
    query: {
      ...scopeQuery(scope),
      pipelineIdentifier: pipelineId,
      pageIndex: page,
      pageSize: size,
      inputSetType: 'ALL',
      searchTerm: searchTerm || undefined,
    },
    signal,
  });
  return { rows: data.data.content, total: data.data.totalItems };
}
