import { AppError, messageOf, pause } from '@sluice/kernel';
import { logLine, type FailureType, type LogLine, type StepResult } from '@sluice/delegate-protocol';
import type { GrpcClient } from '@sluice/grpc';
import type { LogWriter } from '@sluice/log-shipping';
import {
  Lease,
  PeerClock,
  STOPPED_BECAUSE,
  StepEventLog,
  type ContainerEndedRequest,
  type RunRequest,
  type StepEvent,
  type StepRunnerMethods,
  type StopReason,
} from '@sluice/runner-rpc';
import type { Logger } from '@sluice/telemetry';
import type { ResultFile } from './result-file.js';

/** How often a line in the log says that the step container does not listen yet. The wait itself ends with the step's own time limit. */
const STILL_WAITING_MS = 10_000;
/** Nothing listens at the address of a container that had answered: after this long it counts as dead. */
const GONE_LIMIT_MS = 5_000;
/** It is there and does not answer: a busy machine may keep it from that for a while. */
const SILENCE_LIMIT_MS = 60_000;
const RETRY_MS = 100;
const PING_TIMEOUT_MS = 2_000;
const LEASE_OVER_BEFORE =
  'the delegate was cut off from the control plane for longer than its lease before the step had begun; nothing was sent to the database';
const STOP_CALL_TIMEOUT_MS = 2_000;
/** After the grace of a stop, or after the step's own time limit, for the step container to report. */
const REPORT_LIMIT_MS = 15_000;
/** Lines that are kept in memory for whoever watches; all of them are in the spool. */
const WATCHED_LOG_BYTES = 1024 * 1024;
/** A result waits this long for its log to be stored; then it goes first. */
const LOG_PATIENCE_MS = 2_000;

export interface StepSessionOptions {
  readonly request: RunRequest;
  readonly runner: GrpcClient<StepRunnerMethods>;
  readonly log: LogWriter;
  readonly resultFile: ResultFile;
  readonly logger: Logger;
  readonly traceparent: string;
}

/** One step, from its start to its stored result: relays the step container's events to the spool of its log and whoever watches, and keeps its result on the disk. */
export class StepSession {
  readonly events = new StepEventLog([], WATCHED_LOG_BYTES);
  /** Settles when the result is recorded and no log line is left to send. */
  readonly settled: Promise<void>;
  private readonly over = new AbortController();
  private runnerSeq = 0;
  private heardAt = 0;
  /** The step may have reached its container, so it may have reached the database. */
  private hasBegun = false;
  /** How the process of its container ended, when that is known. */
  private containerEnd: string | undefined;
  private isStopping = false;
  private stopWithinMs = 0;
  /** How long the step may go on. Nobody has to reach this process for it to run out. */
  private readonly lease = new Lease(() => this.leaseOver());
  private readonly runnerClock = new PeerClock();
  private isPinging = false;

  constructor(private readonly options: StepSessionOptions) {
    this.settled = this.drive();
  }

  /** Asks the step container to cancel. Returns at once; the finished event follows, whatever the container does. */
  stop(graceMs: number, reason: StopReason): void {
    if (this.events.isFinished || (this.isStopping && reason !== 'LEASE_OVER')) return;
    this.isStopping = true;
    if (!this.hasBegun) {
      const { message, failureType } = STOPPED_BECAUSE[reason];
      return this.over.abort(
        new LostStepError(
          'aborted',
          failureType,
          reason === 'LEASE_OVER' ? LEASE_OVER_BEFORE : `${message} before it had begun`,
        ),
      );
    }
    void this.deliverStop(graceMs, reason);
  }

  /**
   * Extends the lease, and passes it on to the step container.
   * @param until reading of this process's steady clock
   */
  async keep(until: number, stopWithinMs: number): Promise<void> {
    if (this.events.isFinished) return;
    this.stopWithinMs = stopWithinMs;
    this.lease.extend(until);
    if (this.hasBegun) await this.passLeaseOn();
  }

  private async passLeaseOn(): Promise<void> {
    const { until } = this.lease;
    if (until === undefined || this.isPinging) return;
    this.isPinging = true;
    try {
      // The first answer only tells how the clocks stand to each other.
      if (this.runnerClock.readingAt(until) === undefined) await this.pingRunner(0);
      await this.pingRunner(this.runnerClock.readingAt(until) ?? 0);
    } catch (cause) {
      this.options.logger.warn(
        { stepExecutionId: this.options.request.stepExecutionId, error: messageOf(cause) },
        'the lease could not be passed on',
      );
    } finally {
      this.isPinging = false;
    }
  }

  private async pingRunner(leaseUntil: number): Promise<void> {
    const { clock } = await this.options.runner.unary(
      'Ping',
      { leaseUntil, stopWithinMs: this.stopWithinMs },
      { timeoutMs: PING_TIMEOUT_MS },
    );
    this.runnerClock.answered(clock);
  }

  /** The process of the step's container has ended. @returns whether the step may have reached the database */
  containerEnded({ reason, isReplaced }: Pick<ContainerEndedRequest, 'reason' | 'isReplaced'>): boolean {
    if (this.hasBegun) {
      this.containerEnd = reason;
      return true;
    }
    if (isReplaced)
      this.say(
        'WARN',
        `${reason} before the step had begun; nothing was sent to the database, and another one is started`,
      );
    else
      this.over.abort(
        new LostStepError(
          'failed',
          'Unknown',
          `the step container did not start: ${reason}; nothing was sent to the database`,
        ),
      );
    return false;
  }

  /** Half of the time is for the statement to end in good order; the container ends by force after that. */
  private leaseOver(): void {
    this.options.logger.warn(
      { stepExecutionId: this.options.request.stepExecutionId, stopWithinMs: this.stopWithinMs },
      'the lease of the step is over',
    );
    this.stop(this.stopWithinMs / 2, 'LEASE_OVER');
  }

  private async drive(): Promise<void> {
    const { request } = this.options;
    const limit = setTimeout(() => {
      this.over.abort(
        new LostStepError(
          'failed',
          'Timeout',
          `the step did not finish within ${request.timeoutMs / 1000} s, and its container did not report`,
        ),
      );
    }, request.timeoutMs + REPORT_LIMIT_MS);
    const result = await this.relay().catch(lostResult);
    clearTimeout(limit);
    this.lease.release();
    const stored = this.options.log.close();
    const isStored = await Promise.race([stored, pause(LOG_PATIENCE_MS).then(() => undefined)]);
    if (isStored !== true) {
      this.record({
        logJson: JSON.stringify(
          lineOf(
            'WARN',
            `the log could not be stored yet (${this.options.log.trouble ?? 'no answer'}); it is kept in the pod${isStored === undefined ? ' and sent again' : ''}`,
          ),
        ),
      });
    }
    await this.options.resultFile
      .write(result)
      .catch((cause: unknown) =>
        this.options.logger.error({ cause: messageOf(cause) }, 'the result could not be written to the disk'),
      );
    this.record({ finishedJson: result });
    this.options.logger.info(
      { stepExecutionId: request.stepExecutionId, events: this.events.lastSeq },
      'step finished',
    );
    await this.acknowledge();
    await stored;
  }

  /** Follows the step container until it tells the result. Broken streams are taken up again; the container repeats what was told. */
  private async relay(): Promise<string> {
    await this.reachContainer();
    await this.passLeaseOn();
    if (this.lease.isOver) throw new LostStepError('aborted', 'Connectivity', LEASE_OVER_BEFORE);
    this.over.signal.throwIfAborted();
    this.hasBegun = true;
    this.heardAt = Date.now();
    while (!this.over.signal.aborted) {
      try {
        for await (const event of this.options.runner.stream('Run', this.options.request, {
          signal: this.over.signal,
          traceparent: this.options.traceparent,
        })) {
          this.heardAt = Date.now();
          if (event.seq <= this.runnerSeq) continue;
          const missing = event.seq - this.runnerSeq - 1;
          if (missing > 0)
            this.say(
              'WARN',
              `… ${missing} lines are missing here: the step wrote them faster than they could be taken …`,
            );
          this.runnerSeq = event.seq;
          if (event.finishedJson !== undefined && event.event === 'finishedJson') return event.finishedJson;
          this.take(event);
        }
      } catch (cause) {
        if (this.over.signal.aborted) break;
        if (!(cause instanceof AppError) || cause.code !== 'UPSTREAM_UNAVAILABLE') throw cause;
        const patienceMs = cause.message.includes('ECONNREFUSED') ? GONE_LIMIT_MS : SILENCE_LIMIT_MS;
        if (this.containerEnd !== undefined || Date.now() > this.heardAt + patienceMs) throw this.lost();
      }
      await pause(RETRY_MS);
    }
    throw this.over.signal.reason;
  }

  /** A container that is still starting is waited for. Until it answers nothing of the step leaves this process. */
  private async reachContainer(): Promise<void> {
    const startedAt = Date.now();
    while (!this.over.signal.aborted) {
      try {
        await this.options.runner.waitUntilReady(STILL_WAITING_MS, this.over.signal);
        return;
      } catch {
        if (!this.over.signal.aborted)
          this.say(
            'INFO',
            `The step container does not listen yet (${Math.round((Date.now() - startedAt) / 1000)} s); the step waits for it within its time limit of ${this.options.request.timeoutMs / 1000} s`,
          );
      }
    }
    throw this.over.signal.reason;
  }

  /** A line of the engine's own in the step's log. */
  private say(level: LogLine['level'], out: string): void {
    const line = lineOf(level, out);
    this.options.log.write(line);
    this.record({ logJson: JSON.stringify(line) });
  }

  private take(event: StepEvent): void {
    if (event.event === 'logJson' && event.logJson !== undefined) {
      this.options.log.write(logLine.parse(JSON.parse(event.logJson)));
      this.record({ logJson: event.logJson });
    } else if (event.changesetJson !== undefined) {
      this.record({ changesetJson: event.changesetJson });
    }
  }

  private record(body: Parameters<StepEventLog['append']>[0]): void {
    this.events.append(body);
  }

  /** The container may not have the step yet when the stop arrives, so it is told until it knows. */
  private async deliverStop(graceMs: number, reason: StopReason): Promise<void> {
    const until = Date.now() + graceMs + REPORT_LIMIT_MS;
    while (Date.now() < until && !this.events.isFinished && !this.over.signal.aborted) {
      const { known } = await this.tellStop(graceMs, reason);
      if (known) break;
      await pause(RETRY_MS);
    }
    await Promise.race([this.settled, pause(Math.max(0, until - Date.now()))]);
    const { message, failureType } = STOPPED_BECAUSE[reason];
    this.over.abort(new LostStepError('aborted', failureType, `${message}; its container did not report in time`));
  }

  private tellStop(graceMs: number, reason: StopReason): Promise<{ known: boolean }> {
    const { runner, request, traceparent } = this.options;
    return runner
      .unary(
        'Stop',
        { stepExecutionId: request.stepExecutionId, graceMs, reason },
        { timeoutMs: STOP_CALL_TIMEOUT_MS, traceparent },
      )
      .catch(() => ({ known: false }));
  }

  /** After the result a stop means that it has arrived: the container ends. */
  private async acknowledge(): Promise<void> {
    if (this.hasBegun) await this.tellStop(0, 'ABORT');
    this.options.runner.close();
  }

  private lost(): LostStepError {
    const end =
      this.containerEnd === undefined
        ? 'the step container ended unexpectedly'
        : `the step container ended unexpectedly (${this.containerEnd})`;
    return new LostStepError(
      this.isStopping ? 'aborted' : 'failed',
      'Unknown',
      `${end}; what it had applied is in the database’s own history`,
    );
  }
}

/** The step container told no result, so this is it. */
class LostStepError extends Error {
  override readonly name = 'LostStepError';

  constructor(
    readonly status: 'failed' | 'aborted',
    readonly failureType: FailureType,
    message: string,
  ) {
    super(message);
  }
}

function lostResult(cause: unknown): string {
  const { status, failureType } =
    cause instanceof LostStepError ? cause : { status: 'failed' as const, failureType: 'Unknown' as const };
  const now = Date.now();
  const result: StepResult = {
    status,
    error: { message: messageOf(cause), failureType },
    changesets: [],
    history: null,
    pending: null,
    outputs: {},
    startedAt: now,
    endedAt: now,
  };
  return JSON.stringify(result);
}

function lineOf(level: LogLine['level'], out: string): LogLine {
  return { level, time: new Date().toISOString(), out };
}
