import { defineRoute, ngPage } from '@sluice/api-conventions';
import { z } from 'zod';
import {
  entityValidityDetails,
  gitDetails,
  gitQuery,
  pathIdentifier,
  projectQuery,
  searchText,
  tagMapOut,
  yamlBody,
} from './common.js';

const query = z.object({
  ...projectQuery,
  ...gitQuery,
  pipelineIdentifier: pathIdentifier,
  pipelineBranch: z.string().max(256).optional(),
  pipelineRepoID: z.string().max(256).optional(),
});
const params = z.object({ inputSetIdentifier: pathIdentifier });
const view = { permission: 'pipeline.view' } as const;
const edit = { permission: 'pipeline.edit' } as const;
const root = '/pipeline/api/inputSets';

export const INPUT_SET_TYPES = ['INPUT_SET', 'OVERLAY_INPUT_SET'] as const;

/** What no longer fits the pipeline: by place in the set, or by reference in an overlay. */
export const inputSetErrorWrapper = z.object({
  type: z.literal('InputSetErrorWrapper'),
  errorPipelineYaml: z.string().nullable(),
  uuidToErrorResponseMap: z.record(
    z.string(),
    z.object({
      errors: z.array(z.object({ fieldName: z.string(), message: z.string(), identifierOfErrorSource: z.string() })),
    }),
  ),
  invalidInputSetReferences: z.array(z.string()),
});
export type InputSetErrorWrapper = z.infer<typeof inputSetErrorWrapper>;

const owner = {
  accountId: z.string(),
  orgIdentifier: z.string(),
  projectIdentifier: z.string(),
  pipelineIdentifier: z.string(),
  identifier: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  tags: tagMapOut,
};

export const inputSetDetail = z.object({
  ...owner,
  inputSetYaml: z.string(),
  /** It holds something the pipeline no longer asks for. */
  isOutdated: z.boolean(),
  isErrorResponse: z.boolean(),
  inputSetErrorWrapper: inputSetErrorWrapper.nullable(),
  version: z.number().int(),
  gitDetails,
  entityValidityDetails,
});
export type InputSetDetail = z.infer<typeof inputSetDetail>;

export const overlayInputSetDetail = z.object({
  ...owner,
  inputSetReferences: z.array(z.string()),
  overlayInputSetYaml: z.string(),
  /** One of its input sets is gone or outdated itself. */
  isOutdated: z.boolean(),
  isErrorResponse: z.boolean(),
  /** By reference: why it cannot be used. */
  invalidInputSetReferences: z.record(z.string(), z.string()),
  version: z.number().int(),
  gitDetails,
  entityValidityDetails,
});
export type OverlayInputSetDetail = z.infer<typeof overlayInputSetDetail>;

export const inputSetSummary = z.object({
  identifier: z.string(),
  name: z.string(),
  pipelineIdentifier: z.string(),
  description: z.string().nullable(),
  inputSetType: z.enum(INPUT_SET_TYPES),
  tags: tagMapOut,
  version: z.number().int(),
  gitDetails,
  createdAt: z.number().int(),
  lastUpdatedAt: z.number().int(),
  isOutdated: z.boolean(),
  inputSetErrorDetails: inputSetErrorWrapper.nullable(),
  overlaySetErrorDetails: z.record(z.string(), z.string()).nullable(),
  entityValidityDetails,
  modules: z.array(z.string()),
});
export type InputSetSummary = z.infer<typeof inputSetSummary>;

const pageNumber = z.coerce.number().int().min(0).max(1_000_000);
const pageSize = z.coerce.number().int().min(1).max(1000);

/** Both spellings of paging are taken: `pageIndex`/`pageSize` and `page`/`size`. */
export const listInputSets = defineRoute({
  style: 'ng',
  id: 'listInputSets',
  method: 'GET',
  path: root,
  summary: 'Input sets of a pipeline',
  access: view,
  query: query.extend({
    pageIndex: pageNumber.optional(),
    page: pageNumber.optional(),
    pageSize: pageSize.optional(),
    size: pageSize.optional(),
    searchTerm: searchText,
    inputSetType: z.enum(['ALL', ...INPUT_SET_TYPES]).optional(),
  }),
  response: ngPage(inputSetSummary),
});

/** Errors: SCHEMA_VALIDATION_FAILED, INVALID_YAML_ERROR, DUPLICATE_FIELD, ENTITY_NOT_FOUND for the pipeline. */
export const createInputSet = defineRoute({
  style: 'ng',
  id: 'createInputSet',
  method: 'POST',
  path: root,
  summary: 'Create an input set from YAML',
  access: edit,
  query,
  bodyKind: 'text',
  body: yamlBody,
  response: inputSetDetail,
});

/** Header `If-Match` with the version guards against overwriting, on delete too: OPTIMISTIC_LOCK. */
export const updateInputSet = defineRoute({
  style: 'ng',
  id: 'updateInputSet',
  method: 'PUT',
  path: `${root}/:inputSetIdentifier`,
  summary: 'Replace an input set',
  access: edit,
  params,
  query,
  bodyKind: 'text',
  body: yamlBody,
  response: inputSetDetail,
});
export const getInputSet = defineRoute({
  style: 'ng',
  id: 'getInputSet',
  method: 'GET',
  path: `${root}/:inputSetIdentifier`,
  summary: 'An input set',
  access: view,
  params,
  query,
  response: inputSetDetail,
});
export const deleteInputSet = defineRoute({
  style: 'ng',
  id: 'deleteInputSet',
  method: 'DELETE',
  path: `${root}/:inputSetIdentifier`,
  summary: 'Delete an input set or an overlay',
  access: edit,
  params,
  query,
  response: z.boolean(),
});

/** An overlay names input sets of the same pipeline; later ones win. INVALID_REQUEST names references there are not. */
export const createOverlayInputSet = defineRoute({
  style: 'ng',
  id: 'createOverlayInputSet',
  method: 'POST',
  path: `${root}/overlay`,
  summary: 'Create an overlay input set from YAML',
  access: edit,
  query,
  bodyKind: 'text',
  body: yamlBody,
  response: overlayInputSetDetail,
});
export const updateOverlayInputSet = defineRoute({
  style: 'ng',
  id: 'updateOverlayInputSet',
  method: 'PUT',
  path: `${root}/overlay/:inputSetIdentifier`,
  summary: 'Replace an overlay input set',
  access: edit,
  params,
  query,
  bodyKind: 'text',
  body: yamlBody,
  response: overlayInputSetDetail,
});
export const getOverlayInputSet = defineRoute({
  style: 'ng',
  id: 'getOverlayInputSet',
  method: 'GET',
  path: `${root}/overlay/:inputSetIdentifier`,
  summary: 'An overlay input set',
  access: view,
  params,
  query,
  response: overlayInputSetDetail,
});
export const deleteOverlayInputSet = defineRoute({
  style: 'ng',
  id: 'deleteOverlayInputSet',
  method: 'DELETE',
  path: `${root}/overlay/:inputSetIdentifier`,
  summary: 'Delete an overlay input set',
  access: edit,
  params,
  query,
  response: z.boolean(),
});

const stageIdentifiers = z.array(z.string().max(256)).max(256).nullish();
const sets = {
  inputSetReferences: z.array(z.string().max(256)).max(100).nullish(),
  withMergedPipelineYaml: z.boolean().nullish(),
  stageIdentifiers,
};

/** `isErrorResponse` when a set holds something the pipeline no longer asks for; that part is left out of what is merged. */
export const mergedInputs = z.object({
  pipelineYaml: z.string().nullable(),
  completePipelineYaml: z.string().nullable(),
  isErrorResponse: z.boolean(),
  inputSetErrorWrapper: inputSetErrorWrapper.nullable(),
});
export const mergeInputSets = defineRoute({
  style: 'ng',
  id: 'mergeInputSets',
  method: 'POST',
  path: `${root}/merge`,
  summary: 'Merge input sets, later ones over earlier ones',
  access: view,
  query,
  body: z.looseObject(sets).nullish(),
  response: mergedInputs,
});

/** Lays runtime input over the pipeline's template: what has no value stays `<+input>`. */
export const mergeWithTemplateYaml = defineRoute({
  style: 'ng',
  id: 'mergeWithTemplateYaml',
  method: 'POST',
  path: `${root}/mergeWithTemplateYaml`,
  summary: 'Merge runtime input with the template of the pipeline',
  access: view,
  query,
  body: z
    .looseObject({ ...sets, runtimeInputYaml: z.string().max(1_048_576, 'must be at most 1 MiB').nullish() })
    .nullish(),
  response: mergedInputs,
});

/** `stageIdentifiers` keeps the inputs of those stages; `replacedExpressions` are what they read from stages that would not run. */
export const inputTemplate = defineRoute({
  style: 'ng',
  id: 'inputTemplate',
  method: 'POST',
  path: `${root}/template`,
  summary: 'The runtime inputs of a pipeline, as YAML',
  access: view,
  query,
  body: z.looseObject({ stageIdentifiers }).nullish(),
  response: z.object({
    inputSetTemplateYaml: z.string().nullable(),
    replacedExpressions: z.array(z.string()),
    modules: z.array(z.string()),
    hasInputSets: z.boolean(),
  }),
});
