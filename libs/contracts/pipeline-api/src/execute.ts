import { defineRoute, queryList } from '@sluice/api-conventions';
import { z } from 'zod';
import { executionStatus, gitDetails, governanceMetadata, ignoredBody, projectOnly, projectQuery, yamlBody } from './common.js';

const access = { permission: 'pipeline.execute' } as const;
const pipelineParams = z.object({ pipelineIdentifier: z.string().min(1).max(256) });
const executionParams = z.object({ planExecutionId: z.string().min(1).max(128) });
const executeQuery = z.object({
  ...projectQuery,
  inputSetIdentifiers: queryList.optional(),
  notesForPipelineExecution: z.string().max(4096).optional(),
  moduleType: z.string().optional(),
  module: z.string().optional(),
});

export const planExecutionResponse = z.object({
  planExecution: z.object({
    uuid: z.string(),
    createdAt: z.number().int(),
    planId: z.string(),
    setupAbstractions: z.object({ accountId: z.string(), orgIdentifier: z.string(), projectIdentifier: z.string() }),
    validUntil: z.number().int(),
    status: executionStatus,
    startTs: z.number().int(),
    endTs: z.number().int().nullable(),
    metadata: z.object({
      runSequence: z.number().int(),
      triggerInfo: z.unknown(),
      pipelineIdentifier: z.string(),
      executionUuid: z.string(),
      principalInfo: z.object({ principal: z.string(), principalType: z.string() }),
      moduleType: z.string().nullable(),
      retryInfo: z.object({ isRetry: z.boolean(), rootExecutionId: z.string().nullable(), parentRetryId: z.string().nullable() }),
    }),
    governanceMetadata,
    version: z.number().int(),
    nodeType: z.string(),
  }),
  gitDetails,
});
export type PlanExecutionResponse = z.infer<typeof planExecutionResponse>;

const text = { style: 'ng', access, method: 'POST', params: pipelineParams, query: executeQuery, bodyKind: 'text', body: yamlBody, response: planExecutionResponse } as const;

/** Body: runtime-input YAML with root `pipeline`, or empty. Errors: INVALID_REQUEST naming inputs without a value, PLAN_CREATION_ERROR. */
export const executePipeline = defineRoute({ ...text, id: 'executePipeline', path: '/pipeline/api/pipeline/execute/:pipelineIdentifier', summary: 'Run a pipeline' });
export const executePipelineV2 = defineRoute({ ...text, id: 'executePipelineV2', path: '/pipeline/api/pipeline/execute/:pipelineIdentifier/v2', summary: 'Run a pipeline' });
export const executeWithInputSets = defineRoute({
  style: 'ng',
  access,
  method: 'POST',
  id: 'executeWithInputSets',
  path: '/pipeline/api/pipeline/execute/:pipelineIdentifier/inputSetList',
  summary: 'Run a pipeline with stored input sets',
  params: pipelineParams,
  query: executeQuery,
  body: z.looseObject({ inputSetReferences: z.array(z.string()).default([]) }),
  response: planExecutionResponse,
});

/** Runs again what failed: stages that succeeded are taken over from the earlier execution. CONFLICT while it is still running. */
export const retryExecution = defineRoute({ style: 'ng', access, method: 'PUT', id: 'retryExecution', path: '/pipeline/api/pipeline/execute/retry/:planExecutionId', summary: 'Retry an execution from its failed stage', params: executionParams, query: projectOnly, body: ignoredBody, response: planExecutionResponse });
export const retryPipeline = defineRoute({
  style: 'ng',
  access,
  method: 'POST',
  id: 'retryPipeline',
  path: '/pipeline/api/pipeline/execute/retry/:pipelineIdentifier',
  summary: 'Retry an execution from given stages',
  params: pipelineParams,
  query: z.object({ ...projectQuery, planExecutionId: z.string().min(1), retryStages: queryList.optional() }),
  bodyKind: 'text',
  body: yamlBody,
  response: planExecutionResponse,
});

export const INTERRUPT_TYPES = ['AbortAll', 'Abort', 'Pause', 'Resume', 'StageRollback', 'ExpireAll', 'Retry'] as const;
const interruptQuery = z.object({ ...projectQuery, interruptType: z.enum(INTERRUPT_TYPES) });
export const interruptResult = z.object({ id: z.string(), type: z.enum(INTERRUPT_TYPES), planExecutionId: z.string() });

/** AbortAll and Abort stop the execution; the others answer NOT_IMPLEMENTED. Safe to repeat. */
export const interruptExecution = defineRoute({ style: 'ng', access, method: 'PUT', id: 'interruptExecution', path: '/pipeline/api/pipeline/execute/interrupt/:planExecutionId', summary: 'Interrupt an execution', params: executionParams, query: interruptQuery, body: ignoredBody, response: interruptResult });
export const interruptNode = defineRoute({ style: 'ng', access, method: 'PUT', id: 'interruptNode', path: '/pipeline/api/pipeline/execute/interrupt/:planExecutionId/:nodeExecutionId', summary: 'Interrupt an execution from one of its nodes', params: executionParams.extend({ nodeExecutionId: z.string().min(1).max(128) }), query: interruptQuery, body: ignoredBody, response: interruptResult });
