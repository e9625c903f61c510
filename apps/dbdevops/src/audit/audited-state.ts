import type { AuditEntry } from '@sluice/audit-outbox';
import type { ProjectScope } from '@sluice/kernel';
import type { DbInstance } from '../db-instance/db-instance.js';
import type { DbSchema } from '../db-schema/db-schema.js';
import { fqnOf, type StepReport } from '../step-report/changeset-state.js';

const MOST_NAMED = 100;

/** What a person set of a schema or instance: without the scope, which the event has, and without what steps write. */
export function stateOf(entity: DbSchema | DbInstance): Readonly<Record<string, unknown>> {
  const state: Record<string, unknown> = { ...entity };
  for (const field of NOT_SET_BY_PEOPLE) delete state[field];
  return state;
}

const NOT_SET_BY_PEOPLE = [
  'scope',
  'id',
  'schemaId',
  'createdAt',
  'updatedAt',
  'lastRunAt',
  'historyAt',
  'unknownSince',
  'lastAppliedTag',
  'lastChangesetTag',
] as const;

/** One event for each schema and instance that goes. */
export function removalOf(
  scope: ProjectScope,
  schemas: readonly DbSchema[],
  instances: readonly DbInstance[],
): AuditEntry[] {
  const identifierOf = new Map(schemas.map(({ id, identifier }) => [id, identifier]));
  return [
    ...instances.map((instance) => ({
      action: 'delete',
      resourceType: 'dbInstance',
      identifier: instance.identifier,
      scope,
      before: stateOf(instance),
      details: { dbSchema: identifierOf.get(instance.schemaId) ?? '', isRemovedWithSchema: true },
    })),
    ...schemas.map((schema) => ({
      action: 'delete',
      resourceType: 'dbSchema',
      identifier: schema.identifier,
      scope,
      before: stateOf(schema),
    })),
  ];
}

/** What a step did to a database: who ran it is who started the execution. */
export function eventOfStep(scope: ProjectScope, report: StepReport): AuditEntry {
  const {
    command,
    dbSchema,
    dbInstance,
    pipelineIdentifier,
    planExecutionId,
    stageExecutionId,
    stepExecutionId,
    isLate,
    result,
  } = report;
  const done = result.changesets.filter(({ status }) => status !== 'skipped');
  const changesets = done.slice(0, MOST_NAMED).map((one) => ({ changeset: fqnOf(one), status: one.status }));
  return {
    action: command === 'Update' ? 'apply' : 'rollBack',
    resourceType: 'dbInstance',
    identifier: dbInstance,
    scope,
    at: result.endedAt,
    details: {
      dbSchema,
      status: result.status,
      pipelineIdentifier,
      planExecutionId,
      stageExecutionId,
      stepExecutionId,
      isLate,
      changesetCount: done.length,
      changesets,
      error: result.error?.message ?? null,
    },
  };
}
