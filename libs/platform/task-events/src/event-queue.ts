/** One event in hand. */
export interface Queued {
  readonly accountId: string;
  readonly lane: string;
}

/** Work that goes on at once in each lane, and how much of it may be of one account. */
export interface Places {
  readonly perLane: number;
  readonly perAccount: number;
}

interface Account<T> {
  running: number;
  readonly waiting: T[];
}

interface Lane<T> {
  running: number;
  /** Those with something running or waiting; who was served last stands last. */
  readonly accounts: Map<string, Account<T>>;
}

/**
 * What waits to be handled, and who is next. Lanes never wait for each other; within a lane accounts take turns, and none has more than its share,
 * so one that has thousands of events, or slow ones, leaves places for the others. Events of one account in one lane keep their order.
 */
export class EventQueue<T extends Queued> {
  private readonly lanes = new Map<string, Lane<T>>();

  constructor(private readonly places: Places) {}

  add(event: T): void {
    this.accountOf(event).waiting.push(event);
  }

  /** Takes the next event and a place for it; {@link release} gives the place back. @returns undefined while none may begin */
  next(): T | undefined {
    for (const lane of this.lanes.values()) {
      if (lane.running >= this.places.perLane) continue;
      for (const [accountId, account] of lane.accounts) {
        if (account.running >= this.places.perAccount) continue;
        const event = account.waiting.shift();
        if (!event) continue;
        account.running += 1;
        lane.running += 1;
        lane.accounts.delete(accountId);
        lane.accounts.set(accountId, account);
        return event;
      }
    }
    return undefined;
  }

  release({ lane: name, accountId }: T): void {
    const lane = this.lanes.get(name);
    const account = lane?.accounts.get(accountId);
    if (!lane || !account) return;
    account.running -= 1;
    lane.running -= 1;
    if (account.running === 0 && account.waiting.length === 0) lane.accounts.delete(accountId);
  }

  private accountOf({ lane: name, accountId }: T): Account<T> {
    const lane = this.lanes.get(name) ?? { running: 0, accounts: new Map<string, Account<T>>() };
    this.lanes.set(name, lane);
    const account = lane.accounts.get(accountId) ?? { running: 0, waiting: [] };
    lane.accounts.set(accountId, account);
    return account;
  }
}
