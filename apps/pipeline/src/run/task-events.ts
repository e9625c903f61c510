import type { SecretsWanted, TaskEnded, TaskEvent } from '@sluice/delegate-rpc';
import { backoffMs, messageOf, pause } from '@sluice/kernel';
import type { NodeEvent } from '@sluice/pipeline-engine';
import type { CallIdentity } from '@sluice/service-identity';
import type { RunHeader, TaskRow } from './execution-record.js';
import type { RunActions, RunServices } from './run-actions.js';
import { endOf, reportOf } from './task-end.js';
import type { TaskReport } from './task.js';

/** In whose name events are read: they are of every account. */
const SELF: CallIdentity = { accountId: '', principal: { type: 'service', id: 'pipeline', name: 'pipeline' }, grants: [] };

/** Events handled at once; more wait in the stream. */
const AT_ONCE = 64;

/**
 * Keeps the delegate service's event stream open and turns events into what they mean here. An event is acknowledged only after its effect is
 * stored, so it may come again; every effect can be repeated and none depends on the order, so they are handled side by side.
 */
export class TaskEvents {
  private readonly closing = new AbortController();
  private readonly underWay = new Set<Promise<void>>();
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly actions: RunActions) {}

  private get services(): RunServices {
    return this.actions.services;
  }

  start(): void {
    this.running = this.consume();
  }

  async stop(): Promise<void> {
    this.closing.abort(new Error('the pipeline service is stopping'));
    await this.running;
    await Promise.allSettled(this.underWay);
  }

  private async consume(): Promise<void> {
    const { tasks, log } = this.services;
    for (let attempt = 0; !this.closing.signal.aborted; attempt += 1) {
      try {
        for await (const event of tasks.events(SELF, this.closing.signal)) {
          if (attempt > 0) log.info('delegate service is reachable again');
          attempt = 0;
          this.track(this.handle(event));
          if (this.underWay.size >= AT_ONCE) await Promise.race(this.underWay);
        }
      } catch (cause) {
        if (this.closing.signal.aborted) return;
        if (attempt === 0) log.warn({ error: messageOf(cause) }, 'delegate service is unreachable; retrying');
      }
      await pause(backoffMs(attempt, { baseMs: 100, maxMs: 3_000 }), this.closing.signal).catch(() => undefined);
    }
  }

  private track(work: Promise<void>): void {
    this.underWay.add(work);
    void work.finally(() => this.underWay.delete(work));
  }

  /** Repeats until the effect is stored and acknowledged, or the service stops: then the event comes again after the next start. */
  private async handle(event: TaskEvent): Promise<void> {
    for (let attempt = 0; !this.closing.signal.aborted; attempt += 1) {
      try {
        await this.apply(event);
        await this.services.tasks.acknowledge(SELF, [event.seq]);
        return;
      } catch (cause) {
        if (this.closing.signal.aborted) return;
        this.services.log.warn({ taskId: event.taskId, event: event.event, attempt, error: messageOf(cause) }, 'a task event could not be handled; trying again');
        await pause(backoffMs(attempt, { baseMs: 200, maxMs: 10_000 }), this.closing.signal).catch(() => undefined);
      }
    }
  }

  private async apply(event: TaskEvent): Promise<void> {
    const { record } = this.actions;
    const task = await record.task(event.taskId);
    const run = task && (await this.actions.header(task.planExecutionId));
    if (!task || !run) {
      this.services.log.warn({ taskId: event.taskId, event: event.event }, 'an event of a task that is not known here');
      return;
    }
    const traceparent = event.traceparent || run.traceparent;
    if (event.acquired) await this.note(run, task, { kind: 'taskAcquired', delegate: { id: event.acquired.delegateId, name: event.acquired.delegateName, taskId: task.taskId } });
    if (event.secretsWanted) await this.provideSecrets(run, task, event.secretsWanted, traceparent);
    if (event.ended) await this.ended(run, task, event.ended, traceparent);
  }

  /** Plain values never come by here: NG manager seals them to the delegate that holds the lease. */
  private async provideSecrets(run: RunHeader, task: TaskRow, wanted: SecretsWanted, traceparent: string | undefined): Promise<void> {
    const lease = { taskId: task.taskId, epoch: wanted.epoch, delegateId: wanted.delegateId, publicKey: wanted.publicKey, expressions: wanted.expressions };
    const answer = await this.services.ngManager.sealedSecrets(run, traceparent, lease).then(
      (sealed) => ({ sealed, error: '' }),
      (cause: unknown) => ({ sealed: {}, error: messageOf(cause) }),
    );
    await this.services.tasks.provideSecrets({ ...run.caller, traceparent }, { taskId: task.taskId, epoch: wanted.epoch, ...answer });
  }

  private async ended(run: RunHeader, task: TaskRow, ended: TaskEnded, traceparent: string | undefined): Promise<void> {
    const report = reportOf(ended);
    if (task.kind === 'cleanup-pod') return this.cleanedUp(task, report);
    const isLate = ended.outcome === 'late';
    const { record } = this.actions;
    const status = isLate ? 'abandoned' : await record.endTask(task.taskId, report, Date.now());
    if (status === 'abandoned') return this.late(run, task, report, traceparent);
    await this.services.messages.send(task.workflowId, { kind: 'taskEnded', taskId: task.taskId, end: endOf(report) }, `end:${task.taskId}`);
  }

  private async cleanedUp(task: TaskRow, report: TaskReport): Promise<void> {
    await this.actions.record.endTask(task.taskId, report, Date.now());
    const result = report.result?.kind === 'other' ? report.result : undefined;
    if (result?.status === 'succeeded') return;
    this.services.log.warn({ taskId: task.taskId, outcome: report.outcome, reason: result?.message ?? report.reason }, 'a pod was not cleaned up; the reaper will');
  }

  /** Nobody waits for it any more, but it happened: dbdevops hears of it, and the node says so. */
  private async late(run: RunHeader, task: TaskRow, report: TaskReport, traceparent: string | undefined): Promise<void> {
    if (report.result?.kind !== 'step' || task.context.kind !== 'execute-step') return;
    const { dbSchema, dbInstance, dbInstanceId, command, stageId } = task.context;
    const result = report.result.step;
    await this.services.ngManager.report(run, traceparent, { dbSchema, dbInstance, dbInstanceId, command, stageExecutionId: stageId, stepExecutionId: task.nodeId, isLate: true, result });
    const changed = result.changesets.filter((one) => one.status === 'applied' || one.status === 'rolledBack').length;
    const text = `A result came late, after this step had ended already: the step ${result.status} with ${changed} changeset(s) changed${result.error ? `: ${result.error.message}` : ''}.`;
    await this.note(run, task, { kind: 'note', text });
  }

  private async note(run: RunHeader, task: TaskRow, event: NodeEvent): Promise<void> {
    await this.actions.write(({ record }) => record.apply(run.planExecutionId, [{ nodeId: task.nodeId, event }]));
  }
}
