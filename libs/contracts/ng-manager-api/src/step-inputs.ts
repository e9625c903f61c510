import { defineRoute } from '@sluice/api-conventions';
import { REPORT_ANSWER_MS, stepRecorded, stepReport } from '@sluice/dbdevops-api';
import { gitSource, jdbcTarget, secretSlot } from '@sluice/delegate-protocol';
import { LIMITS } from '@sluice/kernel';
import { z } from 'zod';

const project = { orgId: z.string(), projectId: z.string() };
const dbStep = z.object({
  key: z.string(),
  dbSchema: z.string(),
  dbInstance: z.string(),
  command: z.enum(['Update', 'Rollback']),
});
/** A scope by its identifiers. */
const delegateScope = z.object({
  accountId: z.string(),
  orgId: z.string().optional(),
  projectId: z.string().optional(),
});

/** Everything a DB step needs besides its own YAML: joined by NG manager from dbdevops (schema, instance) and its connectors. */
export const dbStepInputs = z.object({
  schema: z.object({
    identifier: z.string(),
    name: z.string(),
    migrationType: z.enum(['Liquibase', 'Flyway']),
    changelogPath: z.string(),
    /** As the DB schema has them. */
    searchPath: z.array(z.string()).optional(),
    filePrefix: z.string().optional(),
  }),
  instance: z.object({
    /** Goes back with the report. */ id: z.string().optional(),
    identifier: z.string(),
    name: z.string(),
    context: z.string(),
    substituteProperties: z.record(z.string(), z.string()),
    tags: z.record(z.string(), z.string()),
  }),
  source: gitSource,
  /** `passwordSlot` of the target names an entry of `secrets`. */
  target: jdbcTarget,
  secrets: z.array(secretSlot),
  /** Selectors of the JDBC and Git connectors, origin `connector`. */
  delegateSelectors: z.array(z.string()),
});
export type DbStepInputs = z.infer<typeof dbStepInputs>;

/**
 * Resolves the inputs of every DB step of a step group at once, also of steps a `when` may skip. Errors name the missing schema, instance or
 * connector (RESOURCE_NOT_FOUND, INVALID_IDENTIFIER_REF).
 */
export const resolveDbStepInputs = defineRoute({
  id: 'resolveDbStepInputs',
  method: 'POST',
  path: '/ng-manager/internal/db-steps/inputs',
  summary: 'Inputs of the DB steps of a step group',
  style: 'internal',
  access: 'service',
  callers: ['pipeline'],
  body: z.object({ ...project, steps: z.array(dbStep).min(1).max(256) }),
  response: z.object({ inputs: z.record(z.string(), dbStepInputs) }),
});

/**
 * Tells what a DB step did. Idempotent by `stepExecutionId`: the same report again changes nothing. Answered after commit in dbdevops.
 */
export const reportDbStep = defineRoute({
  id: 'reportDbStep',
  method: 'POST',
  path: '/ng-manager/internal/db-steps/report',
  summary: 'Record what a DB step did',
  style: 'internal',
  access: 'service',
  callers: ['pipeline'],
  bodyBytes: LIMITS.reportBodyBytes,
  // It waits for dbdevops itself.
  answerMs: REPORT_ANSWER_MS + 10_000,
  body: stepReport,
  response: stepRecorded,
});

/**
 * Values of secret expressions sealed to one delegate's key and bound to one lease (`sealingContext(taskId, epoch, expression)`).
 * Plain values never leave NG manager. Errors: SECRET_NOT_FOUND naming expression and scope; ACCESS_DENIED for an expression that no connector of
 * the steps names, and for a secret of a scope above the delegate's.
 */
export const sealSecrets = defineRoute({
  id: 'sealSecrets',
  method: 'POST',
  path: '/ng-manager/internal/secrets/seal',
  summary: 'Seal secret values to a delegate',
  style: 'internal',
  access: 'service',
  callers: ['pipeline'],
  body: z.object({
    ...project,
    taskId: z.string(),
    epoch: z.number().int(),
    delegateId: z.string(),
    /** Where the token of the delegate was made, as the delegate service knows it. */
    delegateScope,
    publicKey: z.string(),
    /** The steps the task is for. */
    steps: z
      .array(dbStep.omit({ command: true }))
      .min(1)
      .max(256),
    expressions: z.array(z.string()).max(256),
  }),
  response: z.object({ sealed: z.record(z.string(), z.string()) }),
});

/** Names of setting values a run depends on. */
export const runSettings = defineRoute({
  id: 'runSettings',
  method: 'GET',
  path: '/ng-manager/internal/run-settings',
  summary: 'Account settings a pipeline run depends on',
  style: 'internal',
  access: 'service',
  callers: ['pipeline'],
  response: z.object({ uploadLogsViaPlatform: z.boolean() }),
});
