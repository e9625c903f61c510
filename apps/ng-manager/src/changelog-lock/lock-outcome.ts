import type { ChangelogLockAnswer, ChangelogLockTask, TaskResult } from '@sluice/delegate-protocol';

/** The lock of which instance's database, and from whom it is to be freed, if it is. */
export interface LockQuestion {
  readonly orgId: string;
  readonly projectId: string;
  readonly dbSchema: string;
  readonly dbInstance: string;
  readonly release: NonNullable<ChangelogLockTask['release']> | null;
}

export type LockOutcome =
  | ({ readonly status: 'answered' } & ChangelogLockAnswer)
  | { readonly status: 'failed'; readonly message: string };

/** What a delegate's answer means. Pure. */
export function lockOutcomeOf(result: TaskResult): LockOutcome {
  if (result.kind !== 'changelog-lock')
    return { status: 'failed', message: `the delegate answered with a result of ${result.kind}` };
  const { outcome } = result;
  if (outcome.status !== 'succeeded') return { status: 'failed', message: outcome.error.message };
  return { status: 'answered', lock: outcome.lock, ...(outcome.release ? { release: outcome.release } : {}) };
}
