import { laneOf, type SecretsWanted, type TaskEnded, type TaskEvent } from '@sluice/delegate-rpc';
import { AppError, assertNever, messageOf } from '@sluice/kernel';
import type { NodeEvent } from '@sluice/pipeline-engine';
import type { CallIdentity } from '@sluice/service-identity';
import { TaskEventConsumer, failureKindOf, type TaskEventHandler } from '@sluice/task-events';
import type { Metrics } from '@sluice/telemetry';
import type { RunHeader, TaskRow } from './execution-record.js';
import { isMissing, type RunActions, type RunServices } from './run-actions.js';
import type { SealedStep, SealingLease } from './ng-manager.js';
import { endOf, refusedEnd, reportOf } from './task-end.js';
import type { TaskReport } from './task.js';

/** In whose name events are read: they are of every account. */
const SELF: CallIdentity = {
  accountId: '',
  principal: { type: 'service', id: 'pipeline', name: 'pipeline' },
  grants: [],
};

/** Which execution an event belongs to. */
interface Concerned {
  readonly run: RunHeader;
  readonly task: TaskRow;
  readonly traceparent: string | undefined;
}

/** Turns the delegate service's events into what they mean here. Every effect can be repeated and none depends on the order. */
export class TaskEvents implements TaskEventHandler<TaskEvent> {
  private readonly consumer: TaskEventConsumer<TaskEvent>;

  constructor(
    private readonly actions: RunActions,
    metrics: Metrics,
  ) {
    const { tasks, log } = actions.services;
    this.consumer = new TaskEventConsumer<TaskEvent>({
      source: {
        events: (signal) => tasks.events(SELF, signal),
        acknowledge: (seq) => tasks.acknowledge(SELF, [seq]),
        setAside: (seq, reason, attempts) => tasks.setAside(SELF, seq, reason, attempts),
      },
      handler: this,
      laneOf,
      log,
      metrics,
    });
  }

  private get services(): RunServices {
    return this.actions.services;
  }

  start(): void {
    this.consumer.start();
  }

  async stop(): Promise<void> {
    await this.consumer.stop();
  }

  readonly handle = async (event: TaskEvent): Promise<void> => {
    const concerned = await this.concerned(event);
    if (!concerned) return;
    const { run, task } = concerned;
    if (event.acquired)
      return this.note(run, task, {
        kind: 'taskAcquired',
        delegate: { id: event.acquired.delegateId, name: event.acquired.delegateName, taskId: task.taskId },
      });
    if (event.secretsWanted) return this.provideSecrets(concerned, event.secretsWanted, event.delegateScope);
    if (event.ended) return this.ended(concerned, event.ended);
    throw new AppError(
      'INVALID_REQUEST',
      `an event of kind "${event.event}" is not known to this version of the pipeline service`,
    );
  };

  /** A step whose end cannot be recorded fails with the reason; a delegate that waits for secrets hears it; a late result is noted on its node. */
  readonly refuse = async (event: TaskEvent, reason: string): Promise<void> => {
    const concerned = await this.concerned(event);
    if (!concerned) return;
    if (event.secretsWanted) return this.answerSecrets(concerned, event.secretsWanted, { sealed: {}, error: reason });
    if (event.ended) return this.refuseEnd(concerned, event.ended, reason);
  };

  /** @returns undefined for what is not known here, such as tasks of a removed project */
  private async concerned(event: TaskEvent): Promise<Concerned | undefined> {
    const task = await this.actions.record.task(event.taskId);
    const run = task && (await this.actions.header(task.planExecutionId));
    if (task && run) return { run, task, traceparent: event.traceparent || run.traceparent };
    this.services.log.warn({ taskId: event.taskId, event: event.event }, 'an event of a task that is not known here');
    return undefined;
  }

  /**
   * Plain values never come by here: NG manager seals them to the delegate that holds the lease. Only a definite answer is handed on as the reason why
   * there are none; while NG manager cannot be asked, the delegate waits.
   */
  private async provideSecrets(
    concerned: Concerned,
    wanted: SecretsWanted,
    delegateScope: TaskEvent['delegateScope'],
  ): Promise<void> {
    const { task } = concerned;
    if (task.status !== 'open') return;
    const { epoch, delegateId, publicKey, expressions } = wanted;
    const { accountId, orgId, projectId } = delegateScope ?? { accountId: '', orgId: '', projectId: '' };
    const lease = {
      taskId: task.taskId,
      epoch,
      delegateId,
      delegateScope: { accountId, ...(orgId ? { orgId } : {}), ...(projectId ? { projectId } : {}) },
      publicKey,
      expressions,
    };
    const answer = await this.sealed(concerned, lease).then(
      (sealed) => ({ sealed, error: '' }),
      (cause: unknown) => {
        if (failureKindOf(cause) !== 'final') throw cause;
        return { sealed: {}, error: messageOf(cause) };
      },
    );
    await this.answerSecrets(concerned, wanted, answer);
  }

  private async answerSecrets(
    { run, task, traceparent }: Concerned,
    { epoch }: SecretsWanted,
    answer: { readonly sealed: Record<string, string>; readonly error: string },
  ): Promise<void> {
    await this.services.tasks.provideSecrets({ ...run.caller, traceparent }, { taskId: task.taskId, epoch, ...answer });
  }

  private async sealed({ run, task, traceparent }: Concerned, lease: SealingLease): Promise<Record<string, string>> {
    return this.services.ngManager.sealedSecrets(run, traceparent, stepsOf(task), lease);
  }

  private async ended(concerned: Concerned, ended: TaskEnded): Promise<void> {
    const { task } = concerned;
    const report = reportOf(ended);
    if (report.result === null && ended.resultJson !== '') throw new AppError('INVALID_REQUEST', report.reason);
    if (task.kind === 'cleanup-pod') return this.cleanedUp(task, report);
    const status =
      ended.outcome === 'late' ? 'abandoned' : await this.actions.record.endTask(task.taskId, report, Date.now());
    if (status === 'abandoned') {
      await this.late(concerned, report);
      // Its time limit ended it while its delegate renewed the lease: it is over when the delegate service says so.
      if (report.outcome === 'timedOut') return;
      return this.actions.stops.settle(task.taskId);
    }
    await this.services.messages
      .send(task.workflowId, { kind: 'taskEnded', taskId: task.taskId, end: endOf(report) }, `end:${task.taskId}`)
      .catch((cause: unknown) => {
        if (!isMissing(cause)) throw cause;
        this.services.log.warn(
          { taskId: task.taskId, workflowId: task.workflowId },
          'a task ended whose workflow is gone; the sweeper ends the execution with its result',
        );
      });
  }

  /** The task counts as one nobody waits for: when its event is sent again, its result is reported as a late one. */
  private async refuseEnd({ run, task }: Concerned, ended: TaskEnded, reason: string): Promise<void> {
    const end = refusedEnd(reportOf(ended), reason);
    if (ended.outcome === 'late' || task.status !== 'open')
      await this.note(run, task, {
        kind: 'note',
        text: `A result came late, after this step had ended already. ${end.message}`,
      });
    const at = Date.now();
    await this.actions.write(async ({ record }) => {
      await record.abandonTask(task.taskId, at);
      // Its time limit ended it while its delegate renewed the lease: it is over when the delegate service says so.
      if (ended.outcome === 'timedOut' && task.kind === 'execute-step') await record.wantStop(task.taskId, at);
    });
    // Any other end is one that the delegate answered, or that no delegate works on: what cannot be recorded of it does not make it go on.
    if (ended.outcome !== 'timedOut') await this.actions.stops.settle(task.taskId);
    if (ended.outcome === 'late' || task.kind === 'cleanup-pod') return;
    await this.services.messages.send(
      task.workflowId,
      { kind: 'taskEnded', taskId: task.taskId, end },
      `end:${task.taskId}`,
    );
  }

  private async cleanedUp(task: TaskRow, report: TaskReport): Promise<void> {
    const result = report.result?.kind === 'other' ? report.result : undefined;
    if (result?.status === 'succeeded')
      return void (await this.actions.record.endTask(task.taskId, report, Date.now()));
    await this.actions.record.abandonTask(task.taskId, Date.now());
    this.services.log.warn(
      { taskId: task.taskId, outcome: report.outcome, reason: result?.message ?? report.reason },
      'a pod was not cleaned up; it is tried again',
    );
  }

  /** Nobody waits for it any more, but it happened: dbdevops hears of it, and the node says so. */
  private async late({ run, task, traceparent }: Concerned, report: TaskReport): Promise<void> {
    if (report.result?.kind !== 'step' || task.context.kind !== 'execute-step') return;
    const { dbSchema, dbInstance, dbInstanceId, command, stageId } = task.context;
    const result = report.result.step;
    await this.services.ngManager.reportOnce(run, traceparent, {
      dbSchema,
      dbInstance,
      dbInstanceId,
      command,
      stageExecutionId: stageId,
      stepExecutionId: task.nodeId,
      isLate: true,
      result,
    });
    const changed = result.changesets.filter((one) => one.status === 'applied' || one.status === 'rolledBack').length;
    const text = `A result came late, after this step had ended already: the step ${result.status} with ${changed} changeset(s) changed${result.error ? `: ${result.error.message}` : ''}.`;
    await this.note(run, task, { kind: 'note', text });
  }

  private async note(run: RunHeader, task: TaskRow, event: NodeEvent): Promise<void> {
    await this.actions.write(({ record }) => record.apply(run.planExecutionId, [{ nodeId: task.nodeId, event }]));
  }
}

/** The steps whose connectors name the secrets of a task. */
function stepsOf({ nodeId, context }: TaskRow): SealedStep[] {
  switch (context.kind) {
    case 'initialise-pod':
      return Object.entries(context.steps).map(([key, { dbSchema, dbInstance }]) => ({ key, dbSchema, dbInstance }));
    case 'execute-step':
      return [{ key: nodeId, dbSchema: context.dbSchema, dbInstance: context.dbInstance }];
    case 'cleanup-pod':
      throw new AppError('ACCESS_DENIED', 'a task that cleans up opens no secrets');
    default:
      return assertNever(context);
  }
}
