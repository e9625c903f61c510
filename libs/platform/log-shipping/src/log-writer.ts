import { AppError, backoffMs, messageOf, pause } from '@sluice/kernel';
import type { LogLine } from '@sluice/delegate-protocol';
import type { LogClient } from './log-client.js';
import type { SpooledLog } from './spooled-log.js';

const BATCH_LINES = 1_000;
const BATCH_BYTES = 64 * 1024;
/** Between two batches of a talkative step; the first line goes at once. */
const BATCH_PAUSE_MS = 250;
const BACKOFF = { baseMs: 250, maxMs: 5_000 } as const;

/**
 * Sends one log from its spool: live, in batches addressed by line index, so that a repeat never duplicates and nothing is left out; and as one
 * stored log at the end. Trouble with the log service never reaches the work: the lines are on the disk and are tried again, for as long as this process lives.
 * A log that is not stored by then stays in the spool; one that is stored leaves it.
 */
export class LogWriter {
  /** Settles when the log is stored, or when nobody will try any more. True: stored. */
  readonly closed: Promise<boolean>;
  private sent = 0;
  private isOpen = false;
  /** The live stream takes no more lines; the stored log still will. */
  private isLiveLost = false;
  private closingUntil: number | undefined;
  private failure: unknown;
  private wake: () => void = () => undefined;

  constructor(
    private readonly client: Pick<LogClient, 'open' | 'append' | 'upload' | 'close'>,
    private readonly log: SpooledLog,
    private readonly limits: { /** How long after `close` it is tried. */ readonly closeLimitMs: number } = {
      closeLimitMs: Infinity,
    },
  ) {
    this.closed = this.pump();
  }

  /** Why the last attempt failed, in words; undefined when it did not. */
  get trouble(): string | undefined {
    return this.failure === undefined ? undefined : messageOf(this.failure);
  }

  write(line: LogLine): void {
    if (this.closingUntil !== undefined) return;
    this.log.append(line).then(
      () => this.wake(),
      (cause: unknown) => (this.failure = cause),
    );
  }

  /** Sends what is left, stores the log and ends the live stream. Safe to repeat. */
  close(): Promise<boolean> {
    this.closingUntil ??= Date.now() + this.limits.closeLimitMs;
    this.wake();
    return this.closed;
  }

  private async pump(): Promise<boolean> {
    let attempt = 0;
    for (;;) {
      await this.something();
      const isClosing = this.closingUntil !== undefined;
      try {
        if (isClosing) {
          await this.store();
          return true;
        }
        await this.sendBatch();
        attempt = 0;
        if (!this.isLiveLost) this.failure = undefined;
        if (this.log.count - this.sent < BATCH_LINES) await this.quiet(BATCH_PAUSE_MS);
      } catch (cause) {
        this.failure = cause;
        if (this.closingUntil !== undefined && (Date.now() >= this.closingUntil || !isRetryable(cause))) {
          await this.log.release();
          return false;
        }
        await this.quiet(backoffMs(attempt, BACKOFF));
        attempt += 1;
      }
    }
  }

  /** Resolves when there is something to send or to close. */
  private async something(): Promise<void> {
    while (this.closingUntil === undefined && (this.sent >= this.log.count || this.isLiveLost)) {
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  /** A pause that closing cuts short. */
  private async quiet(ms: number): Promise<void> {
    if (this.closingUntil !== undefined) return pause(Math.min(ms, 1_000));
    const early = new AbortController();
    this.wake = () => {
      if (this.closingUntil !== undefined) early.abort();
    };
    await pause(ms, early.signal).catch(() => undefined);
  }

  private async sendBatch(): Promise<void> {
    if (this.isLiveLost || this.sent >= this.log.count) return;
    try {
      const batch = await this.log.read(this.sent, { lines: BATCH_LINES, bytes: BATCH_BYTES });
      if (batch[0]?.pos !== this.sent)
        throw new AppError(
          'INVALID_REQUEST',
          'lines that were not sent yet were left out of the spool, so the live log cannot go on; the stored log will have the rest',
        );
      if (!this.isOpen) await this.client.open();
      this.isOpen = true;
      this.sent = Math.min(await this.client.append(this.sent, batch), this.log.count);
    } catch (cause) {
      this.recover(cause);
    }
  }

  /** @throws what only time can mend */
  private recover(cause: unknown): void {
    if (!(cause instanceof AppError)) throw cause;
    const { nextIndex } = cause.details;
    if (cause.code === 'CONFLICT' && typeof nextIndex === 'number' && nextIndex < this.sent) {
      this.sent = nextIndex; // the service lost lines: it says where to go on
      return;
    }
    if (cause.code === 'STREAM_NOT_FOUND' && this.isOpen) {
      this.isOpen = false;
      this.sent = 0;
      return;
    }
    if (cause.isRetryable && cause.code !== 'CONFLICT') throw cause;
    this.isLiveLost = true;
    this.failure = cause;
  }

  private async store(): Promise<void> {
    await this.log.complete();
    if (this.log.count === 0) return;
    // Whoever watches sees the last lines while the whole is being stored.
    const live = (async () => {
      while (!this.isLiveLost && this.sent < this.log.count) await this.sendBatch();
    })();
    await Promise.all([live.catch(() => undefined), this.log.content().then((content) => this.client.upload(content))]);
    if (this.isOpen) await this.client.close();
    await this.log.remove();
    this.failure = undefined;
  }
}

function isRetryable(cause: unknown): boolean {
  return cause instanceof AppError && cause.isRetryable;
}
