import { defineRoute, springPage, springPageQuery } from '@sluice/api-conventions';
import { z } from 'zod';
import {
  entityValidityDetails,
  gitDetails,
  gitQuery,
  governanceMetadata,
  pathIdentifier,
  projectAndGit,
  projectQuery,
  searchText,
  sortQuery,
  tagMapOut,
  yamlBody,
  yamlWarnings,
} from './common.js';

const pipelineParams = z.object({ pipelineIdentifier: pathIdentifier });
const base = { style: 'ng', query: projectAndGit } as const;
const view = { permission: 'pipeline.view' } as const;
const edit = { permission: 'pipeline.edit' } as const;

const saved = z.object({ identifier: z.string(), governanceMetadata, warnings: yamlWarnings });

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
  /** Facts a client may filter by: step types and databases the pipeline names, by module. */
  filters: z.record(z.string(), z.unknown()),
  stageNames: z.array(z.string()),
  gitDetails,
  entityValidityDetails,
  storeType: z.literal('INLINE'),
});
export type PipelineSummary = z.infer<typeof pipelineSummary>;

/** Errors: SCHEMA_VALIDATION_FAILED, INVALID_YAML_ERROR, DUPLICATE_FIELD, NOT_IMPLEMENTED for fields that would have to be obeyed and cannot be. */
export const createPipeline = defineRoute({
  ...base,
  id: 'createPipeline',
  method: 'POST',
  path: '/pipeline/api/pipelines/v2',
  summary: 'Create a pipeline from YAML',
  access: edit,
  bodyKind: 'text',
  body: yamlBody,
  response: saved,
});
export const createPipelineLegacy = defineRoute({
  ...base,
  id: 'createPipelineLegacy',
  method: 'POST',
  path: '/pipeline/api/pipelines',
  summary: 'Create a pipeline (older form)',
  access: edit,
  bodyKind: 'text',
  body: yamlBody,
  response: z.string(),
});

/** Header `If-Match` with the version guards against overwriting: OPTIMISTIC_LOCK. */
export const updatePipeline = defineRoute({
  ...base,
  id: 'updatePipeline',
  method: 'PUT',
  path: '/pipeline/api/pipelines/v2/:pipelineIdentifier',
  summary: 'Replace a pipeline',
  access: edit,
  params: pipelineParams,
  bodyKind: 'text',
  body: yamlBody,
  response: saved,
});
export const updatePipelineLegacy = defineRoute({
  ...base,
  id: 'updatePipelineLegacy',
  method: 'PUT',
  path: '/pipeline/api/pipelines/:pipelineIdentifier',
  summary: 'Replace a pipeline (older form)',
  access: edit,
  params: pipelineParams,
  bodyKind: 'text',
  body: yamlBody,
  response: z.string(),
});

export const pipelineDetail = z.object({
  yamlPipeline: z.string(),
  resolvedTemplatesPipelineYaml: z.string(),
  version: z.number().int(),
  gitDetails,
  entityValidityDetails,
  modules: z.array(z.string()),
  storeType: z.literal('INLINE'),
});

/** Answers with the version as `ETag`. */
export const getPipeline = defineRoute({
  ...base,
  id: 'getPipeline',
  method: 'GET',
  path: '/pipeline/api/pipelines/:pipelineIdentifier',
  summary: 'A pipeline with its YAML as stored',
  access: view,
  params: pipelineParams,
  query: z.object({ ...projectQuery, ...gitQuery, getTemplatesResolvedPipeline: z.string().max(16).optional() }),
  response: pipelineDetail,
});

/** Header `If-Match` as on update. */
export const deletePipeline = defineRoute({
  ...base,
  id: 'deletePipeline',
  method: 'DELETE',
  path: '/pipeline/api/pipelines/:pipelineIdentifier',
  summary: 'Delete a pipeline; its executions stay readable',
  access: edit,
  params: pipelineParams,
  response: z.boolean(),
});

/** `sort`: one of `identifier`, `name`, `createdAt`, `lastUpdatedAt`, `version`, `executionSummaryInfo.lastExecutionTs`, with `,ASC` or `,DESC` behind; repeatable. */
export const listPipelines = defineRoute({
  style: 'ng',
  id: 'listPipelines',
  method: 'POST',
  path: '/pipeline/api/pipelines/list',
  summary: 'Pipelines of a project',
  access: view,
  query: z.object({
    ...projectQuery,
    ...springPageQuery,
    ...gitQuery,
    sort: sortQuery,
    searchTerm: searchText,
    module: z.string().max(64).optional(),
    filterIdentifier: z.string().max(128).optional(),
    getDistinctFromBranches: z.string().max(16).optional(),
  }),
  body: z
    .looseObject({
      filterType: z.string().max(64).nullish(),
      pipelineIdentifiers: z.array(z.string().max(256)).max(1000).nullish(),
      name: searchText.nullable(),
      description: searchText.nullable(),
      pipelineTags: z
        .array(z.looseObject({ key: z.string().max(128), value: z.string().max(128).nullish() }))
        .max(128)
        .nullish(),
      moduleProperties: z.looseObject({}).nullish(),
    })
    .nullish(),
  response: springPage(pipelineSummary),
});

export const getPipelineSummary = defineRoute({
  ...base,
  id: 'getPipelineSummary',
  method: 'GET',
  path: '/pipeline/api/pipelines/summary/:pipelineIdentifier',
  summary: 'Summary of a pipeline',
  access: view,
  params: pipelineParams,
  response: pipelineSummary,
});

/** `data` is the text `valid`. Errors as on create. */
export const validatePipelineYaml = defineRoute({
  ...base,
  id: 'validatePipelineYaml',
  method: 'POST',
  path: '/pipeline/api/pipelines/validate-yaml-with-schema',
  summary: 'Validate pipeline YAML without storing it',
  access: view,
  bodyKind: 'text',
  body: yamlBody,
  response: z.string(),
});

/** The same for a stored pipeline: a step type may have changed since it was saved. */
export const validateStoredPipeline = defineRoute({
  ...base,
  id: 'validateStoredPipeline',
  method: 'POST',
  path: '/pipeline/api/pipelines/validate-pipeline-with-schema',
  summary: 'Validate a stored pipeline',
  access: view,
  query: z.object({ ...projectQuery, ...gitQuery, pipelineIdentifier: pathIdentifier }),
  bodyKind: 'text',
  body: yamlBody,
  response: z.string(),
});

const importQuery = z.object({ ...projectQuery, ...gitQuery, isForceImport: z.string().max(16).optional() });
const importBody = z
  .looseObject({ pipelineName: z.string().max(128).nullish(), pipelineDescription: z.string().max(4096).nullish() })
  .nullish();
const imported = z.object({ identifier: z.string() });

/** NOT_IMPLEMENTED for every complete request: pipelines are stored inline. Create it from its YAML instead. */
export const importPipeline = defineRoute({
  style: 'ng',
  id: 'importPipeline',
  method: 'POST',
  path: '/pipeline/api/pipelines/import',
  summary: 'Import a pipeline from Git (not served)',
  access: edit,
  query: importQuery,
  body: importBody,
  response: imported,
});
export const importPipelineAs = defineRoute({
  style: 'ng',
  id: 'importPipelineAs',
  method: 'POST',
  path: '/pipeline/api/pipelines/import/:pipelineIdentifier',
  summary: 'Import a pipeline from Git under an identifier (not served)',
  access: edit,
  params: pipelineParams,
  query: importQuery,
  body: importBody,
  response: imported,
});

/** NOT_IMPLEMENTED: an inline pipeline has no Git metadata. */
export const updatePipelineGitMetadata = defineRoute({
  ...base,
  id: 'updatePipelineGitMetadata',
  method: 'PUT',
  path: '/pipeline/api/pipelines/:pipelineIdentifier/update-git-metadata',
  summary: 'Change where a pipeline is stored in Git (not served)',
  access: edit,
  params: pipelineParams,
  bodyKind: 'text',
  body: yamlBody,
  response: imported,
});

const yamlProperties = z.object({
  fqn: z.string(),
  localName: z.string(),
  variableName: z.string(),
  visible: z.boolean(),
});
export const variableMap = z.object({
  /** The YAML with every value replaced by a key of the map. */
  yaml: z.string(),
  metadataMap: z.record(
    z.string(),
    z.object({
      yamlProperties,
      yamlOutputProperties: z.object({ outputProperties: z.array(yamlProperties) }).nullable(),
    }),
  ),
});

/** Every value a step may refer to, with its fully qualified name. */
export const pipelineVariables = defineRoute({
  ...base,
  id: 'pipelineVariables',
  method: 'POST',
  path: '/pipeline/api/pipelines/variables',
  summary: 'Variables of a pipeline',
  access: view,
  bodyKind: 'text',
  body: yamlBody,
  response: variableMap,
});

/** The pipeline as a policy sees it: JSON text, with nothing expanded because nothing is stored elsewhere. */
export const expandedPipelineJson = defineRoute({
  ...base,
  id: 'expandedPipelineJson',
  method: 'GET',
  path: '/pipeline/api/pipelines/expandedJSON/:pipelineIdentifier',
  summary: 'A pipeline as JSON',
  access: view,
  params: pipelineParams,
  response: z.object({ expandedJson: z.string() }),
});
