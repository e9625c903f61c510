/** What may still be asked of a pod. Times in milliseconds since the epoch. */
export class PodUse {
  private readonly running = new Set<string>();
  private readonly over = new Set<string>();
  private usedAt: number;

  /** @param expiresAt when the run of the pod is over for certain; undefined when nobody has said */
  constructor(
    private readonly steps: readonly string[],
    private readonly expiresAt: number | undefined,
    now: number,
  ) {
    this.usedAt = now;
  }

  begins(stepExecutionId: string, now: number): void {
    this.running.add(stepExecutionId);
    this.usedAt = now;
  }

  ends(stepExecutionId: string, now: number): void {
    this.running.delete(stepExecutionId);
    this.over.add(stepExecutionId);
    this.usedAt = now;
  }

  /**
   * Since when nothing but the clean-up can come: every step is over, the pod is broken, or its run's time is. A step that has not come yet may wait for its
   * database for as long as its run may.
   * @param isBroken no step can run in it any more @returns undefined while a step runs or may come
   */
  uselessSince(now: number, isBroken: boolean): number | undefined {
    if (this.running.size > 0) return undefined;
    if (isBroken || this.steps.every((step) => this.over.has(step))) return this.usedAt;
    return this.expiresAt !== undefined && this.expiresAt <= now ? Math.max(this.usedAt, this.expiresAt) : undefined;
  }
}
