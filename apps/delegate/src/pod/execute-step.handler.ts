import { Inject, Injectable } from '@nestjs/common';
import { stepResult, type ExecuteStepTask, type StepResult } from '@sluice/delegate-protocol';
import { AppError, messageOf, pause } from '@sluice/kernel';
import { steadyNow, type StopReason } from '@sluice/runner-rpc';
import { CONFIG, type DelegateConfig } from '../config.js';
import { STOPPED_AS, STOPS_STEP_AS, TaskStopped, type TaskContext, type TaskHandler } from '../task/task-handler.js';
import { POD_RUNTIME, type Pod, type PodRuntime } from './pod-runtime.js';
import { StepLeases } from './step-leases.js';
import { stepWithoutResult } from './step-outcomes.js';

const WATCH_AGAIN_MS = 200;
/** After the step's own limit, and after a stop: for the engine to tell the end. */
const REPORT_LIMIT_MS = 45_000;
/** For the process of a step's container to end by itself once the step is over. */
const EXIT_MS = 10_000;
/** Of the time to stop in after a lost lease: for the statement to end in good order, and until the container is ended by force. */
const GRACE_SHARE = 0.5;
const FORCE_SHARE = 0.8;

/** Runs one step in its pod and answers with the step's own result, whatever it is. */
@Injectable()
export class ExecuteStepHandler implements TaskHandler<'execute-step'> {
  constructor(
    @Inject(POD_RUNTIME) private readonly runtime: PodRuntime,
    @Inject(CONFIG) private readonly config: DelegateConfig,
    private readonly leases: StepLeases,
  ) {}

  async run(task: ExecuteStepTask, context: TaskContext): Promise<StepResult> {
    const startedAt = Date.now();
    const pod = this.runtime.find(task.podId);
    if (!pod) {
      return stepWithoutResult(
        'failed',
        `the pod of this step does not exist in delegate ${this.config.name} any more; the delegate was restarted, or the pod was removed`,
        'DelegateRestart',
        startedAt,
      );
    }
    const result = await this.resultIn(pod, task, context, startedAt);
    // A step that left no history may not have been ended by its container: nothing of it runs any more when its result is told.
    const ended = pod.endStep(task.stepExecutionId, result.history === null ? 0 : EXIT_MS);
    if (result.history === null) await ended;
    return result;
  }

  private async resultIn(
    pod: Pod,
    task: ExecuteStepTask,
    context: TaskContext,
    startedAt: number,
  ): Promise<StepResult> {
    try {
      return await this.runIn(pod, task, context);
    } catch (cause) {
      await pod.endStep(task.stepExecutionId, 0);
      const recorded = await pod.recordedResult(task.stepExecutionId);
      if (recorded) return recorded;
      const { signal } = context;
      if (signal.aborted && signal.reason instanceof TaskStopped) {
        return stepWithoutResult(
          'aborted',
          `${signal.reason.message}; the step did not report its end in time`,
          STOPPED_AS[signal.reason.reason],
          startedAt,
        );
      }
      return stepWithoutResult('failed', messageOf(cause), 'Unknown', startedAt);
    }
  }

  private async runIn(pod: Pod, task: ExecuteStepTask, context: TaskContext): Promise<StepResult> {
    const { stepExecutionId } = task;
    context.signal.throwIfAborted();
    // Written first: after a crash of this process the result of the step still finds its task.
    await this.leases.write(pod, stepExecutionId, context);
    const limit = new AbortController();
    const timer = setTimeout(
      () =>
        limit.abort(
          new AppError(
            'REQUEST_TIMEOUT',
            `the step did not report its end within its limit of ${task.timeoutMs / 1000} s`,
          ),
        ),
      task.timeoutMs + REPORT_LIMIT_MS,
    );
    const stop = (): void => void this.stop(pod, stepExecutionId, context, limit);
    context.signal.addEventListener('abort', stop, { once: true });
    try {
      const start = {
        stepExecutionId,
        logKey: task.logKey,
        timeoutMs: task.timeoutMs,
        workJson: JSON.stringify(task.work),
        traceparent: context.traceparent,
        term: context.term,
      };
      await pod.startStep(start, AbortSignal.any([context.signal, limit.signal]));
      // A stop that came while the engine was told of the step may have come too early for it.
      if (context.signal.aborted) stop();
      return await this.follow(pod, stepExecutionId, limit.signal);
    } finally {
      clearTimeout(timer);
      context.signal.removeEventListener('abort', stop);
    }
  }

  /** Broken streams are taken up where they broke, for as long as the engine lives. */
  private async follow(pod: Pod, stepExecutionId: string, signal: AbortSignal): Promise<StepResult> {
    let seq = 0;
    for (;;) {
      try {
        for await (const event of pod.watchStep(stepExecutionId, seq, signal)) {
          seq = event.seq;
          if (event.event === 'finishedJson' && event.finishedJson !== undefined)
            return stepResult.parse(JSON.parse(event.finishedJson));
        }
      } catch (cause) {
        signal.throwIfAborted();
        if (!(cause instanceof AppError) || (cause.code !== 'UPSTREAM_UNAVAILABLE' && cause.code !== 'INTERNAL'))
          throw cause;
      }
      signal.throwIfAborted();
      if (pod.failure)
        throw new AppError(
          'UPSTREAM_UNAVAILABLE',
          `${pod.failure} while the step ran; what was applied is in the database’s own history`,
        );
      await pause(WATCH_AGAIN_MS, signal);
    }
  }

  private async stop(pod: Pod, stepExecutionId: string, context: TaskContext, limit: AbortController): Promise<void> {
    context.log.info({ stepExecutionId, reason: messageOf(context.signal.reason) }, 'stopping the step');
    const reason = context.signal.reason instanceof TaskStopped ? STOPS_STEP_AS[context.signal.reason.reason] : 'ABORT';
    const { graceMs, giveUpMs } = this.patience(context, reason);
    setTimeout(() => limit.abort(context.signal.reason), giveUpMs).unref();
    await pod
      .stopStep(stepExecutionId, graceMs, reason)
      .catch((cause: unknown) =>
        context.log.warn({ stepExecutionId, error: messageOf(cause) }, 'the engine could not be told to stop the step'),
      );
  }

  /** A lost lease leaves only so much time until somebody else may have the database. */
  private patience({ term }: TaskContext, reason: StopReason): { graceMs: number; giveUpMs: number } {
    const { stopGraceMs } = this.config.pods;
    if (reason !== 'LEASE_OVER') return { graceMs: stopGraceMs, giveUpMs: stopGraceMs + REPORT_LIMIT_MS };
    const { until, stopWithinMs } = term();
    const left = (share: number): number => Math.max(0, until + stopWithinMs * share - steadyNow());
    return { graceMs: Math.min(stopGraceMs, left(GRACE_SHARE)), giveUpMs: left(FORCE_SHARE) };
  }
}
