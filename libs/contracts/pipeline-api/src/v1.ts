import {
  defineRoute,
  paged,
  projectParams,
  queryBoolean,
  queryList,
  tagMap,
  v1PageQuery,
} from '@sluice/api-conventions';
import { z } from 'zod';
import { gitBody, governanceMetadata, searchText, tagMapOut, yamlWarnings } from './common.js';

const view = { permission: 'pipeline.view' } as const;
const edit = { permission: 'pipeline.edit' } as const;
const execute = { permission: 'pipeline.execute' } as const;
const root = '/v1/orgs/:org/projects/:project';
const projectOnly = z.object(projectParams);
const pipelineParams = z.object({ ...projectParams, pipeline: z.string().min(1).max(256) });
const inputSetParams = z.object({ ...projectParams, inputSet: z.string().min(1).max(256) });
const yaml = z.string().min(1, 'must not be empty').max(1_048_576, 'must be at most 1 MiB');
const flag = z.string().max(16).optional();

/** Name, description and tags of the body count before those in the YAML, so that a client reads back what it sent. */
const described = {
  identifier: z.string().min(1).max(128),
  name: z.string().min(1).max(128),
  description: z.string().max(4096).nullish(),
  tags: tagMap.nullish(),
  git_details: gitBody,
};
const pipelineBody = z.looseObject({ pipeline_yaml: yaml, ...described });

const ORDERS = ['ASC', 'DESC', 'asc', 'desc'] as const;
const sorting = { search_term: searchText, sort: z.string().max(64).optional(), order: z.enum(ORDERS).optional() };

export const v1PipelineListItem = z.object({
  identifier: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  tags: tagMapOut,
  created: z.number().int(),
  updated: z.number().int(),
  modules: z.array(z.string()),
  execution_summary: z.object({
    errors_count: z.array(z.number().int()),
    deployments_count: z.array(z.number().int()),
  }),
  /** Newest first, at most ten. Statuses in upper case. */
  recent_execution_info: z.array(
    z.object({
      executor_info: z.object({ username: z.string(), email: z.string(), trigger_type: z.string() }),
      execution_id: z.string(),
      execution_status: z.string(),
      started: z.number().int(),
      ended: z.number().int().nullable(),
      run_number: z.number().int(),
    }),
  ),
  store_type: z.literal('INLINE'),
  connector_ref: z.string().nullable(),
  valid: z.boolean(),
  git_details: z.null(),
});
export type V1PipelineListItem = z.infer<typeof v1PipelineListItem>;

/** `sort`: `identifier`, `name`, `created`, `updated`; `tags` as `key:value` or `key`. */
export const v1ListPipelines = defineRoute({
  style: 'bare',
  id: 'v1ListPipelines',
  method: 'GET',
  path: `${root}/pipelines`,
  summary: 'Pipelines of a project',
  access: view,
  params: projectOnly,
  isPaged: true,
  query: z.object({
    ...v1PageQuery,
    ...sorting,
    module: z.string().max(64).optional(),
    filter_identifier: z.string().max(128).optional(),
    pipeline_identifiers: queryList.optional(),
    name: searchText,
    description: searchText,
    tags: queryList.optional(),
    repository: z.string().max(256).optional(),
  }),
  response: paged(v1PipelineListItem),
});

const saved = z.object({
  identifier: z.string(),
  governance_metadata: governanceMetadata.optional(),
  warnings: yamlWarnings,
});

/** NOT_IMPLEMENTED for `git_details.store_type: REMOTE`. */
export const v1CreatePipeline = defineRoute({
  style: 'bare',
  id: 'v1CreatePipeline',
  method: 'POST',
  status: 201,
  path: `${root}/pipelines`,
  summary: 'Create a pipeline',
  access: edit,
  params: projectOnly,
  body: pipelineBody,
  response: saved,
});
export const v1UpdatePipeline = defineRoute({
  style: 'bare',
  id: 'v1UpdatePipeline',
  method: 'PUT',
  path: `${root}/pipelines/:pipeline`,
  summary: 'Replace a pipeline',
  access: edit,
  params: pipelineParams,
  body: pipelineBody,
  response: saved,
});
export const v1GetPipeline = defineRoute({
  style: 'bare',
  id: 'v1GetPipeline',
  method: 'GET',
  path: `${root}/pipelines/:pipeline`,
  summary: 'A pipeline',
  access: view,
  params: pipelineParams,
  query: z.object({
    branch_name: z.string().max(256).optional(),
    template_applied: flag,
    connector_ref: z.string().max(256).optional(),
    repo_name: z.string().max(256).optional(),
    load_from_fallback_branch: flag,
    validate_async: queryBoolean.optional(),
  }),
  response: z.object({
    pipeline_yaml: z.string(),
    /** Null unless `template_applied=true` asks for it: to Terraform, a text it did not ask for is a difference. */
    template_applied_pipeline_yaml: z.string().nullable(),
    identifier: z.string(),
    name: z.string(),
    org: z.string(),
    project: z.string(),
    description: z.string().nullable(),
    tags: tagMapOut,
    modules: z.array(z.string()),
    git_details: z.null(),
    store_type: z.literal('INLINE'),
    valid: z.boolean(),
    yaml_error_wrapper: z.array(z.unknown()),
    created: z.number().int(),
    updated: z.number().int(),
    /** With `validate_async=true`: the id to ask `validate/{uuid}` for. */
    validation_uuid: z.string().optional(),
  }),
});
export const v1DeletePipeline = defineRoute({
  style: 'bare',
  id: 'v1DeletePipeline',
  method: 'DELETE',
  status: 204,
  path: `${root}/pipelines/:pipeline`,
  summary: 'Delete a pipeline',
  access: edit,
  params: pipelineParams,
  response: z.undefined(),
});

export const v1ValidatePipeline = defineRoute({
  style: 'bare',
  id: 'v1ValidatePipeline',
  method: 'POST',
  path: `${root}/pipelines/:pipeline/validate`,
  summary: 'Validate a stored pipeline',
  access: view,
  params: pipelineParams,
  query: z.object({ branch_name: z.string().max(256).optional() }),
  body: z.looseObject({}).nullish(),
  response: z.object({ uuid: z.string() }),
});
export const v1GetPipelineValidation = defineRoute({
  style: 'bare',
  id: 'v1GetPipelineValidation',
  method: 'GET',
  path: `${root}/pipelines/validate/:uuid`,
  summary: 'Result of a validation, for a day',
  access: view,
  params: z.object({ ...projectParams, uuid: z.string().min(1).max(128) }),
  response: z.object({
    uuid: z.string(),
    status: z.enum(['SUCCESS', 'FAILURE']),
    message: z.string().nullable(),
    errors: z.array(z.object({ field: z.string(), error: z.string() })),
    start_ts: z.number().int(),
    end_ts: z.number().int(),
    policy_eval: governanceMetadata,
  }),
});

/**
 * What a pipeline asks for when it runs. `stage_ids` keeps the inputs of those stages; the expressions are what these read from stages that would not run. What is sent back
 * as `inputs_yaml` has the root `pipeline`, like `template_yaml`, or `inputs` with `pipeline` in it, like `inputs`. The Git query is taken and changes nothing.
 */
export const v1PipelineInputs = defineRoute({
  style: 'bare',
  id: 'v1PipelineInputs',
  method: 'POST',
  path: `${root}/pipelines/:pipeline/inputs`,
  summary: 'The runtime inputs of a pipeline',
  access: view,
  params: pipelineParams,
  query: z.object({
    branch_name: z.string().max(256).optional(),
    connector_ref: z.string().max(256).optional(),
    repo_name: z.string().max(256).optional(),
  }),
  body: z.looseObject({ stage_ids: z.array(z.string().max(256)).max(256).nullish() }).nullish(),
  response: z.object({
    /** The template as a document; empty without inputs. */
    inputs: z.record(z.string(), z.unknown()),
    /** The parts of the pipeline that are inputs; null when there are none. */
    template_yaml: z.string().nullable(),
    /** The pipeline, or the chosen stages of it, with inputs still open. */
    resolved_yaml: z.string(),
    has_input_sets: z.boolean(),
    replaced_expressions: z.array(z.string()),
    replaced_expressions_per_stage: z.record(z.string(), z.array(z.string())),
    modules: z.array(z.string()),
  }),
});

const started = z.object({
  execution_details: z.object({ execution_id: z.string(), status: z.string() }),
  warnings: yamlWarnings,
});
const executeQuery = z.object({
  module: z.string().max(64).optional(),
  moduleType: z.string().max(64).optional(),
  notes: z.string().max(4096).optional(),
  notify_only_user: flag,
  branch_name: z.string().max(256).optional(),
});

export const v1ExecutePipeline = defineRoute({
  style: 'bare',
  id: 'v1ExecutePipeline',
  method: 'POST',
  path: `${root}/pipelines/:pipeline/execute`,
  summary: 'Run a pipeline',
  access: execute,
  params: pipelineParams,
  query: executeQuery,
  body: z.looseObject({ inputs_yaml: z.string().max(1_048_576, 'must be at most 1 MiB').nullish() }).nullish(),
  response: started,
});

/** Runs YAML that is not stored under the name of a stored pipeline: whoever may do that might as well change the pipeline, so it takes that right. */
export const v1ExecuteDynamic = defineRoute({
  style: 'bare',
  id: 'v1ExecuteDynamic',
  method: 'POST',
  path: `${root}/pipelines/:pipeline/execute/dynamic`,
  summary: 'Run other YAML as a pipeline',
  access: edit,
  params: pipelineParams,
  query: executeQuery,
  body: z.looseObject({ yaml, inputs_yaml: z.string().max(1_048_576, 'must be at most 1 MiB').nullish() }),
  response: started,
});

const gitOperation = {
  style: 'bare',
  access: edit,
  params: pipelineParams,
  body: z.looseObject({}).nullish(),
  response: z.object({ identifier: z.string() }),
} as const;

/** These three answer NOT_IMPLEMENTED: pipelines are stored inline. */
export const v1ImportPipeline = defineRoute({
  ...gitOperation,
  id: 'v1ImportPipeline',
  method: 'POST',
  path: `${root}/pipelines/:pipeline/import`,
  summary: 'Import a pipeline from Git (not served)',
});
export const v1MovePipeline = defineRoute({
  ...gitOperation,
  id: 'v1MovePipeline',
  method: 'POST',
  path: `${root}/pipelines/:pipeline/move-config`,
  summary: 'Move a pipeline to Git (not served)',
});
export const v1PipelineGitMetadata = defineRoute({
  ...gitOperation,
  id: 'v1PipelineGitMetadata',
  method: 'PUT',
  path: `${root}/pipelines/:pipeline/git-metadata`,
  summary: 'Change where a pipeline is stored in Git (not served)',
});

const inputSetBody = z.looseObject({ input_set_yaml: yaml, ...described });
export const v1InputSet = z.object({
  input_set_yaml: z.string(),
  identifier: z.string(),
  name: z.string(),
  org: z.string(),
  project: z.string(),
  description: z.string().nullable(),
  tags: tagMapOut,
  created: z.number().int(),
  updated: z.number().int(),
  git_details: z.null(),
  input_set_error: z.object({ valid: z.boolean(), message: z.string().nullable(), outdated: z.boolean() }),
});
export type V1InputSet = z.infer<typeof v1InputSet>;
const pipelineQuery = z.object({ pipeline: z.string().min(1).max(256) });

/** `sort`: `identifier`, `name`, `created`, `updated`. Overlays are not in it: they have no v1 form. */
export const v1ListInputSets = defineRoute({
  style: 'bare',
  id: 'v1ListInputSets',
  method: 'GET',
  path: `${root}/input-sets`,
  summary: 'Input sets of a pipeline',
  access: view,
  params: projectOnly,
  isPaged: true,
  query: pipelineQuery.extend({ ...v1PageQuery, ...sorting }),
  response: paged(v1InputSet),
});
export const v1CreateInputSet = defineRoute({
  style: 'bare',
  id: 'v1CreateInputSet',
  method: 'POST',
  status: 201,
  path: `${root}/input-sets`,
  summary: 'Create an input set',
  access: edit,
  params: projectOnly,
  query: pipelineQuery,
  body: inputSetBody,
  response: v1InputSet,
});
export const v1GetInputSet = defineRoute({
  style: 'bare',
  id: 'v1GetInputSet',
  method: 'GET',
  path: `${root}/input-sets/:inputSet`,
  summary: 'An input set',
  access: view,
  params: inputSetParams,
  query: pipelineQuery,
  response: v1InputSet,
});
export const v1UpdateInputSet = defineRoute({
  style: 'bare',
  id: 'v1UpdateInputSet',
  method: 'PUT',
  path: `${root}/input-sets/:inputSet`,
  summary: 'Replace an input set',
  access: edit,
  params: inputSetParams,
  query: pipelineQuery,
  body: inputSetBody,
  response: v1InputSet,
});
export const v1DeleteInputSet = defineRoute({
  style: 'bare',
  id: 'v1DeleteInputSet',
  method: 'DELETE',
  status: 204,
  path: `${root}/input-sets/:inputSet`,
  summary: 'Delete an input set',
  access: edit,
  params: inputSetParams,
  query: pipelineQuery,
  response: z.undefined(),
});
