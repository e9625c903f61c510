import type { HeldLease, ServerMessage, TaskResult } from '@sluice/delegate-protocol';
import { AppError, LIMITS, backoffMs, isErrorCode, mebibytes, messageOf, newId } from '@sluice/kernel';
import type { Logger } from '@sluice/telemetry';
import type { ServiceConnection } from '../connection/service-connection.js';
import type { PendingResult, ResultOutbox } from './result-outbox.js';
import { refusedResult } from './refused-result.js';

/** "Try again": soon at first, then less and less often. */
const AGAIN = { baseMs: 1_000, maxMs: 60_000 } as const;
/** A result that gets no answer at all on a connection that lives. */
const UNANSWERED = { baseMs: 30_000, maxMs: 300_000 } as const;

interface Sending {
  readonly messageId: string;
  readonly attempt: number;
  readonly timer: NodeJS.Timeout;
}

/**
 * Sees results through: each is sent until the delegate service has answered for good, on every new connection at once and with growing pauses while one
 * lives. One that is refused for good, or is too large to be sent, is replaced by one that says so; a replacement that is refused as well is set aside, and so is a result whose lease the service does not know.
 */
export class ResultDelivery {
  private readonly sendings = new Map<string, Sending>();
  private readonly replaced = new Set<string>();

  constructor(
    private readonly connection: Pick<ServiceConnection, 'send'>,
    private readonly outbox: ResultOutbox,
    private readonly log: Logger,
  ) {}

  deliver(entry: PendingResult): void {
    this.outbox.put(entry);
    this.send(entry, 0);
  }

  /** A new connection: whatever is not acknowledged goes again. */
  connected(): void {
    for (const entry of this.outbox.entries()) this.send(entry, 0);
  }

  acknowledged(ack: Extract<ServerMessage, { type: 'resultAck' }>): void {
    this.forget(ack);
    this.replaced.delete(keyOf(ack));
    // The service has kept nothing of it: the file is the only trace of what the step did.
    if (ack.outcome === 'unknown')
      return this.setAside(ack, 'the delegate service knows no lease of this delegate for it');
    if (ack.outcome !== 'accepted')
      this.log.warn({ taskId: ack.taskId, epoch: ack.epoch, outcome: ack.outcome }, 'result acknowledged');
    void this.outbox
      .acknowledge(ack)
      .catch((cause: unknown) =>
        this.log.error({ taskId: ack.taskId, error: messageOf(cause) }, 'an acknowledged result could not be removed'),
      );
  }

  /** @returns false when the error is not the answer to a result */
  refused({ replyTo, code, message }: Extract<ServerMessage, { type: 'error' }>): boolean {
    const entry = this.outbox.entries().find((one) => this.sendings.get(keyOf(one))?.messageId === replyTo);
    if (!entry) return false;
    const isFinal = isErrorCode(code) && code !== 'INTERNAL' && !new AppError(code, message).isRetryable;
    if (isFinal) this.replace(entry, message);
    else this.later(entry, backoffMs(this.sendings.get(keyOf(entry))?.attempt ?? 0, AGAIN));
    if (!isFinal)
      this.log.warn(
        { taskId: entry.taskId, epoch: entry.epoch, code, error: message },
        'the delegate service did not take a result; it is sent again',
      );
    return true;
  }

  /** The service closed the connection over a frame that was too large for it: that was the largest result under way. */
  tooLarge(): void {
    const [largest] = this.outbox
      .entries()
      .filter((entry) => this.sendings.has(keyOf(entry)))
      .sort((a, b) => bytesOf(b.result) - bytesOf(a.result));
    if (largest)
      this.replace(
        largest,
        `its ${mebibytes(bytesOf(largest.result))} are more than the delegate service takes in one message`,
      );
  }

  stop(): void {
    for (const { timer } of this.sendings.values()) clearTimeout(timer);
    this.sendings.clear();
  }

  private send(entry: PendingResult, attempt: number): void {
    const { taskId, epoch, result } = entry;
    const size = bytesOf(result);
    if (size > LIMITS.resultBytes)
      return this.replace(entry, `it has ${mebibytes(size)}, and a result may have ${mebibytes(LIMITS.resultBytes)}`);
    this.forget(entry);
    const messageId = newId();
    const isSent = this.connection.send({ id: messageId, type: 'result', taskId, epoch, result });
    if (isSent)
      this.sendings.set(keyOf(entry), {
        messageId,
        attempt,
        timer: this.timer(entry, attempt, backoffMs(attempt, UNANSWERED)),
      });
  }

  private later(entry: PendingResult, afterMs: number): void {
    const known = this.sendings.get(keyOf(entry));
    this.forget(entry);
    const attempt = known?.attempt ?? 0;
    this.sendings.set(keyOf(entry), {
      messageId: known?.messageId ?? '',
      attempt,
      timer: this.timer(entry, attempt, afterMs),
    });
  }

  private timer(entry: PendingResult, attempt: number, afterMs: number): NodeJS.Timeout {
    return setTimeout(() => {
      if (this.outbox.entries().includes(entry)) this.send(entry, attempt + 1);
    }, afterMs).unref();
  }

  private replace(entry: PendingResult, why: string): void {
    this.forget(entry);
    const key = keyOf(entry);
    if (this.replaced.has(key)) return this.setAside(entry, why);
    this.log.error(
      { taskId: entry.taskId, epoch: entry.epoch, status: entry.result.outcome.status, error: why },
      'a result was refused for good; the task ends with that as its reason',
    );
    this.replaced.add(key);
    this.deliver({ taskId: entry.taskId, epoch: entry.epoch, result: refusedResult(entry.result, why) });
  }

  private setAside({ taskId, epoch }: HeldLease, why: string): void {
    this.log.error({ taskId, epoch, error: why }, 'a result was refused for good and is set aside');
    void this.outbox
      .setAside({ taskId, epoch })
      .catch((cause: unknown) =>
        this.log.error({ taskId, error: messageOf(cause) }, 'a refused result could not be set aside'),
      );
  }

  private forget(lease: HeldLease): void {
    clearTimeout(this.sendings.get(keyOf(lease))?.timer);
    this.sendings.delete(keyOf(lease));
  }
}

function keyOf({ taskId, epoch }: HeldLease): string {
  return `${taskId}/${epoch}`;
}

function bytesOf(result: TaskResult): number {
  return Buffer.byteLength(JSON.stringify(result));
}
