import { defineRoute, ngPage, queryBoolean, springPageQuery } from '@sluice/api-conventions';
import { z } from 'zod';
import { projectOnly, projectQuery, tagMapOut, yamlBody } from './common.js';

const view = { permission: 'pipeline.view' } as const;
const edit = { permission: 'pipeline.edit' } as const;
const params = z.object({ triggerIdentifier: z.string().min(1).max(256) });
/** A trigger belongs to one pipeline, its target. */
const query = z.object({ ...projectQuery, targetIdentifier: z.string().min(1).max(256) });
const writeQuery = query.extend({ ignoreError: queryBoolean.optional(), withServiceV2: queryBoolean.optional() });

export const triggerResponse = z.object({
  name: z.string(),
  identifier: z.string(),
  description: z.string().nullable(),
  type: z.string(),
  accountIdentifier: z.string(),
  orgIdentifier: z.string(),
  projectIdentifier: z.string(),
  targetIdentifier: z.string(),
  /** As it was sent. */
  yaml: z.string(),
  version: z.number().int(),
  enabled: z.boolean(),
  webhookUrl: z.string().nullable(),
  /** What would keep it from starting its pipeline, by field; stored only when `ignoreError` was set. */
  errors: z.record(z.string(), z.string()),
  errorResponse: z.boolean(),
});
export type TriggerResponse = z.infer<typeof triggerResponse>;

export const triggerDetails = z.object({
  name: z.string(),
  identifier: z.string(),
  description: z.string().nullable(),
  type: z.string(),
  triggerStatus: z.object({
    pollingSubscriptionStatus: z.null(),
    validationStatus: z.object({ statusResult: z.enum(['SUCCESS', 'FAILED']), detailedMessage: z.string().nullable() }),
    webhookAutoRegistrationStatus: z.null(),
  }),
  lastTriggerExecutionDetails: z
    .object({
      lastExecutionTime: z.number().int(),
      lastExecutionSuccessful: z.boolean(),
      lastExecutionStatus: z.string(),
      planExecutionId: z.string().nullable(),
      message: z.string().nullable(),
    })
    .nullable(),
  /** `webhookSecret` is a reference, never a value. */
  webhookDetails: z.object({ webhookSecret: z.string().nullable(), webhookSourceRepo: z.string() }).nullable(),
  buildDetails: z.object({ buildType: z.string() }).nullable(),
  tags: tagMapOut,
  /** Runs it started on each of the last seven days, oldest first. */
  executions: z.array(z.number().int()).length(7),
  yaml: z.string(),
  webhookUrl: z.string().nullable(),
  registrationStatus: z.string().nullable(),
  enabled: z.boolean(),
});
export type TriggerDetails = z.infer<typeof triggerDetails>;

export const listTriggers = defineRoute({
  style: 'ng',
  id: 'listTriggers',
  method: 'GET',
  path: '/pipeline/api/triggers',
  summary: 'Triggers of a pipeline',
  access: view,
  query: query.extend({
    ...springPageQuery,
    searchTerm: z.string().max(256).optional(),
    filter: z.string().max(256).optional(),
  }),
  response: ngPage(triggerDetails),
});

/** Errors: INVALID_YAML_ERROR, SCHEMA_VALIDATION_FAILED, ENTITY_NOT_FOUND (target), DUPLICATE_FIELD, INVALID_REQUEST (input sets, unless `ignoreError`). */
export const createTrigger = defineRoute({
  style: 'ng',
  id: 'createTrigger',
  method: 'POST',
  path: '/pipeline/api/triggers',
  summary: 'Create a trigger from YAML',
  access: edit,
  query: writeQuery,
  bodyKind: 'text',
  body: yamlBody,
  response: triggerResponse,
});

/** Header `If-Match` with the version guards against overwriting: OPTIMISTIC_LOCK. */
export const updateTrigger = defineRoute({
  style: 'ng',
  id: 'updateTrigger',
  method: 'PUT',
  path: '/pipeline/api/triggers/:triggerIdentifier',
  summary: 'Replace a trigger',
  access: edit,
  params,
  query: writeQuery,
  bodyKind: 'text',
  body: yamlBody,
  response: triggerResponse,
});
export const getTrigger = defineRoute({
  style: 'ng',
  id: 'getTrigger',
  method: 'GET',
  path: '/pipeline/api/triggers/:triggerIdentifier',
  summary: 'A trigger with its YAML as stored',
  access: view,
  params,
  query,
  response: triggerResponse,
});
export const deleteTrigger = defineRoute({
  style: 'ng',
  id: 'deleteTrigger',
  method: 'DELETE',
  path: '/pipeline/api/triggers/:triggerIdentifier',
  summary: 'Delete a trigger',
  access: edit,
  params,
  query,
  response: z.boolean(),
});
export const getTriggerDetails = defineRoute({
  style: 'ng',
  id: 'getTriggerDetails',
  method: 'GET',
  path: '/pipeline/api/triggers/:triggerIdentifier/details',
  summary: 'A trigger with its status and recent use',
  access: view,
  params,
  query,
  response: triggerDetails,
});

export const triggerCatalog = defineRoute({
  style: 'ng',
  id: 'triggerCatalog',
  method: 'GET',
  path: '/pipeline/api/triggers/catalog',
  summary: 'Kinds of triggers',
  access: 'authenticated',
  query: z.object({ accountIdentifier: z.string().min(1) }),
  response: z.object({ catalog: z.array(z.object({ category: z.string(), triggerCatalogType: z.array(z.string()) })) }),
});

const start = { permission: 'pipeline.execute' } as const;
const accountOnly = z.object({ accountIdentifier: z.string().min(1) });
const event = {
  style: 'ng',
  method: 'POST',
  access: start,
  bodyKind: 'text',
  body: z.string().max(1_048_576, 'must be at most 1 MiB').optional().default(''),
  response: z.string(),
} as const;

/** Events from outside do not start anything yet: each of these answers NOT_IMPLEMENTED. */
export const receiveScmEvent = defineRoute({
  ...event,
  id: 'receiveScmEvent',
  path: '/ng/api/webhook',
  summary: 'An event of a source code provider',
  query: accountOnly,
});
export const receiveTriggerEvent = defineRoute({
  ...event,
  id: 'receiveTriggerEvent',
  path: '/pipeline/api/webhook/trigger',
  summary: 'An event for the triggers of a project',
  query: projectOnly,
});
export const receiveCustomEvent = defineRoute({
  ...event,
  id: 'receiveCustomEvent',
  path: '/pipeline/api/webhook/custom',
  summary: 'An event for custom triggers',
  query: z.object({
    ...projectQuery,
    pipelineIdentifier: z.string().max(256).optional(),
    triggerIdentifier: z.string().max(256).optional(),
  }),
});
export const receiveCustomEventV2 = defineRoute({
  ...event,
  id: 'receiveCustomEventV2',
  path: '/pipeline/api/webhook/custom/:token/v2',
  summary: 'An event for the custom trigger of a token',
  params: z.object({ token: z.string().min(1).max(256) }),
  query: projectOnly,
});
export const triggerProcessingDetails = defineRoute({
  style: 'ng',
  id: 'triggerProcessingDetails',
  method: 'GET',
  path: '/pipeline/api/webhook/triggerProcessingDetails',
  summary: 'What became of an event',
  access: view,
  query: accountOnly.extend({ eventId: z.string().min(1).max(256) }),
  response: z.object({ eventId: z.string() }),
});
