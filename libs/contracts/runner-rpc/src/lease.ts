import { uptime } from 'node:os';

/** Longest sleep between two looks at the clock: timers stand still while a machine sleeps, the clock does not. */
const LOOK_MS = 1_000;

/** Milliseconds of a clock that is never set back and goes on while the machine sleeps. Only differences between two readings mean something. */
export function steadyNow(): number {
  return Math.round(uptime() * 1000);
}

/** How long work may go on, by this process's own clock. It needs no network: when nothing extends it, it runs out. */
export class Lease {
  private end: number | undefined;
  private timer: NodeJS.Timeout | undefined;
  private isDone = false;

  /** @param onOver called once, when the lease has run out */
  constructor(
    private readonly onOver: () => void,
    private readonly now: () => number = steadyNow,
  ) {}

  /** Reading of the clock at which the lease runs out; undefined while it has no end. */
  get until(): number | undefined {
    return this.end;
  }

  /** Its end has passed, whether or not that was acted upon yet. */
  get isOver(): boolean {
    return this.end !== undefined && this.now() >= this.end;
  }

  /** Moves the end, never to an earlier reading. A lease that has run out or was let go stays so. */
  extend(until: number): void {
    if (this.isDone || (this.end !== undefined && until <= this.end)) return;
    this.end = until;
    this.look();
  }

  /** The work is over: the lease does not matter any more. */
  release(): void {
    this.isDone = true;
    clearTimeout(this.timer);
  }

  private look(): void {
    clearTimeout(this.timer);
    if (this.end === undefined || this.isDone) return;
    const leftMs = this.end - this.now();
    if (leftMs > 0) {
      this.timer = setTimeout(() => this.look(), Math.min(leftMs, LOOK_MS));
      return;
    }
    this.release();
    this.onOver();
  }
}

/** Another process's steady clock, known from the readings in its answers. */
export class PeerClock {
  private ahead: number | undefined;

  constructor(private readonly now: () => number = steadyNow) {}

  /** An answer has just arrived that holds a reading. It was read before it arrived, so the peer's clock is at least this far ahead of ours. */
  answered(reading: number): void {
    this.ahead = reading - this.now();
  }

  /** The peer's reading at a moment of our clock, at the latest that moment; undefined before its first answer. */
  readingAt(moment: number): number | undefined {
    return this.ahead === undefined ? undefined : moment + this.ahead;
  }
}
