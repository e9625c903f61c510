import type { Clock } from '@sluice/kernel';

/** Keys seen lately, at most `limit` of them; the one nobody asked about for longest goes first. A key counts for `keepMs` from when it was seen. */
export class RecentlySeen {
  /** Key → until when it counts, least recently used first. */
  private readonly until = new Map<string, number>();

  constructor(
    private readonly limit: number,
    private readonly keepMs: number,
    private readonly clock: Clock,
  ) {}

  has(key: string): boolean {
    const until = this.until.get(key);
    if (until === undefined) return false;
    this.until.delete(key);
    if (until <= this.clock.now()) return false;
    this.until.set(key, until);
    return true;
  }

  add(key: string): void {
    this.until.delete(key);
    this.until.set(key, this.clock.now() + this.keepMs);
    const [leastUsed] = this.until.keys();
    if (this.until.size > this.limit && leastUsed !== undefined) this.until.delete(leastUsed);
  }
}
