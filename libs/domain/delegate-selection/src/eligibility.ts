import { assertNever, formatScope, isWithin, type Scope } from '@sluice/kernel';

/** A delegate as the rules see it. */
export interface Candidate {
  readonly id: string;
  readonly name: string;
  readonly hostName: string;
  /** Where its token was made: an account delegate serves all, an org delegate its org, a project delegate that project. */
  readonly scope: Scope;
  readonly tags: readonly string[];
  readonly taskKinds: readonly string[];
  readonly isConnected: boolean;
  readonly isDraining: boolean;
  /** Leases it holds right now, as the service knows them. */
  readonly heldTasks: number;
  readonly maxTasks: number;
}

/** What a task asks of a delegate. */
export interface Requirement {
  readonly scope: Scope;
  /** The widest scope a secret of the task lives at: only delegates of that scope or above open it. The task's own scope when it opens none from above. */
  readonly secretScope: Scope;
  readonly kind: string;
  /** Every one must be carried by the delegate. Case and surrounding blanks do not matter. */
  readonly selectors: readonly string[];
  /** The delegate that holds the pod of this task; nobody else can do it. */
  readonly boundDelegateId: string | null;
}

/** The rule that excluded a delegate. The first five cannot change by waiting. */
export type Exclusion =
  | { readonly rule: 'bound' }
  | { readonly rule: 'scope' }
  | { readonly rule: 'secretScope' }
  | { readonly rule: 'taskKind' }
  | { readonly rule: 'selectors'; readonly missing: readonly string[] }
  | { readonly rule: 'disconnected' }
  | { readonly rule: 'draining' }
  | { readonly rule: 'capacity' };

const PASSING: readonly Exclusion['rule'][] = ['disconnected', 'draining', 'capacity'];

/**
 * The first rule that keeps `candidate` from taking the task now; undefined when none does. A bound task skips scopes, selectors,
 * draining and capacity: its pod was admitted by them already.
 */
export function exclusionOf(candidate: Candidate, task: Requirement): Exclusion | undefined {
  const isHolder = task.boundDelegateId === candidate.id;
  if (task.boundDelegateId !== null && !isHolder) return { rule: 'bound' };
  if (candidate.scope.accountId !== task.scope.accountId) return { rule: 'scope' };
  if (!isHolder && !isWithin(task.scope, candidate.scope)) return { rule: 'scope' };
  if (!isHolder && !isWithin(task.secretScope, candidate.scope)) return { rule: 'secretScope' };
  if (!candidate.taskKinds.includes(task.kind)) return { rule: 'taskKind' };
  const missing = isHolder ? [] : missingSelectors(candidate, task.selectors);
  if (missing.length > 0) return { rule: 'selectors', missing };
  if (!candidate.isConnected) return { rule: 'disconnected' };
  if (isHolder) return undefined;
  if (candidate.isDraining) return { rule: 'draining' };
  return candidate.heldTasks >= candidate.maxTasks ? { rule: 'capacity' } : undefined;
}

/** True for what time may mend: a reconnect, a finished task. */
export function isPassing(exclusion: Exclusion): boolean {
  return PASSING.includes(exclusion.rule);
}

/** Selectors of a task the delegate does not carry. It carries its tags, its name and its host name. */
export function missingSelectors(
  candidate: Pick<Candidate, 'tags' | 'name' | 'hostName'>,
  selectors: readonly string[],
): readonly string[] {
  const carried = new Set([...candidate.tags, candidate.name, candidate.hostName].map(normalised));
  return selectors.filter((selector) => normalised(selector) !== '' && !carried.has(normalised(selector)));
}

function normalised(selector: string): string {
  return selector.trim().toLowerCase();
}

/** The exclusion in words, for the person who wonders why nothing runs. */
export function describeExclusion(candidate: Candidate, exclusion: Exclusion, task: Requirement): string {
  switch (exclusion.rule) {
    case 'bound':
      return 'does not hold the pod of this task';
    case 'scope':
      return `serves ${formatScope(candidate.scope)}, not ${formatScope(task.scope)}`;
    case 'secretScope':
      return `serves ${formatScope(candidate.scope)} only, and the task opens secrets of ${formatScope(task.secretScope)}, which go to delegates of that scope or above it alone`;
    case 'taskKind':
      return `cannot run ${task.kind} tasks`;
    case 'selectors':
      return `lacks the selector${exclusion.missing.length > 1 ? 's' : ''} ${exclusion.missing.map((one) => `"${one.trim()}"`).join(', ')}`;
    case 'disconnected':
      return 'is not connected';
    case 'draining':
      return 'is shutting down';
    case 'capacity':
      return `runs ${candidate.heldTasks} of at most ${candidate.maxTasks} tasks`;
    default:
      return assertNever(exclusion);
  }
}
