/** Lets at most `perSecond` through each second, in bursts of at most that many: a crowd that reconnects at once is spread out. */
export class Admission {
  private allowance: number;
  private lastAt: number;

  constructor(
    private readonly perSecond: number,
    private readonly now: () => number = Date.now,
  ) {
    this.allowance = perSecond;
    this.lastAt = now();
  }

  admits(): boolean {
    const at = this.now();
    this.allowance = Math.min(this.perSecond, this.allowance + ((at - this.lastAt) / 1000) * this.perSecond);
    this.lastAt = at;
    if (this.allowance < 1) return false;
    this.allowance -= 1;
    return true;
  }
}
