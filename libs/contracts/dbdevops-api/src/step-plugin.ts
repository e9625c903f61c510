import { defineRoute } from '@sluice/api-conventions';
import { z } from 'zod';
import { dbInstanceOut } from './db-instance.js';
import { dbSchemaOut } from './db-schema.js';
import { command } from './deployed-state.js';
import { flywayCommand } from './flyway.js';
import { DBOPS, scopedQuery } from './places.js';

const view = { permission: 'dbinstance.view' } as const;
const edit = { permission: 'dbinstance.edit' } as const;

const id = z.string().min(1).max(128);
const texts = z.record(z.string(), z.string());
const executionMetadata = z.object({ pipeline: id, planExecutionId: id, stageExecutionId: id });

/** PluginStepInputs: `Org` and `Project` are capitalised on the wire; they default to the query's. */
export const stepPluginInputs = defineRoute({
  id: 'stepPluginInputs',
  method: 'POST',
  path: '/v1/step/plugin-inputs',
  summary: 'Inputs of a Liquibase step',
  style: 'v1',
  access: view,
  query: scopedQuery,
  body: z.object({
    dbInstance: id,
    dbSchema: id,
    command,
    Org: id.optional(),
    Project: id.optional(),
    pipelineExecutionMetadata: executionMetadata.optional(),
    directory: z.string().max(1024).optional(),
    settings: texts.optional(),
    properties: texts.optional(),
    customCommand: z.string().max(65_536).optional(),
    excludeChangeLogFile: z.boolean().default(false),
    includeJwtAuth: z.boolean().optional(),
  }),
  response: z.object({
    image: z.string(),
    dbImages: texts,
    downloadImages: texts,
    settings: texts,
    defaultConfigs: texts,
    schema: dbSchemaOut,
    instance: dbInstanceOut,
    propertiesResult: texts,
  }),
});

/** ConsumePluginResp: `logs` is the raw output of the migration tool. */
export const stepPluginResponse = defineRoute({
  id: 'stepPluginResponse',
  method: 'POST',
  path: '/v1/step/plugin-response',
  summary: 'Outcome of a Liquibase step',
  style: 'v1',
  status: 204,
  access: edit,
  query: scopedQuery,
  body: z.object({
    org: id,
    project: id,
    dbSchema: id,
    dbInstance: id,
    logs: z.string(),
    status: z.string().min(1).max(64),
    data: z.record(z.string(), z.unknown()),
    command,
    pipeline: id,
    planExecutionId: id,
    stageExecutionId: id,
    parentStepType: z.string().max(64).optional(),
    compressedStepOutput: z.string().optional(),
  }),
  response: z.undefined(),
});

export const flywayStepPluginInputs = defineRoute({
  id: 'flywayStepPluginInputs',
  method: 'POST',
  path: '/v1/step/flyway/plugin-inputs',
  summary: 'Inputs of a Flyway step',
  style: 'v1',
  access: view,
  query: scopedQuery,
  body: z.object({
    dbInstance: id,
    command: flywayCommand,
    dbSchema: id,
    parentId: id,
    pipelineExecutionMetadata: executionMetadata,
    settings: texts.optional(),
    customCommand: z.string().max(65_536).optional(),
    workingDirectory: z.string().max(1024).optional(),
    includeJwtAuth: z.boolean().optional(),
  }),
  response: z.object({
    image: z.string(),
    dbImages: texts,
    downloadImages: texts,
    settings: texts,
    defaultConfigs: texts,
  }),
});

const stepOutput = {
  schemaIdentifier: id,
  instanceIdentifier: id,
  harnessCommand: z.string().min(1).max(64),
  pipelineIdentifier: id,
  pipelineExecutionId: id,
  stageExecutionId: id,
};

export const pluginOutputResponse = defineRoute({
  id: 'pluginOutputResponse',
  method: 'POST',
  path: `${DBOPS}/plugin-output-response`,
  summary: 'Compressed output of a Liquibase step',
  style: 'v1',
  status: 204,
  access: edit,
  query: scopedQuery,
  body: z.object({
    orgId: id,
    projectId: id,
    ...stepOutput,
    stepResponse: z.string(),
    command: z.string().max(64).optional(),
    isFirstPage: z.boolean().optional(),
    isLastPage: z.boolean().optional(),
  }),
  response: z.undefined(),
});

export const flywayPluginOutputResponse = defineRoute({
  id: 'flywayPluginOutputResponse',
  method: 'POST',
  path: `${DBOPS}/flyway/plugin-output-response`,
  summary: 'Compressed output of a Flyway step',
  style: 'v1',
  status: 204,
  access: edit,
  query: scopedQuery,
  body: z.object({
    parentId: id,
    ...stepOutput,
    stepResponse: z.string(),
    command: z.string().max(64).optional(),
    lastChunk: z.boolean(),
  }),
  response: z.undefined(),
});

export const failureInterrupt = defineRoute({
  id: 'failureInterrupt',
  method: 'POST',
  path: `${DBOPS}/failure-interrupt`,
  summary: 'A Liquibase step was interrupted',
  style: 'v1',
  status: 204,
  access: edit,
  query: scopedQuery,
  body: z.object({ orgId: id, projectId: id, ...stepOutput, interruptType: z.string().min(1).max(64) }),
  response: z.undefined(),
});

export const flywayFailureInterrupt = defineRoute({
  id: 'flywayFailureInterrupt',
  method: 'POST',
  path: `${DBOPS}/flyway/failure-interrupt`,
  summary: 'A Flyway step was interrupted',
  style: 'v1',
  status: 204,
  access: edit,
  query: scopedQuery,
  body: z.object({
    parentId: id,
    ...stepOutput,
    pipelineIdentifier: id.optional(),
    interruptType: z.string().min(1).max(64),
  }),
  response: z.undefined(),
});

const operation = z.enum([
  'EarlierRunInStage',
  'SuccessfulChangeSetDeploymentInStage',
  'DeployedChangeSets',
  'PreStartTag',
]);

/** What earlier steps of a stage did, for rollbacks: only the properties asked for are answered. */
export const customOperations = defineRoute({
  id: 'customOperations',
  method: 'POST',
  path: `${DBOPS}/custom-operations`,
  summary: 'What earlier steps of a stage did on an instance',
  style: 'v1',
  access: view,
  query: scopedQuery,
  body: z.object({
    dbSchema: id,
    dbInstance: id,
    command: z.string().min(1).max(64),
    org: id,
    project: id,
    pipelineExecutionMetadata: executionMetadata,
    properties: z.array(operation).min(1).max(4),
  }),
  response: z.object({
    earlierRunInStage: z.boolean().optional(),
    successfulChangeSetDeploymentInStage: z.boolean().optional(),
    deployedChangeSets: z.array(z.object({ changeSetFQN: z.string() })).optional(),
    preStartTag: z.string().optional(),
  }),
});

export const flywayCustomOperations = defineRoute({
  id: 'flywayCustomOperations',
  method: 'POST',
  path: `${DBOPS}/flyway/custom-operations`,
  summary: 'What earlier Flyway steps of a stage did on an instance',
  style: 'v1',
  access: view,
  query: scopedQuery.extend({ parent_id: id.optional() }),
  body: z.object({
    dbSchema: id,
    dbInstance: id,
    command: z.string().min(1).max(64),
    org: id.optional(),
    project: id.optional(),
    pipelineExecutionMetadata: executionMetadata,
    properties: z
      .array(z.enum(['EarlierRunInStage', 'PreStartTag']))
      .min(1)
      .max(2),
  }),
  response: z.object({ earlierRunInStage: z.boolean().optional(), preStartTag: z.string().optional() }),
});

export const schemaInstanceMetadata = defineRoute({
  id: 'schemaInstanceMetadata',
  method: 'POST',
  path: `${DBOPS}/schema-instance-metadata`,
  summary: 'Schema, instance and images of a step',
  style: 'v1',
  access: view,
  query: scopedQuery,
  body: z.object({ dbSchema: id, dbInstance: id, org: id, project: id }),
  response: z.object({
    dbSchema: dbSchemaOut,
    dbInstance: dbInstanceOut,
    image: z.string(),
    dbImages: texts,
    downloadImages: texts,
    defaultConfigs: texts,
  }),
});

export const pluginCapability = defineRoute({
  id: 'pluginCapability',
  method: 'GET',
  path: `${DBOPS}/plugin-capability`,
  summary: 'What the step plugin can do',
  style: 'v1',
  access: view,
  query: scopedQuery,
  response: z.object({ supportsConsolidated: z.boolean() }),
});
