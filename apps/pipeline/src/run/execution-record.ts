import {
  NEW_NODE,
  isFinal,
  reduceNode,
  type NodeEvent,
  type NodeState,
  type Plan,
  type Status,
} from '@sluice/pipeline-engine';
import type { ProjectScope } from '@sluice/kernel';
import type { CallIdentity } from '@sluice/service-identity';
import type { EntityManager } from 'typeorm';
import { taskIdOf, type TaskContext, type TaskReport } from './task.js';

/** One event for one node. */
export interface NodeChange {
  readonly nodeId: string;
  readonly event: NodeEvent;
}

/** What a workflow must know of its execution; never changes while it runs. */
export interface RunHeader {
  readonly planExecutionId: string;
  readonly scope: ProjectScope;
  readonly plan: Plan;
  readonly runSequence: number;
  readonly caller: CallIdentity;
  readonly correlationId: string;
  readonly traceparent: string | undefined;
  readonly validUntil: number;
  readonly takenOver: readonly string[];
}

export interface TaskRow {
  readonly taskId: string;
  readonly planExecutionId: string;
  readonly nodeId: string;
  readonly workflowId: string;
  readonly kind: string;
  readonly status: 'open' | 'ended' | 'abandoned';
  readonly context: TaskContext;
  readonly report: TaskReport | null;
}

interface StateRow {
  readonly node_id: string;
  readonly state: NodeState;
  readonly version: number;
}

/** What of an execution is to stop: tasks that delegates may work on, workflows that wait. */
export interface Stopping {
  readonly taskIds: readonly string[];
  readonly workflowIds: readonly string[];
}

/** Guarded writes of an execution, bound to one transaction (or to the pool for single statements). */
export class ExecutionRecord {
  constructor(private readonly db: EntityManager) {}

  /** @returns undefined for an execution there is not */
  async header(planExecutionId: string): Promise<RunHeader | undefined> {
    const [row] = await this.db.query<HeaderRow[]>(
      `SELECT plan_execution_id, account_id, org_id, project_id, plan, run_sequence, caller, correlation_id, traceparent, valid_until, taken_over FROM executions WHERE plan_execution_id = $1`,
      [planExecutionId],
    );
    return (
      row && {
        planExecutionId,
        scope: { level: 'project', accountId: row.account_id, orgId: row.org_id, projectId: row.project_id },
        plan: row.plan,
        runSequence: row.run_sequence,
        caller: row.caller,
        correlationId: row.correlation_id,
        traceparent: row.traceparent ?? undefined,
        validUntil: Number(row.valid_until),
        takenOver: row.taken_over,
      }
    );
  }

  /**
   * Whether the execution begins nothing more: it was interrupted, or it has ended. Keeps that from changing until the transaction ends: the next interrupt
   * sees what is written in it.
   */
  async isInterrupted(planExecutionId: string): Promise<boolean> {
    const [row] = await this.db.query<{ is_over: boolean }[]>(
      `SELECT (interrupt_id IS NOT NULL OR ended_at IS NOT NULL) AS is_over FROM executions WHERE plan_execution_id = $1 FOR SHARE`,
      [planExecutionId],
    );
    return row?.is_over === true;
  }

  /**
   * Applies events through the reducer; repeated and late ones change nothing. Call it inside a transaction: rows are locked, then written
   * by version. @returns the states afterwards @throws Error when a row changed in between, which only a missing transaction allows
   */
  async apply(planExecutionId: string, changes: readonly NodeChange[]): Promise<ReadonlyMap<string, NodeState>> {
    if (changes.length === 0) return new Map();
    const ids = [...new Set(changes.map(({ nodeId }) => nodeId))];
    const rows = await this.db.query<StateRow[]>(
      `SELECT node_id, state, version FROM execution_nodes WHERE plan_execution_id = $1 AND node_id = ANY($2) ORDER BY node_id FOR UPDATE`,
      [planExecutionId, ids],
    );
    const before = new Map(rows.map((row) => [row.node_id, row.state]));
    const after = new Map(before);
    for (const { nodeId, event } of changes) after.set(nodeId, reduceNode(after.get(nodeId) ?? NEW_NODE, event));
    const changed = rows.filter((row) => after.get(row.node_id) !== row.state);
    if (changed.length > 0) {
      const [, written] = await this.db.query<[unknown[], number]>(
        `UPDATE execution_nodes AS n SET status = v.status, state = v.state::jsonb, version = n.version + 1
         FROM (SELECT unnest($2::text[]) AS node_id, unnest($3::text[]) AS status, unnest($4::text[]) AS state, unnest($5::int[]) AS version) AS v
         WHERE n.plan_execution_id = $1 AND n.node_id = v.node_id AND n.version = v.version`,
        [
          planExecutionId,
          changed.map((row) => row.node_id),
          changed.map((row) => (after.get(row.node_id) ?? NEW_NODE).status),
          changed.map((row) => JSON.stringify(after.get(row.node_id))),
          changed.map((row) => row.version),
        ],
      );
      if (written !== changed.length)
        throw new Error(`nodes of execution ${planExecutionId} changed while they were written`);
    }
    return after;
  }

  /** States of the given nodes, or of all. */
  async states(planExecutionId: string, nodeIds?: readonly string[]): Promise<Record<string, NodeState>> {
    const rows = await this.db.query<StateRow[]>(
      nodeIds
        ? `SELECT node_id, state FROM execution_nodes WHERE plan_execution_id = $1 AND node_id = ANY($2)`
        : `SELECT node_id, state FROM execution_nodes WHERE plan_execution_id = $1`,
      nodeIds ? [planExecutionId, nodeIds] : [planExecutionId],
    );
    return Object.fromEntries(rows.map((row) => [row.node_id, row.state]));
  }

  /** Ends the execution once. @returns false when it had ended already */
  async end(planExecutionId: string, status: Status, at: number, failureMessage: string | null): Promise<boolean> {
    const rows = await this.db.query<[unknown[], number]>(
      `UPDATE executions SET status = $2, ended_at = $3, failure_message = $4 WHERE plan_execution_id = $1 AND ended_at IS NULL`,
      [planExecutionId, status, at, failureMessage],
    );
    return rows[1] === 1;
  }

  /** Shows a waiting status on the whole execution while it is under way; an interrupted one stays `Discontinuing`. Not in a transaction that read the interrupt: two of those would wait for each other. */
  async show(planExecutionId: string, status: Status): Promise<void> {
    if (isFinal(status)) return;
    await this.db.query(
      `UPDATE executions SET status = $2 WHERE plan_execution_id = $1 AND ended_at IS NULL AND (interrupt_id IS NULL OR $2 = 'Discontinuing')`,
      [planExecutionId, status],
    );
  }

  /** Remembers a task before it is submitted. Safe to repeat. */
  async addTask(
    task: Pick<TaskRow, 'taskId' | 'planExecutionId' | 'nodeId' | 'workflowId' | 'kind' | 'context'>,
    at: number,
  ): Promise<void> {
    await this.db.query(
      `INSERT INTO execution_tasks (task_id, plan_execution_id, node_id, workflow_id, kind, context, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (task_id) DO NOTHING`,
      [task.taskId, task.planExecutionId, task.nodeId, task.workflowId, task.kind, JSON.stringify(task.context), at],
    );
  }

  async task(taskId: string): Promise<TaskRow | undefined> {
    const [row] = await this.db.query<
      {
        task_id: string;
        plan_execution_id: string;
        node_id: string;
        workflow_id: string;
        kind: string;
        status: TaskRow['status'];
        context: TaskContext;
        report: TaskReport | null;
      }[]
    >(
      `SELECT task_id, plan_execution_id, node_id, workflow_id, kind, status, context, report FROM execution_tasks WHERE task_id = $1`,
      [taskId],
    );
    return (
      row && {
        taskId: row.task_id,
        planExecutionId: row.plan_execution_id,
        nodeId: row.node_id,
        workflowId: row.workflow_id,
        kind: row.kind,
        status: row.status,
        context: row.context,
        report: row.report,
      }
    );
  }

  /**
   * Whether the end of a node is on record: its own, or that of its execution. Keeps that from changing until the transaction ends.
   */
  async hasEnded(planExecutionId: string, nodeId: string): Promise<boolean> {
    const [execution] = await this.db.query<{ is_over: boolean }[]>(
      `SELECT (ended_at IS NOT NULL) AS is_over FROM executions WHERE plan_execution_id = $1 FOR SHARE`,
      [planExecutionId],
    );
    const [node] = await this.db.query<{ status: Status }[]>(
      `SELECT status FROM execution_nodes WHERE plan_execution_id = $1 AND node_id = $2 FOR UPDATE`,
      [planExecutionId, nodeId],
    );
    return execution?.is_over !== false || node === undefined || isFinal(node.status);
  }

  /** Stores a task's end if it is still open. One that its time limit ended is to be stopped: its delegate may be at work. @returns the status afterwards: `abandoned` means that nobody waits for it any more */
  async endTask(taskId: string, report: TaskReport, at: number): Promise<TaskRow['status'] | undefined> {
    await this.db.query(
      `UPDATE execution_tasks SET status = 'ended', report = $2, ended_at = $3, stop_wanted_at = CASE WHEN $4 AND kind = 'execute-step' THEN $3::bigint END, stop_until = NULL WHERE task_id = $1 AND status = 'open'`,
      [taskId, JSON.stringify(report), at, report.outcome === 'timedOut'],
    );
    return (await this.task(taskId))?.status;
  }

  /** Stops waiting for a task. @returns false when its end had been stored already */
  async abandonTask(taskId: string, at: number): Promise<boolean> {
    const rows = await this.db.query<[unknown[], number]>(
      `UPDATE execution_tasks SET status = 'abandoned', ended_at = $2 WHERE task_id = $1 AND status = 'open'`,
      [taskId, at],
    );
    return rows[1] === 1;
  }

  /** The task is to be stopped, from now on until that is known to have happened. */
  async wantStop(taskId: string, at: number): Promise<void> {
    await this.db.query(
      `UPDATE execution_tasks SET stop_wanted_at = coalesce(stop_wanted_at, $2) WHERE task_id = $1 AND status <> 'ended'`,
      [taskId, at],
    );
  }

  /** The delegate service has taken the stop. @param until when it is asked again, in milliseconds since the epoch; the first answer counts until that time has come */
  async stopTaken(taskId: string, until: number, at: number): Promise<void> {
    await this.db.query(
      `UPDATE execution_tasks SET stop_until = CASE WHEN stop_until > $3 THEN stop_until ELSE $2 END WHERE task_id = $1 AND stop_wanted_at IS NOT NULL`,
      [taskId, until, at],
    );
  }

  /** Since when the task is to be stopped, in milliseconds since the epoch; undefined when it is not, or is known to be over. */
  async stopWantedAt(taskId: string): Promise<number | undefined> {
    return (await this.stop(taskId))?.wantedAt;
  }

  /** The stop of a task as {@link stopWantedAt} and {@link stopTaken} left it; `until` is undefined while the delegate service has not taken it. */
  async stop(taskId: string): Promise<{ readonly wantedAt: number; readonly until: number | undefined } | undefined> {
    const [row] = await this.db.query<{ stop_wanted_at: string; stop_until: string | null }[]>(
      `SELECT stop_wanted_at, stop_until FROM execution_tasks WHERE task_id = $1 AND stop_wanted_at IS NOT NULL`,
      [taskId],
    );
    return (
      row && {
        wantedAt: Number(row.stop_wanted_at),
        until: row.stop_until === null ? undefined : Number(row.stop_until),
      }
    );
  }

  async forgetStop(taskId: string): Promise<void> {
    await this.db.query(`UPDATE execution_tasks SET stop_wanted_at = NULL, stop_until = NULL WHERE task_id = $1`, [
      taskId,
    ]);
  }

  /** Gives up the open tasks of nodes whose workflow broke, and has them stopped. Safe to repeat. @returns all of these nodes that are still to be stopped, and what waits for them or for an instance */
  async stopBelow(planExecutionId: string, nodeIds: readonly string[], at: number): Promise<Stopping> {
    await this.db.query(
      `UPDATE execution_tasks SET status = 'abandoned', ended_at = $3, stop_wanted_at = coalesce(stop_wanted_at, $3) WHERE plan_execution_id = $1 AND node_id = ANY ($2) AND status = 'open' AND kind <> 'cleanup-pod'`,
      [planExecutionId, nodeIds, at],
    );
    const tasks = await this.db.query<{ task_id: string; workflow_id: string }[]>(
      `SELECT task_id, workflow_id FROM execution_tasks WHERE plan_execution_id = $1 AND node_id = ANY ($2) AND status = 'abandoned' AND stop_wanted_at IS NOT NULL`,
      [planExecutionId, nodeIds],
    );
    const holders = nodeIds.map((nodeId) => taskIdOf(planExecutionId, nodeId, 'step'));
    const queued = await this.db.query<{ workflow_id: string }[]>(
      `SELECT workflow_id FROM instance_locks WHERE holder = ANY ($1) AND granted_at IS NULL`,
      [holders],
    );
    return {
      taskIds: tasks.map((row) => row.task_id),
      workflowIds: [...new Set([...tasks, ...queued].map((row) => row.workflow_id))],
    };
  }

  /** Another task has taken its place. */
  async supersedeTask(taskId: string, at: number): Promise<void> {
    await this.db.query(`UPDATE execution_tasks SET status = 'ended', ended_at = $2 WHERE task_id = $1`, [taskId, at]);
  }

  /** Results are not needed once they are recorded; the node keeps what people see. */
  async dropReport(taskId: string): Promise<void> {
    await this.db.query(`UPDATE execution_tasks SET report = NULL WHERE task_id = $1`, [taskId]);
  }

  /** Workflows of an execution that wait for something: a task's end or their turn at an instance. */
  async waitingWorkflows(planExecutionId: string): Promise<string[]> {
    const rows = await this.db.query<{ workflow_id: string }[]>(
      `SELECT workflow_id FROM execution_tasks WHERE plan_execution_id = $1 AND status = 'open' AND kind <> 'cleanup-pod'
       UNION SELECT workflow_id FROM instance_locks WHERE plan_execution_id = $1 AND granted_at IS NULL`,
      [planExecutionId],
    );
    return rows.map((row) => row.workflow_id);
  }
}

interface HeaderRow {
  readonly account_id: string;
  readonly org_id: string;
  readonly project_id: string;
  readonly plan: Plan;
  readonly run_sequence: number;
  readonly caller: CallIdentity;
  readonly correlation_id: string;
  readonly traceparent: string | null;
  readonly valid_until: string;
  readonly taken_over: string[];
}
