import { describe, expect, it } from '@jest/globals';
import { EventQueue, type Queued } from './event-queue.js';

interface Event extends Queued {
  readonly n: number;
}

const event = (accountId: string, n: number, lane = 'live'): Event => ({ accountId, n, lane });
const takeAll = (queue: EventQueue<Event>): Event[] => {
  const taken: Event[] = [];
  for (let next = queue.next(); next; next = queue.next()) taken.push(next);
  return taken;
};

describe('the queue of events in hand', () => {
  it('leaves places for other accounts, however many events one has', () => {
    const queue = new EventQueue<Event>({ perLane: 4, perAccount: 2 });
    for (let n = 0; n < 100; n += 1) queue.add(event('big', n));
    expect(takeAll(queue).map(({ n }) => n)).toEqual([0, 1]);
    queue.add(event('small', 1));
    expect(takeAll(queue)).toEqual([event('small', 1)]);
  });

  it('gives accounts their turn, one after the other', () => {
    const queue = new EventQueue<Event>({ perLane: 100, perAccount: 100 });
    for (let n = 0; n < 3; n += 1) queue.add(event('a', n));
    for (let n = 0; n < 3; n += 1) queue.add(event('b', n));
    expect(takeAll(queue).map(({ accountId, n }) => `${accountId}${n}`)).toEqual(['a0', 'b0', 'a1', 'b1', 'a2', 'b2']);
  });

  it('has lanes that do not wait for each other', () => {
    const queue = new EventQueue<Event>({ perLane: 1, perAccount: 1 });
    for (const lane of ['late', 'secrets', 'live']) for (let n = 0; n < 2; n += 1) queue.add(event('a', n, lane));
    expect(takeAll(queue)).toEqual([event('a', 0, 'late'), event('a', 0, 'secrets'), event('a', 0, 'live')]);
  });

  it('gives a place that is free again to the next', () => {
    const queue = new EventQueue<Event>({ perLane: 1, perAccount: 1 });
    queue.add(event('a', 0));
    queue.add(event('a', 1));
    const [first] = takeAll(queue);
    expect(takeAll(queue)).toEqual([]);
    queue.release(first as Event);
    expect(takeAll(queue)).toEqual([event('a', 1)]);
  });
});
