import { defineRoute, pagedObject, v1PageQuery } from '@sluice/api-conventions';
import { z } from 'zod';
import { deployedStateInput, executionPlace } from './deployed-state.js';
import { deploymentStatus, instanceName, migrationStateIn, migrationStateInstance } from './migration-state.js';
import {
  DB_INSTANCE,
  INSTANCE,
  SCHEMA,
  accountKey,
  epochSeconds,
  instancePath,
  pageQuery,
  pageSearchQuery,
  schemaPath,
  scopeKeys,
} from './places.js';

const view = { permission: 'dbinstance.view' } as const;

export const flywayCommand = z.enum([
  'Migrate',
  'MigrateSQL',
  'Undo',
  'UndoSQL',
  'Info',
  'ParentWrapper',
  'Clone',
  'Custom',
  'Repair',
]);

const flywayMigration = z.object({
  version: z.string(),
  /** Tells a baseline from a script. */
  type: z.string(),
  instances: z.array(migrationStateInstance),
  deployedAt: epochSeconds,
  description: z.string().optional(),
});

export const flywaySchemaMigrationState = defineRoute({
  id: 'flywaySchemaMigrationState',
  method: 'POST',
  path: `${SCHEMA}/flyway/migrationstate`,
  summary: 'State of each Flyway migration on each instance',
  style: 'v1',
  access: view,
  params: schemaPath,
  query: pageSearchQuery,
  body: migrationStateIn.optional(),
  isPagedObject: true,
  response: pagedObject(
    z.object({ schema: z.string(), instances: z.array(instanceName), migrations: z.array(flywayMigration) }),
  ),
});

const flywayInstanceMigration = z.object({
  version: z.string(),
  type: z.string(),
  status: deploymentStatus,
  deployedAt: epochSeconds,
  pipelineIdentifier: z.string(),
  pipelineExecutionId: z.string(),
  stageExecutionId: z.string(),
  description: z.string().optional(),
});

export const flywayInstanceMigrationState = defineRoute({
  id: 'flywayInstanceMigrationState',
  method: 'GET',
  path: `${DB_INSTANCE}/flyway/migrationstate`,
  summary: 'State of each Flyway migration on one instance',
  style: 'v1',
  access: view,
  params: instancePath,
  query: pageSearchQuery,
  isPagedObject: true,
  response: pagedObject(
    z.object({ schemaName: z.string(), instanceName: z.string(), migrations: z.array(flywayInstanceMigration) }),
  ),
});

const flywayDeployedScript = z.object({
  status: z.enum(['IN_PROGRESS', 'SUCCESS', 'FAILURE', 'CANCELLED', 'SUCCESS_ROLLED_BACK']),
  version: z.string(),
  deployedAt: epochSeconds,
  command: flywayCommand,
  metadata: executionPlace,
  appliedInCurrentExecution: z.boolean(),
  type: z.string(),
  description: z.string().optional(),
});

export const flywayDeployedState = defineRoute({
  id: 'flywayDeployedState',
  method: 'POST',
  path: `${INSTANCE}/flyway/deployedState`,
  summary: 'Flyway migrations on an instance after an execution',
  style: 'v1',
  access: view,
  params: instancePath,
  query: pageQuery,
  body: deployedStateInput.extend({ stepType: z.string().min(1).max(64) }),
  isPagedObject: true,
  response: pagedObject(z.object({ deployedScripts: z.array(flywayDeployedScript) })),
});

export const flywayMigrationScript = defineRoute({
  id: 'flywayMigrationScript',
  method: 'GET',
  path: `${DB_INSTANCE}/migration/scripts`,
  summary: 'Statements of a Flyway migration',
  style: 'v1',
  access: view,
  params: instancePath,
  query: z.object({
    ...accountKey,
    ...v1PageQuery,
    flywayVersion: z.string().min(1).max(128),
    pipelineExecutionId: z.string().max(128).optional(),
    stageExecutionId: z.string().max(128).optional(),
  }),
  isPagedObject: true,
  response: pagedObject(z.object({ statements: z.array(z.string()), executionMismatchMsg: z.string().optional() })),
});

export const flywayStepScripts = defineRoute({
  id: 'flywayStepScripts',
  method: 'GET',
  path: '/v1/step/flyway/migrationscripts',
  summary: 'Flyway scripts of a step',
  style: 'v1',
  access: view,
  query: z.object({
    ...scopeKeys,
    ...v1PageQuery,
    pipelineExecutionId: z.string().min(1).max(128),
    stageExecutionId: z.string().min(1).max(128),
    dbSchema: z.string().min(1).max(128),
    dbInstance: z.string().min(1).max(128),
    command: z.enum(['Undo', 'Migrate']),
    parent_id: z.string().max(128).optional(),
  }),
  isPagedObject: true,
  response: pagedObject(z.object({ data: z.array(z.string()) })),
});
