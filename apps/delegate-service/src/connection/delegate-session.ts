import { exclusionOf, type Candidate } from '@sluice/delegate-selection';
import type { Scope } from '@sluice/kernel';
import type { Connection } from './connection-registry.js';
import { requirementOf, type QueuedTaskRow } from '../task/task.js';

/** Everything known of a registered connection. */
export interface DelegateSession extends Connection {
  readonly accountId: string;
  readonly scope: Scope;
  readonly instanceId: string;
  readonly name: string;
  readonly hostName: string;
  readonly tags: readonly string[];
  readonly taskKinds: readonly string[];
  readonly maxTasks: number;
  readonly publicKey: string;
  isDraining: boolean;
}

/** Whether this delegate may take the task when it asks for it. How much it can carry is then its own decision. */
export function mayAcquire(session: DelegateSession, task: QueuedTaskRow): 'yes' | 'draining' | 'notEligible' {
  const candidate: Candidate = {
    id: session.delegateId,
    name: session.name,
    hostName: session.hostName,
    scope: session.scope,
    tags: session.tags,
    taskKinds: session.taskKinds,
    isConnected: true,
    isDraining: session.isDraining,
    heldTasks: 0,
    maxTasks: session.maxTasks,
  };
  const exclusion = exclusionOf(candidate, requirementOf(task));
  if (!exclusion) return 'yes';
  return exclusion.rule === 'draining' ? 'draining' : 'notEligible';
}
