import { messageOf, pause } from '@sluice/kernel';
import { PROCESS_STATES } from '@sluice/runner-rpc';
import type { PodProcess } from './pod-process.js';
import { PodStartError } from './pod-runtime.js';

/** A container whose process ends before its step has begun is started this often in all. */
const STARTS = 3;

/** What a step container needs of its pod. */
export interface StepContainerHost {
  /** Starts another process at the same address. */
  launch(): Promise<PodProcess>;
  /** A process was started: the pod's record names it from now on. */
  changed(): Promise<void>;
  /** For people: what happens to the container before its step begins. */
  tell(text: string): void;
  /** The process ended after the step was handed to the engine. @returns whether the step may have reached the database */
  hasBegun(reason: string, isReplaced: boolean): Promise<boolean>;
}

/**
 * The process of one step. It is replaced when it ends before anything of its step can have reached the database, a few times; after that,
 * or once the step has begun, its end is final.
 */
export class StepContainer {
  /** Settles when a process listens. @throws PodStartError when none did */
  readonly ready: Promise<void>;
  private process: PodProcess | undefined;
  private isListening = false;
  private isStarted = false;
  private isEnding = false;
  private failure: string | undefined;
  private change = new AbortController();

  /** @param parked the process that was prepared for it, if there is one */
  constructor(
    readonly what: string,
    private readonly host: StepContainerHost,
    parked?: PodProcess,
  ) {
    void this.keep(parked);
    this.ready = this.whenListening();
    this.ready.catch(() => undefined);
  }

  get current(): PodProcess | undefined {
    return this.process;
  }

  get isReady(): boolean {
    return this.isListening;
  }

  /** The step goes to the engine now: from here on only the engine knows whether it has begun. */
  markStarted(): void {
    this.isStarted = true;
  }

  /** Resolves when its process listens, be it another one. @throws PodStartError when it is given up; the signal's reason */
  async whenListening(signal?: AbortSignal): Promise<void> {
    while (!this.isListening) {
      signal?.throwIfAborted();
      if (this.failure !== undefined || this.isEnding)
        throw new PodStartError(this.failure ?? `${this.what} is being ended`);
      const changed = this.change.signal;
      await pause(60_000, signal ? AbortSignal.any([signal, changed]) : changed).catch(() => undefined);
    }
  }

  /** Nothing replaces it any more. SIGTERM, and SIGKILL after `graceMs`; with 0 at once. */
  async end(graceMs: number): Promise<void> {
    this.isEnding = true;
    this.changed();
    await this.process?.stop(graceMs);
  }

  /** Gives its process time to end by itself, then ends it. */
  async finish(graceMs: number): Promise<void> {
    this.isEnding = true;
    if (!this.process) return;
    const over = new AbortController();
    await Promise.race([this.process.ended, pause(graceMs, over.signal).catch(() => undefined)]);
    over.abort();
    await this.process.stop(0);
  }

  private async keep(parked: PodProcess | undefined): Promise<void> {
    for (let start = 1; !this.isEnding; start += 1) {
      const end = await this.life(start === 1 ? parked : undefined).catch((cause: unknown) => messageOf(cause));
      if (this.isEnding) return;
      this.isListening = false;
      const isReplaced = start < STARTS;
      const hasBegun = this.isStarted && (await this.host.hasBegun(end, isReplaced));
      if (hasBegun || !isReplaced) {
        this.failure = isReplaced ? end : `${end}; it was started ${STARTS} times`;
        return this.changed();
      }
      if (!this.isStarted)
        this.host.tell(`${end}; nothing was sent to the database, and it is started again (${start + 1} of ${STARTS})`);
    }
  }

  /** One process from its start to its end. @returns how it ended */
  private async life(parked: PodProcess | undefined): Promise<string> {
    const process = parked ?? (await this.host.launch());
    this.process = process;
    await this.host.changed();
    if (this.isEnding) await process.stop(0);
    try {
      await process.printed(PROCESS_STATES.listening);
    } catch (cause) {
      await process.ended;
      return messageOf(cause);
    }
    this.isListening = true;
    this.changed();
    return process.ended;
  }

  private changed(): void {
    const { change } = this;
    this.change = new AbortController();
    change.abort();
  }
}
