import { defineRoute, pagedObject, v1PageQuery } from '@sluice/api-conventions';
import { z } from 'zod';
import {
  DB_INSTANCE,
  SCHEMA,
  accountKey,
  epochSeconds,
  instancePath,
  pageQuery,
  pageSearchQuery,
  schemaPath,
} from './places.js';

/** ChangeSetDeploymentStatus. */
export const deploymentStatus = z.enum(['Rolled_Back', 'Successfully_Deployed', 'Not_Deployed', 'Deployment_Failed']);
export type DeploymentStatus = z.output<typeof deploymentStatus>;

/**
 * MigrationStateIn. Without `instances` every instance of the schema is meant. One answer holds at most 10,000 cells: a page of `limit` changesets shows
 * at most 10,000 / `limit` instances (all of them, for nearly every schema); `page` and `limit` here ask for the others.
 */
export const migrationStateIn = z.object({
  instanceFilter: z
    .object({
      instances: z.array(z.string().min(1).max(128)).max(1000).optional(),
      sort: z.enum(['name', 'updated', 'created', 'identifier']).default('identifier'),
      order: z.enum(['ASC', 'DESC']).default('ASC'),
      page: z.int().min(0).max(1_000_000).optional(),
      limit: z.int().min(1).max(10_000).optional(),
    })
    .optional(),
});
export type MigrationStateIn = z.output<typeof migrationStateIn>;

export const migrationStateInstance = z.object({
  instance: z.string(),
  status: deploymentStatus,
  updated: epochSeconds.optional(),
  error: z.string().optional(),
  /** Empty, like both execution ids, when no pipeline of Sluice brought the changeset into this state. */
  pipeline: z.string(),
  planExecutionId: z.string(),
  stageExecutionId: z.string(),
  tag: z.string().optional(),
});

export const instanceName = z.object({
  identifier: z.string(),
  name: z.string(),
  /** Present while what is shown of the instance is the state of the last contact, and a run since then left it unknown. */
  stateUnknownSince: epochSeconds.optional(),
});

export const migrationStateChangeSet = z.object({
  changeSet: z.string(),
  author: z.string(),
  fileName: z.string(),
  /** Deployed on every instance of the schema. */
  synced: z.boolean(),
  updated: epochSeconds,
  instances: z.array(migrationStateInstance),
  changeSetFQN: z.string(),
});

const view = { permission: 'dbinstance.view' } as const;

/** Changesets of a schema, newest first, each with its state on every instance. Pages by changeset. */
export const schemaMigrationState = defineRoute({
  id: 'schemaMigrationState',
  method: 'POST',
  path: `${SCHEMA}/migrationstate`,
  summary: 'State of each changeset on each instance',
  style: 'v1',
  access: view,
  params: schemaPath,
  query: pageSearchQuery,
  body: migrationStateIn.optional(),
  isPagedObject: true,
  /** `instances` are those shown, `instanceCount` all there are. */
  response: pagedObject(
    z.object({
      schema: z.string(),
      instances: z.array(instanceName),
      instanceCount: z.int(),
      changeSets: z.array(migrationStateChangeSet),
    }),
  ),
});

export const instanceMigrationStateChangeSet = z.object({
  changeSet: z.string(),
  changeSetFQN: z.string(),
  author: z.string(),
  fileName: z.string(),
  status: deploymentStatus,
  /** 0 when it was never deployed. */
  deployedAt: epochSeconds,
  pipeline: z.string(),
  planExecutionId: z.string(),
  stageExecutionId: z.string(),
  tag: z.string().optional(),
  label: z.string().optional(),
  comment: z.string().optional(),
});

export const instanceMigrationState = defineRoute({
  id: 'instanceMigrationState',
  method: 'GET',
  path: `${DB_INSTANCE}/migrationstate`,
  summary: 'State of each changeset on one instance',
  style: 'v1',
  access: view,
  params: instancePath,
  query: pageSearchQuery,
  isPagedObject: true,
  response: pagedObject(
    z.object({
      schemaName: z.string(),
      instanceName: z.string(),
      /** As in the instance. */ stateUnknownSince: epochSeconds.optional(),
      changeSets: z.array(instanceMigrationStateChangeSet),
    }),
  ),
});

export const changesetSql = defineRoute({
  id: 'changesetSql',
  method: 'POST',
  path: `${DB_INSTANCE}/changeset/sql`,
  summary: 'SQL of a changeset on an instance',
  style: 'v1',
  access: view,
  params: instancePath,
  query: pageQuery,
  body: z.object({ changesetFQN: z.string().min(1).max(4096) }),
  isPagedObject: true,
  response: pagedObject(z.object({ sql: z.array(z.string()) })),
});

export const changesetYaml = defineRoute({
  id: 'changesetYaml',
  method: 'GET',
  path: `${DB_INSTANCE}/changeset/yaml`,
  summary: 'YAML of a changeset on an instance',
  style: 'v1',
  access: view,
  params: instancePath,
  query: z.object({ ...accountKey, changeSet: z.string().min(1).max(4096) }),
  response: z.object({ yaml: z.string() }),
});

const harnessCommand = z.enum([
  'Update',
  'Rollback',
  'DBOPSUpdateSQL',
  'DBOPSRollbackSQL',
  'DBOPSRollbackCountSQL',
  'DBOPSSnapshot',
]);

export const changesetMetadata = defineRoute({
  id: 'changesetMetadata',
  method: 'GET',
  path: `${DB_INSTANCE}/changesetmetadata`,
  summary: 'Recorded content of the changesets of one execution',
  style: 'v1',
  access: view,
  params: instancePath,
  query: z.object({
    ...accountKey,
    ...v1PageQuery,
    harnessCommand,
    pipelineExecutionId: z.string().min(1).max(128),
    stageExecutionId: z.string().min(1).max(128),
    contentType: z.enum(['Yaml', 'Sql']),
  }),
  isPagedObject: true,
  response: pagedObject(z.object({ data: z.array(z.string()) })),
});

/** Answers by changeset id alone, whatever file or author. */
export const changesetExistence = defineRoute({
  id: 'changesetExistence',
  method: 'POST',
  path: `${SCHEMA}/changesets/existence`,
  summary: 'Which changeset ids a schema already has',
  style: 'v1',
  access: { permission: 'dbschema.view' },
  params: schemaPath,
  query: z.object(accountKey),
  body: z.object({
    changeSets: z
      .array(z.object({ id: z.string().min(1).max(1024) }))
      .min(1)
      .max(100),
  }),
  response: z.object({ existence: z.record(z.string(), z.boolean()) }),
});
