import { defineRoute, paged } from '@sluice/api-conventions';
import { z } from 'zod';
import { INSTANCE, epochSeconds, instancePath, pageQuery, plainQuery } from './places.js';

/** Commands of the Liquibase kind. */
export const command = z.enum([
  'Update',
  'Validate',
  'History',
  'Tag',
  'Rollback',
  'UpdateSQL',
  'Clone',
  'Custom',
  'ParentWrapper',
  'RollbackCount',
  'RollbackCountSQL',
  'RollbackSQL',
  'Status',
  'MarkNextChangesetRan',
  'DBOPSUpdateSQL',
  'DBOPSRollbackSQL',
  'DBOPSRollbackCountSQL',
  'DBOPSSnapshot',
]);
export type Command = z.output<typeof command>;

/** DeployedStateInput: which step of which execution is looked at. */
export const deployedStateInput = z.object({
  planExecutionId: z.string().min(1).max(128),
  stageExecutionId: z.string().min(1).max(128),
  pipeline: z.string().min(1).max(128),
  stepType: z.enum(['DBSchemaApply', 'DBSchemaRollback']),
  /** Seconds since the epoch; changesets of this execution that ended earlier do not count as its own. */
  startTime: z.int().min(0).default(0),
});

export const executionPlace = z.object({
  pipeline: z.string(),
  planExecutionId: z.string(),
  stageExecutionId: z.string(),
});

export const deployedStateOutput = z.object({
  status: z.enum(['IN_PROGRESS', 'SUCCESS', 'FAILURE', 'CANCELLED']),
  changeSetId: z.string(),
  author: z.string(),
  fileName: z.string(),
  command,
  metadata: executionPlace,
  deployedInCurrentExecution: z.boolean(),
  deployedAt: epochSeconds.optional(),
  tag: z.string().optional(),
  changeSetFQN: z.string(),
  comment: z.string().optional(),
  label: z.string().optional(),
});
export type DeployedStateOutput = z.output<typeof deployedStateOutput>;

/** What an execution left on an instance: its own changesets first, then those deployed before it. */
export const deployedState = defineRoute({
  id: 'deployedState',
  method: 'POST',
  path: `${INSTANCE}/deployedState`,
  summary: 'Changesets on an instance after an execution',
  style: 'v1',
  access: { permission: 'dbinstance.view' },
  params: instancePath,
  query: pageQuery,
  body: deployedStateInput,
  isPaged: true,
  response: paged(deployedStateOutput),
});

/** ParsedLogOut. */
export const parsedLogOut = z.object({ success: z.boolean(), command, id: z.string() });

export const parseMigrationLog = defineRoute({
  id: 'parseMigrationLog',
  method: 'POST',
  path: `${INSTANCE}/logs`,
  summary: 'Parse the raw log of a migration tool',
  style: 'v1',
  status: 201,
  access: { permission: 'dbinstance.edit' },
  params: instancePath,
  query: plainQuery,
  body: z.string().min(1),
  bodyKind: 'text',
  response: parsedLogOut,
});

export const getParsedLog = defineRoute({
  id: 'getParsedLog',
  method: 'GET',
  path: `${INSTANCE}/logs/:log`,
  summary: 'Read a parsed log',
  style: 'v1',
  access: { permission: 'dbinstance.view' },
  params: instancePath.extend({ log: z.string().min(1).max(128) }),
  query: plainQuery,
  response: parsedLogOut,
});
