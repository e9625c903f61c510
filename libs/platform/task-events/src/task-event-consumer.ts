import { backoffMs, messageOf, pause } from '@sluice/kernel';
import type { Logger, Metrics } from '@sluice/telemetry';
import { EventQueue, type Places, type Queued } from './event-queue.js';
import { failureKindOf } from './failure-kind.js';

/** The part of a task event that is looked at here. `seq` names it: it may come again, always with the same number. */
export interface ConsumedEvent {
  readonly seq: number;
  readonly taskId: string;
  /** Its kind, for the log. */
  readonly event: string;
  readonly scope: { readonly accountId: string };
}

/** Where events come from: the delegate service, seen by the service that submitted the tasks. */
export interface TaskEventSource<E extends ConsumedEvent> {
  /** Events that are not acknowledged, oldest first, again and again, until `signal` aborts or the connection breaks. */
  readonly events: (signal: AbortSignal) => AsyncIterable<E>;
  readonly acknowledge: (seq: number) => Promise<void>;
  /** Moves the event to the dead letters, which acknowledges it. Safe to repeat. @param attempts how often it was tried */
  readonly setAside: (seq: number, reason: string, attempts: number) => Promise<void>;
}

/** What events mean to the service. Both may run again for the same event, and must have their effect once. */
export interface TaskEventHandler<E extends ConsumedEvent> {
  /** Stores the event's effect. @throws what {@link failureKindOf} judges */
  readonly handle: (event: E) => Promise<void>;
  /** The event can never be handled: whatever waits for it ends in a named state with this reason. */
  readonly refuse: (event: E, reason: string) => Promise<void>;
}

export interface TaskEventConsumerOptions<E extends ConsumedEvent> {
  readonly source: TaskEventSource<E>;
  readonly handler: TaskEventHandler<E>;
  /** What waits for the same things shares a lane; lanes do not hold each other up. */
  readonly laneOf: (event: E) => string;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly places?: Places;
  /** Pauses between attempts, in milliseconds. */
  readonly backoff?: { readonly baseMs: number; readonly maxMs: number };
  /** How often is tried what fails for a reason nobody can judge. */
  readonly mostUnclearAttempts?: number;
}

/** What is to be done next with an event. */
type Stage =
  | { readonly kind: 'handle' }
  | { readonly kind: 'refuse'; readonly reason: string }
  | { readonly kind: 'setAside'; readonly reason: string }
  | { readonly kind: 'acknowledge' };

interface InHand<E> extends Queued {
  readonly event: E;
  readonly since: number;
  stage: Stage;
  /** Of this stage. */
  attempts: number;
  /** Of handling it. */
  tries: number;
}

const PLACES: Places = { perLane: 32, perAccount: 8 };
const BACKOFF = { baseMs: 200, maxMs: 15_000 } as const;
const RECONNECT = { baseMs: 100, maxMs: 3_000 } as const;
const MOST_UNCLEAR_ATTEMPTS = 20;
const MEASURE_MS = 1_000;
const LONGEST_REASON = 4_000;

/**
 * Keeps the stream of task events open and has each event handled, by one handler at a time however often it is sent. An event is acknowledged only
 * after its effect is stored. What fails because something is away is tried again without end, and holds no place while it waits; what can never be
 * handled is refused, set aside among the dead letters, and does not come again.
 */
export class TaskEventConsumer<E extends ConsumedEvent> {
  private readonly closing = new AbortController();
  private readonly queue: EventQueue<InHand<E>>;
  private readonly inHand = new Map<number, InHand<E>>();
  private readonly waiting = new Set<NodeJS.Timeout>();
  private readonly underWay = new Set<Promise<void>>();
  private readonly inHandGauge;
  private readonly oldestGauge;
  private readonly setAsideCounter;
  private measuring: NodeJS.Timeout | undefined;
  private following: Promise<void> = Promise.resolve();

  constructor(private readonly options: TaskEventConsumerOptions<E>) {
    this.queue = new EventQueue(options.places ?? PLACES);
    this.inHandGauge = options.metrics.gauge(
      'task_events_in_hand',
      'Task events that are being handled or wait to be tried again',
      ['lane'],
    );
    this.oldestGauge = options.metrics.gauge(
      'task_events_oldest_seconds',
      'How long the oldest task event in hand has been there',
    );
    this.setAsideCounter = options.metrics.counter(
      'task_events_set_aside_total',
      'Task events that could not be handled and are among the dead letters now',
      ['event'],
    );
  }

  start(): void {
    this.following = this.follow();
    this.measuring = setInterval(() => this.measure(), MEASURE_MS);
    this.measuring.unref();
  }

  /** Lets what is being handled end. The rest comes again after the next start. */
  async stop(): Promise<void> {
    this.closing.abort(new Error('the service is stopping'));
    clearInterval(this.measuring);
    for (const timer of this.waiting) clearTimeout(timer);
    await this.following;
    await Promise.allSettled(this.underWay);
  }

  private get isStopping(): boolean {
    return this.closing.signal.aborted;
  }

  private async follow(): Promise<void> {
    const { source, log } = this.options;
    for (let attempt = 0; !this.isStopping; attempt += 1) {
      try {
        for await (const event of source.events(this.closing.signal)) {
          if (attempt > 0) log.info('task events are read again');
          attempt = 0;
          this.admit(event);
        }
      } catch (cause) {
        if (this.isStopping) return;
        if (attempt === 0) log.warn({ error: messageOf(cause) }, 'task events cannot be read; retrying');
      }
      await pause(backoffMs(attempt, RECONNECT), this.closing.signal).catch(() => undefined);
    }
  }

  /** An event that is in hand already was only sent again. */
  private admit(event: E): void {
    if (this.inHand.has(event.seq)) return;
    const entry: InHand<E> = {
      event,
      accountId: event.scope.accountId,
      lane: this.options.laneOf(event),
      since: Date.now(),
      stage: { kind: 'handle' },
      attempts: 0,
      tries: 0,
    };
    this.inHand.set(event.seq, entry);
    this.queue.add(entry);
    this.begin();
  }

  private begin(): void {
    if (this.isStopping) return;
    for (let entry = this.queue.next(); entry; entry = this.queue.next()) {
      const work = this.work(entry);
      this.underWay.add(work);
      void work.finally(() => this.underWay.delete(work));
    }
  }

  /** Goes on with an event until it is done or has to wait; then its place is free. Never throws. */
  private async work(entry: InHand<E>): Promise<void> {
    const isDone = await this.goOn(entry);
    this.queue.release(entry);
    if (isDone) this.inHand.delete(entry.event.seq);
    else this.tryLater(entry);
    this.begin();
  }

  private tryLater(entry: InHand<E>): void {
    if (this.isStopping) return;
    const timer = setTimeout(
      () => {
        this.waiting.delete(timer);
        this.queue.add(entry);
        this.begin();
      },
      backoffMs(entry.attempts, this.options.backoff ?? BACKOFF),
    );
    this.waiting.add(timer);
    entry.attempts += 1;
  }

  /** @returns false when the present stage has to be tried again later */
  private async goOn(entry: InHand<E>): Promise<boolean> {
    for (;;) {
      try {
        if (await this.take(entry)) return true;
      } catch (cause) {
        const next = this.stageAfter(entry, cause);
        if (!next || this.isStopping) return false;
        this.enter(entry, next);
      }
    }
  }

  /** Does what the stage says. @returns true when nothing is left to do */
  private async take(entry: InHand<E>): Promise<boolean> {
    const { event, stage } = entry;
    const { source, handler, log } = this.options;
    switch (stage.kind) {
      case 'handle':
        entry.tries += 1;
        await handler.handle(event);
        this.enter(entry, { kind: 'acknowledge' });
        return false;
      case 'refuse':
        await handler.refuse(event, stage.reason);
        this.enter(entry, { kind: 'setAside', reason: stage.reason });
        return false;
      case 'setAside':
        await source.setAside(event.seq, stage.reason.slice(0, LONGEST_REASON), entry.tries);
        this.setAsideCounter.labels(event.event).inc();
        log.error(
          {
            seq: event.seq,
            taskId: event.taskId,
            accountId: entry.accountId,
            event: event.event,
            attempts: entry.tries,
            reason: stage.reason,
          },
          'a task event cannot be handled; it is kept among the dead letters',
        );
        return true;
      case 'acknowledge':
        await source.acknowledge(event.seq);
        return true;
    }
  }

  /** @returns undefined to try the same again later */
  private stageAfter({ event, stage, attempts }: InHand<E>, cause: unknown): Stage | undefined {
    const kind = failureKindOf(cause);
    const isFinal =
      kind === 'final' ||
      (kind === 'unclear' && attempts + 1 >= (this.options.mostUnclearAttempts ?? MOST_UNCLEAR_ATTEMPTS));
    const reason = messageOf(cause);
    if (isFinal && stage.kind === 'handle') return { kind: 'refuse', reason };
    if (isFinal && stage.kind === 'refuse')
      return { kind: 'setAside', reason: `${stage.reason}; and what waits for it could not be ended: ${reason}` };
    if (!this.isStopping)
      this.options.log.warn(
        {
          seq: event.seq,
          taskId: event.taskId,
          event: event.event,
          stage: stage.kind,
          attempt: attempts,
          error: reason,
        },
        'a task event could not be handled; trying again',
      );
    return undefined;
  }

  private enter(entry: InHand<E>, stage: Stage): void {
    entry.stage = stage;
    entry.attempts = 0;
  }

  private measure(): void {
    const lanes = new Map<string, number>();
    let oldest = Date.now();
    for (const { lane, since } of this.inHand.values()) {
      lanes.set(lane, (lanes.get(lane) ?? 0) + 1);
      oldest = Math.min(oldest, since);
    }
    this.inHandGauge.reset();
    for (const [lane, count] of lanes) this.inHandGauge.labels(lane).set(count);
    this.oldestGauge.set((Date.now() - oldest) / 1_000);
  }
}
