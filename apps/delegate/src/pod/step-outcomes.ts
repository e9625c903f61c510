import type { FailureType, StepResult } from '@sluice/delegate-protocol';

/** A step whose engine gave no result. What was applied is in the database's own history table. */
export function stepWithoutResult(
  status: 'failed' | 'aborted',
  message: string,
  failureType: FailureType,
  startedAt: number,
): StepResult {
  return {
    status,
    error: { message, failureType },
    changesets: [],
    history: null,
    pending: null,
    outputs: {},
    startedAt,
    endedAt: Date.now(),
  };
}
