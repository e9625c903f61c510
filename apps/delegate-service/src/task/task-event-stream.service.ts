import { Injectable } from '@nestjs/common';
import type { TaskEvent } from '@sluice/delegate-rpc';
import { NotificationBus } from '../notification/notification-bus.js';
import { TaskEventRepository } from './task-event.repository.js';

const BATCH = 200;
/** Without a notification the outbox is looked at this often: one may have been lost. */
const LOOK_AGAIN_MS = 1_000;
/** An event that was sent and not acknowledged for this long is sent again on the same stream. */
const REPEAT_AFTER_MS = 30_000;

/** The outbox as streams: every event of a consumer until it is acknowledged, on every stream that consumer has open. */
@Injectable()
export class TaskEventStreamService {
  private readonly waiting = new Map<string, Set<() => void>>();
  private readonly sent = new Map<string, Set<Map<number, number>>>();
  private version = 0;

  constructor(
    private readonly events: TaskEventRepository,
    bus: NotificationBus,
  ) {
    bus.subscribe((message) => {
      if (message.type === 'events') this.wake(message.consumer);
    });
  }

  /** Oldest first; ends when `signal` aborts. At least once: the receiver knows an event by its number. */
  async *open(consumer: string, signal: AbortSignal): AsyncGenerator<TaskEvent> {
    const sentAt = new Map<number, number>();
    const open = entry(this.sent, consumer, () => new Set());
    open.add(sentAt);
    try {
      while (!signal.aborted) {
        const version = this.version;
        const now = Date.now();
        const batch = await this.events.backlog(consumer, [...sentAt].filter(([, at]) => at > now - REPEAT_AFTER_MS).map(([seq]) => seq), BATCH);
        for (const event of batch) {
          sentAt.set(event.seq, Date.now());
          yield event;
        }
        if (batch.length === 0) {
          for (const [seq, at] of sentAt) if (at <= now - REPEAT_AFTER_MS) sentAt.delete(seq);
          await this.wait(consumer, version, signal);
        }
      }
    } finally {
      open.delete(sentAt);
    }
  }

  async acknowledge(consumer: string, seqs: readonly number[]): Promise<void> {
    if (seqs.length === 0) return;
    await this.events.acknowledge(consumer, seqs);
    for (const sentAt of this.sent.get(consumer) ?? []) for (const seq of seqs) sentAt.delete(seq);
  }

  /** `*` wakes all: other replicas do not say whose events they are. */
  private wake(consumer: string): void {
    this.version += 1;
    for (const [name, waiters] of this.waiting) if (consumer === '*' || consumer === name) for (const go of waiters) go();
  }

  private wait(consumer: string, version: number, signal: AbortSignal): Promise<void> {
    if (this.version !== version) return Promise.resolve();
    const waiters = entry(this.waiting, consumer, () => new Set<() => void>());
    return new Promise((resolve) => {
      const go = (): void => {
        clearTimeout(timer);
        waiters.delete(go);
        signal.removeEventListener('abort', go);
        resolve();
      };
      const timer = setTimeout(go, LOOK_AGAIN_MS);
      waiters.add(go);
      signal.addEventListener('abort', go, { once: true });
    });
  }
}

function entry<V>(map: Map<string, V>, key: string, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
