import type { NotedSecurityEvent } from '@sluice/api-conventions';
import { AppError, backoffMs, messageOf, pause, unstorableText } from '@sluice/kernel';
import type { Logger } from '@sluice/telemetry';
import { EventShare } from './event-share.js';

export interface SecurityReporterOptions {
  /** Resolves once the events are stored. They may have been delivered before: their ids tell. At most {@link MOST_AT_ONCE}. */
  readonly deliver: (events: readonly NotedSecurityEvent[]) => Promise<void>;
  readonly log: Logger;
}

export const MOST_AT_ONCE = 200;
/** Rows that wait in memory while they cannot be delivered. */
const MOST_WAITING = 5_000;
/** A service that stops waits this long for what it noted. */
const LAST_WORD_MS = 3_000;
/** Between two deliveries, so that a flood is many events in few rows. */
const REST_MS = 200;
const LONGEST_RETRY_MS = 30_000;
const MINUTE_MS = 60_000;

/**
 * Tells of security events beside the work that caused them: noting one neither waits nor fails. Those that are alike are counted together, one delivery is
 * under way at a time, and what waits is bounded in memory. What was noted and not delivered is lost with the process.
 */
export class SecurityReporter {
  private readonly waiting = new Map<string, NotedSecurityEvent>();
  private readonly share = new EventShare();
  private readonly stopping = new AbortController();
  private dropped = 0;
  private isRunning = false;
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly options: SecurityReporterOptions) {}

  note(noted: NotedSecurityEvent): void {
    const told = this.share.of(noted);
    const { accountId, at, count } = told.event;
    const key = `${accountId} ${told.alike} ${Math.floor(at / MINUTE_MS)}`;
    const before = this.waiting.get(key);
    if (!before && this.waiting.size >= MOST_WAITING) {
      this.dropped += count;
      return;
    }
    this.waiting.set(key, before ? { ...before, event: { ...before.event, count: before.event.count + count } } : told);
    if (!this.isRunning) this.running = this.run();
  }

  /** Delivers what waits, once; what cannot be delivered then is lost, and the log says how much. */
  async stop(): Promise<void> {
    this.stopping.abort(new Error('stopping'));
    const isDone = new AbortController();
    await Promise.race([this.running, pause(LAST_WORD_MS, isDone.signal).catch(() => undefined)]);
    isDone.abort();
  }

  private async run(): Promise<void> {
    this.isRunning = true;
    while (this.waiting.size > 0) {
      await this.deliver(this.take());
      await this.rest(REST_MS);
    }
    this.isRunning = false;
  }

  /** In one order, so that two processes never wait for each other's rows. */
  private take(): NotedSecurityEvent[] {
    const entries = [...this.waiting.entries()].slice(0, MOST_AT_ONCE);
    for (const [key] of entries) this.waiting.delete(key);
    return entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, noted]) => noted);
  }

  private async deliver(events: readonly NotedSecurityEvent[]): Promise<void> {
    const { log } = this.options;
    for (let failures = 0; ;) {
      try {
        await this.options.deliver(events);
        this.tellDropped();
        return;
      } catch (cause) {
        const problem = { error: messageOf(cause), events: events.length };
        if (isFinal(cause) || this.stopping.signal.aborted)
          return log.error(problem, 'security events are lost: they could not be stored');
        if (failures === 0) log.warn(problem, 'security events cannot be stored; retrying');
        failures += 1;
      }
      await this.rest(backoffMs(failures, { baseMs: REST_MS, maxMs: LONGEST_RETRY_MS }));
    }
  }

  private tellDropped(): void {
    if (this.dropped === 0) return;
    this.options.log.error(
      { events: this.dropped, limit: MOST_WAITING },
      'security events are lost: too many waited while they could not be stored',
    );
    this.dropped = 0;
  }

  private async rest(ms: number): Promise<void> {
    await pause(ms, this.stopping.signal).catch(() => undefined);
  }
}

/** Nothing will make these events storable; all else may pass. */
function isFinal(cause: unknown): boolean {
  const known = cause instanceof AppError ? cause : unstorableText(cause);
  return known?.code === 'INVALID_REQUEST' || known?.code === 'PAYLOAD_TOO_LARGE';
}
