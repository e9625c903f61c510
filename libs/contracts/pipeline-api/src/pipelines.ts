import { defineRoute, springPage, springPageQuery } from '@sluice/api-conventions';
import { z } from 'zod';
import { entityValidityDetails, gitDetails, governanceMetadata, projectOnly, projectQuery, tagMapOut, yamlBody } from './common.js';

const pipelineParams = z.object({ pipelineIdentifier: z.string().min(1).max(256) });
const base = { style: 'ng', query: projectOnly } as const;
const view = { permission: 'pipeline.view' } as const;
const edit = { permission: 'pipeline.edit' } as const;

const saved = z.object({ identifier: z.string(), governanceMetadata });

export const pipelineSummary = z.object({
  name: z.string(),
  identifier: z.string(),
  description: z.string().nullable(),
  tags: tagMapOut,
  version: z.number().int(),
  numOfStages: z.number().int(),
  createdAt: z.number().int(),
  lastUpdatedAt: z.number().int(),
  modules: z.array(z.string()),
  executionSummaryInfo: z.object({
    numOfErrors: z.array(z.number().int()).length(7),
    deployments: z.array(z.number().int()).length(7),
    lastExecutionTs: z.number().int().nullable(),
    lastExecutionStatus: z.string().nullable(),
    lastExecutionId: z.string().nullable(),
  }),
  filters: z.record(z.string(), z.unknown()),
  stageNames: z.array(z.string()),
  gitDetails,
  entityValidityDetails,
});
export type PipelineSummary = z.infer<typeof pipelineSummary>;

/** Errors: SCHEMA_VALIDATION_FAILED, INVALID_YAML_ERROR, DUPLICATE_FIELD. */
export const createPipeline = defineRoute({ ...base, id: 'createPipeline', method: 'POST', path: '/pipeline/api/pipelines/v2', summary: 'Create a pipeline from YAML', access: edit, bodyKind: 'text', body: yamlBody, response: saved });
export const createPipelineLegacy = defineRoute({ ...base, id: 'createPipelineLegacy', method: 'POST', path: '/pipeline/api/pipelines', summary: 'Create a pipeline (older form)', access: edit, bodyKind: 'text', body: yamlBody, response: z.string() });

/** Header `If-Match` with the version guards against overwriting: OPTIMISTIC_LOCK. */
export const updatePipeline = defineRoute({ ...base, id: 'updatePipeline', method: 'PUT', path: '/pipeline/api/pipelines/v2/:pipelineIdentifier', summary: 'Replace a pipeline', access: edit, params: pipelineParams, bodyKind: 'text', body: yamlBody, response: saved });
export const updatePipelineLegacy = defineRoute({ ...base, id: 'updatePipelineLegacy', method: 'PUT', path: '/pipeline/api/pipelines/:pipelineIdentifier', summary: 'Replace a pipeline (older form)', access: edit, params: pipelineParams, bodyKind: 'text', body: yamlBody, response: z.string() });

export const pipelineDetail = z.object({
  yamlPipeline: z.string(),
  resolvedTemplatesPipelineYaml: z.string(),
  version: z.number().int(),
  gitDetails,
  entityValidityDetails,
  modules: z.array(z.string()),
});
export const getPipeline = defineRoute({ ...base, id: 'getPipeline', method: 'GET', path: '/pipeline/api/pipelines/:pipelineIdentifier', summary: 'A pipeline with its YAML as stored', access: view, params: pipelineParams, response: pipelineDetail });
export const deletePipeline = defineRoute({ ...base, id: 'deletePipeline', method: 'DELETE', path: '/pipeline/api/pipelines/:pipelineIdentifier', summary: 'Delete a pipeline; its executions stay readable', access: edit, params: pipelineParams, response: z.boolean() });

export const listPipelines = defineRoute({
  style: 'ng',
  id: 'listPipelines',
  method: 'POST',
  path: '/pipeline/api/pipelines/list',
  summary: 'Pipelines of a project',
  access: view,
  query: z.object({ ...projectQuery, ...springPageQuery, searchTerm: z.string().max(256).optional() }),
  body: z.looseObject({ pipelineIdentifiers: z.array(z.string()).optional(), name: z.string().optional(), description: z.string().optional(), pipelineTags: z.array(z.looseObject({ key: z.string(), value: z.string().optional() })).optional() }).nullish(),
  response: springPage(pipelineSummary),
});

export const getPipelineSummary = defineRoute({ ...base, id: 'getPipelineSummary', method: 'GET', path: '/pipeline/api/pipelines/summary/:pipelineIdentifier', summary: 'Summary of a pipeline', access: view, params: pipelineParams, response: pipelineSummary });

/** `data` is the text `valid`. Errors as on create. */
export const validatePipelineYaml = defineRoute({ ...base, id: 'validatePipelineYaml', method: 'POST', path: '/pipeline/api/pipelines/validate-yaml-with-schema', summary: 'Validate pipeline YAML without storing it', access: view, bodyKind: 'text', body: yamlBody, response: z.string() });
