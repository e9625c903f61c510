import { defineRoute, ngPage } from '@sluice/api-conventions';
import { z } from 'zod';
import { entityValidityDetails, gitDetails, projectQuery, tagMapOut, yamlBody } from './common.js';

const query = z.object({ ...projectQuery, pipelineIdentifier: z.string().min(1).max(256) });
const params = z.object({ inputSetIdentifier: z.string().min(1).max(256) });
const view = { permission: 'pipeline.view' } as const;
const edit = { permission: 'pipeline.edit' } as const;

export const inputSetDetail = z.object({
  accountId: z.string(),
  orgIdentifier: z.string(),
  projectIdentifier: z.string(),
  pipelineIdentifier: z.string(),
  identifier: z.string(),
  inputSetYaml: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  tags: tagMapOut,
  isOutdated: z.boolean(),
  isErrorResponse: z.boolean(),
  inputSetErrorWrapper: z.unknown(),
  version: z.number().int(),
  gitDetails,
  entityValidityDetails,
});
export type InputSetDetail = z.infer<typeof inputSetDetail>;

export const inputSetSummary = z.object({
  identifier: z.string(),
  name: z.string(),
  pipelineIdentifier: z.string(),
  description: z.string().nullable(),
  inputSetType: z.literal('INPUT_SET'),
  tags: tagMapOut,
  version: z.number().int(),
  gitDetails,
  createdAt: z.number().int(),
  lastUpdatedAt: z.number().int(),
  isOutdated: z.boolean(),
  inputSetErrorDetails: z.unknown(),
  overlaySetErrorDetails: z.unknown(),
  entityValidityDetails,
  modules: z.array(z.string()),
});

const pageNumber = z.coerce.number().int().min(0).max(1_000_000);
const pageSize = z.coerce.number().int().min(1).max(1000);

/** Both spellings of paging are taken: `pageIndex`/`pageSize` and `page`/`size`. */
export const listInputSets = defineRoute({
  style: 'ng', id: 'listInputSets', method: 'GET', path: '/pipeline/api/inputSets', summary: 'Input sets of a pipeline', access: view,
  query: query.extend({ pageIndex: pageNumber.optional(), page: pageNumber.optional(), pageSize: pageSize.optional(), size: pageSize.optional(), searchTerm: z.string().max(256).optional(), inputSetType: z.enum(['ALL', 'INPUT_SET', 'OVERLAY_INPUT_SET']).optional() }),
  response: ngPage(inputSetSummary),
});
export const createInputSet = defineRoute({ style: 'ng', id: 'createInputSet', method: 'POST', path: '/pipeline/api/inputSets', summary: 'Create an input set from YAML', access: edit, query, bodyKind: 'text', body: yamlBody, response: inputSetDetail });
export const updateInputSet = defineRoute({ style: 'ng', id: 'updateInputSet', method: 'PUT', path: '/pipeline/api/inputSets/:inputSetIdentifier', summary: 'Replace an input set', access: edit, params, query, bodyKind: 'text', body: yamlBody, response: inputSetDetail });
export const getInputSet = defineRoute({ style: 'ng', id: 'getInputSet', method: 'GET', path: '/pipeline/api/inputSets/:inputSetIdentifier', summary: 'An input set', access: view, params, query, response: inputSetDetail });
export const deleteInputSet = defineRoute({ style: 'ng', id: 'deleteInputSet', method: 'DELETE', path: '/pipeline/api/inputSets/:inputSetIdentifier', summary: 'Delete an input set', access: edit, params, query, response: z.boolean() });

export const mergedInputs = z.object({ pipelineYaml: z.string(), completePipelineYaml: z.string().nullable(), isErrorResponse: z.boolean(), inputSetErrorWrapper: z.unknown() });
export const mergeInputSets = defineRoute({
  style: 'ng', id: 'mergeInputSets', method: 'POST', path: '/pipeline/api/inputSets/merge', summary: 'Merge input sets, later ones over earlier ones', access: view, query,
  body: z.looseObject({ inputSetReferences: z.array(z.string()).default([]), withMergedPipelineYaml: z.boolean().optional() }), response: mergedInputs,
});
export const inputTemplate = defineRoute({
  style: 'ng', id: 'inputTemplate', method: 'POST', path: '/pipeline/api/inputSets/template', summary: 'The runtime inputs of a pipeline, as YAML', access: view, query,
  body: z.looseObject({}).nullish(),
  response: z.object({ inputSetTemplateYaml: z.string().nullable(), replacedExpressions: z.array(z.string()), modules: z.array(z.string()), hasInputSets: z.boolean() }),
});
