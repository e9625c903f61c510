import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import type { HeldLease } from '@sluice/delegate-protocol';
import type { Pod } from './pod-runtime.js';

/**
 * Which lease each step belongs to, beside what its engine writes, so that a later process can report for this one. The records stay until the
 * pod goes: a result reported twice is only a duplicate to the service.
 */
@Injectable()
export class StepLeases {
  async write(pod: Pod, stepExecutionId: string, { taskId, epoch }: HeldLease): Promise<void> {
    await writeFile(join(pod.directory, 'steps', `${stepExecutionId}.lease.json`), JSON.stringify({ taskId, epoch }), {
      mode: 0o600,
    });
  }
}
