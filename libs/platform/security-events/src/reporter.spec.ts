import { describe, expect, it } from '@jest/globals';
import type { NotedSecurityEvent } from '@sluice/api-conventions';
import { AppError, accountScope, waitFor } from '@sluice/kernel';
import { createLogger } from '@sluice/telemetry';
import { EventShare, MOST_PER_KEY_AND_MINUTE } from './event-share.js';
import { noted } from './noted-event.js';
import { SecurityReporter } from './reporter.js';

const log = createLogger('spec', 'silent');
const AT = Date.UTC(2026, 10, 30, 12, 0, 5);
const LOOK = { timeoutMs: 120_000, what: 'the delivery' };

/** An event of a key, of its kind the one called `what`. */
const event = (what: string, keyId = 'k1', at = AT): NotedSecurityEvent =>
  noted(
    {
      principal: { type: 'user', id: 'u', name: 'Ann', email: 'a@x.example' },
      correlationId: '',
      origin: { clientAddress: '192.0.2.1', keyId },
    },
    { kind: 'logOverwritten', outcome: 'allowed', scope: accountScope('A'), resourceType: 'log', identifier: what, at },
    [what],
  );
const counted = (events: readonly NotedSecurityEvent[]): number =>
  events.reduce((sum, { event: { count } }) => sum + count, 0);

describe('the share of a key', () => {
  it('is 60 different events in a minute; further ones are one row, whatever they are about, and other keys have their own', () => {
    const share = new EventShare();
    const told = Array.from({ length: 500 }, (_, at) => share.of(event(`log${at}`)));
    expect(new Set(told.map(({ alike }) => alike)).size).toBe(MOST_PER_KEY_AND_MINUTE + 1);
    expect(told.at(-1)?.event).toMatchObject({
      identifier: '',
      details: { notToldOneByOne: true, mostPerKeyAndMinute: MOST_PER_KEY_AND_MINUTE },
    });
    expect(share.of(event('log3'))).toEqual(
      expect.objectContaining({ event: expect.objectContaining({ identifier: 'log3' }) }),
    );
    expect(share.of(event('log0', 'k2')).event.identifier).toBe('log0');
  });

  it('begins again with the next minute', () => {
    const share = new EventShare();
    for (let at = 0; at < 100; at += 1) share.of(event(`log${at}`));
    expect(share.of(event('late', 'k1', AT + 60_000)).event.identifier).toBe('late');
  });
});

describe('the reporter', () => {
  it('counts events that are alike together, and loses none while the other side is away', async () => {
    const stored = new Map<string, NotedSecurityEvent>();
    let isAway = true;
    const reporter = new SecurityReporter({
      log,
      deliver: async (events) => {
        if (isAway) throw new AppError('UPSTREAM_UNAVAILABLE', 'away');
        for (const one of events) stored.set(one.event.eventId, one);
      },
    });
    for (let round = 0; round < 1_000; round += 1) reporter.note(event(`log${round % 3}`));
    isAway = false;
    await waitFor(() => counted([...stored.values()]) === 1_000, LOOK);
    expect(stored.size).toBeLessThanOrEqual(6);
    await reporter.stop();
  });

  it('delivers the same events by the same ids when an answer is lost', async () => {
    const seen: string[][] = [];
    const reporter = new SecurityReporter({
      log,
      deliver: async (events) => {
        seen.push(events.map(({ event: { eventId, count } }) => `${eventId} ${count}`));
        if (seen.length === 1) throw new AppError('REQUEST_TIMEOUT', 'no answer');
      },
    });
    reporter.note(event('one'));
    await waitFor(() => seen.length === 2, LOOK);
    expect(seen[1]).toEqual(seen[0]);
    await reporter.stop();
  });

  it('goes on behind events that can never be stored', async () => {
    const stored: string[] = [];
    const reporter = new SecurityReporter({
      log,
      deliver: async (events) => {
        if (events.some(({ event: { identifier } }) => identifier === 'bad'))
          throw new AppError('INVALID_REQUEST', 'cannot be read');
        stored.push(...events.map(({ event: { identifier } }) => identifier));
      },
    });
    reporter.note(event('bad'));
    reporter.note(event('good'));
    await waitFor(() => stored.includes('good'), LOOK);
    await reporter.stop();
  });

  it('neither waits nor fails, holds a bounded number, and ends soon when the other side never answers', async () => {
    const reporter = new SecurityReporter({ log, deliver: () => new Promise<never>(() => undefined) });
    for (let key = 0; key < 20_000; key += 1) reporter.note(event('one', `k${key}`));
    await expect(reporter.stop()).resolves.toBeUndefined();
  }, 300_000);

  it('delivers what it holds when it is stopped', async () => {
    const stored: string[] = [];
    const reporter = new SecurityReporter({
      log,
      deliver: async (events) => void stored.push(...events.map(({ event: { identifier } }) => identifier)),
    });
    reporter.note(event('first'));
    reporter.note(event('last'));
    await reporter.stop();
    expect(stored).toEqual(expect.arrayContaining(['first', 'last']));
  });
});
