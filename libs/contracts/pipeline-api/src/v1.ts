import { defineRoute, paged, projectParams, queryList, tagMap, v1PageQuery } from '@sluice/api-conventions';
import { z } from 'zod';
import { tagMapOut } from './common.js';

const view = { permission: 'pipeline.view' } as const;
const edit = { permission: 'pipeline.edit' } as const;
const root = '/v1/orgs/:org/projects/:project';
const projectOnly = z.object(projectParams);
const pipelineParams = z.object({ ...projectParams, pipeline: z.string().min(1).max(256) });
const inputSetParams = z.object({ ...projectParams, inputSet: z.string().min(1).max(256) });

const pipelineBody = z.looseObject({
  pipeline_yaml: z.string().min(1).max(1_048_576),
  identifier: z.string().min(1),
  name: z.string().min(1),
  description: z.string().optional(),
  tags: tagMap.optional(),
});

export const v1PipelineListItem = z.object({
  identifier: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  tags: tagMapOut,
  created: z.number().int(),
  updated: z.number().int(),
  modules: z.array(z.string()),
  execution_summary: z.object({ errors_count: z.array(z.number().int()), deployments_count: z.array(z.number().int()) }),
  recent_execution_info: z.array(z.object({ executor_info: z.object({ username: z.string(), email: z.string(), trigger_type: z.string() }), execution_id: z.string(), execution_status: z.string(), started: z.number().int(), ended: z.number().int().nullable(), run_number: z.number().int() })),
  store_type: z.literal('INLINE'),
  connector_ref: z.string().nullable(),
  valid: z.boolean(),
  git_details: z.null(),
});
export type V1PipelineListItem = z.infer<typeof v1PipelineListItem>;

export const v1ListPipelines = defineRoute({
  style: 'v1', id: 'v1ListPipelines', method: 'GET', path: `${root}/pipelines`, summary: 'Pipelines of a project', access: view, params: projectOnly, isPaged: true,
  query: z.object({ ...v1PageQuery, search_term: z.string().max(256).optional(), pipeline_identifiers: queryList.optional(), name: z.string().optional() }),
  response: paged(v1PipelineListItem),
});
export const v1CreatePipeline = defineRoute({ style: 'v1', id: 'v1CreatePipeline', method: 'POST', status: 201, path: `${root}/pipelines`, summary: 'Create a pipeline', access: edit, params: projectOnly, body: pipelineBody, response: z.object({ identifier: z.string() }) });
export const v1UpdatePipeline = defineRoute({ style: 'v1', id: 'v1UpdatePipeline', method: 'PUT', path: `${root}/pipelines/:pipeline`, summary: 'Replace a pipeline', access: edit, params: pipelineParams, body: pipelineBody, response: z.object({ identifier: z.string() }) });
export const v1GetPipeline = defineRoute({
  style: 'v1', id: 'v1GetPipeline', method: 'GET', path: `${root}/pipelines/:pipeline`, summary: 'A pipeline', access: view, params: pipelineParams,
  response: z.object({
    pipeline_yaml: z.string(), template_applied_pipeline_yaml: z.string(), identifier: z.string(), name: z.string(), org: z.string(), project: z.string(), description: z.string().nullable(), tags: tagMapOut,
    modules: z.array(z.string()), git_details: z.null(), valid: z.boolean(), yaml_error_wrapper: z.array(z.unknown()), created: z.number().int(), updated: z.number().int(),
  }),
});
export const v1DeletePipeline = defineRoute({ style: 'v1', id: 'v1DeletePipeline', method: 'DELETE', status: 204, path: `${root}/pipelines/:pipeline`, summary: 'Delete a pipeline', access: edit, params: pipelineParams, response: z.undefined() });
export const v1ExecutePipeline = defineRoute({
  style: 'v1', id: 'v1ExecutePipeline', method: 'POST', path: `${root}/pipelines/:pipeline/execute`, summary: 'Run a pipeline', access: { permission: 'pipeline.execute' }, params: pipelineParams,
  body: z.looseObject({ inputs_yaml: z.string().max(1_048_576).optional() }).nullish(),
  response: z.object({ execution_details: z.object({ execution_id: z.string(), status: z.string() }) }),
});

const inputSetBody = z.looseObject({ input_set_yaml: z.string().min(1).max(1_048_576), identifier: z.string().min(1), name: z.string().min(1), description: z.string().optional(), tags: tagMap.optional() });
export const v1InputSet = z.object({
  input_set_yaml: z.string(), identifier: z.string(), name: z.string(), org: z.string(), project: z.string(), description: z.string().nullable(), tags: tagMapOut, created: z.number().int(), updated: z.number().int(), git_details: z.null(),
  input_set_error: z.object({ valid: z.boolean(), message: z.string().nullable(), outdated: z.boolean() }),
});
export type V1InputSet = z.infer<typeof v1InputSet>;
const pipelineQuery = z.object({ pipeline: z.string().min(1).max(256) });

export const v1ListInputSets = defineRoute({ style: 'v1', id: 'v1ListInputSets', method: 'GET', path: `${root}/input-sets`, summary: 'Input sets of a pipeline', access: view, params: projectOnly, isPaged: true, query: pipelineQuery.extend({ ...v1PageQuery, search_term: z.string().max(256).optional() }), response: paged(v1InputSet) });
export const v1CreateInputSet = defineRoute({ style: 'v1', id: 'v1CreateInputSet', method: 'POST', status: 201, path: `${root}/input-sets`, summary: 'Create an input set', access: edit, params: projectOnly, query: pipelineQuery, body: inputSetBody, response: v1InputSet });
export const v1GetInputSet = defineRoute({ style: 'v1', id: 'v1GetInputSet', method: 'GET', path: `${root}/input-sets/:inputSet`, summary: 'An input set', access: view, params: inputSetParams, query: pipelineQuery, response: v1InputSet });
export const v1UpdateInputSet = defineRoute({ style: 'v1', id: 'v1UpdateInputSet', method: 'PUT', path: `${root}/input-sets/:inputSet`, summary: 'Replace an input set', access: edit, params: inputSetParams, query: pipelineQuery, body: inputSetBody, response: v1InputSet });
export const v1DeleteInputSet = defineRoute({ style: 'v1', id: 'v1DeleteInputSet', method: 'DELETE', status: 204, path: `${root}/input-sets/:inputSet`, summary: 'Delete an input set', access: edit, params: inputSetParams, query: pipelineQuery, response: z.undefined() });
