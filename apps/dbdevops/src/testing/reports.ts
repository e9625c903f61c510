import type { StepReport } from '../step-report/changeset-state.js';

type Result = StepReport['result'];

/** On whose behalf steps report. */
export const A_RUN = {
  principal: { type: 'user', id: 'ann', name: 'Ann', email: 'ann@example.com' },
  correlationId: 'run-1',
} as const;

/** Names a changeset of the file `db/changelog.xml` by `author`. */
export function named(id: string, author = 'ann'): { id: string; author: string; file: string } {
  return { id, author, file: 'db/changelog.xml' };
}

/** A row of the database's own history. */
export function inHistory(
  id: string,
  orderExecuted: number,
  more: Partial<NonNullable<Result['history']>[number]> = {},
): NonNullable<Result['history']>[number] {
  return {
    ...named(id),
    dateExecuted: 1_000_000 + orderExecuted,
    orderExecuted,
    execType: 'EXECUTED',
    checksum: '9:abc',
    description: 'createTable',
    comments: '',
    tag: null,
    contexts: null,
    labels: null,
    deploymentId: '1',
    ...more,
  };
}

export function outcome(
  id: string,
  status: Result['changesets'][number]['status'],
  more: Partial<Result['changesets'][number]> = {},
): Result['changesets'][number] {
  return { ...named(id), status, at: 1_500_000, ...more };
}

/** A report of step `step` in execution `exec-1`, ending at `endedAt`. */
export function aReport(result: Partial<Result> = {}, more: Partial<Omit<StepReport, 'result'>> = {}): StepReport {
  return {
    orgId: 'default',
    projectId: 'shop',
    dbSchema: 'orders',
    dbInstance: 'dev',
    command: 'Update',
    pipelineIdentifier: 'deploy',
    planExecutionId: 'exec-1',
    stageExecutionId: 'stage-1',
    stepExecutionId: 'step-1',
    isLate: false,
    ...more,
    result: {
      status: 'succeeded',
      changesets: [],
      history: [],
      pending: [],
      outputs: {},
      startedAt: 1_900_000,
      endedAt: 2_000_000,
      ...result,
    },
  };
}
