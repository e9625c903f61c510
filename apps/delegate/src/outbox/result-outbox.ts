import { mkdir, open, readFile, readdir, rename, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import { taskResult, type HeldLease, type TaskResult } from '@sluice/delegate-protocol';
import { messageOf } from '@sluice/kernel';
import type { Logger } from '@sluice/telemetry';
import { z } from 'zod';
import { CONFIG, LOG, type DelegateConfig } from '../config.js';
import { boundRefused, refusedPath } from './refused-files.js';

const outcome = z.object({ taskId: z.string(), epoch: z.number().int(), result: taskResult });
/** A result on its way: whose it is, and what it says. */
export interface PendingResult extends HeldLease {
  readonly result: TaskResult;
}

/**
 * Results until the delegate service has acknowledged them: one file each, complete or absent, flushed to the disk. They survive a restart
 * of the delegate. Results hold masked texts only.
 */
@Injectable()
export class ResultOutbox {
  private readonly pending = new Map<string, { readonly entry: PendingResult; readonly stored: Promise<void> }>();
  private readonly removals = new Set<Promise<void>>();
  private readonly directory: string;
  private bounding: Promise<void> = Promise.resolve();

  constructor(
    @Inject(CONFIG) private readonly config: DelegateConfig,
    @Inject(LOG) private readonly log: Logger,
  ) {
    this.directory = join(config.dataDir, 'outbox');
  }

  /** Reads what an earlier process left. A file that cannot be read is kept and named in the log. */
  async open(): Promise<void> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    await this.boundRefused();
    for (const name of await readdir(this.directory)) {
      if (!name.endsWith('.json')) continue;
      try {
        const entry = outcome.parse(JSON.parse(await readFile(join(this.directory, name), 'utf8')));
        this.pending.set(keyOf(entry), { entry, stored: Promise.resolve() });
      } catch (cause) {
        this.log.error({ file: name, error: messageOf(cause) }, 'a stored result cannot be read');
      }
    }
  }

  /** Keeps a result. It may be sent at once, without waiting for the disk: either way it is there once, or repeated. */
  put(entry: PendingResult): void {
    const earlier = this.pending.get(keyOf(entry))?.stored ?? Promise.resolve();
    const stored = earlier
      .then(() => this.store(entry))
      .catch((cause: unknown) =>
        this.log.error(
          { taskId: entry.taskId, error: messageOf(cause) },
          'a result could not be stored; it is kept in memory',
        ),
      );
    this.pending.set(keyOf(entry), { entry, stored });
  }

  /** Settles when the disk holds what is pending, and nothing else. */
  async flush(): Promise<void> {
    await Promise.all([...this.removals, ...[...this.pending.values()].map(({ stored }) => stored)]);
  }

  /** The service has it, whatever it made of it. */
  async acknowledge(lease: HeldLease): Promise<void> {
    const known = this.pending.get(keyOf(lease));
    if (!known) return;
    this.pending.delete(keyOf(lease));
    const removal = known.stored.then(() => rm(this.pathOf(lease), { force: true }));
    this.removals.add(removal);
    await removal.finally(() => this.removals.delete(removal));
  }

  /** Keeps a result that nobody takes, out of the way: its file ends in `.refused` and is read by people only. Those that are too old or too many for the configured limits go. */
  async setAside(lease: HeldLease): Promise<void> {
    const known = this.pending.get(keyOf(lease));
    if (!known) return;
    this.pending.delete(keyOf(lease));
    await known.stored;
    const now = new Date();
    // Its age is counted from here, however long it waited before.
    await utimes(this.pathOf(lease), now, now);
    await rename(this.pathOf(lease), refusedPath(this.pathOf(lease)));
    await this.boundRefused();
  }

  /** Oldest first. */
  entries(): readonly PendingResult[] {
    return [...this.pending.values()].map(({ entry }) => entry);
  }

  /** One at a time. */
  private boundRefused(): Promise<void> {
    this.bounding = this.bounding
      .then(() => boundRefused(this.directory, this.config.refusedResults, this.log))
      .catch((cause: unknown) =>
        this.log.error({ error: messageOf(cause) }, 'refused results could not be looked through'),
      );
    return this.bounding;
  }

  private async store(entry: PendingResult): Promise<void> {
    const aside = `${this.pathOf(entry)}.part`;
    const file = await open(aside, 'w', 0o600);
    try {
      await file.writeFile(JSON.stringify(entry));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(aside, this.pathOf(entry));
    const folder = await open(this.directory, 'r');
    await folder.sync().finally(() => folder.close());
  }

  private pathOf(lease: HeldLease): string {
    return join(this.directory, `${keyOf(lease)}.json`);
  }
}

function keyOf({ taskId, epoch }: HeldLease): string {
  return `${encodeURIComponent(taskId)}.${epoch}`;
}
