import { afterEach, describe, expect, it } from '@jest/globals';
import { waitFor } from '@sluice/kernel';
import { Lease, PeerClock, steadyNow } from './lease.js';

describe('a lease by the own clock', () => {
  const leases: Lease[] = [];
  afterEach(() => leases.splice(0).forEach((lease) => lease.release()));

  const lease = (): { lease: Lease; ends: number[] } => {
    const ends: number[] = [];
    const made = new Lease(() => ends.push(steadyNow()));
    leases.push(made);
    return { lease: made, ends };
  };

  it('runs out when nothing extends it, not before its end, and once', async () => {
    const { lease: held, ends } = lease();
    const until = steadyNow() + 60;
    held.extend(until);
    await waitFor(() => ends.length > 0, { timeoutMs: 120_000, what: 'the end of the lease' });
    expect(ends[0]).toBeGreaterThanOrEqual(until);
    held.extend(steadyNow() - 1);
    expect(ends.length).toBe(1);
  });

  it('never ends earlier than it was promised', () => {
    const { lease: held } = lease();
    const until = steadyNow() + 60_000;
    held.extend(until);
    held.extend(until - 30_000);
    expect(held.until).toBe(until);
  });

  it('is over at once when its end has passed already', () => {
    const { lease: held, ends } = lease();
    held.extend(steadyNow() - 10);
    expect(ends.length).toBe(1);
  });

  it('does not matter any more once it is let go', () => {
    const { lease: held, ends } = lease();
    held.release();
    held.extend(steadyNow() - 10);
    expect(ends).toEqual([]);
  });
});

describe('the clock of a peer', () => {
  it('is not known before its first answer', () => expect(new PeerClock(() => 0).readingAt(5)).toBeUndefined());

  it('is never taken to be further than it is, however long an answer took', () => {
    let own = 100;
    const peer = new PeerClock(() => own);
    const readingThen = 7_000; // read when our clock showed 100
    own = 130;
    peer.answered(readingThen);
    expect(peer.readingAt(200)).toBe(7_070);
    expect(peer.readingAt(200)).toBeLessThanOrEqual(7_000 + (200 - 100));
  });
});
