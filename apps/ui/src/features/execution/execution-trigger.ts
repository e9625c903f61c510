import type { ExecutionSummary } from './execution.api.js';

const TRIGGER_LABELS: Readonly<Record<string, string>> = {
  MANUAL: 'by hand',
  WEBHOOK: 'by webhook',
  WEBHOOK_CUSTOM: 'by webhook',
  SCHEDULER_CRON: 'on schedule',
};

export interface ExecutionTrigger {
  /** Person or service, where known. */
  readonly who: string;
  /** How it was started. */
  readonly how: string;
}

/** Who or what started an execution. */
export function triggerOf(execution: ExecutionSummary): ExecutionTrigger {
  const info = execution.executionTriggerInfo;
  const email = info?.triggeredBy?.extraInfo?.['email'];
  const type = info?.triggerType ?? '';
  return {
    who: info?.triggeredBy?.identifier || (typeof email === 'string' && email) || 'unknown',
    how: TRIGGER_LABELS[type] ?? type.toLowerCase().replaceAll('_', ' '),
  };
}
