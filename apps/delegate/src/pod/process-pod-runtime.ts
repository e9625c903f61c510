import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import { AppError } from '@sluice/kernel';
import type { Logger } from '@sluice/telemetry';
import { CONFIG, LOG, type DelegateConfig } from '../config.js';
import { LogOutbox } from '../logs/log-outbox.js';
import { reapLeftovers } from './leftover-pods.js';
import { checkedId } from './pod-directory.js';
import { PodPool } from './pod-pool.js';
import type { Leftover, Pod, PodRequest, PodRuntime } from './pod-runtime.js';
import { ProcessPod } from './process-pod.js';
import { Removals } from './removals.js';

const LONGEST_SWEEP_MS = 60_000;

/** Pods as processes of this machine, below `<data>/pods`. */
@Injectable()
export class ProcessPodRuntime implements PodRuntime {
  private readonly pods = new Map<string, ProcessPod>();
  private readonly claimed = new Set<string>();
  private readonly podsDir: string;
  private readonly pool: PodPool;
  private readonly removals: Removals;
  private sweeps: NodeJS.Timeout | undefined;

  constructor(
    @Inject(CONFIG) private readonly config: DelegateConfig,
    @Inject(LOG) private readonly log: Logger,
    private readonly outbox: LogOutbox,
  ) {
    this.podsDir = join(config.dataDir, 'pods');
    this.removals = new Removals(log);
    this.pool = new PodPool(config.pods, this.podsDir, log, this.removals);
  }

  get count(): number {
    return this.claimed.size;
  }

  async create(request: PodRequest): Promise<Pod> {
    const podId = checkedId('pod id', request.podId);
    for (const stepExecutionId of request.stepExecutionIds) checkedId('step execution id', stepExecutionId);
    if (this.claimed.has(podId)) throw new AppError('CONFLICT', `pod "${podId}" exists already`);
    this.claimed.add(podId);
    try {
      const pod = new ProcessPod(await this.pool.take(), request, this.config.pods, this.log, this.outbox);
      this.pods.set(podId, pod);
      return pod;
    } catch (cause) {
      this.claimed.delete(podId);
      throw cause;
    }
  }

  find(podId: string): Pod | undefined {
    return this.pods.get(podId);
  }

  async destroy(podId: string, logs: 'send' | 'drop' = 'send'): Promise<void> {
    const pod = this.pods.get(podId);
    if (!pod) return;
    this.pods.delete(podId);
    await this.removals.remove(`pod "${podId}"`, async () => {
      await pod.destroy(logs);
      this.pool.release(pod.address.split(':')[0] ?? '');
    });
    this.claimed.delete(podId);
    if (this.claimed.size === 0) this.pool.fill();
  }

  /** A clean-up that was never sent, or did not come through, leaves a pod that nothing speaks for any more. */
  private removeUnused(unusedMs: number): void {
    for (const [podId, { uselessSince }] of this.pods) {
      if (uselessSince === undefined || Date.now() - uselessSince < unusedMs) continue;
      this.log.warn(
        { podId, unusedMs: Date.now() - uselessSince },
        'removing a pod that nothing can come to any more and whose clean-up nobody has asked for',
      );
      void this.destroy(podId);
    }
  }

  /** Also makes the first pods. */
  async reap(tell: (leftover: Leftover) => void): Promise<void> {
    await mkdir(this.podsDir, { recursive: true, mode: 0o700 });
    await reapLeftovers(this.podsDir, { log: this.log, outbox: this.outbox, removals: this.removals, tell });
    this.pool.fill();
    const { unusedMs } = this.config.pods;
    this.sweeps = setInterval(() => this.removeUnused(unusedMs), Math.min(unusedMs, LONGEST_SWEEP_MS));
  }

  async close(): Promise<void> {
    clearInterval(this.sweeps);
    this.removals.close();
    await Promise.all([this.pool.close(), ...[...this.pods.keys()].map((podId) => this.destroy(podId))]);
  }
}
