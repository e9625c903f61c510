import { backoffMs, messageOf } from '@sluice/kernel';
import type { Logger } from '@sluice/telemetry';

const BACKOFF = { baseMs: 1_000, maxMs: 60_000 } as const;

/** Removes what is of no use any more. What cannot be removed at once is tried again for as long as this process runs; the next one finds the rest. */
export class Removals {
  private readonly timers = new Set<NodeJS.Timeout>();
  private isClosed = false;

  constructor(private readonly log: Logger) {}

  /** Settles after the first attempt, whatever came of it. @param work safe to repeat */
  async remove(what: string, work: () => Promise<void>): Promise<void> {
    await this.attempt(what, work, 0);
  }

  /** No further attempts. */
  close(): void {
    this.isClosed = true;
    for (const timer of this.timers) clearTimeout(timer);
  }

  private async attempt(what: string, work: () => Promise<void>, attempts: number): Promise<void> {
    try {
      await work();
      if (attempts > 0) this.log.info({ what, attempts: attempts + 1 }, 'removed at last');
    } catch (cause) {
      const againMs = backoffMs(attempts, BACKOFF);
      this.log.error({ what, error: messageOf(cause), againMs }, 'could not be removed wholly; it is tried again');
      if (this.isClosed) return;
      const timer = setTimeout(() => {
        this.timers.delete(timer);
        void this.attempt(what, work, attempts + 1);
      }, againMs);
      this.timers.add(timer);
    }
  }
}
