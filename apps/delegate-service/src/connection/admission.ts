interface Allowance {
  left: number;
  at: number;
}

/** So many keys are remembered before those that are owed nothing are forgotten. */
const MANY_KEYS = 10_000;

/** Lets at most `perSecond` of each key through each second, in bursts of at most that many: one that comes too often keeps no other out. */
export class Admission {
  private readonly allowances = new Map<string, Allowance>();

  constructor(
    private readonly perSecond: number,
    private readonly now: () => number = Date.now,
  ) {}

  admits(key: string): boolean {
    const at = this.now();
    const allowance = this.allowanceOf(key, at);
    if (this.allowances.size >= MANY_KEYS && !this.allowances.has(key)) this.forgetIdle(at);
    this.allowances.set(key, allowance);
    if (allowance.left < 1) return false;
    allowance.left -= 1;
    return true;
  }

  private allowanceOf(key: string, at: number): Allowance {
    const known = this.allowances.get(key);
    if (!known) return { left: this.perSecond, at };
    return { left: Math.min(this.perSecond, known.left + ((at - known.at) / 1000) * this.perSecond), at };
  }

  private forgetIdle(at: number): void {
    for (const key of this.allowances.keys())
      if (this.allowanceOf(key, at).left >= this.perSecond) this.allowances.delete(key);
  }
}
