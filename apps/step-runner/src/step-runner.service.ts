import { Inject, Injectable } from '@nestjs/common';
import { AppError } from '@sluice/kernel';
import {
  Lease,
  steadyNow,
  type PingReply,
  type PingRequest,
  type RunRequest,
  type StepEvent,
  type StopReason,
  type StopStepReply,
  type StopStepRequest,
} from '@sluice/runner-rpc';
import { Tracing, type Logger } from '@sluice/telemetry';
import { StepRun, type StepRunOptions } from './run/step-run.js';

export const STEP_RUN_OPTIONS = Symbol('STEP_RUN_OPTIONS');
export const LOGGER = Symbol('LOGGER');

/** Nobody fetched the result for this long: the lite engine is gone, and with it everyone who could ask. */
const ACKNOWLEDGE_LIMIT_MS = 60_000;
/** After the owner of this process is gone: time for the lite engine, which may live on, to come back to a broken stream. */
const ORPHAN_LIMIT_MS = 15_000;

/** The one step this process exists for. */
@Injectable()
export class StepRunnerService {
  /** Resolves when this process has nothing left to do. */
  readonly done: Promise<void>;
  private markDone: () => void = () => undefined;
  private listeners = 0;
  private orphaned: { readonly graceMs: number; timer?: NodeJS.Timeout } | undefined;
  private current: { readonly id: string; readonly run: StepRun } | undefined;
  private stopWithinMs = 0;
  /** The engine says how long the step may go on. When it says nothing any more, whatever the reason, the step stops by this clock. */
  private readonly lease = new Lease(() => this.leaseOver());

  constructor(
    @Inject(STEP_RUN_OPTIONS) private readonly options: StepRunOptions,
    @Inject(Tracing) private readonly tracing: Tracing,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.done = new Promise((resolve) => (this.markDone = resolve));
  }

  /** Extends the lease of the step. */
  ping({ leaseUntil = 0, stopWithinMs = 0 }: PingRequest): PingReply {
    if (leaseUntil > 0) {
      this.stopWithinMs = stopWithinMs;
      this.lease.extend(leaseUntil);
    }
    return { ready: true, clock: steadyNow() };
  }

  /** Starts the step, or attaches to it when it was started already. Every event from the first on can be followed. @throws AppError CONFLICT for another step, or when the lease is over */
  run(request: RunRequest, traceparent: string | undefined): (signal: AbortSignal) => AsyncGenerator<StepEvent> {
    const { stepExecutionId } = request;
    if (this.current && this.current.id !== stepExecutionId) {
      throw new AppError(
        'CONFLICT',
        `this step container exists for step "${this.current.id}", not for "${stepExecutionId}"`,
      );
    }
    if (!this.current) {
      if (this.lease.isOver)
        throw new AppError('CONFLICT', `the lease of step "${stepExecutionId}" is over, so it does not begin`);
      const run = new StepRun(request, this.options);
      this.current = { id: stepExecutionId, run };
      this.logger.info({ stepExecutionId, timeoutMs: request.timeoutMs }, 'step started');
      void this.execute(run, traceparent);
    }
    const { run } = this.current;
    return (signal) => this.tell(run, signal);
  }

  /** Cancels the step under way; acknowledges the result of a finished one. */
  stop({ stepExecutionId, graceMs, reason = 'ABORT' }: StopStepRequest): StopStepReply {
    if (this.current?.id !== stepExecutionId) return { known: false };
    const { run } = this.current;
    this.logger.info({ stepExecutionId, graceMs, reason, isFinished: run.journal.events.isFinished }, 'step stop');
    if (run.journal.events.isFinished) this.markDone();
    else run.stop(reason, graceMs);
    return { known: true };
  }

  /** Half of the time is for the statement to end in good order; then the change engine is ended by force, and nothing is sent to the database any more. */
  private leaseOver(): void {
    const run = this.current?.run;
    if (!run || run.journal.events.isFinished) return;
    this.logger.warn(
      { stepExecutionId: this.current?.id, stopWithinMs: this.stopWithinMs },
      'the lease of the step is over',
    );
    run.stop('LEASE_OVER', this.stopWithinMs / 2);
  }

  /** Stops what runs, then ends. */
  async abandon(graceMs: number, reason: StopReason): Promise<void> {
    const run = this.current?.run;
    if (run && !run.journal.events.isFinished) {
      run.stop(reason, graceMs);
      for await (const _event of run.journal.events.follow(run.journal.events.lastSeq)) continue;
    }
    this.markDone();
  }

  /**
   * Whoever started this process is gone. The step goes on as long as a lite engine listens to it, so that a restart in the
   * customer's network does not interrupt a migration.
   */
  orphan(graceMs: number): void {
    this.orphaned = { graceMs };
    if (this.current === undefined) this.markDone();
    else this.watchOrphan();
  }

  private watchOrphan(): void {
    if (!this.orphaned || this.listeners > 0) return;
    const { graceMs } = this.orphaned;
    this.orphaned.timer = setTimeout(() => void this.abandon(graceMs, 'ABANDONED'), ORPHAN_LIMIT_MS);
  }

  private async *tell(run: StepRun, signal: AbortSignal): AsyncGenerator<StepEvent> {
    this.listeners += 1;
    clearTimeout(this.orphaned?.timer);
    try {
      yield* run.journal.events.follow(0, signal);
    } finally {
      this.listeners -= 1;
      this.watchOrphan();
    }
  }

  private async execute(run: StepRun, traceparent: string | undefined): Promise<void> {
    await this.tracing.run(
      'StepRunner.Run',
      { kind: 'server', parent: traceparent, hop: { from: 'lite-engine', to: 'step-runner', protocol: 'grpc' } },
      (span) => run.execute(span.traceparent),
    );
    // The pod may be removed as soon as the end of its step is known; the process then has a moment only.
    void this.tracing.flush();
    this.lease.release();
    this.logger.info({ events: run.journal.events.lastSeq }, 'step finished');
    setTimeout(this.markDone, ACKNOWLEDGE_LIMIT_MS).unref();
  }
}
