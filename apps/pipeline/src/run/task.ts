import type { StepResult } from '@sluice/delegate-protocol';
import type { TaskEndOutcome } from '@sluice/delegate-rpc';
import type { DbStepInputs } from '@sluice/ng-manager-api';
import type { DbCommand } from '@sluice/step-types';

/** Inputs of one step inside a pod. `source` names the pod's source that holds its changelog. */
export interface PodStep {
  readonly dbSchema: string;
  readonly dbInstance: string;
  readonly inputs: DbStepInputs;
  readonly source: string;
}

/** What has to be remembered about a task to make sense of its end, even after a restart or much later. */
export type TaskContext =
  | { readonly kind: 'initialise-pod'; readonly podId: string; readonly steps: Readonly<Record<string, PodStep>> }
  | {
      readonly kind: 'execute-step';
      readonly podId: string;
      readonly stageId: string;
      readonly dbSchema: string;
      readonly dbInstance: string;
      readonly dbInstanceId?: string | undefined;
      readonly command: DbCommand;
      readonly runTimeoutMs: number;
    }
  /** `delegateId`: whose pod it is; absent on rows of earlier versions. */
  | { readonly kind: 'cleanup-pod'; readonly podId: string; readonly delegateId?: string };

/** How a task ended, as the delegate service told it. */
export interface TaskReport {
  readonly outcome: TaskEndOutcome;
  readonly reason: string;
  readonly delegateId: string;
  readonly delegateName: string;
  readonly result: TaskReportResult | null;
}

export type TaskReportResult =
  | { readonly kind: 'step'; readonly step: StepResult }
  | {
      readonly kind: 'other';
      readonly status: 'succeeded' | 'failed' | 'aborted';
      readonly message: string;
      readonly failureType: string;
    };

/** What the delegate needs beyond the step's own timeout to start it and to send the result. */
export const RUN_MARGIN_MS = 60_000;

/** `<planExecutionId>:<node>:<attempt>`: the same work has the same id, so it is never submitted twice. */
export function taskIdOf(
  planExecutionId: string,
  nodeId: string,
  what: 'init' | 'step' | 'cleanup',
  attempt = 1,
): string {
  return `${planExecutionId}:${nodeId}:${what}${attempt}`;
}
