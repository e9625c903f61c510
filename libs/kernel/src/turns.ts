/** Lets work on the same thing happen one after the other, in the order asked for; work on different things at once. Within one process. */
export class Turns {
  private readonly last = new Map<string, Promise<void>>();

  /** Runs `work` once everything asked for before under `key` has ended, however it ended. */
  take<T>(key: string, work: () => Promise<T>): Promise<T> {
    const mine = (this.last.get(key) ?? Promise.resolve()).then(work);
    const ended = mine.then(
      () => undefined,
      () => undefined,
    );
    this.last.set(key, ended);
    void ended.then(() => this.last.get(key) === ended && this.last.delete(key));
    return mine;
  }

  /** Whether anything under `key` is being worked on or waits. */
  isTaken(key: string): boolean {
    return this.last.has(key);
  }

  /** Things worked on now. */
  get size(): number {
    return this.last.size;
  }
}
