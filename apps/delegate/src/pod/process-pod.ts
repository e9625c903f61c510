import type { LogLine, StepResult } from '@sluice/delegate-protocol';
import { GrpcClient, clientCredentials } from '@sluice/grpc';
import { AppError, messageOf } from '@sluice/kernel';
import { LITE_ENGINE_PORT, LITE_ENGINE_SERVICE, POD_PEERS, PROCESS_STATES, type LiteEngineIdentity, type LiteEngineMethods, type StepEvent, type StepRunnerIdentity } from '@sluice/runner-rpc';
import type { Logger } from '@sluice/telemetry';
import type { DelegateConfig } from '../config.js';
import { LOG_NAMES, startRunner, type ParkedPod } from './parked-pod.js';
import type { PodDirectory } from './pod-directory.js';
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
  private readonly client: GrpcClient<LiteEngineMethods>;
  private readonly processes: PodProcess[];
  private pings: NodeJS.Timeout | undefined;
  private missedPings = 0;
  private hung: string | undefined;
  private isEnding = false;

  constructor(
    private readonly parked: ParkedPod,
    private readonly folder: PodDirectory,
    private readonly request: PodRequest,
    private readonly config: DelegateConfig['pods'],
    private readonly log: Logger,
  ) {
    this.podId = request.podId;
    this.address = `${parked.address}:${LITE_ENGINE_PORT}`;
    this.processes = [parked.engine, parked.runner];
    parked.engine.relocated(folder.logFile(LOG_NAMES.engine));
    parked.runner.relocated(folder.logFile(LOG_NAMES.firstStep));
    const { cert, key } = parked.certificates.delegate;
    // The delegate's own key is never written down.
    const tls = { ca: Buffer.from(parked.authority.pem), cert: Buffer.from(cert), key: Buffer.from(key) };
    this.client = new GrpcClient<LiteEngineMethods>(LITE_ENGINE_SERVICE, this.address, clientCredentials(tls, POD_PEERS.liteEngine));
    this.ready = this.start();
    this.ready.catch(() => undefined);
  }

  get directory(): string {
    return this.folder.path;
  }

  get failure(): string | undefined {
    return this.parked.engine.death ?? this.hung;
  }

  async startStep(step: StepStart): Promise<void> {
    await this.ready;
    const { traceparent, ...request } = step;
    await this.client.unary('StartStep', request, { timeoutMs: CALL_MS, traceparent });
  }

  watchStep(stepExecutionId: string, afterSeq: number, signal: AbortSignal): AsyncIterable<StepEvent> {
    return this.client.stream('WatchStep', { stepExecutionId, afterSeq }, { signal });
  }

  async stopStep(stepExecutionId: string, graceMs: number): Promise<void> {
    await this.client.unary('StopStep', { stepExecutionId, graceMs }, { timeoutMs: CALL_MS, traceparent: this.request.traceparent });
  }

  async writeLog(logKey: string, lines: readonly LogLine[], isLast: boolean): Promise<void> {
    await this.ready;
    const request = { logKey, linesJson: lines.map((line) => JSON.stringify(line)), close: isLast };
    await this.client.unary('WriteLog', request, { timeoutMs: CALL_MS, traceparent: this.request.traceparent });
  }

  recordedResult(stepExecutionId: string): Promise<StepResult | undefined> {
    return this.folder.result(stepExecutionId);
  }

  /** Lets the engine end its steps and send its logs, then ends all processes and removes the directory. */
  async destroy(): Promise<void> {
    this.isEnding = true;
    clearInterval(this.pings);
    if (this.parked.engine.death === undefined) {
      await this.client.unary('Destroy', {}, { timeoutMs: DESTROY_MS, traceparent: this.request.traceparent }).catch((cause: unknown) => {
        this.log.warn({ podId: this.podId, error: messageOf(cause) }, 'the engine did not end the pod itself');
      });
    }
    this.client.close();
    await Promise.all(this.processes.map((process) => process.stop(EXIT_GRACE_MS)));
    await this.folder.remove();
  }

  private async start(): Promise<void> {
    const { parked, folder, request } = this;
    const ca = parked.authority.pem;
    const [engineTls, runnerTls] = await Promise.all([
      folder.writeTls(POD_PEERS.liteEngine, ca, parked.certificates.engine),
      folder.writeTls(`${POD_PEERS.stepRunner}-1`, ca, parked.certificates.runner),
      this.record(),
    ]);
    parked.engine.identify({ listen: this.address, tls: engineTls, podId: this.podId, podDir: folder.path } satisfies LiteEngineIdentity);
    parked.runner.identify({ listen: this.containerAddress(0), tls: runnerTls } satisfies StepRunnerIdentity);
    await parked.engine.printed(PROCESS_STATES.listening, START_LIMIT_MS);
    await this.client.waitUntilReady(CALL_MS);
    await this.client.unary(
      'SetupStage',
      {
        podId: this.podId,
        logBaseUrl: request.logs.baseUrl,
        logAccountId: request.logs.accountId,
        logToken: request.logs.token,
        containers: request.stepExecutionIds.map((stepExecutionId, index) => ({ stepExecutionId, address: this.containerAddress(index) })),
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
        const name = `step-${index + 1}`;
        const runner = startRunner(this.config, this.folder, name);
        this.processes.push(runner);
        const tls = await this.folder.writeTls(`${POD_PEERS.stepRunner}-${index + 1}`, this.parked.authority.pem, await this.parked.authority.issue(POD_PEERS.stepRunner));
        await this.record();
        runner.identify({ listen: this.containerAddress(index), tls } satisfies StepRunnerIdentity);
        await runner.printed(PROCESS_STATES.listening, START_LIMIT_MS);
      } catch (cause) {
        if (!this.isEnding) this.log.error({ podId: this.podId, container: index + 1, error: messageOf(cause) }, 'a step container did not start');
      }
    }
  }

  private record(): Promise<void> {
    const processes = this.processes.map((process, index) => ({ role: index === 0 ? ('engine' as const) : ('step' as const), ...process.identity }));
    return this.folder.writeRecord({ podId: this.podId, address: this.parked.address, processes });
  }

  private containerAddress(index: number): string {
    return `${this.parked.address}:${LITE_ENGINE_PORT + 1 + index}`;
  }

  /** Feeds the engine's watchdog, and is one itself. */
  private async ping(): Promise<void> {
    try {
      await this.client.unary('Ping', {}, { timeoutMs: PING_LIMIT_MS });
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
