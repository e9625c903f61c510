import { appendFile, mkdir, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { StepEvent } from '@sluice/runner-rpc';

/**
 * What a step told, on disk: `<id>.jsonl`, one event per line, and `<id>.result.json` once it has ended. A delegate that was
 * restarted reads the result there when this process is gone.
 */
export class Spool {
  private pending: StepEvent[] = [];
  private writing: Promise<void>;

  constructor(
    private readonly directory: string,
    private readonly stepExecutionId: string,
  ) {
    this.writing = mkdir(directory, { recursive: true, mode: 0o700 }).then(() => undefined);
  }

  append(event: StepEvent): void {
    this.pending.push(event);
    if (this.pending.length > 1) return; // the write that is queued takes this one along
    this.writing = this.writing.then(async () => {
      const batch = this.pending;
      this.pending = [];
      await appendFile(this.path('jsonl'), batch.map((event) => `${JSON.stringify(event)}\n`).join(''), { mode: 0o600 });
    });
  }

  /** Writes the result so that it is there wholly or not at all, also after a power failure. */
  async finish(resultJson: string): Promise<void> {
    await this.writing;
    const aside = this.path('result.json.part');
    const file = await open(aside, 'w', 0o600);
    try {
      await file.writeFile(resultJson);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(aside, this.path('result.json'));
  }

  private path(ending: string): string {
    return join(this.directory, `${this.stepExecutionId}.${ending}`);
  }
}
