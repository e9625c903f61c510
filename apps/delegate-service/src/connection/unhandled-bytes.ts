import type { Readable } from 'node:stream';

/** What one connection has sent and is not handled yet, as it counts against its account. */
export interface UnhandledBytes {
  /** The connection itself. */
  readonly stream: Readable;
  /** @param bytes how many more, or fewer when negative */
  readonly add: (bytes: number) => void;
}

interface Share {
  bytes: number;
  isCut: boolean;
  readonly cut: () => void;
}

/** Keeps each account to its part of the memory. One that has too much loses the connection that has most; its delegate comes back and sends it again. */
export class BytesOfAccounts {
  private readonly accounts = new Map<string, Set<Share>>();

  /** @param limit bytes that the connections of one account may have together; one that is alone may have more */
  constructor(private readonly limit: number) {}

  /** @param cut ends the connection */
  of(accountId: string, stream: Readable, cut: () => void): UnhandledBytes {
    const share: Share = { bytes: 0, isCut: false, cut };
    return { stream, add: (bytes) => this.add(accountId, share, bytes) };
  }

  private add(accountId: string, share: Share, bytes: number): void {
    if (share.isCut) return;
    share.bytes += bytes;
    const shares = this.accounts.get(accountId) ?? new Set();
    if (share.bytes > 0) this.accounts.set(accountId, shares.add(share));
    else if (shares.delete(share) && shares.size === 0) this.accounts.delete(accountId);
    if (bytes <= 0 || shares.size < 2) return;
    const all = [...shares];
    if (all.reduce((sum, one) => sum + one.bytes, 0) <= this.limit) return;
    const largest = all.reduce((most, one) => (one.bytes > most.bytes ? one : most));
    shares.delete(largest);
    largest.isCut = true;
    largest.cut();
  }
}
