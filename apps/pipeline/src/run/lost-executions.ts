import type { RunHeader } from './execution-record.js';
import { podIdOf } from './identifiers.js';
import type { RunActions } from './run-actions.js';
import type { StepActions } from './step-actions.js';
import { SILENT_END, endOf } from './task-end.js';

/** Younger executions may be between their row and their workflow's. */
const SETTLED_MS = 10_000;
const BATCH = 20;
/** As the durable engine writes them, of workflows that go on. */
const ACTIVE = `('PENDING', 'ENQUEUED', 'DELAYED')`;

/** An execution that has not ended and has no workflow that could end it. */
export interface LostExecution {
  readonly id: string;
  readonly reason: string;
}

interface LostRow {
  readonly plan_execution_id: string;
  readonly is_started: boolean;
  readonly workflow_status: string | null;
}

interface TaskIdRow {
  readonly task_id: string;
  readonly node_id: string;
  readonly kind: 'initialise-pod' | 'execute-step';
}

/**
 * Ends executions that nothing else can end: the record of their workflow is gone (a database restored without it), or the workflow ended without the
 * last word. What a delegate still does for them is stopped first, so that an instance is free only when nothing of theirs writes to it.
 */
export class LostExecutions {
  /** Until when the end of a task is waited for that was asked to stop, in milliseconds since the epoch. */
  private readonly stopping = new Map<string, number>();

  constructor(
    private readonly actions: RunActions,
    private readonly steps: StepActions,
  ) {}

  /** The oldest ones. @param leftOut ids that are not looked for */
  async find(leftOut: readonly string[]): Promise<readonly LostExecution[]> {
    const now = Date.now();
    const rows = await this.actions.services.dataSource.query<LostRow[]>(
      `SELECT e.plan_execution_id, e.is_started, w.status AS workflow_status FROM executions e LEFT JOIN dbos.workflow_status w ON w.workflow_uuid = e.plan_execution_id
       WHERE e.ended_at IS NULL AND e.plan_execution_id <> ALL ($3)
         AND ((e.is_started AND e.created_at < $1 AND (w.status IS NULL OR w.status NOT IN ${ACTIVE})) OR (NOT e.is_started AND e.valid_until < $2))
       ORDER BY e.created_at LIMIT ${BATCH}`,
      [now - SETTLED_MS, now - this.actions.services.config.startGraceMs, leftOut],
    );
    return rows.map((row) => ({ id: row.plan_execution_id, reason: reasonOf(row) }));
  }

  /** Goes as far as it can now; the next sweep goes on. Safe to repeat. */
  async end({ id, reason }: LostExecution): Promise<void> {
    const run = await this.actions.header(id);
    if (!run || (await this.hasActiveParts(run))) return;
    for (const task of await this.openTasks(id)) if (!(await this.isSettled(run, task))) return;
    const tasks = await this.tasksOf(id);
    for (const task of tasks) await this.conclude(run, task);
    // A root that never began could not carry the reason.
    await this.actions.flush(run, [{ nodeId: run.plan.rootId, event: { kind: 'started', at: Date.now() } }]);
    await this.actions.fail(run, run.plan.rootId, { message: reason, failureType: 'Unknown' });
    await this.actions.finish(run, 'Errored', reason);
    for (const { task_id } of tasks) this.stopping.delete(task_id);
  }

  /** A stage that goes on without its execution is told to stop by the sweeper's aborts; its time limit ends it at the latest. */
  private async hasActiveParts({ planExecutionId, validUntil }: RunHeader): Promise<boolean> {
    if (Date.now() > validUntil + this.actions.services.config.startGraceMs) return false;
    const rows = await this.actions.services.dataSource.query<unknown[]>(
      `SELECT 1 FROM dbos.workflow_status WHERE workflow_uuid LIKE $1 || '/%' AND status IN ${ACTIVE} LIMIT 1`,
      [planExecutionId],
    );
    return rows.length > 0;
  }

  private openTasks(planExecutionId: string): Promise<TaskIdRow[]> {
    return this.actions.services.dataSource.query(
      `SELECT task_id, node_id, kind FROM execution_tasks WHERE plan_execution_id = $1 AND status = 'open' AND kind <> 'cleanup-pod'`,
      [planExecutionId],
    );
  }

  private tasksOf(planExecutionId: string): Promise<TaskIdRow[]> {
    return this.actions.services.dataSource.query(
      `SELECT task_id, node_id, kind FROM execution_tasks WHERE plan_execution_id = $1 AND kind <> 'cleanup-pod' ORDER BY created_at`,
      [planExecutionId],
    );
  }

  /** Has an open task stopped; gives it up after the time an abort has. */
  private async isSettled(run: RunHeader, { task_id: taskId, node_id: nodeId }: TaskIdRow): Promise<boolean> {
    const until = this.stopping.get(taskId);
    if (until !== undefined) return Date.now() >= until && (await this.actions.giveUp(run, taskId)).isAbandoned;
    if (!(await this.actions.isUnderWay(run, taskId))) return true;
    this.stopping.set(taskId, (await this.actions.stopTask(run, nodeId, taskId)).waitUntil);
    return false;
  }

  /** What a step came to is recorded as if its workflow had been there; the pod of a group goes. */
  private async conclude(run: RunHeader, { task_id: taskId, node_id: nodeId, kind }: TaskIdRow): Promise<void> {
    const task = await this.actions.record.task(taskId);
    const node = run.plan.nodes[nodeId];
    if (!task || !node) return;
    if (kind === 'execute-step') {
      const end = task.report === null ? SILENT_END : endOf(task.report);
      await this.steps.end(run, node, taskId, end, {
        stop: null,
        isUnconfirmed: task.report === null,
        ignoreFailure: false,
      });
      return;
    }
    const group = Object.values(run.plan.nodes).find(({ children }) => children.includes(nodeId));
    if (group && task.report?.delegateId)
      await this.actions.cleanups.close(run, group, podIdOf(group.id), task.report.delegateId, task.workflowId, []);
  }
}

function reasonOf({ is_started: isStarted, workflow_status: status }: LostRow): string {
  const cause = !isStarted
    ? 'its workflow could not be started within its time limit'
    : status === null
      ? 'the record of its workflow is gone, as after a database was restored in part'
      : `its workflow ended as ${status} without an end of the execution`;
  return `Sluice could not go on: ${cause}. What was applied is in the database’s own history; run the pipeline again, what is applied already is skipped.`;
}
