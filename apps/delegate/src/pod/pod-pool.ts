import { messageOf } from '@sluice/kernel';
import type { Logger } from '@sluice/telemetry';
import type { DelegateConfig } from '../config.js';
import { discard, preparePod, type ParkedPod } from './parked-pod.js';
import type { Removals } from './removals.js';

const AFTER_FAILURE_MS = 15_000;
/** Certificates live for a week; a pod that has waited for a day is made anew. */
const FRESH_MS = 24 * 3_600_000;

/** Pods prepared ahead of time. Each is given out once; what was used never comes back. */
export class PodPool {
  private readonly waiting: Promise<ParkedPod>[] = [];
  private readonly addresses = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  private isClosed = false;

  constructor(
    private readonly config: DelegateConfig['pods'],
    private readonly podsDir: string,
    private readonly log: Logger,
    private readonly removals: Removals,
  ) {}

  /** Starts what is missing. */
  fill(): void {
    clearTimeout(this.timer);
    if (this.isClosed) return;
    while (this.waiting.length < this.config.poolSize) {
      const parked = this.prepare();
      this.waiting.push(parked);
      parked.then(
        (pod) => {
          const notListening = pod.listening.then(() => new Promise<string>(() => undefined), messageOf);
          void Promise.race([pod.engine.ended, pod.runner.ended, notListening]).then((end) =>
            this.died(parked, pod, end),
          );
        },
        (cause: unknown) => {
          this.remove(parked);
          this.log.error({ error: messageOf(cause) }, 'a pod could not be prepared');
          this.fillLater(AFTER_FAILURE_MS);
        },
      );
    }
  }

  /** One that was prepared, or a new one. Another takes its place after a while, when this one has had the processor for itself. */
  async take(): Promise<ParkedPod> {
    for (;;) {
      const next = this.waiting.shift();
      if (!next) break;
      this.fillLater(this.config.refillMs);
      const pod = await next.catch(() => undefined);
      if (
        pod &&
        pod.engine.death === undefined &&
        pod.runner.death === undefined &&
        Date.now() - pod.preparedAt < FRESH_MS
      )
        return pod;
      if (pod) await this.discard(pod);
    }
    this.fillLater(this.config.refillMs);
    return this.prepare();
  }

  /** An address is free again once its pod is gone. */
  release(address: string): void {
    this.addresses.delete(address);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    clearTimeout(this.timer);
    const pods = await Promise.all(this.waiting.splice(0).map((parked) => parked.catch(() => undefined)));
    await Promise.all(pods.map((pod) => pod && this.discard(pod)));
  }

  private async prepare(): Promise<ParkedPod> {
    const pod = await preparePod(this.config, this.podsDir, (address) => this.addresses.has(address));
    this.addresses.add(pod.address);
    return pod;
  }

  private async discard(pod: ParkedPod): Promise<void> {
    await this.removals.remove(`prepared pod ${pod.id}`, async () => {
      await discard(pod);
      this.release(pod.address);
    });
  }

  private fillLater(afterMs: number): void {
    clearTimeout(this.timer);
    if (!this.isClosed) this.timer = setTimeout(() => this.fill(), afterMs);
  }

  private died(parked: Promise<ParkedPod>, pod: ParkedPod, end: string): void {
    if (!this.waiting.includes(parked)) return;
    this.remove(parked);
    this.log.error({ reason: end }, 'a prepared pod is of no use');
    void this.discard(pod);
    this.fillLater(AFTER_FAILURE_MS);
  }

  private remove(parked: Promise<ParkedPod>): void {
    const at = this.waiting.indexOf(parked);
    if (at >= 0) this.waiting.splice(at, 1);
  }
}
