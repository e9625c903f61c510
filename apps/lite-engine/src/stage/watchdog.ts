const CHECKS = 4;

/** Barks once when nobody was heard of for the agreed time. */
export class Watchdog {
  private heardAt = Date.now();
  private holds = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly bark: () => void) {}

  /** @param limitMs silence after which it barks; 0 turns it off. Safe to repeat with another limit. */
  start(limitMs: number): void {
    this.stop();
    this.heard();
    if (limitMs <= 0) return;
    this.timer = setInterval(
      () => {
        if (this.holds > 0 || Date.now() - this.heardAt < limitMs) return;
        this.stop();
        this.bark();
      },
      Math.max(50, limitMs / CHECKS),
    );
    this.timer.unref();
  }

  heard(): void {
    this.heardAt = Date.now();
  }

  /** Lasting contact, until the returned function is called. */
  hold(): () => void {
    this.holds += 1;
    return () => {
      this.holds -= 1;
      this.heard();
    };
  }

  stop(): void {
    clearInterval(this.timer);
  }
}
