import { Inject, Injectable } from '@nestjs/common';
import { CLOSE_CODES, type DelegateMessage, type HeldLease } from '@sluice/delegate-protocol';
import { AppError, assertNever, messageOf } from '@sluice/kernel';
import type { Logger, Metrics, Tracing } from '@sluice/telemetry';
import { CONFIG, LOG, METRICS, TRACING, type DelegateServiceConfig } from '../config.js';
import { DelegateRepository } from '../delegate/delegate.repository.js';
import { NotificationBus } from '../notification/notification-bus.js';
import { TaskRepository } from '../task/task.repository.js';
import type { Assignment, LeaseReview } from '../task/task.js';
import { ConnectionRegistry } from './connection-registry.js';
import { mayAcquire, type DelegateSession } from './delegate-session.js';

type Of<Type extends DelegateMessage['type']> = Extract<DelegateMessage, { type: Type }>;
/** Everything after the opening. */
export type SessionMessage = Exclude<DelegateMessage, { type: 'hello' | 'proof' }>;

const POLLED_ROWS = 200;

/** What a registered delegate asks and tells. */
@Injectable()
export class MessageHandler {
  private readonly results;

  constructor(
    private readonly tasks: TaskRepository,
    private readonly delegates: DelegateRepository,
    private readonly registry: ConnectionRegistry,
    private readonly bus: NotificationBus,
    @Inject(CONFIG) private readonly config: DelegateServiceConfig,
    @Inject(TRACING) private readonly tracing: Tracing,
    @Inject(LOG) private readonly log: Logger,
    @Inject(METRICS) metrics: Metrics,
  ) {
    this.results = metrics.counter('delegate_service_results_total', 'Results received from delegates', [
      'kind',
      'outcome',
    ]);
  }

  /** Never throws: what goes wrong is told to the delegate, which asks again. */
  async handle(session: DelegateSession, message: SessionMessage): Promise<void> {
    try {
      await this.dispatch(session, message);
    } catch (cause) {
      const error =
        cause instanceof AppError
          ? cause
          : (unstorable(cause) ??
            new AppError('INTERNAL', 'the delegate service could not handle the message; try again'));
      this.log.error({ delegateId: session.delegateId, type: message.type, error: messageOf(cause) }, 'message failed');
      session.send({ type: 'error', replyTo: message.id, code: error.code, message: error.message });
    }
  }

  /** Leases the delegate still holds after a reconnect go on; the answer names those it lost. */
  async resume(session: DelegateSession, held: readonly HeldLease[]): Promise<readonly HeldLease[]> {
    const review = await this.tasks.heartbeat({
      delegateId: session.delegateId,
      connectionId: session.connectionId,
      held,
      runningTasks: held.length,
      leaseMs: this.config.leaseMs,
    });
    this.repeatAborts(session, review);
    return lostOf(held, review);
  }

  /** Tells a fresh connection of everything it could take. */
  async offerBacklog(session: DelegateSession): Promise<void> {
    for (const offer of await this.offersFor(session, POLLED_ROWS)) session.send({ type: 'offer', ...offer });
  }

  private dispatch(session: DelegateSession, message: SessionMessage): Promise<void> {
    switch (message.type) {
      case 'heartbeat':
        return this.heartbeat(session, message);
      case 'acquire':
        return this.acquire(session, message);
      case 'poll':
        return this.poll(session, message);
      case 'secrets':
        return this.secrets(session, message);
      case 'result':
        return this.result(session, message);
      case 'draining':
        session.isDraining = true;
        this.log.info({ delegateId: session.delegateId, name: session.name }, 'delegate drains');
        return this.delegates.markDraining(session.delegateId, session.connectionId);
      case 'unregister':
        this.log.info({ delegateId: session.delegateId, name: session.name }, 'delegate unregistered');
        this.registry.remove(session);
        return this.delegates
          .disconnect(session.delegateId, session.connectionId)
          .then(() => session.close(1000, 'unregistered'));
      default:
        return assertNever(message);
    }
  }

  private async heartbeat(session: DelegateSession, message: Of<'heartbeat'>): Promise<void> {
    const { delegateId, connectionId } = session;
    const review = await this.tasks.heartbeat({
      delegateId,
      connectionId,
      held: message.held,
      runningTasks: message.runningTasks,
      leaseMs: this.config.leaseMs,
    });
    if (!review.isCurrentConnection) return session.close(CLOSE_CODES.REPLACED, 'replaced by a newer connection');
    if (!review.isTokenActive) return session.close(CLOSE_CODES.TOKEN_REVOKED, 'the token has been revoked');
    session.send({ type: 'heartbeatAck', replyTo: message.id, lost: lostOf(message.held, review) });
    this.repeatAborts(session, review);
  }

  private async acquire(session: DelegateSession, message: Of<'acquire'>): Promise<void> {
    const refuse = (reason: 'taken' | 'ended' | 'notEligible' | 'unknown' | 'draining'): void =>
      session.send({ type: 'notAcquired', replyTo: message.id, taskId: message.taskId, reason });
    if (message.instanceId !== session.instanceId) return refuse('notEligible');
    const queued = await this.tasks.findQueued(session.accountId, message.taskId);
    const verdict = queued ? mayAcquire(session, queued) : 'yes';
    if (verdict !== 'yes') return refuse(verdict);
    const holder = {
      accountId: session.accountId,
      delegateId: session.delegateId,
      delegateName: session.name,
      instanceId: session.instanceId,
      publicKey: session.publicKey,
    };
    const acquired = queued
      ? await this.tasks.acquire(message.taskId, holder, {
          leaseMs: this.config.leaseMs,
          wantsSecrets: message.wantsSecrets,
        })
      : await this.tasks.acquireAgain(message.taskId, holder, this.config.leaseMs);
    if (acquired.outcome === 'notAcquired') return refuse(acquired.reason);
    const { assignment } = acquired;
    if (acquired.isNew) {
      this.bus.tellLocal({ type: 'events', consumer: assignment.consumer });
      this.log.info(
        {
          taskId: assignment.taskId,
          kind: assignment.kind,
          epoch: assignment.epoch,
          delegateId: session.delegateId,
          name: session.name,
        },
        'task acquired',
      );
    }
    this.sendAssignment(session, message.id, assignment);
  }

  /** The socket lives long, so the hop of a task is a span of its own; the delegate's spans continue it. */
  private sendAssignment(
    session: DelegateSession,
    replyTo: string,
    { taskId, epoch, kind, payload, traceparent, isAborting }: Assignment,
  ): void {
    const span = this.tracing.open(`acquire ${kind}`, {
      kind: 'server',
      parent: traceparent,
      hop: { from: 'delegate', to: 'delegate-service', protocol: 'ws' },
      attributes: { 'sluice.task.id': taskId, 'sluice.task.epoch': epoch, 'sluice.delegate.name': session.name },
    });
    session.send({
      type: 'acquired',
      replyTo,
      taskId,
      epoch,
      leaseMs: this.config.leaseMs,
      payload,
      traceparent: span.traceparent,
    });
    if (isAborting) session.send({ type: 'abort', taskId, epoch });
    span.end();
  }

  private async poll(session: DelegateSession, message: Of<'poll'>): Promise<void> {
    session.send({ type: 'polled', replyTo: message.id, offers: await this.offersFor(session, message.limit) });
  }

  private async offersFor(session: DelegateSession, limit: number): Promise<{ taskId: string; kind: string }[]> {
    const queued = await this.tasks.listQueued(session.accountId, POLLED_ROWS);
    return queued
      .filter((task) => mayAcquire(session, task) === 'yes')
      .slice(0, limit)
      .map(({ id, kind }) => ({ taskId: id, kind }));
  }

  private async secrets(session: DelegateSession, { taskId, epoch }: Of<'secrets'>): Promise<void> {
    const consumer = await this.tasks.askForSecrets({
      taskId,
      epoch,
      instanceId: session.instanceId,
      delegateId: session.delegateId,
      publicKey: session.publicKey,
    });
    if (consumer === undefined)
      return session.send({
        type: 'secretsFailed',
        taskId,
        epoch,
        message: 'the lease of this task is not held by this delegate any more',
      });
    this.bus.tellLocal({ type: 'events', consumer });
  }

  /** Acknowledged only after the commit. A result that cannot be stored is not acknowledged; the delegate keeps and repeats it. */
  private async result(session: DelegateSession, message: Of<'result'>): Promise<void> {
    const { taskId, epoch, result } = message;
    const recorded = await this.tasks.recordResult({
      accountId: session.accountId,
      delegateId: session.delegateId,
      taskId,
      epoch,
      kind: result.kind,
      resultJson: JSON.stringify(result),
    });
    session.send({ type: 'resultAck', replyTo: message.id, taskId, epoch, outcome: recorded.outcome });
    if (recorded.consumer !== undefined) this.bus.tellLocal({ type: 'events', consumer: recorded.consumer });
    this.results.labels(result.kind, recorded.outcome).inc();
    this.log.info(
      {
        taskId,
        epoch,
        kind: result.kind,
        status: result.outcome.status,
        outcome: recorded.outcome,
        delegateId: session.delegateId,
      },
      'result recorded',
    );
  }

  private repeatAborts(session: DelegateSession, review: LeaseReview): void {
    for (const { taskId, epoch, isAborting } of review.extended)
      if (isAborting) session.send({ type: 'abort', taskId, epoch });
  }
}

/** A message the database will never take, because of what is in it: SQLSTATE classes 22 (data) and 54 (too large). */
function unstorable(cause: unknown): AppError | undefined {
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
  const isFinal = typeof code === 'string' && /^(22|54)[0-9A-Z]{3}$/.test(code);
  return isFinal
    ? new AppError('INVALID_REQUEST', `the message holds something that cannot be stored: ${messageOf(cause)}`)
    : undefined;
}

function lostOf(held: readonly HeldLease[], review: LeaseReview): HeldLease[] {
  const kept = new Set(review.extended.map(({ taskId, epoch }) => `${taskId}/${epoch}`));
  return held
    .filter(({ taskId, epoch }) => !kept.has(`${taskId}/${epoch}`))
    .map(({ taskId, epoch }) => ({ taskId, epoch }));
}
