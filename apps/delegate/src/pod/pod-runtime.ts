import type { InitialisePodTask, LogLine, StepResult } from '@sluice/delegate-protocol';
import type { StepEvent } from '@sluice/runner-rpc';

export interface PodRequest {
  readonly podId: string;
  readonly stepExecutionIds: readonly string[];
  readonly logs: InitialisePodTask['logs'];
  readonly traceparent: string | undefined;
}

export interface StepStart {
  readonly stepExecutionId: string;
  readonly logKey: string;
  readonly timeoutMs: number;
  readonly workJson: string;
  readonly traceparent: string | undefined;
}

/** One lite engine and its step containers, with a private directory. */
export interface Pod {
  readonly podId: string;
  /** Where its engine listens, `host:port`. */
  readonly address: string;
  /** `sources/<name>`, `secrets/<stepExecutionId>/<slot>` and `steps/` lie below it. Its name is the pod's own, not the task's. */
  readonly directory: string;
  /** Settles when the engine answers and knows its stage. @throws AppError naming what did not start */
  readonly ready: Promise<void>;
  /** Why the pod cannot go on; undefined while its engine lives. */
  readonly failure: string | undefined;
  startStep(step: StepStart): Promise<void>;
  /** Events after `afterSeq`, past ones first; ends after the finished one, or throws when the connection breaks. */
  watchStep(stepExecutionId: string, afterSeq: number, signal: AbortSignal): AsyncIterable<StepEvent>;
  stopStep(stepExecutionId: string, graceMs: number): Promise<void>;
  writeLog(logKey: string, lines: readonly LogLine[], isLast: boolean): Promise<void>;
  /** The result the engine left on the disk, if the step ended. */
  recordedResult(stepExecutionId: string): Promise<StepResult | undefined>;
}

/** What an earlier delegate process left running or unreported. */
export interface Leftover {
  readonly taskId: string;
  readonly epoch: number;
  /** Undefined when the engine left none: nobody knows how far the step came. */
  readonly result: StepResult | undefined;
}

/** Where pods run. The same protocol inside, whatever makes them. */
export interface PodRuntime {
  /** Starts making a pod. Its directory exists at once; `ready` tells the rest. @throws AppError CONFLICT when the pod exists */
  create(request: PodRequest): Promise<Pod>;
  find(podId: string): Pod | undefined;
  /** How many pods there are now. */
  readonly count: number;
  /** Ends processes and removes the directory. Safe to repeat, also for unknown pods. */
  destroy(podId: string): Promise<void>;
  /** Ends what an earlier process left behind, and tells what its steps came to. */
  reap(): Promise<readonly Leftover[]>;
  close(): Promise<void>;
}

export const POD_RUNTIME = Symbol('pod runtime');
