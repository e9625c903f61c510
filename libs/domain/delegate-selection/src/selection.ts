import {
  describeExclusion,
  exclusionOf,
  isPassing,
  type Candidate,
  type Exclusion,
  type Requirement,
} from './eligibility.js';

interface Refusal {
  readonly candidate: Candidate;
  readonly exclusion: Exclusion;
  readonly reason: string;
}

/**
 * Who may take a task, least loaded first, and why the others may not.
 * - `offer`: somebody can take it now
 * - `wait`: nobody can now, but a reconnect or a finished task may change that (also: no delegate is connected at all)
 * - `impossible`: delegates are connected, and none that we know of could ever run it
 */
export interface Selection {
  readonly verdict: 'offer' | 'wait' | 'impossible';
  readonly eligible: readonly Candidate[];
  readonly refused: readonly Refusal[];
}

/** Judges every known delegate of the task's account. */
export function selectDelegates(candidates: readonly Candidate[], task: Requirement): Selection {
  const eligible: Candidate[] = [];
  const refused: Refusal[] = [];
  for (const candidate of candidates) {
    const exclusion = exclusionOf(candidate, task);
    if (exclusion) refused.push({ candidate, exclusion, reason: describeExclusion(candidate, exclusion, task) });
    else eligible.push(candidate);
  }
  eligible.sort(
    (one, other) => loadOf(one) - loadOf(other) || one.heldTasks - other.heldTasks || one.id.localeCompare(other.id),
  );
  return { verdict: verdictOf(candidates, task, eligible, refused), eligible, refused };
}

function verdictOf(
  candidates: readonly Candidate[],
  task: Requirement,
  eligible: readonly Candidate[],
  refused: readonly Refusal[],
): Selection['verdict'] {
  if (eligible.length > 0) return 'offer';
  if (refused.some(({ exclusion }) => isPassing(exclusion))) return 'wait';
  // A pod lives in one delegate process only: when that one is not even known, no waiting brings it back.
  if (task.boundDelegateId !== null) return 'impossible';
  return candidates.some(({ isConnected }) => isConnected) ? 'impossible' : 'wait';
}

/** Share of a delegate's places that are taken: a big delegate with many tasks may still be the least loaded. */
function loadOf(candidate: Candidate): number {
  return candidate.heldTasks / Math.max(1, candidate.maxTasks);
}

const NAMED = 10;

/** Why nobody took the task: one clause per delegate, at most ten by name. */
export function explainSelection(selection: Selection, task: Requirement): string {
  const named = selection.refused.filter(({ exclusion }) => exclusion.rule !== 'bound').slice(0, NAMED);
  if (task.boundDelegateId !== null) {
    const [holder] = named;
    return holder
      ? `the delegate that holds the pod of this task (${holder.candidate.name}) ${holder.reason}`
      : 'the delegate that holds the pod of this task is gone';
  }
  if (selection.eligible.length > 0)
    return `no delegate took the task, though ${selection.eligible
      .map(({ name }) => name)
      .slice(0, NAMED)
      .join(', ')} could have`;
  if (selection.refused.length === 0)
    return 'no delegate is registered for this account; start one with a token of this account';
  const rest = selection.refused.length - named.length;
  return `no delegate can take the task: ${named.map(({ candidate, reason }) => `${candidate.name} ${reason}`).join('; ')}${rest > 0 ? `; and ${rest} more` : ''}`;
}
