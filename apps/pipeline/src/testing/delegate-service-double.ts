import {
  secretExpressionsOf,
  taskPayload,
  taskResult,
  type StepResult,
  type TaskPayload,
  type TaskResult,
} from '@sluice/delegate-protocol';
import {
  DELEGATE_TASKS_SERVICE,
  type DelegateTasksMethods,
  type SubmitRequest,
  type TaskEnded,
  type TaskEvent,
} from '@sluice/delegate-rpc';
import { ServiceServer, type ServiceCall, type ServiceHandlers } from '@sluice/grpc';
import { AppError, messageOf } from '@sluice/kernel';
import type { ServiceIdentity } from '@sluice/service-identity';
import { Tracing, createLogger } from '@sluice/telemetry';

/** A task as the double holds it. */
export interface DoubleTask {
  readonly request: SubmitRequest;
  readonly payload: TaskPayload;
  /** How often the same id was submitted. */
  submissions: number;
  isAborted: boolean;
  /** From then on the lease of a delegate that does not renew it is over, in milliseconds since the epoch. */
  leaseUntil: number;
  isEnded: boolean;
  readonly sealed: Record<string, string>;
  secretError: string;
}

/** What the delegate does with a task: a result, another end, or nothing at all for now. */
export type Behaviour = (
  task: DoubleTask,
) => Promise<TaskResult | Partial<TaskEnded> | 'hold'> | TaskResult | Partial<TaskEnded> | 'hold';

const DELEGATE = { delegateId: 'delegate-1', delegateName: 'double' };

export interface LeaseTimes {
  readonly leaseMs: number;
  readonly fenceMs: number;
}

/** Longer than a test takes to end what it holds, also on a slow machine. */
export const LONG_LEASES: LeaseTimes = { leaseMs: 240_000, fenceMs: 120_000 };
/** For what ends although no delegate confirms that it was stopped. */
export const SHORT_LEASES: LeaseTimes = { leaseMs: 900, fenceMs: 450 };

/**
 * Stands in for the delegate service and a delegate behind it, over real gRPC with the real protocol file: idempotent submission, events
 * that come again until they are acknowledged, secrets asked for before the work begins.
 */
export class DelegateServiceDouble implements ServiceHandlers<DelegateTasksMethods> {
  readonly tasks = new Map<string, DoubleTask>();
  readonly acknowledged: number[] = [];
  /** Events the service could not handle, with the reason. */
  readonly deadLetters: { readonly event: TaskEvent; readonly reason: string }[] = [];
  behaviour: Behaviour = succeed;
  /** Thrown by the next submissions, as when no delegate is connected. */
  refusal: AppError | undefined;
  private readonly events = new Map<number, TaskEvent>();
  private seq = 0;
  private wakes = new Set<() => void>();
  private server: ServiceServer | undefined;

  /** @param port 0 takes a free one @returns `host:port` */
  async start(identity: ServiceIdentity, port = 0): Promise<string> {
    this.server = new ServiceServer({
      identity,
      tracing: Tracing.create('delegate-service', undefined),
      log: createLogger('delegate-service', 'silent'),
    });
    this.server.add<DelegateTasksMethods>(DELEGATE_TASKS_SERVICE, ['pipeline'], this);
    return `127.0.0.1:${await this.server.listen('127.0.0.1', port)}`;
  }

  async stop(): Promise<void> {
    await this.server?.close();
  }

  /** Tasks of one kind, in the order they came. */
  of(kind: TaskPayload['kind']): DoubleTask[] {
    return [...this.tasks.values()].filter((task) => task.payload.kind === kind);
  }

  readonly Submit = async (call: ServiceCall, request: SubmitRequest) => {
    if (call.accountId !== request.scope.accountId) throw new AppError('ACCESS_DENIED', 'another account');
    if (this.refusal) throw this.refusal;
    if (this.withdrawn.has(request.taskId))
      throw new AppError('INVALID_REQUEST', `task_id: "${request.taskId}" was aborted before its task arrived`);
    const known = this.tasks.get(request.taskId);
    if (known) {
      known.submissions += 1;
      if (known.request.payloadJson !== request.payloadJson)
        throw new AppError(
          'DUPLICATE_FIELD',
          `task_id: a task "${request.taskId}" with another payload exists already`,
        );
      return { alreadyKnown: true };
    }
    const task: DoubleTask = {
      request,
      payload: taskPayload.parse(JSON.parse(request.payloadJson)),
      submissions: 1,
      isAborted: false,
      leaseUntil: Number.POSITIVE_INFINITY,
      isEnded: false,
      sealed: {},
      secretError: '',
    };
    this.tasks.set(request.taskId, task);
    this.emit(task, { event: 'acquired', acquired: { ...DELEGATE, epoch: 1 } });
    const expressions = secretExpressionsOf(task.payload);
    if (expressions.length > 0)
      this.emit(task, {
        event: 'secretsWanted',
        delegateScope: { accountId: request.scope.accountId, orgId: request.scope.orgId, projectId: '' },
        secretsWanted: { delegateId: DELEGATE.delegateId, epoch: 1, publicKey: 'key', expressions },
      });
    else void this.work(task);
    return { alreadyKnown: false };
  };

  /** Thrown by aborts, as when the service's database is away. */
  abortRefusal: AppError | undefined;

  /** Before an abort is looked at. @param signal aborts when the caller does not wait for the answer any more */
  beforeAbort: (signal: AbortSignal) => Promise<void> = () => Promise.resolve();

  readonly Abort = async (call: ServiceCall, request: { taskId: string }) => {
    await this.beforeAbort(call.signal);
    const task = this.tasks.get(request.taskId);
    if (this.abortRefusal) throw this.abortRefusal;
    if (!task) {
      if (!this.withdraws) return { state: 'UNKNOWN' as const };
      this.withdrawn.add(request.taskId);
      return { state: 'UNKNOWN' as const, isWithdrawn: true };
    }
    const { leaseMs, fenceMs } = this.leaseTimes;
    if (!task.isAborted) task.leaseUntil = Date.now() + leaseMs + fenceMs;
    task.isAborted = true;
    const isOver = task.isEnded || (!this.renewsLeases && Date.now() >= task.leaseUntil);
    return { state: isOver ? ('ENDED' as const) : ('ASSIGNED' as const) };
  };

  /** Whether the delegate of an aborted task renews its lease, as while its database rolls back; one that does not is lost when its lease is over. */
  renewsLeases = false;
  /** False: as a version that does not keep ids of tasks that were aborted before they were submitted. */
  withdraws = true;
  /** Ids that were aborted before they were submitted. */
  readonly withdrawn = new Set<string>();

  /** What the service says of its leases: an abort that no delegate confirms is waited for that long. */
  leaseTimes: LeaseTimes = LONG_LEASES;
  readonly LeaseTimes = () => Promise.resolve(this.leaseTimes);

  readonly Events = (call: ServiceCall): AsyncIterable<TaskEvent> => this.stream(call.signal);

  readonly Acknowledge = (_call: ServiceCall, request: { seqs: number[] }) => {
    for (const seq of request.seqs) this.events.delete(seq);
    this.acknowledged.push(...request.seqs);
    return Promise.resolve({});
  };

  readonly SetAside = (_call: ServiceCall, { seq, reason }: { seq: number; reason: string }) => {
    const event = this.events.get(seq);
    this.events.delete(seq);
    if (event) this.deadLetters.push({ event, reason });
    return Promise.resolve({});
  };

  readonly ProvideSecrets = (
    _call: ServiceCall,
    request: { taskId: string; sealed: Record<string, string>; error: string },
  ) => {
    const task = this.tasks.get(request.taskId);
    if (!task) return Promise.resolve({ delivered: false });
    Object.assign(task.sealed, request.sealed);
    task.secretError = request.error;
    if (request.error !== '') this.end(request.taskId, failedTask(task, `secrets: ${request.error}`));
    else void this.work(task);
    return Promise.resolve({ delivered: true });
  };

  /** Ends a task: what a delegate's result, an expiry or a lost lease do. */
  end(taskId: string, how: TaskResult | Partial<TaskEnded>): void {
    const task = this.tasks.get(taskId);
    if (!task) throw new Error(`no task ${taskId}`);
    task.isEnded = true;
    const ended =
      'kind' in how
        ? { outcome: 'completed' as const, resultJson: JSON.stringify(taskResult.parse(how)), reason: '' }
        : how;
    this.emit(task, {
      event: 'ended',
      ended: { outcome: 'completed', resultJson: '', reason: '', ...DELEGATE, ...ended },
    });
  }

  /** Sends the event of the newest dead letter again, as a new one. */
  redrive(): void {
    const letter = this.deadLetters.pop();
    if (!letter) throw new Error('no dead letter');
    const seq = (this.seq += 1);
    this.events.set(seq, { ...letter.event, seq });
    for (const wake of this.wakes) wake();
  }

  private async work(task: DoubleTask): Promise<void> {
    try {
      const how = await this.behaviour(task);
      if (how !== 'hold') this.end(task.request.taskId, how);
    } catch (cause) {
      this.end(task.request.taskId, failedTask(task, messageOf(cause)));
    }
  }

  private emit(
    task: DoubleTask,
    event: Pick<TaskEvent, 'event' | 'delegateScope' | 'acquired' | 'secretsWanted' | 'ended'>,
  ): void {
    const seq = (this.seq += 1);
    this.events.set(seq, {
      seq,
      taskId: task.request.taskId,
      scope: task.request.scope,
      traceparent: task.request.traceparent,
      ...event,
    });
    for (const wake of this.wakes) wake();
  }

  private async *stream(signal: AbortSignal): AsyncGenerator<TaskEvent> {
    let sent = 0;
    while (!signal.aborted) {
      const next = [...this.events.values()].find(({ seq }) => seq > sent);
      if (next) {
        sent = next.seq;
        yield next;
        continue;
      }
      await new Promise<void>((resolve) => {
        const done = (): void => {
          this.wakes.delete(done);
          signal.removeEventListener('abort', done);
          resolve();
        };
        this.wakes.add(done);
        signal.addEventListener('abort', done, { once: true });
      });
    }
  }
}

/** A step result like a successful rollout of one changeset. */
export function stepResult(over: Partial<StepResult> = {}): StepResult {
  const at = Date.now();
  return {
    status: 'succeeded',
    changesets: [{ id: '1', author: 'me', file: 'db.xml', status: 'applied', at }],
    history: [],
    pending: [],
    outputs: { preStartTag: 'before' },
    startedAt: at,
    endedAt: at,
    ...over,
  };
}

export function succeed(task: DoubleTask): TaskResult {
  switch (task.payload.kind) {
    case 'initialise-pod':
      return { kind: 'initialise-pod', outcome: { status: 'succeeded', commits: {}, podAddress: '127.0.0.2:20001' } };
    case 'execute-step':
      return { kind: 'execute-step', outcome: stepResult() };
    default:
      return { kind: 'cleanup-pod', outcome: { status: 'succeeded' } };
  }
}

export function failStep(
  message: string,
  failureType: 'Unknown' | 'Authentication' | 'Connectivity' | 'Timeout' = 'Unknown',
): TaskResult {
  return {
    kind: 'execute-step',
    outcome: stepResult({ status: 'failed', error: { message, failureType }, changesets: [] }),
  };
}

function failedTask(task: DoubleTask, message: string): TaskResult {
  const error = { message, failureType: 'Unknown' as const };
  if (task.payload.kind === 'execute-step') return failStep(message);
  return task.payload.kind === 'initialise-pod'
    ? { kind: 'initialise-pod', outcome: { status: 'failed', error } }
    : { kind: 'cleanup-pod', outcome: { status: 'failed', error } };
}
