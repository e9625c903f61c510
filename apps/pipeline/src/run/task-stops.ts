import { messageOf } from '@sluice/kernel';
import { abortTimeoutFor } from '../config.js';
import type { RunHeader, TaskRow } from './execution-record.js';
import type { RunActions } from './run-actions.js';
import { RUN_MARGIN_MS } from './task.js';

/** The longest time limit that is assumed of a task whose context names none. */
const LONGEST_RUN_MS = 86_400_000;
const BATCH = 20;

interface WantedRow {
  readonly stop_wanted_at: string | null;
  readonly stop_until: string | null;
}

/**
 * Stops of tasks. Each is written down with what makes it necessary and asked for until the delegate service has taken it. A task that its run does
 * not wait for any more (`abandoned`) keeps its database instance until it is known to be over, or has had the time in which each delegate stops.
 */
export class TaskStops {
  constructor(private readonly actions: RunActions) {}

  /**
   * Asks the delegate service, whose answer is written down. @param patienceMs how long the delegate service may be away
   * @returns until when the end of the task is to be waited for, in milliseconds since the epoch
   */
  async ask(run: RunHeader, taskId: string, patienceMs?: number): Promise<{ readonly waitUntil: number }> {
    const { tasks, log } = this.actions.services;
    const caller = this.actions.callerOf(run, run.traceparent);
    const state = await tasks.abort(caller, taskId, patienceMs).catch((cause: unknown) => {
      log.warn({ taskId, error: messageOf(cause) }, 'the delegate service did not take an abort; it is asked again');
      return undefined;
    });
    const waitUntil = await this.stopsBy(run);
    if (state !== undefined) await this.taken(taskId, state, waitUntil);
    return { waitUntil };
  }

  /** Whether the task was asked to stop early enough to be over by now. Such a stop is forgotten, and who ends the step frees the instance. */
  async isOver(taskId: string): Promise<boolean> {
    const until = (await this.wanted(taskId))?.stop_until;
    if (until == null || Date.now() < Number(until)) return false;
    await this.actions.record.forgetStop(taskId);
    return true;
  }

  /**
   * Stops the delegate service has not taken, and those of tasks nobody waits for; the oldest first, and those that were taken and have time to stop still
   * behind all others. @param leftOut ids that are not looked for
   */
  async due(leftOut: readonly string[]): Promise<readonly string[]> {
    const rows = await this.actions.services.dataSource.query<{ task_id: string }[]>(
      `SELECT task_id FROM execution_tasks WHERE stop_wanted_at IS NOT NULL AND (status <> 'open' OR stop_until IS NULL) AND task_id <> ALL ($1)
       ORDER BY (stop_until IS NOT NULL AND stop_until > $2), stop_wanted_at LIMIT ${BATCH}`,
      [leftOut, Date.now()],
    );
    return rows.map((row) => row.task_id);
  }

  /** Asks again, and settles what is over. Safe to repeat. @throws what kept the delegate service from taking it */
  async again(taskId: string): Promise<void> {
    const task = await this.actions.record.task(taskId);
    const run = task && (await this.actions.header(task.planExecutionId));
    const wanted = await this.wanted(taskId);
    if (!run || !wanted?.stop_wanted_at) return;
    if (task.status === 'ended' || Date.now() >= this.over(task, wanted)) return this.settle(taskId);
    const state = await this.actions.services.tasks.abort(this.actions.callerOf(run, run.traceparent), taskId, 0);
    await this.taken(taskId, state, await this.stopsBy(run));
  }

  /** The task is over: its stop is not asked for any more, and its instance goes to the next. Safe to repeat. */
  async settle(taskId: string): Promise<void> {
    const next = await this.actions.write(async ({ record, locks }) => {
      await record.forgetStop(taskId);
      return (await record.task(taskId))?.status === 'abandoned' ? locks.release(taskId, Date.now()) : undefined;
    });
    await this.actions.tell(next);
  }

  /** `ENDED` is over. One that is `UNKNOWN` may be on its way to the delegate service still: it is asked about until it would have been stopped. */
  private async taken(taskId: string, state: string, waitUntil: number): Promise<void> {
    const status = (await this.actions.record.task(taskId))?.status;
    if (status === 'abandoned' && state === 'ENDED') return this.settle(taskId);
    await this.actions.record.stopTaken(taskId, waitUntil);
  }

  private async stopsBy(run: RunHeader): Promise<number> {
    const { tasks, config } = this.actions.services;
    // A service that cannot be asked now counts as configured alike.
    const stopsWithinMs = await tasks.stopsWithinMs(this.actions.callerOf(run, run.traceparent)).catch(() => 0);
    return Date.now() + Math.max(config.abortTimeoutMs, abortTimeoutFor(stopsWithinMs));
  }

  /** From then on no delegate works on the task: it was told in time, or the task's own time limits have ended it, which begin with a submission before the stop. */
  private over(task: TaskRow, { stop_wanted_at, stop_until }: WantedRow): number {
    if (stop_until !== null) return Number(stop_until);
    const { taskQueueTimeoutMs, abortTimeoutMs } = this.actions.services.config;
    const runMs = task.context.kind === 'execute-step' ? task.context.runTimeoutMs + RUN_MARGIN_MS : LONGEST_RUN_MS;
    return Number(stop_wanted_at) + taskQueueTimeoutMs + runMs + abortTimeoutMs;
  }

  private async wanted(taskId: string): Promise<WantedRow | undefined> {
    const [row] = await this.actions.services.dataSource.query<WantedRow[]>(`SELECT stop_wanted_at, stop_until FROM execution_tasks WHERE task_id = $1`, [taskId]);
    return row;
  }
}
