import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LogLine, StepResult } from '@sluice/delegate-protocol';
import { AppError } from '@sluice/kernel';
import { StepEventLog, type StepEvent } from '@sluice/runner-rpc';
import type { Leftover, Pod, PodRequest, PodRuntime, StepStart } from '../pod/pod-runtime.js';

const result = (status: StepResult['status']): StepResult => ({
  status,
  changesets: [],
  history: [],
  pending: [],
  outputs: {},
  startedAt: 1,
  endedAt: 2,
});

/** A pod without processes: its steps end when the spec says so. */
export class FakePod implements Pod {
  readonly podId: string;
  readonly address = '127.16.0.1:20001';
  readonly reachable = Promise.resolve();
  readonly ready = Promise.resolve();
  readonly directory: string;
  readonly started: StepStart[] = [];
  readonly stopped: string[] = [];
  readonly lines: LogLine[] = [];
  failure: string | undefined;
  private readonly broken = new AbortController();
  private readonly steps = new Map<string, StepEventLog>();

  constructor(
    readonly request: PodRequest,
    parent: string,
  ) {
    this.podId = request.podId;
    this.directory = join(parent, request.podId);
    for (const folder of ['sources', 'secrets', 'steps']) mkdirSync(join(this.directory, folder), { recursive: true });
  }

  async startStep(step: StepStart): Promise<void> {
    if (!this.steps.has(step.stepExecutionId)) this.steps.set(step.stepExecutionId, new StepEventLog());
    this.started.push(step);
  }

  waitingFor(): readonly string[] {
    return [];
  }

  async endStep(): Promise<void> {
    // There is no process.
  }

  /** Ends a step. */
  finish(stepExecutionId: string, status: StepResult['status'] = 'succeeded', more: Partial<StepResult> = {}): void {
    this.steps.get(stepExecutionId)?.append({ finishedJson: JSON.stringify({ ...result(status), ...more }) });
  }

  /** A running engine answers a stop with the end of the step. */
  async stopStep(stepExecutionId: string): Promise<void> {
    this.stopped.push(stepExecutionId);
    this.finish(stepExecutionId, 'aborted');
  }

  async *watchStep(stepExecutionId: string, afterSeq: number, signal: AbortSignal): AsyncIterable<StepEvent> {
    const step = this.steps.get(stepExecutionId);
    if (!step) throw new AppError('RESOURCE_NOT_FOUND', `step "${stepExecutionId}" was never started in this pod`);
    yield* step.follow(afterSeq, AbortSignal.any([signal, this.broken.signal]));
    if (this.broken.signal.aborted) throw new AppError('UPSTREAM_UNAVAILABLE', 'connection refused');
  }

  /** Its engine is gone. */
  break(failure: string): void {
    this.failure = failure;
    this.broken.abort();
  }

  async writeLog(_logKey: string, lines: readonly LogLine[]): Promise<void> {
    this.lines.push(...lines);
  }

  async keepLog(_logKey: string, lines: readonly LogLine[]): Promise<void> {
    this.lines.splice(0, this.lines.length, ...lines);
  }

  async recordedResult(): Promise<StepResult | undefined> {
    return undefined;
  }
}

/** Pods that are nothing but folders. */
export class FakePods implements PodRuntime {
  readonly pods = new Map<string, FakePod>();
  leftovers: readonly Leftover[] = [];
  private readonly folder = mkdtempSync(join(tmpdir(), 'sluice-fake-pods-'));

  get count(): number {
    return this.pods.size;
  }

  async create(request: PodRequest): Promise<Pod> {
    const pod = new FakePod(request, this.folder);
    this.pods.set(request.podId, pod);
    return pod;
  }

  find(podId: string): FakePod | undefined {
    return this.pods.get(podId);
  }

  async destroy(podId: string): Promise<void> {
    const pod = this.pods.get(podId);
    this.pods.delete(podId);
    if (pod) rmSync(pod.directory, { recursive: true, force: true });
  }

  async reap(tell: (leftover: Leftover) => void): Promise<void> {
    this.leftovers.forEach(tell);
  }

  async close(): Promise<void> {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
