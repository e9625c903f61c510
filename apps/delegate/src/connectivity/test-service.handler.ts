import { Inject, Injectable } from '@nestjs/common';
import type { TestServiceTask } from '@sluice/delegate-protocol';
import { CONFIG, type DelegateConfig } from '../config.js';
import type { TaskContext, TaskHandler } from '../task/task-handler.js';
import { askKubernetes } from './ask-kubernetes.js';
import { askRegistry } from './ask-registry.js';
import { askVault } from './ask-vault.js';
import { slotReader, withSecrets } from './task-secrets.js';

/** Proves that a cluster, a registry or a Vault answers and takes the connector's credentials. */
@Injectable()
export class TestServiceHandler implements TaskHandler<'test-service'> {
  constructor(@Inject(CONFIG) private readonly config: DelegateConfig) {}

  async run(task: TestServiceTask, context: TaskContext): Promise<{ status: 'succeeded'; product: string }> {
    const product = await withSecrets(task, context, (values) =>
      this.ask(task, slotReader(task.secrets, values), context.signal),
    );
    return { status: 'succeeded', product };
  }

  private ask({ target }: TestServiceTask, slots: ReturnType<typeof slotReader>, signal: AbortSignal): Promise<string> {
    switch (target.type) {
      case 'kubernetes':
        return askKubernetes(target, slots, this.config.cluster, signal);
      case 'docker-registry':
        return askRegistry(target, slots, signal);
      case 'vault':
        return askVault(target, slots, signal);
    }
  }
}
