import type { FailureType, TaskFailure, TaskKind, TaskPayload, TaskResult } from '@sluice/delegate-protocol';
import { AppError, messageOf, type ErrorCode } from '@sluice/kernel';
import type { StopReason } from '@sluice/runner-rpc';
import type { Logger } from '@sluice/telemetry';
import type { LeaseTerm } from '../connection/service-connection.js';

/** What a handler is given besides the payload. */
export interface TaskContext {
  readonly taskId: string;
  readonly epoch: number;
  /** Of the lease; everything the task does continues it. */
  readonly traceparent: string | undefined;
  /** Aborts when the task is to stop: {@link TaskStopped} says why. */
  readonly signal: AbortSignal;
  readonly log: Logger;
  /** How long the work may go on, as far as is known now. */
  term(): LeaseTerm;
  /** Values of the task's own secret expressions. */
  secrets(expressions: readonly string[]): Promise<ReadonlyMap<string, string>>;
}

/** Why a running task is told to stop. */
export class TaskStopped extends Error {
  override readonly name = 'TaskStopped';

  constructor(readonly reason: 'aborted' | 'leaseLost' | 'leaseOver' | 'shutdown') {
    super(
      {
        aborted: 'aborted on request',
        leaseLost: 'the lease of the task was lost',
        leaseOver: 'the delegate was cut off from the control plane for longer than its lease, so it stopped the task',
        shutdown: 'the delegate is shutting down',
      }[reason],
    );
  }
}

type PayloadOf<Kind extends TaskKind> = Extract<TaskPayload, { kind: Kind }>;
type OutcomeOf<Kind extends TaskKind> = Extract<TaskResult, { kind: Kind }>['outcome'];

/** One per task kind. It answers with an outcome also for what goes wrong; a thrown error becomes a failed one. */
export interface TaskHandler<Kind extends TaskKind> {
  run(payload: PayloadOf<Kind>, context: TaskContext): Promise<OutcomeOf<Kind>>;
}

export type TaskHandlers = { readonly [Kind in TaskKind]: TaskHandler<Kind> };

const FAILURE_TYPES: Readonly<Partial<Record<ErrorCode, FailureType>>> = {
  INVALID_TOKEN: 'Authentication',
  ACCESS_DENIED: 'Authorization',
  SECRET_NOT_FOUND: 'Authentication',
  GIT_CONNECTION_ERROR: 'Connectivity',
  UPSTREAM_UNAVAILABLE: 'Connectivity',
  REQUEST_TIMEOUT: 'Timeout',
};

/** What failure strategies see of a task that was stopped. */
export const STOPPED_AS: Readonly<Record<TaskStopped['reason'], FailureType>> = {
  aborted: 'Unknown',
  leaseLost: 'Unknown',
  leaseOver: 'Connectivity',
  shutdown: 'DelegateRestart',
};

/** What the pod of a step is told. */
export const STOPS_STEP_AS: Readonly<Record<TaskStopped['reason'], StopReason>> = {
  aborted: 'ABORT',
  leaseLost: 'LEASE_LOST',
  leaseOver: 'LEASE_OVER',
  shutdown: 'SHUTDOWN',
};

/** The failed outcome of anything thrown. */
export function failureOf(cause: unknown, signal: AbortSignal): TaskFailure {
  if (signal.aborted && signal.reason instanceof TaskStopped) {
    return {
      status: 'aborted',
      error: { message: signal.reason.message, failureType: STOPPED_AS[signal.reason.reason] },
    };
  }
  const failureType =
    cause instanceof AppError
      ? ((cause.details['failureType'] as FailureType | undefined) ?? FAILURE_TYPES[cause.code] ?? 'Unknown')
      : 'Unknown';
  return { status: 'failed', error: { message: messageOf(cause), failureType } };
}
