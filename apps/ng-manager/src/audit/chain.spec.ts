import { describe, expect, it } from '@jest/globals';
import type { AuditEventRecord } from '@sluice/api-conventions';
import fc from 'fast-check';
import { NO_EVENTS, breakOf, canonicalJson, chainEvent, hashOf, type ChainHead, type ChainedEvent } from './chain.js';

const event = (over: Partial<AuditEventRecord> = {}): AuditEventRecord => ({
  eventId: 'e',
  at: 1,
  accountId: 'A',
  orgId: null,
  projectId: null,
  action: 'create',
  resourceType: 'connector',
  identifier: 'c',
  name: null,
  actor: { type: 'user', id: 'u', name: 'Ann' },
  origin: null,
  requestMethod: null,
  correlationId: 'x',
  details: {},
  before: null,
  after: { a: 1 },
  changes: [],
  ...over,
});

function chainOf(count: number): ChainedEvent[] {
  let head: ChainHead = NO_EVENTS;
  return Array.from({ length: count }, (_, index) => {
    const next = chainEvent(head, event({ eventId: String(index) }), { module: 'CORE', recordedAt: index });
    head = next;
    return next;
  });
}

/** Where a reader of the whole chain stops. */
function firstBreak(events: readonly ChainedEvent[]): number | undefined {
  let head: ChainHead = NO_EVENTS;
  for (const one of events) {
    if (breakOf(head, one)) return head.position + 1;
    head = one;
  }
  return undefined;
}

describe('canonical form', () => {
  it('orders keys, leaves out undefined and puts nothing between tokens', () => {
    expect(canonicalJson({ b: [1, { d: undefined, c: 'x"y' }], a: null, B: true })).toBe(
      '{"B":true,"a":null,"b":[1,{"c":"x\\"y"}]}',
    );
  });

  it('is the same for the same value, in whatever order its keys were written', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const shuffled: unknown = JSON.parse(JSON.stringify(value), (_, item: unknown) =>
          typeof item === 'object' && item !== null && !Array.isArray(item)
            ? Object.fromEntries(Object.entries(item).reverse())
            : item,
        );
        expect(canonicalJson(shuffled)).toBe(canonicalJson(value));
      }),
      { numRuns: 300 },
    );
  });

  it('does not change with the program: an event of this version has this hash', () => {
    const placed = chainEvent(NO_EVENTS, event(), { module: 'CORE', recordedAt: 2 });
    expect(placed.hash).toBe(hashOf(JSON.parse(JSON.stringify(placed)) as ChainedEvent));
    expect(placed.hash).toMatchInlineSnapshot(`"18e07ccbc21b4d630cf6af6521b3d67a6959ae68d7b62781ae265de38c2021ef"`);
  });
});

describe('a chain', () => {
  it('holds when nothing was touched', () => {
    expect(firstBreak(chainOf(20))).toBeUndefined();
  });

  it.each([
    [
      'a field',
      (events: ChainedEvent[]) => events.map((one) => (one.position === 7 ? { ...one, action: 'update' } : one)),
      7,
    ],
    [
      'a field inside',
      (events: ChainedEvent[]) => events.map((one) => (one.position === 7 ? { ...one, after: { a: 2 } } : one)),
      7,
    ],
    [
      'who did it',
      (events: ChainedEvent[]) =>
        events.map((one) => (one.position === 7 ? { ...one, actor: { ...one.actor, id: 'v' } } : one)),
      7,
    ],
    [
      'a field, with a new hash',
      (events: ChainedEvent[]) =>
        events.map((one) =>
          one.position === 7 ? { ...one, action: 'x', hash: hashOf({ ...one, action: 'x' }) } : one,
        ),
      8,
    ],
    ['one event less', (events: ChainedEvent[]) => events.filter((one) => one.position !== 7), 7],
    [
      'one event less and the rest moved up',
      (events: ChainedEvent[]) =>
        events
          .filter((one) => one.position !== 7)
          .map((one) => (one.position > 7 ? { ...one, position: one.position - 1 } : one)),
      7,
    ],
    [
      'two events swapped',
      (events: ChainedEvent[]) => events.map((one, index) => (index === 6 ? { ...one, eventId: '7' } : one)),
      7,
    ],
  ])('breaks where it was touched: %s', (_, touch, brokenAt) => {
    expect(firstBreak(touch(chainOf(20)))).toBe(brokenAt);
  });
});
