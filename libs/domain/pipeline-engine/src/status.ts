/** Statuses of nodes, stages and executions as the public API spells them (api-contract 4.4). */
export const STATUSES = [
  'NotStarted',
  'Queued',
  'Running',
  'TaskWaiting',
  'ResourceWaiting',
  'Discontinuing',
  'Success',
  'IgnoreFailed',
  'Skipped',
  'Failed',
  'Errored',
  'Expired',
  'Aborted',
] as const;
export type Status = (typeof STATUSES)[number];

/** How something that ran ended. What did not run is `Skipped`. */
export type EndStatus = Extract<Status, 'Success' | 'IgnoreFailed' | 'Failed' | 'Errored' | 'Expired' | 'Aborted'>;

/** A node or an execution with one of these goes on no more. */
export const FINAL_STATUSES: ReadonlySet<Status> = new Set([
  'Success',
  'IgnoreFailed',
  'Skipped',
  'Failed',
  'Errored',
  'Expired',
  'Aborted',
]);
const BROKEN: ReadonlySet<Status> = new Set(['Failed', 'Errored', 'Expired', 'Aborted']);

/** Nothing happens to it any more. */
export function isFinal(status: Status): boolean {
  return FINAL_STATUSES.has(status);
}

/** It ended, and not well: what comes after it does not run by default. */
export function isBroken(status: Status): boolean {
  return BROKEN.has(status);
}

/** The worst first: what a parent shows when its children ended differently. */
const WORST_FIRST: readonly EndStatus[] = ['Aborted', 'Errored', 'Failed', 'Expired'];

/**
 * Status of a parent whose children have all ended or will not run any more. All skipped is `Skipped` only for a group that was skipped
 * itself, so a parent that ran ends with `Success`; a child that failed and was ignored shows as `IgnoreFailed`.
 */
export function statusOfParent(children: readonly Status[]): EndStatus {
  const worst = WORST_FIRST.find((status) => children.includes(status));
  if (worst) return worst;
  return children.includes('IgnoreFailed') ? 'IgnoreFailed' : 'Success';
}
