import type { AuditEventRecord } from '@sluice/api-conventions';
import { backoffMs, messageOf, pause } from '@sluice/kernel';
import type { Logger } from '@sluice/telemetry';
import type { ClaimedEvents } from './outbox.js';

/** What is carried: audit events, or others that have an id of their own. */
export interface Carried {
  readonly eventId: string;
}

/** Where events come from and go to. Each call may fail and is repeated. */
interface AuditRoute<Event extends Carried = AuditEventRecord> {
  /** Undefined while somebody else hands events on. */
  readonly claim: () => Promise<ClaimedEvents<Event> | undefined>;
  /** Resolves once the trail has committed the events. They may have been delivered before: their ids tell. */
  readonly deliver: (events: readonly Event[]) => Promise<void>;
  readonly acknowledge: (eventIds: readonly string[]) => Promise<void>;
  /** Lets somebody else go on; called at the end. */
  readonly release: () => Promise<void>;
}

export interface AuditShipperOptions<Event extends Carried = AuditEventRecord> {
  readonly route: AuditRoute<Event>;
  readonly log: Logger;
  /** Longest pause between two looks; {@link AuditShipper.nudge} cuts it short. */
  readonly pollMs: number;
}

const LONGEST_RETRY_MS = 30_000;

/**
 * Carries events from an outbox to where they are kept (the audit trail), in order, each at least once, for as long as the service runs. What is not acknowledged is
 * delivered again, by this process or by the one that holds the lease next.
 */
export class AuditShipper<Event extends Carried = AuditEventRecord> {
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private wake: AbortController | undefined;
  private isNudged = false;

  constructor(private readonly options: AuditShipperOptions<Event>) {}

  start(): void {
    this.running = this.run();
  }

  /** Something was recorded: look now. */
  nudge(): void {
    this.isNudged = true;
    this.wake?.abort();
  }

  /** Finishes the delivery under way. What is left stays in the outbox. */
  async stop(): Promise<void> {
    this.stopping.abort(new Error('stopping'));
    this.wake?.abort();
    await this.running;
  }

  /** Carries everything there is right now. @returns how many events */
  async drain(): Promise<number> {
    const { claim, deliver, acknowledge } = this.options.route;
    for (let carried = 0; ;) {
      const claimed = await claim();
      if (!claimed || claimed.events.length === 0) return carried;
      await deliver(claimed.events);
      await acknowledge(claimed.events.map(({ eventId }) => eventId));
      carried += claimed.events.length;
      if (!claimed.hasMore || this.stopping.signal.aborted) return carried;
    }
  }

  private async run(): Promise<void> {
    const { log, pollMs, route } = this.options;
    for (let failures = 0; !this.stopping.signal.aborted;) {
      this.isNudged = false;
      try {
        await this.drain();
        failures = 0;
      } catch (cause) {
        if (failures === 0) log.warn({ error: messageOf(cause) }, 'events cannot be handed on; retrying');
        failures += 1;
      }
      await this.rest(failures === 0 ? pollMs : backoffMs(failures, { baseMs: 200, maxMs: LONGEST_RETRY_MS }));
    }
    await route
      .release()
      .catch((cause: unknown) => log.debug({ error: messageOf(cause) }, 'the lease of the outbox runs out by itself'));
  }

  private async rest(ms: number): Promise<void> {
    if (this.isNudged || this.stopping.signal.aborted) return;
    this.wake = new AbortController();
    await pause(ms, this.wake.signal).catch(() => undefined);
    this.wake = undefined;
  }
}
