import { Inject, Injectable } from '@nestjs/common';
import { stepResult, type ExecuteStepTask, type StepResult } from '@sluice/delegate-protocol';
import { AppError, messageOf, pause } from '@sluice/kernel';
import { CONFIG, type DelegateConfig } from '../config.js';
import { TaskStopped, type TaskContext, type TaskHandler } from '../task/task-handler.js';
import { POD_RUNTIME, type Pod, type PodRuntime } from './pod-runtime.js';
import { StepLeases } from './step-leases.js';
import { stepWithoutResult } from './step-outcomes.js';

const WATCH_AGAIN_MS = 200;
/** After the step's own limit, and after a stop: for the engine to tell the end. */
const REPORT_LIMIT_MS = 45_000;

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
      return stepWithoutResult('failed', `the pod of this step does not exist in delegate ${this.config.name} any more; the delegate was restarted, or the pod was removed`, 'DelegateRestart', startedAt);
    }
    try {
      return await this.runIn(pod, task, context);
    } catch (cause) {
      const recorded = await pod.recordedResult(task.stepExecutionId);
      if (recorded) return recorded;
      const { signal } = context;
      if (signal.aborted && signal.reason instanceof TaskStopped) {
        return stepWithoutResult('aborted', `${signal.reason.message}; the step did not report its end in time`, signal.reason.reason === 'shutdown' ? 'DelegateRestart' : 'Unknown', startedAt);
      }
      return stepWithoutResult('failed', messageOf(cause), 'Unknown', startedAt);
    }
  }

  private async runIn(pod: Pod, task: ExecuteStepTask, context: TaskContext): Promise<StepResult> {
    const { stepExecutionId } = task;
    context.signal.throwIfAborted();
    // Written first: after a crash of this process the result of the step still finds its task.
    await this.leases.write(pod, stepExecutionId, context);
    await pod.startStep({ stepExecutionId, logKey: task.logKey, timeoutMs: task.timeoutMs, workJson: JSON.stringify(task.work), traceparent: context.traceparent });
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(new AppError('REQUEST_TIMEOUT', `the step did not report its end within its limit of ${task.timeoutMs / 1000} s`)), task.timeoutMs + REPORT_LIMIT_MS);
    const stop = (): void => void this.stop(pod, stepExecutionId, context, limit);
    if (context.signal.aborted) stop();
    context.signal.addEventListener('abort', stop, { once: true });
    try {
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
          if (event.event === 'finishedJson' && event.finishedJson !== undefined) return stepResult.parse(JSON.parse(event.finishedJson));
        }
      } catch (cause) {
        signal.throwIfAborted();
        if (!(cause instanceof AppError) || (cause.code !== 'UPSTREAM_UNAVAILABLE' && cause.code !== 'INTERNAL')) throw cause;
      }
      signal.throwIfAborted();
      if (pod.failure) throw new AppError('UPSTREAM_UNAVAILABLE', `${pod.failure} while the step ran; what was applied is in the database’s own history`);
      await pause(WATCH_AGAIN_MS, signal);
    }
  }

  private async stop(pod: Pod, stepExecutionId: string, context: TaskContext, limit: AbortController): Promise<void> {
    const { stopGraceMs } = this.config.pods;
    context.log.info({ stepExecutionId, reason: messageOf(context.signal.reason) }, 'stopping the step');
    await pod.stopStep(stepExecutionId, stopGraceMs).catch((cause: unknown) => context.log.warn({ stepExecutionId, error: messageOf(cause) }, 'the engine could not be told to stop the step'));
    setTimeout(() => limit.abort(context.signal.reason), stopGraceMs + REPORT_LIMIT_MS).unref();
  }
}
