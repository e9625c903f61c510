import { defineRoute } from '@sluice/api-conventions';
import { historyRow, stepResult } from '@sluice/delegate-protocol';
import { z } from 'zod';

/**
 * What NG manager asks for each DB step (api-contract 2.1 route 35, plugin-inputs, in Sluice's own shape): schema and instance together.
 * Errors: RESOURCE_NOT_FOUND `instance with id [x] schema [y] does not exist`.
 */
export const stepSchemaAndInstances = defineRoute({
  id: 'stepSchemaAndInstances',
  method: 'POST',
  path: '/dbdevops/internal/step-inputs',
  summary: 'Schema and instance of each DB step',
  style: 'internal',
  access: 'service',
  callers: ['ng-manager'],
  body: z.object({
    orgId: z.string(),
    projectId: z.string(),
    pairs: z
      .array(z.object({ dbSchema: z.string(), dbInstance: z.string() }))
      .min(1)
      .max(256),
  }),
  response: z.object({
    pairs: z.array(
      z.object({
        dbSchema: z.object({
          identifier: z.string(),
          name: z.string(),
          migrationType: z.enum(['Liquibase', 'Flyway']),
          type: z.enum(['Repository', 'Script']),
          /** Git connector reference and repository name, as stored. */
          connector: z.string().optional(),
          repo: z.string().optional(),
          location: z.string(),
          /** As the DB schema has them. */
          searchPath: z.array(z.string()).optional(),
          filePrefix: z.string().optional(),
        }),
        dbInstance: z.object({
          /** Of this instance alone: one that is made again under the same identifier has another. */
          id: z.string().optional(),
          identifier: z.string(),
          name: z.string(),
          connector: z.string(),
          branch: z.string().optional(),
          commitSha: z.string().optional(),
          gitTag: z.string().optional(),
          context: z.string(),
          substituteProperties: z.record(z.string(), z.string()),
          tags: z.record(z.string(), z.string()),
        }),
      }),
    ),
  }),
});

/** A report of 100,000 changesets takes seconds to write on a quiet machine; a busy one gets ten times that. */
export const REPORT_ANSWER_MS = 120_000;

const name = z.string().max(256);

/** What a DB step did, as pipeline tells NG manager and NG manager tells dbdevops. */
export const stepReport = z.object({
  orgId: name,
  projectId: name,
  dbSchema: name,
  dbInstance: name,
  /** `id` of the instance the step was given; absent in reports of steps that began under an earlier version. */
  dbInstanceId: name.optional(),
  command: z.enum(['Update', 'Rollback']),
  pipelineIdentifier: name,
  planExecutionId: name,
  stageExecutionId: name,
  stepExecutionId: name,
  /** The result's lease was lost before it came: recorded as history of the database, not as the step's outcome. */
  isLate: z.boolean().default(false),
  result: stepResult,
});

/** What a packed history holds. */
export const historyRows = z.array(historyRow);

/** False when this step was recorded before. */
export const stepRecorded = z.object({ recorded: z.boolean() });

/**
 * What a DB step did (route 36, plugin-response, in Sluice's own shape). One transaction: deployed state, migration state and changeset history follow
 * the database's own history table. Idempotent by `stepExecutionId`.
 */
export const recordStep = defineRoute({
  id: 'recordStep',
  method: 'POST',
  path: '/dbdevops/internal/step-reports',
  summary: 'Record what a DB step did',
  style: 'internal',
  access: 'service',
  callers: ['ng-manager'],
  answerMs: REPORT_ANSWER_MS,
  body: stepReport,
  response: stepRecorded,
});

/** What schemas and instances refer to: the connectors of both, the service of a schema, the environment of an instance. */
export const referredKind = z.enum(['connector', 'service', 'environment']);

/** Which schemas and instances refer to something: asked before it is deleted (referential safety). */
export const usesOfEntity = defineRoute({
  id: 'usesOfEntity',
  method: 'POST',
  path: '/dbdevops/internal/uses',
  summary: 'What refers to a connector, a service or an environment',
  style: 'internal',
  access: 'service',
  callers: ['ng-manager'],
  body: z.object({
    kind: referredKind,
    /** Its own scope; references from it and from below are found. */
    orgId: z.string().optional(),
    projectId: z.string().optional(),
    identifier: z.string(),
  }),
  response: z.object({
    uses: z.array(
      z.object({
        kind: z.enum(['dbschema', 'dbinstance']),
        orgId: z.string(),
        projectId: z.string(),
        identifier: z.string(),
      }),
    ),
  }),
});
