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
  const { triggerType, triggeredBy } = execution.executionTriggerInfo;
  return {
    who: triggeredBy.identifier || triggeredBy.extraInfo['email'] || 'unknown',
    how: TRIGGER_LABELS[triggerType] ?? triggerType.toLowerCase().replaceAll('_', ' '),
  };
}
