import { taskResult } from '@sluice/delegate-protocol';
import type { TaskEnded } from '@sluice/delegate-rpc';
import { storable, storableText } from '@sluice/kernel';
import type { NodeFailure, Status } from '@sluice/pipeline-engine';
import type { TaskReport, TaskReportResult } from './task.js';

/** The part of a task's end a workflow needs to go on. Small, because it is kept in the workflow's record. */
export interface TaskEnd {
  readonly outcome: TaskEnded['outcome'] | 'silent';
  /** Of a result; undefined when there is none. */
  readonly status: 'succeeded' | 'failed' | 'aborted' | undefined;
  readonly message: string;
  readonly failureType: string;
  readonly delegateId: string;
  readonly delegateName: string;
}

export interface NodeEnding {
  readonly status: Extract<Status, 'Success' | 'Failed' | 'Expired' | 'Aborted'>;
  readonly failure: NodeFailure | null;
}

/** Reads what the delegate service sent, every text in it storable. A result that is not readable counts as none, with the reason. */
export function reportOf(ended: TaskEnded): TaskReport {
  const base = {
    outcome: ended.outcome,
    reason: storableText(ended.reason),
    delegateId: ended.delegateId,
    delegateName: storableText(ended.delegateName),
  };
  if (ended.resultJson === '') return { ...base, result: null };
  const parsed = taskResult.safeParse(jsonOf(ended.resultJson));
  if (!parsed.success)
    return {
      ...base,
      reason: `the delegate's result cannot be read: ${parsed.error.issues[0]?.message ?? ''}`,
      result: null,
    };
  return { ...base, result: resultOf(parsed.data) };
}

function resultOf(result: ReturnType<typeof taskResult.parse>): TaskReportResult {
  if (result.kind === 'execute-step') return { kind: 'step', step: result.outcome };
  const { outcome } = result;
  if (outcome.status === 'succeeded')
    return { kind: 'other', status: 'succeeded', message: '', failureType: 'Unknown' };
  return {
    kind: 'other',
    status: outcome.status,
    message: outcome.error.message,
    failureType: outcome.error.failureType,
  };
}

function jsonOf(text: string): unknown {
  try {
    return storable<unknown>(JSON.parse(text));
  } catch {
    return undefined;
  }
}

export function endOf(report: TaskReport): TaskEnd {
  const { outcome, reason, delegateId, delegateName, result } = report;
  const base = { outcome, delegateId, delegateName };
  if (result === null) return { ...base, status: undefined, message: reason, failureType: 'Unknown' };
  if (result.kind === 'other')
    return { ...base, status: result.status, message: result.message, failureType: result.failureType };
  const { status, error } = result.step;
  return { ...base, status, message: error?.message ?? '', failureType: error?.failureType ?? 'Unknown' };
}

const LONGEST_QUOTE = 1_000;

/** The end of a task whose real end cannot be recorded, with the reason, and with what the delegate said as far as that can be shown. */
export function refusedEnd(report: TaskReport, reason: string): TaskEnd {
  const { status, message } = endOf(report);
  const said =
    status === undefined || status === 'succeeded' ? status : `${status}: ${message.slice(0, LONGEST_QUOTE)}`;
  const text = `The result cannot be recorded: ${reason}.${said === undefined ? '' : ` The delegate reported: ${said}.`} An administrator finds it among the dead letters and can have it read again.`;
  return {
    outcome: 'completed',
    status: 'failed',
    message: storableText(text),
    failureType: 'Unknown',
    delegateId: report.delegateId,
    delegateName: storableText(report.delegateName),
  };
}

/** Why work is stopped, and everything that has not begun yet will not begin: somebody asked for it, or a timeout of stage or pipeline. */
export type Stop = 'aborted' | 'expired';

/** Nobody reported an end in time. */
export const SILENT_END: TaskEnd = {
  outcome: 'silent',
  status: undefined,
  message: '',
  failureType: 'Timeout',
  delegateId: '',
  delegateName: '',
};

/**
 * How a node ends when its task did. A task that was stopped ends as `Aborted` or `Expired` unless it really succeeded in the meantime;
 * a failure it reported is told even then.
 */
export function endingOf(end: TaskEnd, stop: Stop | null): NodeEnding {
  if (end.status === 'succeeded') return { status: 'Success', failure: null };
  if (stop === 'expired')
    return {
      status: 'Expired',
      failure: failure('it was stopped because the timeout of its stage or pipeline was reached', 'Timeout'),
    };
  if (stop === 'aborted')
    return { status: 'Aborted', failure: end.status === 'failed' ? failure(end.message, end.failureType) : null };
  switch (end.outcome) {
    case 'completed':
    case 'late':
      return completed(end);
    case 'notAcquired':
      return {
        status: 'Failed',
        failure: failure(
          `no delegate took the task: ${end.message || 'none was free in time'}`,
          'DelegateProvisioning',
        ),
      };
    case 'leaseLost':
      return {
        status: 'Failed',
        failure: failure(
          `the delegate${named(end)} was lost while it worked: ${end.message || 'its lease ran out'}`,
          'DelegateRestart',
        ),
      };
    case 'timedOut':
      return {
        status: 'Expired',
        failure: failure(end.message || 'the step did not end within its timeout', 'Timeout'),
      };
    case 'aborted':
      return { status: 'Aborted', failure: failure(end.message || 'the task was aborted', 'Unknown') };
    case 'silent':
      return {
        status: 'Expired',
        failure: failure(end.message || 'neither a result nor an expiry of the task was reported in time', 'Timeout'),
      };
  }
}

function completed(end: TaskEnd): NodeEnding {
  if (end.status === undefined)
    return { status: 'Failed', failure: failure(end.message || 'the delegate answered without a result', 'Unknown') };
  if (end.status === 'aborted')
    return {
      status: 'Failed',
      failure: failure(end.message || `the delegate${named(end)} stopped the step`, end.failureType),
    };
  return {
    status: end.failureType === 'Timeout' ? 'Expired' : 'Failed',
    failure: failure(end.message || 'the step failed without a message', end.failureType),
  };
}

const failure = (message: string, failureType: string): NodeFailure => ({ message, failureType });
const named = (end: TaskEnd): string => (end.delegateName === '' ? '' : ` "${end.delegateName}"`);
