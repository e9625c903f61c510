import type { InitialisePodTask, LogLine, StepResult } from '@sluice/delegate-protocol';
import type { StepEvent, StopReason } from '@sluice/runner-rpc';
import type { LeaseTerm } from '../connection/service-connection.js';

export interface PodRequest {
  readonly podId: string;
  readonly stepExecutionIds: readonly string[];
  readonly logs: InitialisePodTask['logs'];
  readonly traceparent: string | undefined;
  /** For people: what happens while the pod starts. */
  tell(text: string): void;
}

/** A process of the pod ended while it started. Nothing of a step has run, so another pod may be made. */
export class PodStartError extends Error {
  override readonly name = 'PodStartError';
}

export interface StepStart {
  readonly stepExecutionId: string;
  readonly logKey: string;
  readonly timeoutMs: number;
  readonly workJson: string;
  readonly traceparent: string | undefined;
  /** How long the step may go on, as far as is known when it is asked. */
  term(): LeaseTerm;
}

/** One lite engine and its step containers, with a private directory. */
export interface Pod {
  readonly podId: string;
  /** Where its engine listens, `host:port`. */
  readonly address: string;
  /** `sources/<name>`, `secrets/<stepExecutionId>/<slot>` and `steps/` lie below it. Its name is the pod's own, not the task's. */
  readonly directory: string;
  /** Settles when the engine answers and knows its stage: logs can leave. @throws PodStartError */
  readonly reachable: Promise<void>;
  /** Settles when all step containers listen too. @throws PodStartError naming what did not start */
  readonly ready: Promise<void>;
  /** What is not ready yet, for people. */
  waitingFor(): readonly string[];
  /** Why the pod cannot go on; undefined while its engine lives. */
  readonly failure: string | undefined;
  /** @throws PodStartError when its container cannot be started; the signal's reason */
  startStep(step: StepStart, signal: AbortSignal): Promise<void>;
  /** The step is over. Resolves when its container is gone: it gets `graceMs` to end by itself. */
  endStep(stepExecutionId: string, graceMs: number): Promise<void>;
  /** Events after `afterSeq` except log lines, past ones first; ends after the finished one, or throws when the connection breaks. */
  watchStep(stepExecutionId: string, afterSeq: number, signal: AbortSignal): AsyncIterable<StepEvent>;
  /** @param reason what the log and the result of the step say */
  stopStep(stepExecutionId: string, graceMs: number, reason: StopReason): Promise<void>;
  writeLog(logKey: string, lines: readonly LogLine[], isLast: boolean): Promise<void>;
  /** Keeps a whole log on the disk of a pod whose engine cannot take it any more; it is sent when the pod goes. */
  keepLog(logKey: string, lines: readonly LogLine[]): Promise<void>;
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
  /**
   * Ends processes and removes the directory. Safe to repeat, also for unknown pods.
   * @param logs what becomes of those its engine could not store: sent by the delegate, or dropped when another pod has the same lines
   */
  destroy(podId: string, logs?: 'send' | 'drop'): Promise<void>;
  /** Ends what an earlier process left behind, and tells what its steps came to. What cannot be ended yet is tried again, and told then. */
  reap(tell: (leftover: Leftover) => void): Promise<void>;
  close(): Promise<void>;
}

export const POD_RUNTIME = Symbol('pod runtime');
