import type { StepEvent } from './index.js';

type EventBody = { logJson: string } | { changesetJson: string } | { finishedJson: string };

/** What one step told so far, in order and numbered densely from 1. It can be followed from any number on; it ends with the finished event. */
export class StepEventLog {
  private readonly events: StepEvent[] = [];
  private readonly waiting = new Set<() => void>();

  /** @param events what an earlier process recorded */
  constructor(events: readonly StepEvent[] = []) {
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
    for (const wake of this.waiting) wake();
    return event;
  }

  /** Events after `afterSeq`, past ones first, then as they come; ends after the finished event or when `signal` aborts. */
  async *follow(afterSeq: number, signal?: AbortSignal): AsyncGenerator<StepEvent> {
    let next = Math.max(0, afterSeq);
    while (!signal?.aborted) {
      const event = this.events[next];
      if (event) {
        next += 1;
        yield event;
        if (event.event === 'finishedJson') return;
        continue;
      }
      if (this.isFinished) return;
      await this.change(signal);
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

function kindOf(body: EventBody): StepEvent['event'] {
  if ('logJson' in body) return 'logJson';
  return 'changesetJson' in body ? 'changesetJson' : 'finishedJson';
}
