/** How a status is drawn: one tone has one colour and one icon. */
export type StatusTone = 'success' | 'failure' | 'running' | 'waiting' | 'stopped' | 'skipped' | 'neutral';

export interface StatusView {
  readonly label: string;
  readonly tone: StatusTone;
  /** Nothing further will happen to an execution or node in this status. */
  readonly isFinal: boolean;
}

const view = (label: string, tone: StatusTone, isFinal: boolean): StatusView => ({ label, tone, isFinal });

/** Keyed by the status in lower case without separators: the API spells it differently per object (api-contract 4.4). */
const VIEWS: Readonly<Record<string, StatusView>> = {
  success: view('Success', 'success', true),
  succeeded: view('Success', 'success', true),
  ignorefailed: view('Failure ignored', 'stopped', true),
  failed: view('Failed', 'failure', true),
  failure: view('Failed', 'failure', true),
  errored: view('Errored', 'failure', true),
  approvalrejected: view('Approval rejected', 'failure', true),
  aborted: view('Aborted', 'stopped', true),
  abortedbyfreeze: view('Aborted by freeze', 'stopped', true),
  expired: view('Expired', 'stopped', true),
  skipped: view('Skipped', 'skipped', true),
  suspended: view('Suspended', 'skipped', true),
  running: view('Running', 'running', false),
  asyncwaiting: view('Running', 'running', false),
  taskwaiting: view('Running', 'running', false),
  timedwaiting: view('Waiting', 'waiting', false),
  discontinuing: view('Stopping', 'running', false),
  queued: view('Queued', 'waiting', false),
  notstarted: view('Not started', 'neutral', false),
  paused: view('Paused', 'waiting', false),
  pausing: view('Pausing', 'waiting', false),
  waiting: view('Waiting', 'waiting', false),
  approvalwaiting: view('Waiting for approval', 'waiting', false),
  interventionwaiting: view('Waiting for intervention', 'waiting', false),
  inputwaiting: view('Waiting for input', 'waiting', false),
  resourcewaiting: view('Waiting for its turn', 'waiting', false),
};

/** What to show for a status of a summary, node or unit. A status this version does not know is shown as it is spelt. */
export function statusView(status: string | null | undefined): StatusView {
  if (!status) return view('Not started', 'neutral', false);
  return VIEWS[status.toLowerCase().replace(/[_\s-]/g, '')] ?? view(status, 'neutral', false);
}

/** An execution that ended, by its status or, for a status this version does not know, by its end time. */
export function isEnded(execution: { readonly status: string; readonly endTs?: number | null | undefined }): boolean {
  const { isFinal, tone } = statusView(execution.status);
  return isFinal || (tone === 'neutral' && Boolean(execution.endTs));
}

/** Statuses the executions list can be narrowed to, in the spelling of the API. */
export const STATUS_FILTERS = [
  { value: 'Success', label: 'Success' },
  { value: 'Failed', label: 'Failed' },
  { value: 'Running', label: 'Running' },
  { value: 'Aborted', label: 'Aborted' },
  { value: 'Expired', label: 'Expired' },
  { value: 'Queued', label: 'Queued' },
] as const;
