import { defineRoute } from '@sluice/api-conventions';
import { z } from 'zod';
import { PROJECT, SCHEMA, accountKey, plainQuery, projectPath, schemaPath } from './places.js';

/** The instance changes are written against: the schema's primary one, else the oldest. 404 when the schema has none. */
export const defaultAuthoringInstance = defineRoute({
  id: 'defaultAuthoringInstance',
  method: 'GET',
  path: `${SCHEMA}/default-authoring-instance`,
  summary: 'Instance that changes are written against',
  style: 'v1',
  access: { permission: 'dbinstance.view' },
  params: schemaPath,
  query: plainQuery,
  response: z.object({ identifier: z.string(), name: z.string(), hasSnapshot: z.boolean(), connector: z.string() }),
});

const pipelineStatus = z.object({
  status: z.string(),
  response: z.string(),
  metadata: z.record(z.string(), z.string()),
});

export const defaultLlmPipeline = defineRoute({
  id: 'defaultLlmPipeline',
  method: 'GET',
  path: `${PROJECT}/default-llm-pipeline`,
  summary: 'Pipeline that tries out written changes',
  style: 'v1',
  access: { permission: 'dbschema.view' },
  params: projectPath,
  query: z.object({
    ...accountKey,
    dbSchema: z.string().max(128).optional(),
    dbInstance: z.string().max(128).optional(),
  }),
  response: pipelineStatus,
});

const RESERVED_INPUTS = ['schemaId', 'instanceId', 'changeset', 'connectorRef'];

export const executeLlmPipeline = defineRoute({
  id: 'executeLlmPipeline',
  method: 'POST',
  path: `${PROJECT}/llm-authoring/execute-pipeline`,
  summary: 'Try out a written change',
  style: 'v1',
  access: { permission: 'dbschema.edit' },
  params: projectPath,
  query: plainQuery,
  body: z
    .object({
      conversationId: z.string().min(1).max(128),
      schemaId: z.string().min(1).max(128),
      instanceId: z.string().min(1).max(128),
      changeset: z.string().min(1),
      pipelineIdentifier: z.string().max(128).optional(),
      useDefaultPipeline: z.boolean().optional(),
      runtimeInputs: z.record(z.string(), z.string()).optional(),
    })
    .superRefine((body, issue) => {
      if (Boolean(body.pipelineIdentifier) === Boolean(body.useDefaultPipeline))
        issue.addIssue({
          code: 'custom',
          path: ['pipelineIdentifier'],
          message: 'give either pipelineIdentifier or useDefaultPipeline: true',
        });
      for (const key of RESERVED_INPUTS.filter((name) => name in (body.runtimeInputs ?? {})))
        issue.addIssue({ code: 'custom', path: ['runtimeInputs', key], message: 'is reserved' });
    }),
  response: z.object({ executionId: z.string(), pipelineIdentifier: z.string(), openInHarness: z.string().optional() }),
});

export const recordAuthoringEvent = defineRoute({
  id: 'recordAuthoringEvent',
  method: 'POST',
  path: `${PROJECT}/change-authoring-event`,
  summary: 'Tie a conversation to an execution',
  style: 'v1',
  status: 201,
  access: { permission: 'dbschema.edit' },
  params: projectPath,
  query: plainQuery,
  body: z.object({
    schemaIdentifier: z.string().min(1).max(128),
    conversationId: z.string().min(1).max(128),
    pipelineIdentifier: z.string().min(1).max(128),
    pipelineExecutionId: z.string().min(1).max(128),
  }),
  response: z.undefined(),
});

export const authoringPipelineStatus = defineRoute({
  id: 'authoringPipelineStatus',
  method: 'GET',
  path: `${PROJECT}/pipeline/:pipelineIdentifier/status`,
  summary: 'State of a change-authoring execution',
  style: 'v1',
  access: { permission: 'dbschema.view' },
  params: projectPath.extend({ pipelineIdentifier: z.string().min(1).max(128) }),
  query: z.object({
    ...accountKey,
    pipelineExecutionId: z.string().min(1).max(128),
    stageNodeId: z.string().max(128).optional(),
  }),
  response: pipelineStatus,
});
