import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import { AppError, messageOf } from '@sluice/kernel';
import type { Logger } from '@sluice/telemetry';
import { CONFIG, LOG, type DelegateConfig } from '../config.js';
import { reapLeftovers } from './leftover-pods.js';
import { checkedId } from './pod-directory.js';
import { PodPool } from './pod-pool.js';
import type { Leftover, Pod, PodRequest, PodRuntime } from './pod-runtime.js';
import { ProcessPod } from './process-pod.js';

/** Pods as processes of this machine, below `<data>/pods`. */
@Injectable()
export class ProcessPodRuntime implements PodRuntime {
  private readonly pods = new Map<string, ProcessPod>();
  private readonly claimed = new Set<string>();
  private readonly podsDir: string;
  private readonly pool: PodPool;

  constructor(
    @Inject(CONFIG) private readonly config: DelegateConfig,
    @Inject(LOG) private readonly log: Logger,
  ) {
    this.podsDir = join(config.dataDir, 'pods');
    this.pool = new PodPool(config.pods, this.podsDir, log);
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
      const pod = new ProcessPod(await this.pool.take(), request, this.config.pods, this.log);
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

  async destroy(podId: string): Promise<void> {
    const pod = this.pods.get(podId);
    if (!pod) return;
    this.pods.delete(podId);
    try {
      await pod.destroy();
    } catch (cause) {
      this.log.error({ podId, error: messageOf(cause) }, 'the pod could not be removed wholly; the next start does it');
    } finally {
      this.claimed.delete(podId);
      this.pool.release(pod.address.split(':')[0] ?? '');
    }
    if (this.claimed.size === 0) this.pool.fill();
  }

  /** Also makes the first pods. */
  async reap(): Promise<readonly Leftover[]> {
    await mkdir(this.podsDir, { recursive: true, mode: 0o700 });
    const leftovers = await reapLeftovers(this.podsDir, this.log);
    this.pool.fill();
    return leftovers;
  }

  async close(): Promise<void> {
    await Promise.all([this.pool.close(), ...[...this.pods.keys()].map((podId) => this.destroy(podId))]);
  }
}
