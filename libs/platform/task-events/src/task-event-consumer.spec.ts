import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { getEventListeners } from 'node:events';
import { AppError, waitFor } from '@sluice/kernel';
import { Metrics, createLogger } from '@sluice/telemetry';
import {
  TaskEventConsumer,
  type ConsumedEvent,
  type TaskEventConsumerOptions,
  type TaskEventHandler,
} from './task-event-consumer.js';

interface Event extends ConsumedEvent {
  readonly lane: string;
}

const LOOK = { timeoutMs: 120_000, intervalMs: 2 } as const;

/** A stream that sends what it is given, as often as it is given. */
class Sender {
  readonly acknowledged: number[] = [];
  readonly setAside: { seq: number; reason: string; attempts: number }[] = [];
  failures: Error[] = [];
  signal = new AbortController().signal;
  private readonly sent: Event[] = [];
  private wake = (): void => undefined;

  send(seq: number, accountId = 'a', lane = 'live'): void {
    this.sent.push({ seq, taskId: `task-${seq}`, event: 'ended', scope: { accountId }, lane });
    this.wake();
  }

  readonly source = {
    events: (signal: AbortSignal): AsyncIterable<Event> => this.stream(signal),
    acknowledge: async (seq: number): Promise<void> => {
      const failure = this.failures.shift();
      if (failure) throw failure;
      this.acknowledged.push(seq);
    },
    setAside: async (seq: number, reason: string, attempts: number): Promise<void> =>
      void this.setAside.push({ seq, reason, attempts }),
  };

  private async *stream(signal: AbortSignal): AsyncGenerator<Event> {
    this.signal = signal;
    signal.addEventListener('abort', () => this.wake(), { once: true });
    while (!signal.aborted) {
      const next = this.sent.shift();
      if (next) yield next;
      else await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }
}

describe('the consumer of task events', () => {
  let sender: Sender;
  let consumer: TaskEventConsumer<Event> | undefined;
  let metrics: Metrics;
  beforeEach(() => {
    sender = new Sender();
    metrics = new Metrics('spec');
  });
  afterEach(async () => {
    await consumer?.stop();
  });

  const consume = (
    handler: Partial<TaskEventHandler<Event>>,
    over: Partial<TaskEventConsumerOptions<Event>> = {},
  ): void => {
    const whole = { handle: () => Promise.resolve(), refuse: () => Promise.resolve(), ...handler };
    consumer = new TaskEventConsumer<Event>({
      source: sender.source,
      handler: whole,
      laneOf: ({ lane }) => lane,
      log: createLogger('spec', 'silent'),
      metrics,
      backoff: { baseMs: 2, maxMs: 10 },
      ...over,
    });
    consumer.start();
  };

  it('handles an event that is sent again while it is in hand only once', async () => {
    let running = 0;
    let most = 0;
    let failures = 30;
    consume({
      handle: async ({ seq }) => {
        if (seq !== 1) return;
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
        if (failures > 0) {
          failures -= 1;
          sender.send(1);
          throw new AppError('UPSTREAM_UNAVAILABLE', 'away');
        }
      },
    });
    sender.send(1);
    await waitFor(() => sender.acknowledged.includes(1), { ...LOOK, what: 'the event acknowledged' });
    expect(most).toBe(1);
  });

  it('sets an event aside that can never be handled, after what waits for it was told why, and does not acknowledge it', async () => {
    const refused: string[] = [];
    consume({
      handle: () => Promise.reject(new AppError('RESOURCE_NOT_FOUND', 'no such instance')),
      refuse: async ({ taskId }, reason) => void refused.push(`${taskId}: ${reason}`),
    });
    sender.send(7);
    await waitFor(() => sender.setAside.length === 1, { ...LOOK, what: 'the event set aside' });
    expect(sender.setAside).toEqual([{ seq: 7, reason: 'no such instance', attempts: 1 }]);
    expect(refused).toEqual(['task-7: no such instance']);
    expect(sender.acknowledged).toEqual([]);
    expect(await metrics.registry.metrics()).toMatch(/task_events_set_aside_total\{event="ended".*\} 1/);
  });

  it('sets an event aside even when what waits for it cannot be told', async () => {
    consume({
      handle: () => Promise.reject(new SyntaxError('no JSON')),
      refuse: () => Promise.reject(new AppError('ENTITY_NOT_FOUND', 'no workflow')),
    });
    sender.send(1);
    await waitFor(() => sender.setAside.length === 1, { ...LOOK, what: 'the event set aside' });
    expect(sender.setAside[0]?.reason).toBe('no JSON; and what waits for it could not be ended: no workflow');
  });

  it('tries again without end what fails because something is away', async () => {
    let left = 60;
    consume({
      handle: async () => {
        if ((left -= 1) > 0) throw new AppError('UPSTREAM_UNAVAILABLE', 'away');
      },
    });
    sender.send(1);
    await waitFor(() => sender.acknowledged.length === 1, { ...LOOK, what: 'the event handled' });
    expect(sender.setAside).toEqual([]);
  });

  it('gives up after a number of attempts what fails for a reason nobody can judge', async () => {
    consume({ handle: () => Promise.reject(new TypeError('x is not a function')) }, { mostUnclearAttempts: 5 });
    sender.send(1);
    await waitFor(() => sender.setAside.length === 1, { ...LOOK, what: 'the event set aside' });
    expect(sender.setAside).toEqual([{ seq: 1, reason: 'x is not a function', attempts: 5 }]);
  });

  it('handles an event once when only the acknowledgement fails', async () => {
    let handled = 0;
    sender.failures = [new AppError('UPSTREAM_UNAVAILABLE', 'away'), new AppError('REQUEST_TIMEOUT', 'late')];
    consume({ handle: async () => void (handled += 1) });
    sender.send(1);
    await waitFor(() => sender.acknowledged.length === 1, { ...LOOK, what: 'the acknowledgement' });
    expect(handled).toBe(1);
  });

  it('goes on with other accounts, and with other lanes of the same, while thousands of events of one wait for something that is away', async () => {
    consume({
      handle: async ({ lane }) => {
        if (lane === 'late') throw new AppError('UPSTREAM_UNAVAILABLE', 'away');
      },
    });
    for (let seq = 1; seq <= 3_000; seq += 1) sender.send(seq, 'a', 'late');
    sender.send(4_001, 'b');
    sender.send(4_002, 'a');
    await waitFor(() => sender.acknowledged.length === 2, { ...LOOK, what: 'the healthy events handled' });
    expect(sender.acknowledged.sort((a, b) => a - b)).toEqual([4_001, 4_002]);
  });

  it('goes on with other accounts while events of one never come to an end', async () => {
    let begun = 0;
    let end = (): void => undefined;
    const until = new Promise<void>((resolve) => (end = resolve));
    consume(
      { handle: ({ scope }) => (scope.accountId === 'slow' ? ((begun += 1), until) : Promise.resolve()) },
      { places: { perLane: 4, perAccount: 2 } },
    );
    for (let seq = 1; seq <= 500; seq += 1) sender.send(seq, 'slow');
    sender.send(501, 'other');
    await waitFor(() => sender.acknowledged.includes(501), { ...LOOK, what: 'the other account served' });
    expect(begun).toBe(2);
    end();
    await waitFor(() => sender.acknowledged.length === 501, { ...LOOK, what: 'all served' });
  });

  it('waits with many events at once without a listener for each', async () => {
    let isAway = true;
    consume({
      handle: async () => {
        if (isAway) throw new AppError('UPSTREAM_UNAVAILABLE', 'away');
      },
    });
    for (let seq = 1; seq <= 100; seq += 1) sender.send(seq, `account-${seq}`);
    await waitFor(async () => /task_events_in_hand\{lane="live".*\} 100/.test(await metrics.registry.metrics()), {
      ...LOOK,
      what: 'all in hand',
    });
    expect(getEventListeners(sender.signal, 'abort').length).toBeLessThan(5);
    isAway = false;
    await waitFor(() => sender.acknowledged.length === 100, { ...LOOK, what: 'all handled' });
  });
});
