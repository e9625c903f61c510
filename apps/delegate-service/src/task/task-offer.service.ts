import { Inject, Injectable } from '@nestjs/common';
import { explainSelection, selectDelegates, type Selection } from '@sluice/delegate-selection';
import { messageOf } from '@sluice/kernel';
import type { Logger } from '@sluice/telemetry';
import { CONFIG, LOG, type DelegateServiceConfig } from '../config.js';
import { DelegateRepository } from '../delegate/delegate.repository.js';
import { silentMs } from '../delegate/silence.js';
import { NotificationBus } from '../notification/notification-bus.js';
import { requirementOf, type QueuedTaskRow } from './task.js';

/** Delegates told of a task at once; the others find it by polling. */
const TOLD_AT_ONCE = 2;

/** Finds delegates for tasks and tells them. */
@Injectable()
export class TaskOfferService {
  constructor(
    private readonly delegates: DelegateRepository,
    private readonly bus: NotificationBus,
    @Inject(CONFIG) private readonly config: DelegateServiceConfig,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  async select(task: QueuedTaskRow): Promise<Selection> {
    return selectDelegates(
      await this.delegates.candidates(task.account_id, silentMs(this.config)),
      requirementOf(task),
    );
  }

  async explain(task: QueuedTaskRow): Promise<string> {
    return explainSelection(await this.select(task), requirementOf(task));
  }

  /** Tells the least loaded eligible delegates, wherever they are connected. */
  async tell(task: QueuedTaskRow, selection: Selection): Promise<void> {
    const delegateIds = selection.eligible.slice(0, TOLD_AT_ONCE).map(({ id }) => id);
    if (delegateIds.length > 0)
      await this.bus.publish({ type: 'offer', taskId: task.id, kind: task.kind, delegateIds });
  }

  /** Offers tasks again that nobody has taken yet. A failure leaves them to the next round. */
  async offerAgain(tasks: readonly QueuedTaskRow[]): Promise<void> {
    for (const task of tasks) {
      await this.select(task)
        .then((selection) => this.tell(task, selection))
        .catch((cause: unknown) =>
          this.log.warn({ taskId: task.id, error: messageOf(cause) }, 'task could not be offered again'),
        );
    }
  }
}
