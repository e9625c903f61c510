import type { Trigger } from './pipeline-parts.api.js';

export interface TriggerState {
  readonly label: string;
  /** What would keep it from starting the pipeline. */
  readonly problem: string | undefined;
}

/** How a trigger stands. One that is switched on and has never started anything must not look as if it did: triggers do not start runs yet. */
export function triggerState({
  enabled,
  lastTriggerExecutionDetails,
  triggerStatus,
}: Pick<Trigger, 'enabled' | 'lastTriggerExecutionDetails' | 'triggerStatus'>): TriggerState {
  const { statusResult, detailedMessage } = triggerStatus.validationStatus;
  const problem = statusResult === 'FAILED' ? (detailedMessage ?? 'It does not fit its pipeline.') : undefined;
  if (!enabled) return { label: 'Switched off', problem };
  return { label: lastTriggerExecutionDetails ? 'Switched on' : 'Stored; triggers do not start runs yet', problem };
}
