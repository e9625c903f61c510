import { availableParallelism } from 'node:os';
import type { LogLine, StepResult } from '@sluice/delegate-protocol';
import { AppError, messageOf, pause } from '@sluice/kernel';
import {
  LITE_ENGINE_PORT,
  PROCESS_STATES,
  PeerClock,
  steadyNow,
  type StepEvent,
  type StopReason,
} from '@sluice/runner-rpc';
import type { Logger } from '@sluice/telemetry';
import type { DelegateConfig } from '../config.js';
import { containerAddress, identifyRunner, startRunner, type ParkedPod } from './parked-pod.js';
import type { LogOutbox } from '../logs/log-outbox.js';
import { expiryOf } from '../logs/token-expiry.js';
import type { LeaseTerm } from '../connection/service-connection.js';
import { PodStartError, type Pod, type PodRequest, type StepStart } from './pod-runtime.js';
import { PodUse } from './pod-use.js';
import { StepContainer } from './step-container.js';

const CALL_MS = 10_000;
const RETRY_MS = 200;
const DESTROY_MS = 25_000;
/** At most: the engine hears of the delegate several times within its watchdog's limit and within a lease. */
const PING_MS = 5_000;
const LEAST_PING_MS = 200;
const PINGS_PER_LEASE = 6;
const PING_LIMIT_MS = 4_000;
const EXIT_GRACE_MS = 1_000;

/** A pod of real processes on a loopback address of its own. */
export class ProcessPod implements Pod {
  readonly podId: string;
  readonly address: string;
  readonly reachable: Promise<void>;
  readonly ready: Promise<void>;
  private readonly containers: readonly StepContainer[];
  private readonly terms = new Map<string, () => LeaseTerm>();
  private readonly use: PodUse;
  private readonly engineClock = new PeerClock();
  private isReachable = false;
  private pings: NodeJS.Timeout | undefined;
  private heardAt = Date.now();
  private hung: string | undefined;
  private isEnding = false;
  private recording: Promise<void> = Promise.resolve();

  constructor(
    private readonly parked: ParkedPod,
    private readonly request: PodRequest,
    private readonly config: DelegateConfig['pods'],
    private readonly log: Logger,
    private readonly outbox: LogOutbox,
  ) {
    this.podId = request.podId;
    this.address = `${parked.address}:${LITE_ENGINE_PORT}`;
    this.use = new PodUse(request.stepExecutionIds, expiryOf(request.logs.token), Date.now());
    const lanes = new Lanes(availableParallelism());
    this.containers = request.stepExecutionIds.map((stepExecutionId, index) =>
      this.container(stepExecutionId, index, lanes),
    );
    this.reachable = this.start();
    const gone = parked.engine.ended.then((end) => {
      throw new PodStartError(`${end} before the pod was ready`);
    });
    gone.catch(() => undefined);
    this.ready = Promise.race([
      Promise.all([this.reachable, ...this.containers.map(({ ready }) => ready)]).then(() => undefined),
      gone,
    ]);
    for (const outcome of [this.reachable, this.ready]) outcome.catch(() => undefined);
  }

  get directory(): string {
    return this.parked.directory.path;
  }

  get failure(): string | undefined {
    return this.parked.engine.death ?? this.hung;
  }

  /** Since when nothing but the clean-up can come, in milliseconds since the epoch; undefined while a step runs or may come. */
  get uselessSince(): number | undefined {
    return this.use.uselessSince(Date.now(), this.failure !== undefined);
  }

  waitingFor(): readonly string[] {
    const waiting = this.containers.filter(({ isReady }) => !isReady).map(({ what }) => what);
    return this.isReachable ? waiting : ['the lite engine', ...waiting];
  }

  async startStep({ term, traceparent, ...step }: StepStart, signal: AbortSignal): Promise<void> {
    this.use.begins(step.stepExecutionId, Date.now());
    await this.ready;
    const container = this.containerOf(step.stepExecutionId);
    const since = Date.now();
    await container?.whenListening(signal);
    // A container that had to be replaced takes its time out of the step's.
    const timeoutMs = Math.max(1_000, step.timeoutMs - (Date.now() - since));
    container?.markStarted();
    this.terms.set(step.stepExecutionId, term);
    await this.insist(
      () =>
        this.parked.client.unary(
          'StartStep',
          { ...step, timeoutMs, ...this.leaseOf(term()) },
          { timeoutMs: CALL_MS, traceparent },
        ),
      signal,
    );
    void this.ping();
  }

  async endStep(stepExecutionId: string, graceMs: number): Promise<void> {
    this.terms.delete(stepExecutionId);
    try {
      await this.containerOf(stepExecutionId)?.finish(graceMs);
    } finally {
      this.use.ends(stepExecutionId, Date.now());
    }
  }

  watchStep(stepExecutionId: string, afterSeq: number, signal: AbortSignal): AsyncIterable<StepEvent> {
    return this.parked.client.stream('WatchStep', { stepExecutionId, afterSeq, withoutLog: true }, { signal });
  }

  async stopStep(stepExecutionId: string, graceMs: number, reason: StopReason): Promise<void> {
    await this.parked.client.unary(
      'StopStep',
      { stepExecutionId, graceMs, reason },
      { timeoutMs: CALL_MS, traceparent: this.request.traceparent },
    );
  }

  async writeLog(logKey: string, lines: readonly LogLine[], isLast: boolean): Promise<void> {
    await this.reachable;
    const request = { logKey, linesJson: lines.map((line) => JSON.stringify(line)), close: isLast };
    await this.insist(() =>
      this.parked.client.unary('WriteLog', request, { timeoutMs: CALL_MS, traceparent: this.request.traceparent }),
    );
  }

  async keepLog(logKey: string, lines: readonly LogLine[]): Promise<void> {
    const { logs, traceparent } = this.request;
    await this.outbox.keep(this.parked.directory.stepsPath, { key: logKey, ...logs, traceparent }, lines);
  }

  recordedResult(stepExecutionId: string): Promise<StepResult | undefined> {
    return this.parked.directory.result(stepExecutionId);
  }

  /** Lets the engine end its steps and send its logs, ends all processes, takes the logs that were not stored and removes the directory. */
  async destroy(logs: 'send' | 'drop'): Promise<void> {
    this.isEnding = true;
    clearTimeout(this.pings);
    if (this.parked.engine.death === undefined) {
      await this.parked.client
        .unary('Destroy', {}, { timeoutMs: DESTROY_MS, traceparent: this.request.traceparent })
        .catch((cause: unknown) => {
          this.log.warn({ podId: this.podId, error: messageOf(cause) }, 'the engine did not end the pod itself');
        });
    }
    this.parked.client.close();
    const ended = await Promise.allSettled([
      this.parked.engine.stop(EXIT_GRACE_MS),
      this.parked.runner.stop(EXIT_GRACE_MS),
      ...this.containers.map((container) => container.end(EXIT_GRACE_MS)),
    ]);
    await this.recording.catch(() => undefined);
    // Whatever else cannot be done now, they go.
    await this.parked.directory.removeSecrets();
    for (const end of ended) if (end.status === 'rejected') throw end.reason;
    if (logs === 'send') await this.outbox.take(this.parked.directory.stepsPath);
    await this.parked.directory.remove();
  }

  private containerOf(stepExecutionId: string): StepContainer | undefined {
    return this.containers[this.request.stepExecutionIds.indexOf(stepExecutionId)];
  }

  private async start(): Promise<void> {
    const { parked, request } = this;
    try {
      await Promise.all([parked.listening, this.record()]);
      const setup = {
        podId: parked.id,
        logBaseUrl: request.logs.baseUrl,
        logAccountId: request.logs.accountId,
        logToken: request.logs.token,
        containers: request.stepExecutionIds.map((stepExecutionId, index) => ({
          stepExecutionId,
          address: containerAddress(parked.address, index),
        })),
        watchdogMs: this.config.watchdogMs,
      };
      await this.insist(() =>
        parked.client.unary('SetupStage', setup, { timeoutMs: CALL_MS, traceparent: request.traceparent }),
      );
    } catch (cause) {
      throw new PodStartError(messageOf(cause));
    }
    this.isReachable = true;
    this.heardAt = Date.now();
    await this.ping();
  }

  /** The first container was prepared. The others start side by side, as many at a time as there are processors. */
  private container(stepExecutionId: string, index: number, lanes: Lanes): StepContainer {
    const { parked } = this;
    const what = `step container ${index + 1} of ${this.request.stepExecutionIds.length}`;
    const host = {
      launch: async () => {
        const release = await lanes.enter();
        try {
          if (this.isEnding) throw new PodStartError(`pod "${this.podId}" is being removed`);
          const runner = startRunner(this.config, parked.directory, index);
          await identifyRunner(runner, parked, index);
          void runner.printed(PROCESS_STATES.listening).then(release, release);
          return runner;
        } catch (cause) {
          release();
          throw cause;
        }
      },
      changed: () => this.record(),
      tell: (text: string) => {
        this.log.warn({ podId: this.podId, container: index + 1 }, text);
        this.request.tell(`${what}: ${text}`);
      },
      hasBegun: (reason: string, isReplaced: boolean) => this.hasBegun(stepExecutionId, reason, isReplaced),
    };
    return new StepContainer(what, host, index === 0 ? parked.runner : undefined);
  }

  /** Only the engine knows. When it cannot be asked, the step counts as begun. */
  private async hasBegun(stepExecutionId: string, reason: string, isReplaced: boolean): Promise<boolean> {
    const request = { stepExecutionId, reason, isReplaced };
    const reply = await this.insist(() =>
      this.parked.client.unary('ContainerEnded', request, { timeoutMs: CALL_MS }),
    ).catch(() => undefined);
    return reply?.hasBegun ?? true;
  }

  /** Repeats a call that is safe to repeat, for as long as the engine lives. */
  private async insist<T>(call: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    for (;;) {
      try {
        return await call();
      } catch (cause) {
        signal?.throwIfAborted();
        const mayPass =
          cause instanceof AppError && (cause.code === 'UPSTREAM_UNAVAILABLE' || cause.code === 'REQUEST_TIMEOUT');
        if (!mayPass || this.failure !== undefined || this.isEnding) throw cause;
        await pause(RETRY_MS, signal);
      }
    }
  }

  /** One after the other: the file is the whole record each time. */
  private record(): Promise<void> {
    this.recording = this.recording
      .catch(() => undefined)
      .then(async () => {
        const { engine, runner } = this.parked;
        // The prepared container is named from the first moment on, also before its step is known.
        const steps = new Set([runner, ...this.containers.flatMap(({ current }) => (current ? [current] : []))]);
        const processes = [
          { role: 'engine' as const, ...engine.identity },
          ...[...steps].map(({ identity }) => ({ role: 'step' as const, ...identity })),
        ];
        await this.parked.directory.writeRecord({ podId: this.podId, address: this.parked.address, processes });
      });
    return this.recording;
  }

  /** The term of the step that has to stop first, in the engine's clock. */
  private leaseOf({ until, stopWithinMs }: LeaseTerm): { leaseUntil: number; stopWithinMs: number } {
    const leaseUntil = Number.isFinite(until) ? this.engineClock.readingAt(until) : undefined;
    return { leaseUntil: leaseUntil ?? 0, stopWithinMs };
  }

  private nextTerm(): LeaseTerm | undefined {
    const now = steadyNow();
    const terms = [...this.terms.values()].map((term) => term()).filter(({ until }) => until > now);
    return terms.reduce<LeaseTerm | undefined>(
      (first, term) => (first && first.until <= term.until ? first : term),
      undefined,
    );
  }

  /** Feeds the engine's watchdog and its steps' lease, and is a watchdog itself. */
  private async ping(): Promise<void> {
    clearTimeout(this.pings);
    const term = this.nextTerm();
    try {
      const { clock } = await this.parked.client.unary('Ping', term ? this.leaseOf(term) : {}, {
        timeoutMs: PING_LIMIT_MS,
      });
      this.engineClock.answered(clock);
      this.heardAt = Date.now();
    } catch (cause) {
      await this.unheard(cause);
    }
    if (this.isEnding || this.hung) return;
    const shortestMs = Math.min(this.config.watchdogMs, term ? term.until - steadyNow() : Infinity);
    clearTimeout(this.pings);
    this.pings = setTimeout(
      () => void this.ping(),
      Math.min(PING_MS, Math.max(LEAST_PING_MS, shortestMs / PINGS_PER_LEASE)),
    );
  }

  private async unheard(cause: unknown): Promise<void> {
    const silentMs = Date.now() - this.heardAt;
    if (silentMs < this.config.engineSilenceMs || this.isEnding || this.hung) return;
    this.hung = `the lite engine did not answer for ${Math.round(silentMs / 1000)} s (${cause instanceof AppError ? cause.code : messageOf(cause)})`;
    this.log.error({ podId: this.podId }, this.hung);
    await this.parked.engine.stop(0);
  }
}

/** Lets so many in at a time. */
class Lanes {
  private readonly waiting: (() => void)[] = [];

  constructor(private free: number) {}

  /** Resolves when there is room. @returns what gives the room back */
  async enter(): Promise<() => void> {
    if (this.free > 0) this.free -= 1;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    return () => {
      const next = this.waiting.shift();
      if (next) next();
      else this.free += 1;
    };
  }
}
