import type { LogLine, StepResult } from '@sluice/delegate-protocol';
import { AppError, messageOf } from '@sluice/kernel';
import { LITE_ENGINE_PORT, PROCESS_STATES, type StepEvent } from '@sluice/runner-rpc';
import type { Logger } from '@sluice/telemetry';
import type { DelegateConfig } from '../config.js';
import { containerAddress, identifyRunner, startRunner, type ParkedPod } from './parked-pod.js';
import type { PodProcess } from './pod-process.js';
import type { Pod, PodRequest, StepStart } from './pod-runtime.js';

const START_LIMIT_MS = 60_000;
const CALL_MS = 10_000;
const DESTROY_MS = 25_000;
const PING_MS = 5_000;
const PING_LIMIT_MS = 4_000;
/** Pings without an answer until a living engine counts as hung: half a minute. */
const MISSED_PINGS = 6;
const EXIT_GRACE_MS = 1_000;

/** A pod of real processes on a loopback address of its own. */
export class ProcessPod implements Pod {
  readonly podId: string;
  readonly address: string;
  readonly ready: Promise<void>;
  private readonly processes: PodProcess[];
  private pings: NodeJS.Timeout | undefined;
  private missedPings = 0;
  private hung: string | undefined;
  private isEnding = false;

  constructor(
    private readonly parked: ParkedPod,
    private readonly request: PodRequest,
    private readonly config: DelegateConfig['pods'],
    private readonly log: Logger,
  ) {
    this.podId = request.podId;
    this.address = `${parked.address}:${LITE_ENGINE_PORT}`;
    this.processes = [parked.engine, parked.runner];
    this.ready = this.start();
    this.ready.catch(() => undefined);
  }

  get directory(): string {
    return this.parked.directory.path;
  }

  get failure(): string | undefined {
    return this.parked.engine.death ?? this.hung;
  }

  async startStep(step: StepStart): Promise<void> {
    await this.ready;
    const { traceparent, ...request } = step;
    await this.parked.client.unary('StartStep', request, { timeoutMs: CALL_MS, traceparent });
  }

  watchStep(stepExecutionId: string, afterSeq: number, signal: AbortSignal): AsyncIterable<StepEvent> {
    return this.parked.client.stream('WatchStep', { stepExecutionId, afterSeq }, { signal });
  }

  async stopStep(stepExecutionId: string, graceMs: number): Promise<void> {
    await this.parked.client.unary('StopStep', { stepExecutionId, graceMs }, { timeoutMs: CALL_MS, traceparent: this.request.traceparent });
  }

  async writeLog(logKey: string, lines: readonly LogLine[], isLast: boolean): Promise<void> {
    await this.ready;
    const request = { logKey, linesJson: lines.map((line) => JSON.stringify(line)), close: isLast };
    await this.parked.client.unary('WriteLog', request, { timeoutMs: CALL_MS, traceparent: this.request.traceparent });
  }

  recordedResult(stepExecutionId: string): Promise<StepResult | undefined> {
    return this.parked.directory.result(stepExecutionId);
  }

  /** Lets the engine end its steps and send its logs, then ends all processes and removes the directory. */
  async destroy(): Promise<void> {
    this.isEnding = true;
    clearInterval(this.pings);
    if (this.parked.engine.death === undefined) {
      await this.parked.client.unary('Destroy', {}, { timeoutMs: DESTROY_MS, traceparent: this.request.traceparent }).catch((cause: unknown) => {
        this.log.warn({ podId: this.podId, error: messageOf(cause) }, 'the engine did not end the pod itself');
      });
    }
    this.parked.client.close();
    await Promise.all(this.processes.map((process) => process.stop(EXIT_GRACE_MS)));
    await this.parked.directory.remove();
  }

  private async start(): Promise<void> {
    const { parked, request } = this;
    await Promise.all([parked.listening, this.record()]);
    await parked.client.unary(
      'SetupStage',
      {
        podId: parked.id,
        logBaseUrl: request.logs.baseUrl,
        logAccountId: request.logs.accountId,
        logToken: request.logs.token,
        containers: request.stepExecutionIds.map((stepExecutionId, index) => ({ stepExecutionId, address: containerAddress(parked.address, index) })),
        watchdogMs: this.config.watchdogMs,
      },
      { timeoutMs: CALL_MS, traceparent: request.traceparent },
    );
    this.pings = setInterval(() => void this.ping(), PING_MS);
    void this.startFurtherContainers();
  }

  /** The first container was prepared; the others start one after the other while it works. */
  private async startFurtherContainers(): Promise<void> {
    for (let index = 1; index < this.request.stepExecutionIds.length && !this.isEnding; index += 1) {
      try {
        const runner = startRunner(this.config, this.parked.directory, index);
        this.processes.push(runner);
        await this.record();
        await identifyRunner(runner, this.parked, index);
        await runner.printed(PROCESS_STATES.listening, START_LIMIT_MS);
      } catch (cause) {
        if (!this.isEnding) this.log.error({ podId: this.podId, container: index + 1, error: messageOf(cause) }, 'a step container did not start');
      }
    }
  }

  private record(): Promise<void> {
    const processes = this.processes.map((process, index) => ({ role: index === 0 ? ('engine' as const) : ('step' as const), ...process.identity }));
    return this.parked.directory.writeRecord({ podId: this.podId, address: this.parked.address, processes });
  }

  /** Feeds the engine's watchdog, and is one itself. */
  private async ping(): Promise<void> {
    try {
      await this.parked.client.unary('Ping', {}, { timeoutMs: PING_LIMIT_MS });
      this.missedPings = 0;
    } catch (cause) {
      this.missedPings += 1;
      if (this.missedPings < MISSED_PINGS || this.isEnding || this.hung) return;
      this.hung = `the lite engine did not answer for ${(MISSED_PINGS * PING_MS) / 1000} s (${cause instanceof AppError ? cause.code : messageOf(cause)})`;
      this.log.error({ podId: this.podId }, this.hung);
      await this.parked.engine.stop(0);
    }
  }
}
