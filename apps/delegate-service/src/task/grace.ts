/**
 * Whether lease expiry is frozen. It is for one lease after the start, and for one lease after scans had stopped (the database was away,
 * the process was suspended): delegates could not renew their leases then, and must get the time to.
 */
export class Grace {
  private frozenUntil: number;
  private lastScanAt: number;

  constructor(
    private readonly leaseMs: number,
    private readonly maxGapMs: number,
    private readonly now: () => number = Date.now,
  ) {
    this.lastScanAt = now();
    this.frozenUntil = this.lastScanAt + leaseMs;
  }

  isFrozen(): boolean {
    const at = this.now();
    if (at - this.lastScanAt > this.maxGapMs) this.frozenUntil = at + this.leaseMs;
    return at < this.frozenUntil;
  }

  /** A complete scan has been made. */
  scanned(): void {
    this.lastScanAt = this.now();
  }
}
