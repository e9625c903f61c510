export interface PollOptions {
  /** What is looked at can change any moment. */
  readonly isActive: boolean;
  readonly isVisible: boolean;
  readonly activeMs: number;
  /** Pause while nothing is going on; false to stop looking. */
  readonly idleMs: number | false;
}

const HIDDEN_MS = 15_000;

/** Pause between two looks: short while something runs and is watched, long in a hidden tab. */
export function pollIntervalMs(options: PollOptions): number | false {
  if (options.isActive) return options.isVisible ? options.activeMs : Math.max(HIDDEN_MS, options.activeMs);
  return options.isVisible ? options.idleMs : false;
}
