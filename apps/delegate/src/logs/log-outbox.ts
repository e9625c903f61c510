import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import type { LogLine } from '@sluice/delegate-protocol';
import { AppError, backoffMs, messageOf, pause } from '@sluice/kernel';
import { LogClient, SpooledLog, type LogOrigin } from '@sluice/log-shipping';
import type { Logger, Tracing } from '@sluice/telemetry';
import { CONFIG, LOG, TRACING, type DelegateConfig } from '../config.js';
import { expiryOf } from './token-expiry.js';

const BACKOFF = { baseMs: 500, maxMs: 30_000 } as const;
/** A round that fails so often in a row ends: the log service is away for all. */
const FAILURES_PER_ROUND = 3;

/** Sent: the log service has it. Hopeless: no later attempt can do better. */
type Outcome = 'sent' | 'hopeless' | 'later';

/**
 * Logs that the engine of a pod could not store: its log service was away, or the engine was killed. They are files in `<data>/log-outbox`, survive a
 * restart, and are sent until the log service has them, for as long as their token lives. What is larger than the limit goes, the oldest first.
 */
@Injectable()
export class LogOutbox {
  private readonly directory: string;
  /** Names, oldest first. */
  private readonly waiting = new Set<string>();
  private readonly end = new AbortController();
  private sending: Promise<void> = Promise.resolve();
  private wake: () => void = () => undefined;

  constructor(
    @Inject(CONFIG) private readonly config: DelegateConfig,
    @Inject(TRACING) private readonly tracing: Tracing,
    @Inject(LOG) private readonly log: Logger,
  ) {
    this.directory = join(config.dataDir, 'log-outbox');
  }

  /** Takes up what an earlier process left, and begins to send. */
  async open(): Promise<void> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    const found = await Promise.all(
      (await SpooledLog.list(this.directory)).map(async (name) => ({ name, at: await this.storedAt(name) })),
    );
    for (const { name } of found.sort((a, b) => a.at - b.at)) this.waiting.add(name);
    this.sending = this.run();
  }

  /** Moves the logs of a pod here. Nobody may write them any more. @param from where its engine kept them */
  async take(from: string): Promise<void> {
    for (const name of await SpooledLog.list(from)) {
      if ((await SpooledLog.sizeOf(from, name)) === 0) continue;
      await SpooledLog.move(from, this.directory, name);
      this.waiting.add(name);
    }
    await this.bound();
    this.wake();
  }

  /** Writes a whole log into the directory of a pod, in the place of what is there, to be taken when the pod goes. */
  async keep(directory: string, origin: LogOrigin, lines: readonly LogLine[]): Promise<void> {
    const log = SpooledLog.create(directory, origin);
    try {
      await Promise.all(lines.map((line) => log.append(line)));
      await log.complete();
    } finally {
      await log.release();
    }
  }

  /** Stops sending; what is left stays for the next process. */
  async close(): Promise<void> {
    this.end.abort();
    this.wake();
    await this.sending;
  }

  private async run(): Promise<void> {
    for (let attempt = 0; !this.end.signal.aborted;) {
      if (this.waiting.size === 0) {
        await new Promise<void>((resolve) => (this.wake = resolve));
        continue;
      }
      attempt = (await this.round()) ? 0 : attempt + 1;
      if (attempt > 0) await pause(backoffMs(attempt - 1, BACKOFF), this.end.signal).catch(() => undefined);
    }
  }

  /** @returns whether all went well */
  private async round(): Promise<boolean> {
    let failures = 0;
    // Of what waits now: a log that failed goes behind the others.
    const names = Array.from(this.waiting);
    for (const name of names) {
      if (this.end.signal.aborted || failures >= FAILURES_PER_ROUND) break;
      const outcome = await this.send(name).catch((cause: unknown): Outcome => {
        this.log.error({ log: name, error: messageOf(cause) }, 'a log of the outbox cannot be read');
        return 'hopeless';
      });
      this.waiting.delete(name);
      if (outcome === 'later') {
        this.waiting.add(name); // behind the others: one log that is refused again and again stops none
        failures += 1;
      } else await SpooledLog.remove(this.directory, name);
    }
    return failures === 0;
  }

  private async send(name: string): Promise<Outcome> {
    const log = await SpooledLog.reopen(this.directory, name);
    if (!log) return 'hopeless';
    const { key, baseUrl, accountId, token, traceparent } = log.origin;
    try {
      const client = new LogClient({ baseUrl, accountId, token }, this.tracing, key, traceparent, 'delegate');
      await client.upload(await log.content());
      // Whoever watches the live log is shown its end. One that was never opened has none.
      await client.close().catch((cause: unknown) => {
        if (!(cause instanceof AppError) || cause.code !== 'STREAM_NOT_FOUND') throw cause;
      });
      this.log.info({ logKey: key, lines: log.count }, 'sent a log that its pod had left');
      return 'sent';
    } catch (cause) {
      return this.failed(key, token, cause);
    } finally {
      await log.release();
    }
  }

  private failed(logKey: string, token: string, cause: unknown): Outcome {
    const expiry = expiryOf(token);
    const isOver = expiry !== undefined && expiry <= Date.now();
    const error = messageOf(cause);
    if (cause instanceof AppError && cause.isRetryable && cause.code !== 'CONFLICT' && !isOver) {
      this.log.warn({ logKey, error }, 'a log could not be sent yet');
      return 'later';
    }
    this.log.error(
      { logKey, error, isTokenOver: isOver },
      isOver
        ? 'a log is dropped: it could not be sent while its token lived'
        : 'a log is dropped: the log service refuses it',
    );
    return 'hopeless';
  }

  /** Keeps the outbox below its limit on the disk. */
  private async bound(): Promise<void> {
    const sizes = await Promise.all(
      [...this.waiting].map(async (name) => ({ name, bytes: await SpooledLog.sizeOf(this.directory, name) })),
    );
    let total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
    for (const { name, bytes } of sizes) {
      if (total <= this.config.logOutboxMaxBytes) return;
      this.waiting.delete(name);
      await SpooledLog.remove(this.directory, name);
      total -= bytes;
      this.log.error(
        { log: name, bytes, limit: this.config.logOutboxMaxBytes },
        'a log is dropped: the logs that wait for the log service are larger than DELEGATE_LOG_OUTBOX_MB',
      );
    }
  }

  private async storedAt(name: string): Promise<number> {
    return stat(join(this.directory, `${name}.log.jsonl`)).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0,
    );
  }
}
