import { Inject, Injectable } from '@nestjs/common';
import type { CleanupPodTask } from '@sluice/delegate-protocol';
import type { TaskHandler } from '../task/task-handler.js';
import { POD_RUNTIME, type PodRuntime } from './pod-runtime.js';

/** Removes a pod. One that is gone already is as good as removed. */
@Injectable()
export class CleanupPodHandler implements TaskHandler<'cleanup-pod'> {
  constructor(@Inject(POD_RUNTIME) private readonly runtime: PodRuntime) {}

  async run(task: CleanupPodTask): Promise<{ status: 'succeeded' }> {
    await this.runtime.destroy(task.podId);
    return { status: 'succeeded' };
  }
}
