import type { StepEvent } from './index.js';

type EventBody = { logJson: string } | { changesetJson: string } | { finishedJson: string };

/**
 * What one step told so far, in order and numbered densely from 1. It can be followed from any number on; it ends with the finished event. Log lines
 * beyond a limit are forgotten, the oldest first: who follows sees that by the numbers. Changesets and the result stay.
 */
export class StepEventLog {
  private readonly events: (StepEvent | undefined)[] = [];
  private logBytes = 0;
  /** No log line is kept before this place. */
  private oldest = 0;
  private readonly waiting = new Set<() => void>();

  /**
   * @param events what an earlier process recorded
   * @param maxLogBytes of the log lines kept, in bytes of their JSON
   */
  constructor(
    events: readonly StepEvent[] = [],
    private readonly maxLogBytes: number = Infinity,
  ) {
    this.events.push(...events);
  }

  get lastSeq(): number {
    return this.events.length;
  }

  get isFinished(): boolean {
    return this.events.at(-1)?.event === 'finishedJson';
  }

  /** Appends unless the log has already finished: the first result stays. */
  append(body: EventBody): StepEvent | undefined {
    if (this.isFinished) return undefined;
    const event = { ...body, event: kindOf(body), seq: this.events.length + 1 } satisfies StepEvent;
    this.events.push(event);
    this.logBytes += logBytesOf(event);
    this.forget();
    for (const wake of this.waiting) wake();
    return event;
  }

  /** Events after `afterSeq`, past ones first, then as they come; ends after the finished event or when `signal` aborts. */
  async *follow(afterSeq: number, signal?: AbortSignal): AsyncGenerator<StepEvent> {
    let next = Math.max(0, afterSeq);
    while (!signal?.aborted) {
      if (next < this.events.length) {
        const event = this.events[next];
        next += 1;
        if (event) yield event;
        if (event?.event === 'finishedJson') return;
        continue;
      }
      if (this.isFinished) return;
      await this.change(signal);
    }
  }

  private forget(): void {
    for (; this.logBytes > this.maxLogBytes && this.oldest < this.events.length; this.oldest += 1) {
      const bytes = logBytesOf(this.events[this.oldest]);
      if (bytes === 0) continue;
      this.events[this.oldest] = undefined;
      this.logBytes -= bytes;
    }
  }

  private change(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.waiting.delete(wake);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      this.waiting.add(wake);
      signal?.addEventListener('abort', wake, { once: true });
    });
  }
}

function logBytesOf(event: StepEvent | undefined): number {
  return event?.event === 'logJson' ? Buffer.byteLength(event.logJson ?? '') : 0;
}

function kindOf(body: EventBody): StepEvent['event'] {
  if ('logJson' in body) return 'logJson';
  return 'changesetJson' in body ? 'changesetJson' : 'finishedJson';
}
