import { messageOf } from '@sluice/kernel';
import { abortTimeoutFor } from '../config.js';
import type { StopAnswer } from './delegate-tasks.js';
import type { RunHeader, TaskRow } from './execution-record.js';
import type { RunActions } from './run-actions.js';
import { RUN_MARGIN_MS } from './task.js';

/** The longest time limit that is assumed of a task whose context names none. */
const LONGEST_RUN_MS = 86_400_000;
const BATCH = 20;

/**
 * Stops of tasks. Each is written down with what makes it necessary and asked for until the delegate service has taken it. A task that its run does
 * not wait for any more, because it was given up or its time limit ended it, keeps its database instance until it is known to be over. A delegate that stops renews its lease while the database
 * rolls back, however long that takes: so the delegate service is asked again for as long as it says that a delegate may be at work.
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
    const answer = await tasks.abort(caller, taskId, patienceMs).catch((cause: unknown) => {
      log.warn({ taskId, error: messageOf(cause) }, 'the delegate service did not take an abort; it is asked again');
      return undefined;
    });
    const waitUntil = await this.stopsBy(run);
    if (answer !== undefined) await this.taken(taskId, answer, waitUntil);
    return { waitUntil };
  }

  /**
   * Stops the delegate service has not taken, then those of tasks nobody waits for that have had the time in which a delegate usually stops; the oldest first.
   * {@link again} settles each, or puts it off, or throws: none takes the place of others for ever. @param leftOut ids that are not looked for
   */
  async due(leftOut: readonly string[]): Promise<readonly string[]> {
    const rows = await this.actions.services.dataSource.query<{ task_id: string }[]>(
      `SELECT task_id FROM execution_tasks WHERE stop_wanted_at IS NOT NULL AND (stop_until IS NULL OR (status <> 'open' AND stop_until <= $2)) AND task_id <> ALL ($1)
       ORDER BY (stop_until IS NOT NULL), coalesce(stop_until, stop_wanted_at) LIMIT ${BATCH}`,
      [leftOut, Date.now()],
    );
    return rows.map((row) => row.task_id);
  }

  /** Asks again, and settles what is over. Safe to repeat. @throws what kept the delegate service from taking it, until the task's own time limits have ended it */
  async again(taskId: string): Promise<void> {
    const task = await this.actions.record.task(taskId);
    const stop = await this.actions.record.stop(taskId);
    if (!task || !stop) return;
    const run = await this.actions.header(task.planExecutionId);
    // Without its execution there is no caller left in whose name it could be stopped.
    if (!run) return this.settle(taskId);
    const { tasks, log } = this.actions.services;
    const answer = await tasks
      .abort(this.actions.callerOf(run, run.traceparent), taskId, 0)
      .catch((cause: unknown): StopAnswer => {
        if (Date.now() < this.limitOf(task, stop.wantedAt)) throw cause;
        log.error(
          { taskId, error: messageOf(cause) },
          'the delegate service could not be asked whether a task has stopped; all time limits of the task are over, so it counts as over',
        );
        return 'ended';
      });
    // Not withdrawn, but a submission that was on its way when it was asked first has arrived by now, or never will.
    const isLongUnknown = answer === 'unknown' && stop.until !== undefined && stop.until <= Date.now();
    await this.taken(taskId, isLongUnknown ? 'ended' : answer, await this.stopsBy(run));
  }

  /** The task is over: its stop is not asked for any more, and its instance goes to the next, unless the end of its step is still to be recorded: that frees it then. Safe to repeat. */
  async settle(taskId: string): Promise<void> {
    const next = await this.actions.write(async ({ record, locks }) => {
      const task = await record.task(taskId);
      const isRecorded = task !== undefined && (await record.hasEnded(task.planExecutionId, task.nodeId));
      await record.forgetStop(taskId);
      return isRecorded ? locks.release(taskId, Date.now()) : undefined;
    });
    await this.actions.tell(next);
  }

  /** One that has ended is over, and so is one that is withdrawn: a submission that is still on its way is refused. Any other may be at work, or begin to be. */
  private async taken(taskId: string, answer: StopAnswer, waitUntil: number): Promise<void> {
    const status = (await this.actions.record.task(taskId))?.status;
    if (status !== 'open' && (answer === 'ended' || answer === 'withdrawn')) return this.settle(taskId);
    await this.actions.record.stopTaken(taskId, waitUntil, Date.now());
  }

  private async stopsBy(run: RunHeader): Promise<number> {
    const { tasks, config } = this.actions.services;
    // A service that cannot be asked now counts as configured alike.
    const stopsWithinMs = await tasks.stopsWithinMs(this.actions.callerOf(run, run.traceparent)).catch(() => 0);
    return Date.now() + Math.max(config.abortTimeoutMs, abortTimeoutFor(stopsWithinMs));
  }

  /** From then on no delegate works on the task: its own time limits, which begin with a submission before the stop, have ended it, and the lease of its delegate is over too. */
  private limitOf({ context }: TaskRow, wantedAt: number): number {
    const { taskQueueTimeoutMs, abortTimeoutMs } = this.actions.services.config;
    const runMs = context.kind === 'execute-step' ? context.runTimeoutMs + RUN_MARGIN_MS : LONGEST_RUN_MS;
    return wantedAt + taskQueueTimeoutMs + runMs + abortTimeoutMs;
  }
}
