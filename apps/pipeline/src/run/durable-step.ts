import { DBOS } from '@dbos-inc/dbos-sdk';
import { AppError } from '@sluice/kernel';
import { failureKindOf } from '@sluice/task-events';

/** Runs `work` as a step whose result is on record: a replay takes the result and does not run it again. */
export type DurableStep = <T>(name: string, work: () => Promise<T>) => Promise<T>;

/** With the waits between them, an outage of three minutes is outlasted. */
const ATTEMPTS = 22;
/** What may be a defect is tried for eight seconds. */
const UNCLEAR_ATTEMPTS = 10;
const WAITS = { intervalSeconds: 0.25, backoffRate: 1.3 };

/** @param isStopping true when this process is going away: what fails then is left to the next one */
export function durableSteps(isStopping: () => boolean): DurableStep {
  return (name, work) => {
    let attempts = 0;
    const shouldRetry = (cause: unknown): boolean => {
      attempts += 1;
      return !isStopping() && mayPass(cause, attempts);
    };
    return DBOS.runStep(work, { name, retriesAllowed: true, maxAttempts: ATTEMPTS, ...WAITS, shouldRetry });
  };
}

/** A database that is away must not end an execution. What our own code refuses is final: calls to other services have been repeated where they are made. */
export function mayPass(cause: unknown, attempts: number): boolean {
  if (cause instanceof AppError) return false;
  const kind = failureKindOf(cause);
  return kind === 'retryable' || (kind === 'unclear' && attempts < UNCLEAR_ATTEMPTS);
}
