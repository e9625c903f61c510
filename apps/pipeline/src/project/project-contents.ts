import type { AuditEntry } from '@sluice/audit-outbox';
import type { ProjectScope } from '@sluice/kernel';
import type { EntityManager } from 'typeorm';
import type { AuditedDocuments } from '../audit/audited-documents.js';

/** Documents and executions of one transaction. */
const BATCH = 50;
const IN_PROJECT = 'account_id = $1 AND org_id = $2 AND project_id = $3';
const HAS_TASK_TO_STOP =
  'EXISTS (SELECT FROM execution_tasks t WHERE t.plan_execution_id = e.plan_execution_id AND t.stop_wanted_at IS NOT NULL)';

interface DocumentTable {
  readonly table: string;
  readonly resourceType: string;
  /** Column that names the pipeline of a row. */
  readonly pipeline?: string;
}

/** What people write, what belongs to a pipeline before the pipelines. */
const DOCUMENTS: readonly DocumentTable[] = [
  { table: 'triggers', resourceType: 'trigger', pipeline: 'target' },
  { table: 'input_sets', resourceType: 'inputSet', pipeline: 'pipeline_identifier' },
  { table: 'pipelines', resourceType: 'pipeline' },
];

interface DocumentRow {
  readonly identifier: string;
  readonly pipeline_identifier: string;
  readonly name: string;
  readonly description: string | null;
  readonly tags: Readonly<Record<string, string>>;
  readonly yaml: string;
}

interface FilterRow {
  readonly identifier: string;
  readonly type: string;
  readonly name: string;
  readonly visibility: string;
  readonly properties: unknown;
}

function keysOf(pipeline: string | undefined): string {
  return `${pipeline ? `${pipeline}, ` : ''}identifier`;
}

/** Everything that lies in a project, removed a batch at a time. Bound to one transaction; it may be repeated, and finds nothing then. */
export class ProjectContents {
  private readonly place: readonly [string, string, string];

  constructor(
    private readonly db: EntityManager,
    private readonly scope: ProjectScope,
  ) {
    this.place = [scope.accountId, scope.orgId, scope.projectId];
  }

  /** Works out what the audit trail will show of those that {@link removeDocuments} removes next, before its transaction begins. */
  async prepare(audited: AuditedDocuments): Promise<void> {
    for (const { table, resourceType, pipeline } of DOCUMENTS) {
      const rows = await this.db.query<DocumentRow[]>(
        `SELECT name, description, tags, yaml FROM ${table} WHERE ${IN_PROJECT} ORDER BY ${keysOf(pipeline)} LIMIT ${BATCH}`,
        [...this.place],
      );
      for (const row of rows) await audited.prepare(resourceType, row, undefined);
      if (rows.length > 0) return;
    }
  }

  /** Removes some pipelines, input sets, triggers or filters. @returns what the audit trail is told of each; nothing when none are left */
  async removeDocuments(audited: AuditedDocuments): Promise<AuditEntry[]> {
    for (const { table, resourceType, pipeline } of DOCUMENTS) {
      const keys = keysOf(pipeline);
      const [rows] = await this.db.query<[DocumentRow[], number]>(
        `DELETE FROM ${table} WHERE ${IN_PROJECT} AND (${keys}) IN (SELECT ${keys} FROM ${table} WHERE ${IN_PROJECT} ORDER BY ${keys} LIMIT ${BATCH})
         RETURNING identifier, ${pipeline ?? 'identifier'} AS pipeline_identifier, name, description, tags, yaml`,
        [...this.place],
      );
      const isRemovedWith = `project ${this.scope.projectId}`;
      if (rows.length > 0)
        return rows.map((row) => ({
          action: 'delete',
          resourceType,
          identifier: row.identifier,
          scope: this.scope,
          ...audited.of(resourceType, row, undefined),
          details: { pipelineIdentifier: row.pipeline_identifier, isRemovedWith },
        }));
    }
    return this.removeFilters();
  }

  private async removeFilters(): Promise<AuditEntry[]> {
    const [rows] = await this.db.query<[FilterRow[], number]>(
      `DELETE FROM filters WHERE ${IN_PROJECT} AND (type, identifier) IN (SELECT type, identifier FROM filters WHERE ${IN_PROJECT} ORDER BY type, identifier LIMIT ${BATCH}) RETURNING identifier, type, name, visibility, properties`,
      [...this.place],
    );
    return rows.map(({ identifier, ...before }) => ({
      action: 'delete',
      resourceType: 'filter',
      identifier,
      name: before.name,
      scope: this.scope,
      before,
      details: { isRemovedWith: `project ${this.scope.projectId}` },
    }));
  }

  /** Some executions that have not ended. */
  async underWay(): Promise<string[]> {
    const rows = await this.db.query<{ plan_execution_id: string }[]>(
      `SELECT plan_execution_id FROM executions WHERE ${IN_PROJECT} AND ended_at IS NULL ORDER BY created_at LIMIT ${BATCH}`,
      [...this.place],
    );
    return rows.map((row) => row.plan_execution_id);
  }

  /**
   * Removes some executions that have ended, with their nodes, tasks and approvals. One with a task that may still be at work stays until that has stopped:
   * the stop is asked for in the name of the execution, and its instance is held by the task. @returns how many
   */
  async removeExecutions(): Promise<number> {
    const rows = await this.db.query<{ plan_execution_id: string }[]>(
      `SELECT plan_execution_id FROM executions e WHERE ${IN_PROJECT} AND ended_at IS NOT NULL AND NOT ${HAS_TASK_TO_STOP} ORDER BY created_at, plan_execution_id LIMIT ${BATCH}`,
      [...this.place],
    );
    const ids = rows.map((row) => row.plan_execution_id);
    for (const table of ids.length > 0
      ? ['execution_nodes', 'execution_tasks', 'approval_instances', 'executions']
      : [])
      await this.db.query(`DELETE FROM ${table} WHERE plan_execution_id = ANY($1)`, [ids]);
    return ids.length;
  }

  /** Whether executions are left that {@link removeExecutions} does not remove yet. */
  async hasExecutions(): Promise<boolean> {
    const rows = await this.db.query<unknown[]>(`SELECT FROM executions WHERE ${IN_PROJECT} LIMIT 1`, [...this.place]);
    return rows.length > 0;
  }

  /** Removes results of checks; those are few, because they are kept for a day. */
  async removeChecks(): Promise<void> {
    await this.db.query(`DELETE FROM pipeline_checks WHERE ${IN_PROJECT}`, [...this.place]);
  }
}
