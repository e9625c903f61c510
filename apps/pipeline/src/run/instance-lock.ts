import type { ProjectScope } from '@sluice/kernel';
import { FINAL_STATUSES, type ResourceHoldUp } from '@sluice/pipeline-engine';
import type { EntityManager } from 'typeorm';

export interface LockRequest {
  readonly scope: ProjectScope;
  readonly dbSchema: string;
  readonly dbInstance: string;
  /** Task id of the step. */
  readonly holder: string;
  readonly planExecutionId: string;
  readonly workflowId: string;
}

export interface Grant {
  readonly holder: string;
  readonly workflowId: string;
}

interface KeyRow {
  readonly holder: string;
  readonly account_id: string;
  readonly org_id: string;
  readonly project_id: string;
  readonly db_schema: string;
  readonly db_instance: string;
}

interface HoldUpRow {
  readonly task_id: string;
  readonly db_schema: string;
  readonly db_instance: string;
  readonly plan_execution_id: string;
  readonly pipeline_identifier: string;
  readonly name: string;
  readonly run_sequence: number;
  readonly granted_at: number;
  readonly place: number;
}

function holdUpOf(row: HoldUpRow): ResourceHoldUp {
  return {
    dbSchema: row.db_schema,
    dbInstance: row.db_instance,
    place: row.place,
    holder: {
      planExecutionId: row.plan_execution_id,
      pipelineIdentifier: row.pipeline_identifier,
      pipelineName: row.name,
      runSequence: row.run_sequence,
      heldSince: row.granted_at,
    },
  };
}

const SAME_INSTANCE = 'account_id = $1 AND org_id = $2 AND project_id = $3 AND db_schema = $4 AND db_instance = $5';
/**
 * The run does not wait for the holder's task any more, and that it has stopped is not known: it was given up (`abandoned`), or its time limit ended it while its delegate
 * renewed its lease. No other has a delegate at work when its step gives the instance back: an `open` one is waited for, and one that ended otherwise was
 * answered by its delegate, never had one, or lost it more than a lease and the fence before.
 */
const MAY_BE_AT_WORK = `EXISTS (SELECT 1 FROM execution_tasks t WHERE t.task_id = l.holder AND t.status <> 'open' AND t.stop_wanted_at IS NOT NULL)`;

/** `$1`: the final statuses. */
const STEP_HAS_ENDED = `EXISTS (SELECT 1 FROM execution_tasks t JOIN execution_nodes n ON n.plan_execution_id = t.plan_execution_id AND n.node_id = t.node_id WHERE t.task_id = l.holder AND n.status = ANY ($1))`;

/**
 * The queue in front of each database instance: one step at a time, in the order they came. Rows outlive crashes; a step's row goes when
 * the step ends. Every method runs inside the caller's transaction; a transaction-level advisory lock keeps two of them apart.
 */
export class InstanceLocks {
  constructor(private readonly db: EntityManager) {}

  /** Takes the instance or a place in its queue. Safe to repeat. @returns true when the instance is the holder's now */
  async acquire(request: LockRequest, at: number): Promise<boolean> {
    const key = [
      request.scope.accountId,
      request.scope.orgId,
      request.scope.projectId,
      request.dbSchema,
      request.dbInstance,
    ];
    await this.serialise(key);
    await this.db.query(
      `INSERT INTO instance_locks (account_id, org_id, project_id, db_schema, db_instance, holder, plan_execution_id, workflow_id, queued_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (holder) DO NOTHING`,
      [...key, request.holder, request.planExecutionId, request.workflowId, at],
    );
    const granted = await this.grantNext(key, at);
    // Who gets it at once is not waiting for a message.
    if (granted?.holder === request.holder) await this.markTold([request.holder]);
    const [row] = await this.db.query<{ granted_at: string | null }[]>(
      `SELECT granted_at FROM instance_locks WHERE holder = $1`,
      [request.holder],
    );
    return row?.granted_at != null;
  }

  /**
   * Gives the instance back, or leaves the queue. A step whose task may still be at work keeps the instance: it goes when that task's stop is settled
   * ({@link TaskStops}). Safe to repeat. @returns who is next, to be told after commit
   */
  async release(holder: string, at: number): Promise<Grant | undefined> {
    const [grant] = await this.releaseAll([holder], at);
    return grant;
  }

  /** {@link release} of several holders. Instances are taken in one order, so that two transactions that free several never wait for each other. */
  async releaseAll(holders: readonly string[], at: number): Promise<readonly Grant[]> {
    const rows = await this.db.query<KeyRow[]>(
      `SELECT holder, account_id, org_id, project_id, db_schema, db_instance FROM instance_locks l WHERE holder = ANY ($1) AND NOT ${MAY_BE_AT_WORK}
       ORDER BY account_id, org_id, project_id, db_schema, db_instance`,
      [holders],
    );
    const grants: Grant[] = [];
    for (const row of rows) {
      const key = [row.account_id, row.org_id, row.project_id, row.db_schema, row.db_instance];
      await this.serialise(key);
      await this.db.query(`DELETE FROM instance_locks WHERE holder = $1`, [row.holder]);
      const grant = await this.grantNext(key, at);
      if (grant) grants.push(grant);
    }
    return grants.filter((grant) => !holders.includes(grant.holder));
  }

  /** What stands before steps of the project that wait, by task id; a step that has its instance, or does not ask for one, is left out. */
  async holdUps(scope: ProjectScope, taskIds: readonly string[]): Promise<ReadonlyMap<string, ResourceHoldUp>> {
    if (taskIds.length === 0) return new Map();
    const rows = await this.db.query<HoldUpRow[]>(
      `SELECT w.holder AS task_id, w.db_schema, w.db_instance, e.plan_execution_id, e.pipeline_identifier, e.name, e.run_sequence, h.granted_at::float8,
              (SELECT count(*)::int FROM instance_locks q WHERE q.account_id = w.account_id AND q.org_id = w.org_id AND q.project_id = w.project_id
                 AND q.db_schema = w.db_schema AND q.db_instance = w.db_instance AND q.granted_at IS NULL AND q.position <= w.position) AS place
       FROM instance_locks w
       JOIN instance_locks h ON h.account_id = w.account_id AND h.org_id = w.org_id AND h.project_id = w.project_id
         AND h.db_schema = w.db_schema AND h.db_instance = w.db_instance AND h.granted_at IS NOT NULL
       JOIN executions e ON e.plan_execution_id = h.plan_execution_id AND e.account_id = h.account_id AND e.org_id = h.org_id AND e.project_id = h.project_id
       WHERE w.account_id = $1 AND w.org_id = $2 AND w.project_id = $3 AND w.holder = ANY($4) AND w.granted_at IS NULL`,
      [scope.accountId, scope.orgId, scope.projectId, taskIds],
    );
    return new Map(rows.map((row) => [row.task_id, holdUpOf(row)]));
  }

  /**
   * Holders whose step or execution has ended, because something went very wrong, or a replica of an earlier version settled the stop and did not give the
   * instance back: they must not block others for ever. One whose task may still be at work is none.
   */
  async orphans(): Promise<string[]> {
    const rows = await this.db.query<{ holder: string }[]>(
      `SELECT l.holder FROM instance_locks l LEFT JOIN executions e ON e.plan_execution_id = l.plan_execution_id
       WHERE (e.plan_execution_id IS NULL OR e.ended_at IS NOT NULL OR ${STEP_HAS_ENDED}) AND NOT ${MAY_BE_AT_WORK}`,
      [[...FINAL_STATUSES]],
    );
    return rows.map((row) => row.holder);
  }

  /** Holders that have the instance and have not been told. */
  async untold(): Promise<Grant[]> {
    const rows = await this.db.query<{ holder: string; workflow_id: string }[]>(
      `SELECT holder, workflow_id FROM instance_locks WHERE granted_at IS NOT NULL AND NOT is_told`,
    );
    return rows.map((row) => ({ holder: row.holder, workflowId: row.workflow_id }));
  }

  async markTold(holders: readonly string[]): Promise<void> {
    await this.db.query(`UPDATE instance_locks SET is_told = true WHERE holder = ANY($1)`, [holders]);
  }

  private async serialise(key: readonly string[]): Promise<void> {
    await this.db.query(`SELECT pg_advisory_xact_lock(hashtextextended($1, 20260101))`, [JSON.stringify(key)]);
  }

  private async grantNext(key: readonly string[], at: number): Promise<Grant | undefined> {
    const [rows] = await this.db.query<[{ holder: string; workflow_id: string }[], number]>(
      `UPDATE instance_locks SET granted_at = $6
       WHERE holder = (SELECT holder FROM instance_locks WHERE ${SAME_INSTANCE} ORDER BY position LIMIT 1) AND granted_at IS NULL
         AND NOT EXISTS (SELECT 1 FROM instance_locks WHERE ${SAME_INSTANCE} AND granted_at IS NOT NULL)
       RETURNING holder, workflow_id`,
      [...key, at],
    );
    const [row] = rows;
    return row && { holder: row.holder, workflowId: row.workflow_id };
  }
}
