import type { Readable } from 'node:stream';

/** What one connection has sent and is not handled yet, as it counts against its account. */
export interface UnhandledBytes {
  /** The connection itself. */
  readonly stream: Readable;
  /** Of messages that are not whole. They are gone with the connection. @param bytes how many more, or fewer when negative */
  readonly coming: (bytes: number) => void;
  /** Of whole messages. They count until they are handled, also when their connection is gone. @param bytes how many more, or fewer when negative */
  readonly whole: (bytes: number) => void;
}

interface Share {
  coming: number;
  whole: number;
  isCut: boolean;
  readonly cut: () => void;
}

/** A connection with less is cut only when the living ones are too much by themselves: heartbeats pass while the messages of a lost connection are handled. */
const LITTLE_BYTES = 64 * 1024;

/** Keeps each account to its part of the memory. One that has too much loses the connection that has most; its delegate comes back and sends it again. */
export class BytesOfAccounts {
  private readonly accounts = new Map<string, Set<Share>>();

  /** @param limit bytes that the connections of one account may have together; one that is alone may have more */
  constructor(private readonly limit: number) {}

  /** @param cut ends the connection */
  of(accountId: string, stream: Readable, cut: () => void): UnhandledBytes {
    const share: Share = { coming: 0, whole: 0, isCut: false, cut };
    return {
      stream,
      coming: (bytes) => {
        if (!share.isCut) share.coming += bytes;
        this.changed(accountId, share, bytes);
      },
      whole: (bytes) => {
        share.whole += bytes;
        this.changed(accountId, share, bytes);
      },
    };
  }

  private changed(accountId: string, share: Share, bytes: number): void {
    const shares = this.accounts.get(accountId) ?? new Set();
    if (sizeOf(share) > 0) this.accounts.set(accountId, shares.add(share));
    else if (shares.delete(share) && shares.size === 0) this.accounts.delete(accountId);
    if (bytes <= 0 || shares.size < 2 || total(shares) <= this.limit) return;
    const living = [...shares].filter(({ isCut }) => !isCut);
    const [largest] = living.sort((one, other) => sizeOf(other) - sizeOf(one));
    if (!largest || (sizeOf(largest) < LITTLE_BYTES && total(living) <= this.limit)) return;
    largest.isCut = true;
    largest.coming = 0;
    if (largest.whole === 0) shares.delete(largest);
    largest.cut();
  }
}

function sizeOf({ coming, whole }: Share): number {
  return coming + whole;
}

function total(shares: Iterable<Share>): number {
  return [...shares].reduce((sum, one) => sum + sizeOf(one), 0);
}
