import type { HeldLease, TaskKind } from '@sluice/delegate-protocol';
import { Lease } from '@sluice/runner-rpc';
import type { LeaseTerm } from '../connection/service-connection.js';
import { TaskStopped } from './task-handler.js';

export interface RunningTask extends HeldLease {
  readonly kind: TaskKind;
  readonly stop: AbortController;
  /** Stops the task when nobody extends it: without a network too. */
  readonly lease: Lease;
  term: LeaseTerm;
}

/** For work whose end nobody has set. */
const ENDLESS: LeaseTerm = { until: Infinity, stopWithinMs: 0 };

/** What this process is working on. */
export class RunningTasks {
  private readonly byId = new Map<string, RunningTask>();
  private readonly idle = new Set<() => void>();

  get size(): number {
    return this.byId.size;
  }

  /** Undefined when this very lease is being worked on already. An older lease of the same task is stopped. */
  begin(lease: HeldLease, kind: TaskKind, term = ENDLESS): RunningTask | undefined {
    const known = this.byId.get(lease.taskId);
    if (known && known.epoch >= lease.epoch) return undefined;
    known?.stop.abort(new TaskStopped('leaseLost'));
    known?.lease.release();
    const stop = new AbortController();
    const task: RunningTask = {
      taskId: lease.taskId,
      epoch: lease.epoch,
      kind,
      stop,
      lease: new Lease(() => stop.abort(new TaskStopped('leaseOver'))),
      term,
    };
    this.byId.set(lease.taskId, task);
    this.renew([task], term);
    return task;
  }

  /** The service has extended these leases. */
  renew(leases: readonly HeldLease[], term: LeaseTerm): void {
    for (const { taskId, epoch } of leases) {
      const task = this.byId.get(taskId);
      if (task?.epoch !== epoch) continue;
      task.term = term.until >= task.term.until || task.term === ENDLESS ? term : task.term;
      if (Number.isFinite(term.until)) task.lease.extend(term.until);
    }
  }

  end(task: RunningTask): void {
    task.lease.release();
    if (this.byId.get(task.taskId) !== task) return;
    this.byId.delete(task.taskId);
    if (this.byId.size === 0) for (const wake of this.idle) wake();
  }

  stop(lease: HeldLease, reason: TaskStopped['reason']): void {
    const task = this.byId.get(lease.taskId);
    if (task?.epoch === lease.epoch) task.stop.abort(new TaskStopped(reason));
  }

  stopAll(reason: TaskStopped['reason']): void {
    for (const task of this.byId.values()) task.stop.abort(new TaskStopped(reason));
  }

  leases(): HeldLease[] {
    return [...this.byId.values()].map(({ taskId, epoch }) => ({ taskId, epoch }));
  }

  /** Resolves as soon as nothing runs, or after `timeoutMs`. @returns whether nothing runs */
  whenIdle(timeoutMs: number): Promise<boolean> {
    if (this.byId.size === 0) return Promise.resolve(true);
    return new Promise((resolve) => {
      const finish = (isIdle: boolean): void => {
        clearTimeout(timer);
        this.idle.delete(wake);
        resolve(isIdle);
      };
      const wake = (): void => finish(true);
      const timer = setTimeout(() => finish(false), timeoutMs);
      this.idle.add(wake);
    });
  }
}
