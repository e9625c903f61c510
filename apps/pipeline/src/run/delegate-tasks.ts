import type { TaskPayload } from '@sluice/delegate-protocol';
import {
  DELEGATE_TASKS_SERVICE,
  type DelegateTasksMethods,
  type ProvideSecretsRequest,
  type RpcScope,
  type TaskEvent,
} from '@sluice/delegate-rpc';
import { ServiceClient } from '@sluice/grpc';
import { AppError, backoffMs, pause, type ProjectScope } from '@sluice/kernel';
import type { CallIdentity, ServiceIdentity } from '@sluice/service-identity';

export interface TaskSubmission {
  readonly taskId: string;
  readonly scope: ProjectScope;
  readonly payload: TaskPayload;
  readonly selectors: readonly string[];
  /** Empty when any delegate will do. */
  readonly boundDelegateId: string;
  readonly queueTimeoutMs: number;
  readonly runTimeoutMs: number;
  readonly description: string;
}

/** On whose behalf a task is submitted, and which trace it belongs to. */
export type TaskCaller = CallIdentity & { readonly traceparent: string | undefined };

/**
 * What the delegate service says of a task that is to stop. `assigned`: a delegate may be at work. `ended`: it is over. `withdrawn`: it was never submitted and
 * cannot be from now on. `unknown`: it was never submitted, but a submission that is still on its way would be run: only versions that do not withdraw ids say so.
 */
export type StopAnswer = 'assigned' | 'ended' | 'withdrawn' | 'unknown';

const CALL_MS = 10_000;
const GIVE_UP_MS = 30_000;

/** The delegate service, as the pipeline service uses it. */
export class DelegateTasks {
  private readonly client: ServiceClient<DelegateTasksMethods>;
  private readonly closing = new AbortController();

  constructor(address: string, identity: ServiceIdentity, ca?: string) {
    this.client = new ServiceClient<DelegateTasksMethods>({
      service: DELEGATE_TASKS_SERVICE,
      address,
      target: 'delegate-service',
      identity,
      ca,
    });
  }

  /**
   * Submits a task. Safe to repeat: a task id that is known already is fine, even when a fresh log token makes its payload differ.
   * @param patienceMs how long the service may be away
   * @throws AppError UNAVAILABLE_DELEGATES with the reason per delegate; UPSTREAM_UNAVAILABLE when the service is away for longer
   */
  async submit(caller: TaskCaller, task: TaskSubmission, patienceMs = task.runTimeoutMs): Promise<void> {
    const request = {
      taskId: task.taskId,
      scope: rpcScope(task.scope),
      payloadJson: JSON.stringify(task.payload),
      selectors: [...task.selectors],
      boundDelegateId: task.boundDelegateId,
      queueTimeoutMs: task.queueTimeoutMs,
      runTimeoutMs: task.runTimeoutMs,
      description: task.description,
      traceparent: caller.traceparent ?? '',
    };
    try {
      await this.whileReachable(() => this.client.unary(caller, 'Submit', request, { timeoutMs: CALL_MS }), patienceMs);
    } catch (cause) {
      if (!(cause instanceof AppError) || cause.code !== 'DUPLICATE_FIELD') throw cause;
    }
  }

  /** Asks that a task stop. Safe to repeat. @param patienceMs how long the service may be away */
  async abort(caller: TaskCaller, taskId: string, patienceMs?: number): Promise<StopAnswer> {
    const { state, isWithdrawn } = await this.whileReachable(
      () => this.client.unary(caller, 'Abort', { taskId, accountId: caller.accountId }, { timeoutMs: CALL_MS }),
      patienceMs,
    );
    if (state === 'UNKNOWN') return isWithdrawn ? 'withdrawn' : 'unknown';
    return state === 'ASSIGNED' ? 'assigned' : 'ended';
  }

  /** After so many milliseconds a delegate that cannot be told to stop has stopped by itself. */
  async stopsWithinMs(caller: CallIdentity): Promise<number> {
    const { leaseMs, fenceMs } = await this.client.unary(caller, 'LeaseTimes', {}, { timeoutMs: CALL_MS });
    return leaseMs + fenceMs;
  }

  /** Events of this service's tasks until `signal` aborts or the connection breaks. */
  events(caller: CallIdentity, signal: AbortSignal): AsyncGenerator<TaskEvent> {
    return this.client.stream({ ...caller, signal }, 'Events', {});
  }

  async acknowledge(caller: CallIdentity, seqs: readonly number[]): Promise<void> {
    await this.client.unary(caller, 'Acknowledge', { seqs: [...seqs] }, { timeoutMs: CALL_MS });
  }

  /** Moves an event to the dead letters. Safe to repeat. */
  async setAside(caller: CallIdentity, seq: number, reason: string, attempts: number): Promise<void> {
    await this.client.unary(caller, 'SetAside', { seq, reason, attempts }, { timeoutMs: CALL_MS });
  }

  async provideSecrets(caller: TaskCaller, request: ProvideSecretsRequest): Promise<void> {
    await this.client.unary(caller, 'ProvideSecrets', request, { timeoutMs: CALL_MS });
  }

  close(): void {
    this.closing.abort(new Error('the pipeline service is stopping'));
    this.client.close();
  }

  private async whileReachable<T>(call: () => Promise<T>, patienceMs = GIVE_UP_MS): Promise<T> {
    const until = Date.now() + patienceMs;
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await call();
      } catch (cause) {
        const isAway =
          cause instanceof AppError && (cause.code === 'UPSTREAM_UNAVAILABLE' || cause.code === 'REQUEST_TIMEOUT');
        if (!isAway || Date.now() >= until) throw cause;
        await pause(backoffMs(attempt, { baseMs: 100, maxMs: 3_000 }), this.closing.signal);
      }
    }
  }
}

function rpcScope(scope: ProjectScope): RpcScope {
  return { accountId: scope.accountId, orgId: scope.orgId, projectId: scope.projectId };
}
