import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import { AppError, pause } from '@sluice/kernel';
import { logLine } from '@sluice/delegate-protocol';
import { GrpcClient, type TlsMaterial } from '@sluice/grpc';
import { LogClient, LogWriter, SpooledLog } from '@sluice/log-shipping';
import {
  POD_PEERS,
  STEP_RUNNER_SERVICE,
  steadyNow,
  type ContainerEndedReply,
  type ContainerEndedRequest,
  type LiteEngineIdentity,
  type PingReply,
  type PingRequest,
  type SetupStageRequest,
  type StartStepReply,
  type StartStepRequest,
  type StepEvent,
  type StepRunnerMethods,
  type StopStepReply,
  type StopReason,
  type StopStepRequest,
  type WatchStepRequest,
  type WriteLogRequest,
} from '@sluice/runner-rpc';
import { Tracing, type Logger } from '@sluice/telemetry';
import { ResultFile } from './result-file.js';
import { StepSession } from './step-session.js';
import { Watchdog } from './watchdog.js';

export const LOGGER = Symbol('LOGGER');
export const POD = Symbol('POD');

export interface Pod {
  readonly identity: LiteEngineIdentity;
  readonly tls: TlsMaterial;
}

const STOP_GRACE_MS = 10_000;
/** How long the end of the pod waits for logs that cannot be stored. The delegate sends what is left. */
const LOG_LIMIT_MS = 10_000;
const STEP_ID = /^[\w-]{1,100}$/;

/** The stage of this pod: its steps, where their logs go, and who still cares. */
@Injectable()
export class StageService {
  /** Resolves when this process has nothing left to do. */
  readonly done: Promise<void>;
  private markDone: () => void = () => undefined;
  private setup: SetupStageRequest | undefined;
  private readonly watchdog = new Watchdog(() => void this.abandon('ABANDONED'));
  private readonly steps = new Map<string, { readonly request: string; readonly session: StepSession }>();
  private readonly logs = new Map<string, LogWriter>();

  constructor(
    @Inject(POD) private readonly pod: Pod,
    @Inject(Tracing) private readonly tracing: Tracing,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.done = new Promise((resolve) => (this.markDone = resolve));
  }

  /** The delegate was heard of. */
  heard(): void {
    this.watchdog.heard();
  }

  /** The delegate lives, and says how long steps may go on. */
  ping({ leaseUntil = 0, stopWithinMs = 0 }: PingRequest): PingReply {
    if (leaseUntil > 0) for (const { session } of this.steps.values()) void session.keep(leaseUntil, stopWithinMs);
    return { ready: true, clock: steadyNow() };
  }

  /** Safe to repeat; later values replace earlier ones. */
  prepare(request: SetupStageRequest): void {
    if (request.podId !== this.pod.identity.podId)
      throw new AppError('CONFLICT', `this is pod "${this.pod.identity.podId}", not "${request.podId}"`);
    this.setup = request;
    this.watchdog.start(request.watchdogMs);
  }

  /** @throws AppError CONFLICT when the stage is not set up, or when the same id comes with other work; RESOURCE_NOT_FOUND without a container */
  start(request: StartStepRequest, traceparent: string): StartStepReply {
    const { stepExecutionId } = request;
    if (!STEP_ID.test(stepExecutionId))
      throw new AppError('INVALID_REQUEST', `"${stepExecutionId}" is not a step execution id`);
    const body = JSON.stringify([request.workJson, request.logKey, request.timeoutMs]);
    const known = this.steps.get(stepExecutionId);
    if (known && known.request !== body)
      throw new AppError('CONFLICT', `step "${stepExecutionId}" was started before with other work`);
    if (known) return { alreadyStarted: true };
    const { containers } = this.ready();
    const container = containers.find((each) => each.stepExecutionId === stepExecutionId);
    if (!container) throw new AppError('RESOURCE_NOT_FOUND', `this pod has no container for step "${stepExecutionId}"`);
    const { podDir } = this.pod.identity;
    const session = new StepSession({
      request: {
        stepExecutionId,
        timeoutMs: request.timeoutMs,
        workJson: request.workJson,
        sourcesDir: join(podDir, 'sources'),
        secretsDir: join(podDir, 'secrets', stepExecutionId),
      },
      runner: GrpcClient.mutualTls<StepRunnerMethods>(
        STEP_RUNNER_SERVICE,
        container.address,
        this.pod.tls,
        POD_PEERS.stepRunner,
      ),
      log: this.logOf(request.logKey, traceparent),
      resultFile: new ResultFile(join(podDir, 'steps'), stepExecutionId),
      logger: this.logger,
      traceparent,
    });
    this.steps.set(stepExecutionId, { request: body, session });
    if (request.leaseUntil) void session.keep(request.leaseUntil, request.stopWithinMs ?? 0);
    this.logger.info({ stepExecutionId, timeoutMs: request.timeoutMs }, 'step started');
    return { alreadyStarted: false };
  }

  /** @throws AppError RESOURCE_NOT_FOUND for a step that was never started */
  watch({
    stepExecutionId,
    afterSeq,
    withoutLog = false,
  }: WatchStepRequest): (signal: AbortSignal) => AsyncGenerator<StepEvent> {
    const step = this.steps.get(stepExecutionId);
    if (!step) throw new AppError('RESOURCE_NOT_FOUND', `step "${stepExecutionId}" was never started in this pod`);
    return (signal) => this.follow(step.session, afterSeq, withoutLog, signal);
  }

  stop({ stepExecutionId, graceMs, reason = 'ABORT' }: StopStepRequest): StopStepReply {
    const step = this.steps.get(stepExecutionId);
    step?.session.stop(graceMs, reason);
    this.logger.info({ stepExecutionId, graceMs, reason, known: step !== undefined }, 'step stop');
    return { known: step !== undefined };
  }

  /** The process of a step's container has ended. */
  containerEnded({ stepExecutionId, ...end }: ContainerEndedRequest): ContainerEndedReply {
    this.logger.warn({ stepExecutionId, ...end }, 'a step container ended');
    return { hasBegun: this.steps.get(stepExecutionId)?.session.containerEnded(end) ?? false };
  }

  /** Lines of a log that belongs to no step container. */
  writeLog({ logKey, linesJson, close }: WriteLogRequest, traceparent: string): void {
    const log = this.logOf(logKey, traceparent);
    for (const line of linesJson) log.write(logLine.parse(JSON.parse(line)));
    if (close) void log.close();
  }

  /** Stops every step, sees their results recorded and their logs sent, as far as that is possible. Safe to repeat. */
  async destroy(reason: StopReason = 'REMOVED'): Promise<void> {
    for (const { session } of this.steps.values()) session.stop(STOP_GRACE_MS, reason);
    const endings = [...this.steps.values()].map(({ session }) => session.settled);
    const recorded = Promise.all([...this.steps.values()].map(({ session }) => finished(session)));
    await recorded;
    await Promise.race([
      Promise.all([...endings, ...[...this.logs.values()].map((log) => log.close())]),
      pause(LOG_LIMIT_MS),
    ]);
  }

  /** Nothing more will be asked. */
  end(): void {
    this.watchdog.stop();
    this.markDone();
  }

  /** Whoever started this process is gone: a delegate that comes back within the watchdog's time finds its steps still running. */
  orphan(): void {
    const isBusy = [...this.steps.values()].some(({ session }) => !session.events.isFinished);
    if (!isBusy) void this.abandon('ABANDONED');
  }

  async abandon(reason: StopReason): Promise<void> {
    this.logger.warn({ reason, steps: this.steps.size }, 'stopping everything');
    await this.destroy(reason);
    this.end();
  }

  private async *follow(
    session: StepSession,
    afterSeq: number,
    withoutLog: boolean,
    signal: AbortSignal,
  ): AsyncGenerator<StepEvent> {
    // An open stream is contact: the transport notices within seconds when the other side is gone.
    const release = this.watchdog.hold();
    try {
      for await (const event of session.events.follow(afterSeq, signal))
        if (!withoutLog || event.event !== 'logJson') yield event;
    } finally {
      release();
    }
  }

  private logOf(key: string, traceparent: string): LogWriter {
    const known = this.logs.get(key);
    if (known) return known;
    const { logBaseUrl, logAccountId, logToken } = this.ready();
    const target = { baseUrl: logBaseUrl, accountId: logAccountId, token: logToken };
    const spool = SpooledLog.create(join(this.pod.identity.podDir, 'steps'), { key, ...target, traceparent });
    const log = new LogWriter(new LogClient(target, this.tracing, key, traceparent, 'lite-engine'), spool);
    this.logs.set(key, log);
    return log;
  }

  private ready(): SetupStageRequest {
    if (!this.setup) throw new AppError('CONFLICT', 'the stage of this pod was not set up yet; call SetupStage first');
    return this.setup;
  }
}

async function finished(session: StepSession): Promise<void> {
  for await (const _event of session.events.follow(session.events.lastSeq)) continue;
}
