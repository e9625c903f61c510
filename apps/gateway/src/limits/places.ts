import { AppError } from '@sluice/kernel';

/** Most that may be open at the same time. */
export interface PlaceLimits {
  readonly inAll: number;
  readonly perAccount: number;
  readonly perKey: number;
}

/** Who holds a place: an API key and its account, or an address that shows a proof of another kind. */
interface Holder {
  readonly key: string;
  readonly accountId?: string | undefined;
}

/** A place that is taken; given back with `leave`, which may be called again. */
export interface Place {
  /** Counts the place for its holder, once known. @throws AppError TOO_MANY_REQUESTS when the key or its account has as many open as it may */
  holdFor(holder: Holder): void;
  leave(): void;
}

/**
 * Counts what is open, from its first byte to its last, and keeps room for others: one key, and one account, may hold only a part of all places. A rate
 * limit alone counts starts, so that requests which last are free.
 */
export class Places {
  private readonly held = new Map<string, number>();
  private total = 0;

  /** @param what plural, for messages: "requests" @param onChange is called with the number of places taken now */
  constructor(
    private readonly limits: PlaceLimits,
    private readonly what: string,
    private readonly onChange: (total: number) => void,
  ) {}

  /** @throws AppError UPSTREAM_UNAVAILABLE when all places are taken */
  enter(): Place {
    if (this.total >= this.limits.inAll) {
      throw new AppError(
        'UPSTREAM_UNAVAILABLE',
        `the gateway has ${this.limits.inAll} ${this.what} under way, which is its limit; try again in a moment`,
        { retryAfterSeconds: 1 },
      );
    }
    this.onChange((this.total += 1));
    const counted: string[] = [];
    let isOpen = true;
    return {
      holdFor: ({ key, accountId }) => {
        const shares: (readonly [name: string, limit: number, text: string])[] = [
          [`key ${key}`, this.limits.perKey, 'one key'],
        ];
        if (accountId !== undefined) shares.push([`account ${accountId}`, this.limits.perAccount, 'one account']);
        for (const [name, limit, text] of shares) {
          if ((this.held.get(name) ?? 0) < limit) continue;
          throw new AppError(
            'TOO_MANY_REQUESTS',
            `too many requests: ${text} may have ${limit} ${this.what} under way; wait until some have ended`,
            { retryAfterSeconds: 1 },
          );
        }
        for (const [name] of shares) {
          this.held.set(name, (this.held.get(name) ?? 0) + 1);
          counted.push(name);
        }
      },
      leave: () => {
        if (!isOpen) return;
        isOpen = false;
        this.onChange((this.total -= 1));
        for (const name of counted) this.release(name);
      },
    };
  }

  private release(name: string): void {
    const left = (this.held.get(name) ?? 1) - 1;
    if (left > 0) this.held.set(name, left);
    else this.held.delete(name);
  }
}
