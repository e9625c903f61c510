import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks';

const RESOLUTION_MS = 20;
const WINDOW_MS = 5_000;

/**
 * How long the event loop of this process did nothing for anybody: the longest pause within the last five to ten seconds, in milliseconds. A request
 * that comes while the loop is blocked waits at least as long.
 */
export class EventLoopDelay {
  private readonly histogram: IntervalHistogram;
  private readonly turn: NodeJS.Timeout;
  private before = 0;

  constructor() {
    this.histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    this.histogram.enable();
    this.turn = setInterval(() => {
      this.before = this.current();
      this.histogram.reset();
    }, WINDOW_MS).unref();
  }

  longestMs(): number {
    return Math.max(this.before, this.current());
  }

  stop(): void {
    clearInterval(this.turn);
    this.histogram.disable();
  }

  /** Node counts from one look to the next, so the pause between two looks is taken off. */
  private current(): number {
    return this.histogram.count === 0 ? 0 : Math.max(0, Math.round(this.histogram.max / 1e6) - RESOLUTION_MS);
  }
}
