import { pause } from '@sluice/kernel';

const LOOK_AGAIN_MS = 1_000;

/** Requests that wait for what a delegate answers. Another replica may get the answer, so the place where it is stored is looked at too. */
export class AnswerWaits {
  private readonly waiting = new Map<string, () => void>();

  wake(taskId: string): void {
    this.waiting.get(taskId)?.();
  }

  /** What `look` finds, as soon as it finds something; undefined when it does not within `withinMs`. */
  async until<T>(
    taskId: string,
    look: () => Promise<T | null | undefined>,
    withinMs: number,
    signal: AbortSignal,
  ): Promise<T | undefined> {
    const until = Date.now() + withinMs;
    try {
      while (Date.now() < until) {
        const woken = new Promise<void>((resolve) => this.waiting.set(taskId, resolve));
        const found = await look();
        if (found) return found;
        const stop = new AbortController();
        await Promise.race([woken, pause(LOOK_AGAIN_MS, AbortSignal.any([signal, stop.signal]))]).finally(() =>
          stop.abort(),
        );
      }
      return undefined;
    } finally {
      this.waiting.delete(taskId);
    }
  }
}
