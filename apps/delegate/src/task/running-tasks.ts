import type { HeldLease, TaskKind } from '@sluice/delegate-protocol';
import { TaskStopped } from './task-handler.js';

export interface RunningTask extends HeldLease {
  readonly kind: TaskKind;
  readonly stop: AbortController;
}

/** What this process is working on. */
export class RunningTasks {
  private readonly byId = new Map<string, RunningTask>();
  private readonly idle = new Set<() => void>();

  get size(): number {
    return this.byId.size;
  }

  /** Undefined when this very lease is being worked on already. An older lease of the same task is stopped. */
  begin(lease: HeldLease, kind: TaskKind): RunningTask | undefined {
    const known = this.byId.get(lease.taskId);
    if (known && known.epoch >= lease.epoch) return undefined;
    known?.stop.abort(new TaskStopped('leaseLost'));
    const task: RunningTask = { taskId: lease.taskId, epoch: lease.epoch, kind, stop: new AbortController() };
    this.byId.set(lease.taskId, task);
    return task;
  }

  end(task: RunningTask): void {
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
