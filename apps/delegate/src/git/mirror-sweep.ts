import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { messageOf } from '@sluice/kernel';
import type { Logger } from '@sluice/telemetry';
import { CONFIG, LOG, type DelegateConfig } from '../config.js';
import { GitMirror } from './git-mirror.js';
import { lastUseOf, sizeOf } from './mirror-folder.js';

interface Mirror {
  readonly gitDir: string;
  /** Milliseconds since the epoch. */
  readonly usedAt: number;
  readonly bytes: number;
}

const SWEEP_MS = 3_600_000;
/** A tree may still be written from a mirror that was fetched a moment ago. */
const IN_USE_MS = 600_000;

/** Removes mirrors that nothing has asked for in a long time, and those used longest ago when all together are too large. */
@Injectable()
export class MirrorSweep implements OnModuleInit, OnModuleDestroy {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly mirror: GitMirror,
    @Inject(CONFIG) private readonly config: DelegateConfig,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  async onModuleInit(): Promise<void> {
    // Of an earlier process.
    await rm(this.mirror.scratch, { recursive: true, force: true }).catch(() => undefined);
    this.timer = setInterval(() => this.sweepLogged(), SWEEP_MS);
    this.timer.unref();
    this.sweepLogged();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  /** @returns the mirrors it removed */
  async sweep(): Promise<readonly string[]> {
    const now = Date.now();
    const mirrors = await this.list();
    let bytes = mirrors.reduce((sum, one) => sum + one.bytes, 0);
    const removed: string[] = [];
    for (const { gitDir, usedAt, bytes: own } of mirrors.sort((a, b) => a.usedAt - b.usedAt)) {
      const age = now - usedAt;
      const isUnwanted = age > this.config.git.unusedMs || (bytes > this.config.git.mirrorsMaxBytes && age > IN_USE_MS);
      if (
        !isUnwanted ||
        !(await this.mirror.remove(gitDir, async () => ((await lastUseOf(gitDir)) ?? usedAt) <= usedAt))
      )
        continue;
      bytes -= own;
      removed.push(gitDir);
    }
    return removed;
  }

  private sweepLogged(): void {
    void this.sweep().then(
      (removed) => removed.length > 0 && this.log.info({ mirrors: removed.length }, 'unused Git mirrors removed'),
      (cause: unknown) => this.log.warn({ error: messageOf(cause) }, 'unused Git mirrors could not be removed'),
    );
  }

  private async list(): Promise<Mirror[]> {
    const names = await readdir(this.mirror.root).catch(() => []);
    const mirrors: Mirror[] = [];
    for (const name of names) {
      const gitDir = join(this.mirror.root, name);
      // A folder without a configuration is no mirror any more.
      mirrors.push({ gitDir, usedAt: (await lastUseOf(gitDir)) ?? 0, bytes: await sizeOf(gitDir) });
    }
    return mirrors;
  }
}
