import type { LogLine } from '@sluice/delegate-protocol';
import { messageOf, storableText } from '@sluice/kernel';
import type { Logger } from '@sluice/telemetry';
import type { Pod } from './pod-runtime.js';

/** Lines of the Initialize step. They leave through the pod's engine, as soon as there is one; logs never fail the work. */
export class PodLog {
  private readonly lines: LogLine[] = [];
  private sent = 0;
  private sending: Promise<void> = Promise.resolve();
  private pod: Pod | undefined;
  private isRefused = false;

  constructor(
    private readonly logKey: string,
    private readonly log: Logger,
  ) {}

  info(out: string): void {
    this.add('INFO', out);
  }

  warn(out: string): void {
    this.add('WARN', out);
  }

  error(out: string): void {
    this.add('ERROR', out);
  }

  /** From now on lines go there; a pod that takes the place of another gets all of them. */
  attach(pod: Pod): void {
    this.pod = pod;
    this.sent = 0;
    this.isRefused = false;
    pod.reachable.then(
      () => this.flush(false),
      () => undefined,
    );
  }

  /** Sends what is left and closes the log. When the engine is gone, the whole log is left to whoever removes the pod. Settles also when that does not work. */
  async close(): Promise<void> {
    this.flush(true);
    await this.sending;
    if (this.isRefused)
      await this.pod
        ?.keepLog(this.logKey, this.lines)
        .catch((cause: unknown) =>
          this.log.error({ logKey: this.logKey, error: messageOf(cause) }, 'the log of the Initialize step is lost'),
        );
  }

  private add(level: LogLine['level'], out: string): void {
    this.lines.push({ level, time: new Date().toISOString(), out: storableText(out) });
  }

  private flush(isLast: boolean): void {
    const { pod } = this;
    if (!pod) return;
    this.sending = this.sending.then(async () => {
      const lines = this.lines.slice(this.sent);
      this.sent = this.lines.length;
      if (lines.length === 0 && !isLast) return;
      await pod.writeLog(this.logKey, lines, isLast).catch((cause: unknown) => {
        this.isRefused = true;
        this.log.warn(
          { logKey: this.logKey, error: messageOf(cause) },
          'lines of the Initialize step could not be written',
        );
      });
    });
  }
}
