import type { TaskFailure, TaskResult } from '@sluice/delegate-protocol';

/** What goes in place of a result that was refused for good: how the task ended, that its result was refused, and why. A step's history is then not known. */
export function refusedResult(result: TaskResult, why: string): TaskResult {
  if (result.kind !== 'execute-step')
    return {
      kind: result.kind,
      outcome: failed(`the task ${result.outcome.status}, but its result was refused: ${why}`),
    };
  const { status, changesets, error, startedAt, endedAt } = result.outcome;
  const count = changesets.filter((one) => one.status === 'applied' || one.status === 'rolledBack').length;
  const ending = error ? `: ${error.message.slice(0, 2_000)}` : '';
  const message = `the step ${status} in the database with ${count} changeset(s) changed${ending}; its result was refused: ${why}. What is applied stays, and the next run reads it from the database’s own history`;
  return {
    kind: result.kind,
    outcome: {
      status: 'failed',
      error: { failureType: 'Unknown', ...error, message },
      changesets: [],
      history: null,
      pending: null,
      outputs: {},
      startedAt,
      endedAt,
    },
  };
}

function failed(message: string): TaskFailure {
  return { status: 'failed', error: { message, failureType: 'Unknown' } };
}
