/** A limited number of places, given in the order they were asked for. A waiter that gives up leaves the queue at once, so a free place always goes to one that still waits. */
export class Places {
  private taken = 0;
  private readonly waiting = new Set<() => void>();

  constructor(private readonly most: number) {}

  /** Whether all places are free. */
  get isIdle(): boolean {
    return this.taken === 0;
  }

  /** Runs `work` in a place of its own. @throws the signal's reason when it aborts before there is a place; whatever `work` throws */
  async within<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    await this.enter(signal);
    try {
      return await work();
    } finally {
      this.leave();
    }
  }

  private enter(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (this.taken < this.most) {
      this.taken += 1;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const admit = (): void => {
        signal?.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = (): void => {
        this.waiting.delete(admit);
        reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
      };
      this.waiting.add(admit);
      signal?.addEventListener('abort', giveUp, { once: true });
    });
  }

  /** The place goes straight to the next in the queue: nobody who comes later can take it in between. */
  private leave(): void {
    const [next] = this.waiting;
    if (!next) {
      this.taken -= 1;
      return;
    }
    this.waiting.delete(next);
    next();
  }
}

/** As many places for each key: one that asks for much waits for itself, and takes nothing of what the others have. */
export class PlacesOfEach {
  private readonly byKey = new Map<string, Places>();

  constructor(private readonly each: number) {}

  /** Runs `work` in a place of the key. @throws as {@link Places.within} */
  async within<T>(key: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    const places = this.byKey.get(key) ?? new Places(this.each);
    this.byKey.set(key, places);
    try {
      return await places.within(signal, work);
    } finally {
      if (places.isIdle) this.byKey.delete(key);
    }
  }

  /** Keys that something is worked on for. */
  get size(): number {
    return this.byKey.size;
  }
}
