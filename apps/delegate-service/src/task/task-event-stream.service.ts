import { Injectable } from '@nestjs/common';
import type { TaskEvent } from '@sluice/delegate-rpc';
import { NotificationBus } from '../notification/notification-bus.js';
import { SentEvents } from './sent-events.js';
import { TaskEventRepository } from './task-event.repository.js';

/** Events read at once. */
const BATCH = 64;
/** Without a notification the outbox is looked at this often: one may have been lost. */
const LOOK_AGAIN_MS = 1_000;
/** An event that was sent and not acknowledged for this long is sent again on the same stream. */
const REPEAT_AFTER_MS = 30_000;

/**
 * The outbox as streams: every event of a consumer until it is acknowledged, on every stream that consumer has open. Of one account and lane only so
 * many are on their way at once; the others' events pass those that have to wait.
 */
@Injectable()
export class TaskEventStreamService {
  private readonly waiting = new Map<string, Set<() => void>>();
  private readonly streams = new Map<string, Set<SentEvents>>();
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
    const sent = new SentEvents();
    const siblings = entry(this.streams, consumer, () => new Set());
    siblings.add(sent);
    try {
      while (!signal.aborted) {
        const version = this.version;
        sent.forgetBefore(Date.now() - REPEAT_AFTER_MS);
        const batch = await this.events.backlog(consumer, sent.seqs(), BATCH, sent.fullLanes());
        for (const event of batch) {
          if (!sent.hasRoomFor(event)) continue;
          sent.add(event, Date.now());
          yield event;
        }
        if (batch.length > 0) continue;
        await this.wait(consumer, version, signal);
        await this.dropRead(consumer, sent);
      }
    } finally {
      siblings.delete(sent);
    }
  }

  async acknowledge(consumer: string, seqs: readonly number[]): Promise<void> {
    if (seqs.length === 0) return;
    await this.events.acknowledge(consumer, seqs);
    this.forget(consumer, seqs);
  }

  /** These need not be sent again. Streams that could send nothing more of an account go on. */
  forget(consumer: string, seqs: readonly number[]): void {
    for (const sent of this.streams.get(consumer) ?? []) {
      const wasFull = sent.fullLanes().length > 0;
      sent.forget(seqs);
      if (wasFull) this.wake(consumer);
    }
  }

  /** What was acknowledged through another replica makes room too. */
  private async dropRead(consumer: string, sent: SentEvents): Promise<void> {
    if (sent.fullLanes().length === 0) return;
    const seqs = sent.seqs();
    const unread = await this.events.unread(consumer, seqs);
    sent.forget(seqs.filter((seq) => !unread.has(seq)));
  }

  /** `*` wakes all: other replicas do not say whose events they are. */
  private wake(consumer: string): void {
    this.version += 1;
    for (const [name, waiters] of this.waiting)
      if (consumer === '*' || consumer === name) for (const go of waiters) go();
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
