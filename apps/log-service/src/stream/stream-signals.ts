import type { Redis } from 'ioredis';
import { channelOf } from './stream-store.js';

const TICK_MS = 1_000;

/**
 * Wakes tails when their stream changes: one Redis connection for all of them. A tick once a second wakes everybody as well, so that a
 * message lost while Redis was away delays a line by a second instead of for ever.
 */
export class StreamSignals {
  private readonly watches = new Map<string, Set<StreamWatch>>();
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly subscriber: Redis) {
    subscriber.on('message', (channel: string) => this.wake(channel));
    this.timer = setInterval(() => {
      for (const channel of this.watches.keys()) this.wake(channel);
    }, TICK_MS);
    this.timer.unref();
  }

  /** The caller closes it. */
  watch(key: string): StreamWatch {
    const channel = channelOf(key);
    const known = this.watches.get(channel);
    const watch = new StreamWatch(() => this.forget(channel, watch));
    if (known) {
      known.add(watch);
      return watch;
    }
    this.watches.set(channel, new Set([watch]));
    this.subscriber.subscribe(channel).catch(() => undefined); // the tick stands in until Redis is back
    return watch;
  }

  close(): void {
    clearInterval(this.timer);
    for (const channel of this.watches.keys()) this.wake(channel);
    this.watches.clear();
  }

  private wake(channel: string): void {
    for (const watch of this.watches.get(channel) ?? []) watch.notify();
  }

  private forget(channel: string, watch: StreamWatch): void {
    const known = this.watches.get(channel);
    known?.delete(watch);
    if (known?.size !== 0) return;
    this.watches.delete(channel);
    this.subscriber.unsubscribe(channel).catch(() => undefined);
  }
}

/** One listener. A change between two calls of {@link changed} is not lost. */
export class StreamWatch {
  private hasNews = false;
  private resolve: (() => void) | undefined;

  constructor(readonly close: () => void) {}

  /** Resolves at the next change, at the latest after about a second. */
  async changed(): Promise<void> {
    if (!this.hasNews) await new Promise<void>((resolve) => (this.resolve = resolve));
    this.hasNews = false;
  }

  notify(): void {
    this.hasNews = true;
    this.resolve?.();
  }
}
