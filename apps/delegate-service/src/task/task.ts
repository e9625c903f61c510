import type { Requirement } from '@sluice/delegate-selection';
import { secretScopeOf, type HeldLease, type TaskKind, type TaskPayload } from '@sluice/delegate-protocol';
import type { TaskEndOutcome } from '@sluice/delegate-rpc';
import type { Scope } from '@sluice/kernel';
import { scopeOfRow, type ScopeRow } from '../database.js';

/** A task as its submitter described it. */
export interface NewTask {
  readonly id: string;
  readonly scope: Scope;
  /** The service that submitted it and is told of its events. */
  readonly consumer: string;
  readonly payload: TaskPayload;
  readonly secretExpressions: readonly string[];
  readonly selectors: readonly string[];
  readonly description: string;
  readonly traceparent: string;
  readonly boundDelegateId: string | null;
  readonly queueTimeoutMs: number;
  readonly runTimeoutMs: number;
}

/** What the selection rules need to know of a stored task. */
export interface QueuedTaskRow extends ScopeRow {
  readonly id: string;
  readonly kind: TaskKind;
  readonly consumer: string;
  readonly selectors: readonly string[];
  readonly bound_delegate_id: string | null;
  readonly secret_expressions: readonly string[];
}

export function requirementOf(row: QueuedTaskRow): Requirement {
  const scope = scopeOfRow(row);
  return {
    scope,
    secretScope: secretScopeOf(row.secret_expressions, scope),
    kind: row.kind,
    selectors: row.selectors,
    boundDelegateId: row.bound_delegate_id,
  };
}

/** A lease: the payload for whoever holds it. */
export interface Assignment {
  readonly taskId: string;
  readonly epoch: number;
  readonly kind: TaskKind;
  readonly payload: TaskPayload;
  readonly consumer: string;
  readonly traceparent: string;
  readonly isAborting: boolean;
}

export type AcquireOutcome =
  | { readonly outcome: 'acquired'; readonly assignment: Assignment; readonly isNew: boolean }
  | { readonly outcome: 'notAcquired'; readonly reason: 'taken' | 'ended' | 'notEligible' | 'unknown' };

export type ResultOutcome = 'accepted' | 'duplicate' | 'late' | 'unknown';

/** What a heartbeat found. */
export interface LeaseReview {
  /** False when a newer connection of the delegate exists. */
  readonly isCurrentConnection: boolean;
  readonly isTokenActive: boolean;
  readonly extended: readonly (HeldLease & { readonly isAborting: boolean })[];
}

export interface EndedTask {
  readonly taskId: string;
  readonly consumer: string;
  readonly delegateId: string | null;
  readonly epoch: number;
  readonly outcome: TaskEndOutcome;
}

/**
 * Work that may have changed something is never run again behind its user's back: when its lease is lost, the task ends so and the
 * pipeline's failure strategy decides. The other kinds may be given to somebody else.
 */
export const REOFFERED_KINDS: readonly TaskKind[] = [
  'initialise-pod',
  'cleanup-pod',
  'test-jdbc',
  'test-git',
  'test-service',
];
/** A task is given away this many times at most. */
export const MAX_EPOCHS = 3;
