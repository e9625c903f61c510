import { AppError } from '@sluice/kernel';

/** Counts open tails per account, and ends them all when the service stops. */
export class TailRegistry {
  private readonly open = new Map<string, number>();
  private readonly stopping = new AbortController();

  private total = 0;

  /** @param onChange is told the number of open tails of all accounts */
  constructor(
    private readonly perAccount: number,
    private readonly onChange: (total: number) => void,
  ) {}

  /** Aborts when the service stops; clients resume elsewhere. */
  get signal(): AbortSignal {
    return this.stopping.signal;
  }

  /** Takes a place; the returned function gives it back. @throws AppError TOO_MANY_REQUESTS naming the limit */
  enter(accountId: string): () => void {
    const count = this.open.get(accountId) ?? 0;
    if (count >= this.perAccount)
      throw new AppError(
        'TOO_MANY_REQUESTS',
        `account ${accountId} has ${count} log tails open, which is the limit; close one and try again`,
      );
    this.open.set(accountId, count + 1);
    this.onChange((this.total += 1));
    let isOpen = true;
    return () => {
      if (!isOpen) return;
      isOpen = false;
      this.onChange((this.total -= 1));
      const left = (this.open.get(accountId) ?? 1) - 1;
      if (left > 0) this.open.set(accountId, left);
      else this.open.delete(accountId);
    };
  }

  stop(): void {
    this.stopping.abort();
  }
}
