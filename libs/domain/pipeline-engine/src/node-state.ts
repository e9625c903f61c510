import { assertNever } from '@sluice/kernel';
import { isFinal, type EndStatus, type Status } from './status.js';

export interface NodeFailure {
  readonly message: string;
  readonly failureType: string;
}

interface DelegateUse {
  readonly id: string;
  readonly name: string;
  readonly taskId: string;
}

/** A run, as the keys of its logs name it. */
export interface LogRun {
  readonly planExecutionId: string;
  readonly runSequence: number;
}

/** What is known of one node of one execution. Times are milliseconds since the epoch. */
export interface NodeState {
  readonly status: Status;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly failure: NodeFailure | null;
  /** Values other steps may refer to. */
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly delegate: DelegateUse | null;
  readonly taskId: string | null;
  /** The step's spec with everything resolved. */
  readonly parameters: Readonly<Record<string, unknown>> | null;
  /** Why it ran or was skipped. */
  readonly decision: string | null;
  /** Until when and from when it waited for its database instance. */
  readonly resource: { readonly waitedFrom: number; readonly grantedAt: number | null } | null;
  /** Things a person should know, in order: a result that came late, a delegate that did not confirm its stop. */
  readonly notes: readonly string[];
  /** The run that wrote its logs, of a node that was taken over from one. */
  readonly logsOf?: LogRun | undefined;
}

export const NEW_NODE: NodeState = {
  status: 'NotStarted',
  startedAt: null,
  endedAt: null,
  failure: null,
  outputs: {},
  delegate: null,
  taskId: null,
  parameters: null,
  decision: null,
  resource: null,
  notes: [],
};

export type NodeEvent =
  | {
      readonly kind: 'started';
      readonly at: number;
      readonly decision?: string | undefined;
      readonly taskId?: string | undefined;
      readonly parameters?: Readonly<Record<string, unknown>> | undefined;
    }
  | { readonly kind: 'waitsForResource'; readonly at: number }
  | { readonly kind: 'resourceGranted'; readonly at: number }
  | { readonly kind: 'taskAcquired'; readonly delegate: DelegateUse }
  | { readonly kind: 'stopping' }
  | {
      readonly kind: 'ended';
      readonly at: number;
      readonly status: EndStatus;
      readonly failure?: NodeFailure | null | undefined;
      readonly outputs?: Readonly<Record<string, unknown>> | undefined;
      readonly note?: string | undefined;
    }
  | { readonly kind: 'skipped'; readonly at: number; readonly decision: string }
  | { readonly kind: 'note'; readonly text: string };

/**
 * Applies one event to a node. Late, repeated and impossible events leave it unchanged (the same object is returned), so that replaying
 * is harmless: a node that ended stays as it ended, and only a note is still added.
 */
export function reduceNode(state: NodeState, event: NodeEvent): NodeState {
  switch (event.kind) {
    case 'started':
      if (isFinal(state.status) || state.status === 'Discontinuing') return state;
      return {
        ...state,
        status: state.status === 'ResourceWaiting' ? 'ResourceWaiting' : 'Running',
        startedAt: state.startedAt ?? event.at,
        decision: event.decision ?? state.decision,
        taskId: event.taskId ?? state.taskId,
        parameters: event.parameters ?? state.parameters,
      };
    case 'waitsForResource':
      if (isFinal(state.status) || state.resource !== null) return state;
      return {
        ...state,
        status: 'ResourceWaiting',
        startedAt: state.startedAt ?? event.at,
        resource: { waitedFrom: event.at, grantedAt: null },
      };
    case 'resourceGranted':
      if (isFinal(state.status) || state.resource?.grantedAt) return state;
      return {
        ...state,
        status: state.status === 'ResourceWaiting' ? 'Running' : state.status,
        resource: { waitedFrom: state.resource?.waitedFrom ?? event.at, grantedAt: event.at },
      };
    case 'taskAcquired':
      return state.delegate?.id === event.delegate.id ? state : { ...state, delegate: event.delegate };
    case 'stopping':
      return isFinal(state.status) || state.status === 'NotStarted' || state.status === 'Discontinuing'
        ? state
        : { ...state, status: 'Discontinuing' };
    case 'ended':
      if (isFinal(state.status)) return state;
      return {
        ...state,
        status: event.status,
        startedAt: state.startedAt ?? event.at,
        endedAt: event.at,
        failure: event.failure ?? null,
        outputs: event.outputs ?? state.outputs,
        notes: event.note === undefined ? state.notes : [...state.notes, event.note],
      };
    case 'skipped':
      if (isFinal(state.status) || state.startedAt !== null) return state;
      return { ...state, status: 'Skipped', startedAt: event.at, endedAt: event.at, decision: event.decision };
    case 'note':
      return state.notes.includes(event.text) ? state : { ...state, notes: [...state.notes, event.text] };
    default:
      return assertNever(event);
  }
}
