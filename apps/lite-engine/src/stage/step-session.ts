import { AppError, messageOf, pause } from '@sluice/kernel';
import { logLine, type FailureType, type LogLine, type StepResult } from '@sluice/delegate-protocol';
import type { GrpcClient } from '@sluice/grpc';
import { StepEventLog, type RunRequest, type StepEvent, type StepRunnerMethods } from '@sluice/runner-rpc';
import type { Logger } from '@sluice/telemetry';
import type { LogWriter } from '../logs/log-writer.js';
import type { Spool } from './spool.js';

/** A step container that was never heard of gets this long to start listening. */
const START_LIMIT_MS = 30_000;
/** One that was heard of gets this long to answer again before it counts as dead. */
const SILENCE_LIMIT_MS = 5_000;
const RETRY_MS = 100;
const STOP_CALL_TIMEOUT_MS = 2_000;
/** After the grace of a stop, or after the step's own time limit, for the step container to report. */
const REPORT_LIMIT_MS = 15_000;
/** A result waits this long for its log to be stored; then it goes first. */
const LOG_PATIENCE_MS = 2_000;

export interface StepSessionOptions {
  readonly request: RunRequest;
  readonly runner: GrpcClient<StepRunnerMethods>;
  readonly log: LogWriter;
  readonly spool: Spool;
  readonly logger: Logger;
  readonly traceparent: string;
}

/** One step, from its start to its stored result: relays the step container's events to spool, log service and whoever watches. */
export class StepSession {
  readonly events = new StepEventLog();
  /** Settles when the result is recorded and no log line is left to send. */
  readonly settled: Promise<void>;
  private readonly over = new AbortController();
  private runnerSeq = 0;
  private heardAt = 0;
  private isStopping = false;

  constructor(private readonly options: StepSessionOptions) {
    this.settled = this.drive();
  }

  /** Asks the step container to cancel. Returns at once; the finished event follows, whatever the container does. */
  stop(graceMs: number): void {
    if (this.isStopping || this.events.isFinished) return;
    this.isStopping = true;
    void this.deliverStop(graceMs);
  }

  private async drive(): Promise<void> {
    const { request } = this.options;
    const limit = setTimeout(() => {
      this.over.abort(new LostStepError('failed', 'Timeout', `the step did not finish within ${request.timeoutMs / 1000} s, and its container did not report`));
    }, request.timeoutMs + REPORT_LIMIT_MS);
    const result = await this.relay().catch(lostResult);
    clearTimeout(limit);
    const stored = this.options.log.close();
    const isStored = await Promise.race([stored, pause(LOG_PATIENCE_MS).then(() => undefined)]);
    if (isStored !== true) {
      this.record({ logJson: JSON.stringify(warning(`the log could not be stored yet (${this.options.log.trouble ?? 'no answer'}); it is kept in the pod${isStored === undefined ? ' and sent again' : ''}`)) });
    }
    await this.options.spool.finish(result).catch((cause: unknown) => this.options.logger.error({ cause: messageOf(cause) }, 'result could not be written to the spool'));
    this.record({ finishedJson: result });
    this.options.logger.info({ stepExecutionId: request.stepExecutionId, events: this.events.lastSeq }, 'step finished');
    await this.acknowledge();
    await stored;
  }

  /** Follows the step container until it tells the result. Broken streams are taken up again; the container repeats what was told. */
  private async relay(): Promise<string> {
    const startedAt = Date.now();
    while (!this.over.signal.aborted) {
      try {
        for await (const event of this.options.runner.stream('Run', this.options.request, { signal: this.over.signal, traceparent: this.options.traceparent })) {
          this.heardAt = Date.now();
          if (event.seq <= this.runnerSeq) continue;
          this.runnerSeq = event.seq;
          if (event.finishedJson !== undefined && event.event === 'finishedJson') return event.finishedJson;
          this.take(event);
        }
      } catch (cause) {
        if (this.over.signal.aborted) break;
        if (!(cause instanceof AppError) || cause.code !== 'UPSTREAM_UNAVAILABLE') throw cause;
        const patience = this.heardAt === 0 ? startedAt + START_LIMIT_MS : this.heardAt + SILENCE_LIMIT_MS;
        if (Date.now() > patience) throw this.lost(cause);
      }
      await pause(RETRY_MS);
    }
    throw this.over.signal.reason;
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
    const event = this.events.append(body);
    if (event) this.options.spool.append(event);
  }

  /** The container may not have the step yet when the stop arrives, so it is told until it knows. */
  private async deliverStop(graceMs: number): Promise<void> {
    const until = Date.now() + graceMs + REPORT_LIMIT_MS;
    while (Date.now() < until && !this.events.isFinished && !this.over.signal.aborted) {
      const { known } = await this.tellStop(graceMs);
      if (known) break;
      await pause(RETRY_MS);
    }
    await Promise.race([this.settled, pause(Math.max(0, until - Date.now()))]);
    this.over.abort(new LostStepError('aborted', 'Unknown', 'the step was stopped on request; its container did not report in time'));
  }

  private tellStop(graceMs: number): Promise<{ known: boolean }> {
    const { runner, request, traceparent } = this.options;
    return runner.unary('Stop', { stepExecutionId: request.stepExecutionId, graceMs }, { timeoutMs: STOP_CALL_TIMEOUT_MS, traceparent }).catch(() => ({ known: false }));
  }

  /** After the result a stop means that it has arrived: the container ends. */
  private async acknowledge(): Promise<void> {
    if (this.heardAt > 0) await this.tellStop(0);
    this.options.runner.close();
  }

  private lost(cause: AppError): LostStepError {
    const status = this.isStopping ? 'aborted' : 'failed';
    if (this.heardAt === 0) return new LostStepError(status, 'Unknown', `the step container did not start: ${cause.message}`);
    return new LostStepError(status, 'Unknown', 'the step container ended unexpectedly; what it had applied is in the database’s own history');
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
  const { status, failureType } = cause instanceof LostStepError ? cause : { status: 'failed' as const, failureType: 'Unknown' as const };
  const now = Date.now();
  const result: StepResult = { status, error: { message: messageOf(cause), failureType }, changesets: [], history: null, pending: null, outputs: {}, startedAt: now, endedAt: now };
  return JSON.stringify(result);
}

function warning(out: string): LogLine {
  return { level: 'WARN', time: new Date().toISOString(), out };
}
