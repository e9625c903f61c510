import { Inject, Injectable } from '@nestjs/common';
import type { HeldLease, ServerMessage, TaskPayload, TaskResult } from '@sluice/delegate-protocol';
import { assertNever, newId, waitFor } from '@sluice/kernel';
import { steadyNow } from '@sluice/runner-rpc';
import type { Logger, Tracing } from '@sluice/telemetry';
import { CONFIG, INSTANCE_ID, LOG, TRACING, type DelegateConfig } from '../config.js';
import { ServiceConnection, type ConnectionOwner, type LeaseTerm } from '../connection/service-connection.js';
import { ResultDelivery } from '../outbox/result-delivery.js';
import { ResultOutbox, type PendingResult } from '../outbox/result-outbox.js';
import { POD_RUNTIME, type PodRuntime } from '../pod/pod-runtime.js';
import { SealedAnswers } from '../secrets/sealed-answers.js';
import { RunningTasks, type RunningTask } from './running-tasks.js';
import { failureOf, type TaskContext, type TaskHandlers } from './task-handler.js';

export const HANDLERS = Symbol('task handlers');

const POLL_MS = 20_000;
/** They belong to a pod that was admitted before: neither a full nor a draining delegate turns them away. */
const POD_KINDS: readonly string[] = ['execute-step', 'cleanup-pod'];
const UNANSWERED_ACQUIRE_MS = 5_000;
const LAST_RESULTS_MS = 3_000;
const STOP_MARGIN_MS = 5_000;

/** Takes work, does it, and sees its result through: offers in, acquire, run, result out until it is acknowledged. */
@Injectable()
export class TaskAgent implements ConnectionOwner {
  private readonly running = new RunningTasks();
  private readonly results: ResultDelivery;
  /** Asked for and not answered: repeated on the next connection, since the lease may be ours already. */
  private readonly acquiring = new Map<
    string,
    { readonly kind: string; readonly timer: NodeJS.Timeout; readonly asks: ReadonlyMap<string, number> }
  >();
  private poll: NodeJS.Timeout | undefined;
  private isDraining = false;
  private isHurried = false;

  constructor(
    private readonly connection: ServiceConnection,
    private readonly outbox: ResultOutbox,
    private readonly secrets: SealedAnswers,
    @Inject(HANDLERS) private readonly handlers: TaskHandlers,
    @Inject(POD_RUNTIME) private readonly pods: PodRuntime,
    @Inject(CONFIG) private readonly config: DelegateConfig,
    @Inject(INSTANCE_ID) private readonly instanceId: string,
    @Inject(TRACING) private readonly tracing: Tracing,
    @Inject(LOG) private readonly log: Logger,
  ) {
    this.results = new ResultDelivery(connection, outbox, log);
  }

  async start(): Promise<void> {
    await this.outbox.open();
    this.connection.start(this);
    this.poll = setInterval(() => this.askForWork(), POLL_MS);
  }

  /** Takes nothing new, lets what runs end within `drainMs`, then stops it; unregisters last. Heartbeats go on all the time. */
  async drain(drainMs: number): Promise<void> {
    this.isDraining = true;
    clearInterval(this.poll);
    this.connection.send({ type: 'draining' });
    if (!(await this.finished(drainMs))) {
      this.log.warn({ tasks: this.running.leases(), pods: this.pods.count }, 'stopping what did not end in time');
      this.running.stopAll('shutdown');
      await this.running.whenIdle(this.config.pods.stopGraceMs + STOP_MARGIN_MS);
    }
    for (const { timer } of this.acquiring.values()) clearTimeout(timer);
    await this.settleResults();
    this.results.stop();
    this.connection.send({ type: 'unregister' });
    await this.connection.close();
  }

  /** Ends the waiting of {@link drain}. */
  hurry(): void {
    this.isHurried = true;
  }

  /** True once nothing runs and no pod waits for its next step. Without a connection no next step can come. */
  private async finished(withinMs: number): Promise<boolean> {
    const isFinished = (): boolean =>
      this.running.size === 0 && (this.pods.count === 0 || !this.connection.isConnected);
    await waitFor(() => this.isHurried || isFinished(), { timeoutMs: withinMs, what: 'the end of all tasks' }).catch(
      () => undefined,
    );
    return isFinished();
  }

  /** Gives the service a moment to acknowledge the last results; what it does not acknowledge stays on the disk. */
  private async settleResults(): Promise<void> {
    await waitFor(() => this.outbox.entries().length === 0 || !this.connection.isConnected, {
      timeoutMs: LAST_RESULTS_MS,
      what: 'acknowledgements',
    }).catch(() => undefined);
    await this.outbox.flush();
  }

  /** A result from before this process's time. */
  deliver(entry: PendingResult): void {
    this.results.deliver(entry);
  }

  /** The connection was closed because a frame was too large. */
  tooLarge(): void {
    this.results.tooLarge();
  }

  held(): HeldLease[] {
    return [...this.running.leases(), ...this.outbox.entries().map(({ taskId, epoch }) => ({ taskId, epoch }))];
  }

  runningTasks(): number {
    return this.running.size;
  }

  connected(welcome: Extract<ServerMessage, { type: 'welcome' }>): void {
    for (const lease of welcome.lost) this.running.stop(lease, 'leaseLost');
    this.results.connected();
    for (const [taskId, { kind }] of this.acquiring) this.sendAcquire(taskId, kind);
    if (this.isDraining) this.connection.send({ type: 'draining' });
  }

  renewed(leases: readonly HeldLease[], term: LeaseTerm): void {
    this.running.renew(leases, term);
  }

  received(message: Exclude<ServerMessage, { type: 'welcome' | 'challenge' }>): void {
    switch (message.type) {
      case 'heartbeatAck':
        for (const lease of message.lost) this.running.stop(lease, 'leaseLost');
        return;
      case 'offer':
        return this.consider(message.taskId, message.kind);
      case 'polled':
        for (const { taskId, kind } of message.offers) this.consider(taskId, kind);
        return;
      case 'acquired':
        return this.begin(
          message,
          message.payload,
          this.connection.termOf(this.answered(message), message.leaseMs),
          message.traceparent,
        );
      case 'notAcquired':
        this.answered(message);
        return;
      case 'sealedSecrets':
        return this.secrets.arrived(message, { sealed: message.sealed });
      case 'secretsFailed':
        return this.secrets.arrived(message, { failure: message.message });
      case 'resultAck':
        return this.results.acknowledged(message);
      case 'abort':
        return this.running.stop(message, 'aborted');
      case 'error':
        if (!this.results.refused(message))
          this.log.warn({ code: message.code, error: message.message }, 'the delegate service reports an error');
        return;
      default:
        return assertNever(message);
    }
  }

  private consider(taskId: string, kind: string): void {
    if (this.acquiring.has(taskId) || !(kind in this.handlers)) return;
    if (
      !POD_KINDS.includes(kind) &&
      (this.isDraining || this.running.size + this.acquiring.size >= this.config.maxTasks)
    )
      return;
    this.sendAcquire(taskId, kind);
  }

  private sendAcquire(taskId: string, kind: string): void {
    clearTimeout(this.acquiring.get(taskId)?.timer);
    const timer = setTimeout(
      () => this.acquiring.has(taskId) && this.connection.isConnected && this.sendAcquire(taskId, kind),
      UNANSWERED_ACQUIRE_MS,
    );
    const id = newId();
    this.acquiring.set(taskId, {
      kind,
      timer,
      asks: new Map([...(this.acquiring.get(taskId)?.asks ?? []), [id, steadyNow()]]),
    });
    this.connection.send({ type: 'acquire', id, taskId, instanceId: this.instanceId, wantsSecrets: true });
  }

  /** @returns when the question was sent that is answered here: the lease dates from no earlier */
  private answered({ taskId, replyTo }: Pick<ServerMessage, 'replyTo'> & { readonly taskId: string }): number {
    const asked = this.acquiring.get(taskId);
    clearTimeout(asked?.timer);
    this.acquiring.delete(taskId);
    return asked?.asks.get(replyTo ?? '') ?? Math.min(steadyNow(), ...(asked?.asks.values() ?? []));
  }

  private begin(lease: HeldLease, payload: TaskPayload, term: LeaseTerm, traceparent: string | undefined): void {
    if (this.outbox.entries().some(({ taskId, epoch }) => taskId === lease.taskId && epoch === lease.epoch)) return;
    const task = this.running.begin(lease, payload.kind, term);
    if (!task) return;
    this.log.info({ taskId: task.taskId, epoch: task.epoch, kind: task.kind }, 'task begins');
    void this.run(task, payload, traceparent).then((result) => this.finish(task, result));
  }

  private run(task: RunningTask, payload: TaskPayload, traceparent: string | undefined): Promise<TaskResult> {
    const span = {
      kind: 'internal',
      parent: traceparent,
      attributes: { 'sluice.task.id': task.taskId, 'sluice.task.epoch': task.epoch },
    } as const;
    return this.tracing.run(task.kind, span, async (active) => {
      const context: TaskContext = {
        taskId: task.taskId,
        epoch: task.epoch,
        traceparent: active.traceparent,
        signal: task.stop.signal,
        term: () => task.term,
        log: this.log.child({ taskId: task.taskId }),
        secrets: (expressions) => this.secrets.values(task, expressions, task.stop.signal),
      };
      return this.handle(payload, context);
    });
  }

  private async handle(payload: TaskPayload, context: TaskContext): Promise<TaskResult> {
    const { handlers } = this;
    const orFailed = <T>(work: Promise<T>) => work.catch((cause: unknown) => failureOf(cause, context.signal));
    switch (payload.kind) {
      case 'initialise-pod':
        return { kind: payload.kind, outcome: await orFailed(handlers['initialise-pod'].run(payload, context)) };
      case 'execute-step':
        return { kind: payload.kind, outcome: await handlers['execute-step'].run(payload, context) };
      case 'cleanup-pod':
        return { kind: payload.kind, outcome: await orFailed(handlers['cleanup-pod'].run(payload, context)) };
      case 'test-jdbc':
        return { kind: payload.kind, outcome: await orFailed(handlers['test-jdbc'].run(payload, context)) };
      case 'test-git':
        return { kind: payload.kind, outcome: await orFailed(handlers['test-git'].run(payload, context)) };
      case 'test-service':
        return { kind: payload.kind, outcome: await orFailed(handlers['test-service'].run(payload, context)) };
      case 'changelog-lock':
        return { kind: payload.kind, outcome: await orFailed(handlers['changelog-lock'].run(payload, context)) };
      default:
        return assertNever(payload);
    }
  }

  private finish(task: RunningTask, result: TaskResult): void {
    const entry: PendingResult = { taskId: task.taskId, epoch: task.epoch, result };
    this.log.info(
      { taskId: task.taskId, epoch: task.epoch, kind: task.kind, status: result.outcome.status },
      'task ended',
    );
    this.results.deliver(entry);
    this.secrets.forget(task);
    this.running.end(task);
    if (!this.isDraining && this.running.size + 1 >= this.config.maxTasks) this.askForWork();
  }

  private askForWork(): void {
    const free = this.config.maxTasks - this.running.size - this.acquiring.size;
    if (!this.isDraining && free > 0) this.connection.send({ type: 'poll', limit: Math.min(100, free) });
  }
}
