import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { messageOf } from '@sluice/kernel';
import type { Logger, Metrics } from '@sluice/telemetry';
import { CONFIG, LOG, METRICS, type DelegateServiceConfig } from '../config.js';
import { DelegateRepository } from '../delegate/delegate.repository.js';
import { NotificationBus } from '../notification/notification-bus.js';
import { DeadLetterService } from './dead-letter.service.js';
import { Grace } from './grace.js';
import { TaskExpiryRepository } from './task-expiry.repository.js';
import { TaskOfferService } from './task-offer.service.js';
import type { EndedTask } from './task.js';

const PRUNE_MS = 10 * 60_000;

/** The clock of tasks: offers them again, ends what ran out of time. One scanner per replica, one pass at a time. */
@Injectable()
export class TaskExpiryService implements OnApplicationBootstrap, OnModuleDestroy {
  private timer: NodeJS.Timeout | undefined;
  private pass: Promise<void> = Promise.resolve();
  private prunedAt = 0;
  private isClosing = false;
  private readonly grace: Grace;
  private readonly lag;
  private readonly ended;

  constructor(
    private readonly expiry: TaskExpiryRepository,
    private readonly offers: TaskOfferService,
    private readonly delegates: DelegateRepository,
    private readonly deadLetters: DeadLetterService,
    private readonly bus: NotificationBus,
    @Inject(CONFIG) private readonly config: DelegateServiceConfig,
    @Inject(LOG) private readonly log: Logger,
    @Inject(METRICS) metrics: Metrics,
  ) {
    this.grace = new Grace(config.leaseMs, Math.max(5 * config.scanMs, config.leaseMs / 2));
    this.lag = metrics.gauge('delegate_service_expiry_lag_seconds', 'How late the most overdue lease or deadline is');
    this.ended = metrics.counter('delegate_service_tasks_ended_total', 'Tasks ended without a result', ['outcome']);
  }

  onApplicationBootstrap(): void {
    this.schedule();
  }

  async onModuleDestroy(): Promise<void> {
    this.isClosing = true;
    clearTimeout(this.timer);
    await this.pass;
  }

  private schedule(): void {
    if (this.isClosing) return;
    this.timer = setTimeout(() => {
      this.pass = this.scan()
        .catch((cause: unknown) => this.log.error({ error: messageOf(cause) }, 'scan failed'))
        .finally(() => this.schedule());
    }, this.config.scanMs);
  }

  private async scan(): Promise<void> {
    await this.offers.offerAgain(await this.expiry.claimOffers(this.config.reofferMs));
    for (const task of await this.expiry.listUnclaimed())
      this.tell(await this.expiry.endNotAcquired(task.id, await this.offers.explain(task)));
    // Nobody could send a heartbeat while this service was away: that is no reason to take tasks from anybody.
    if (!this.grace.isFrozen()) {
      const { ended, requeued } = await this.expiry.loseLeases(this.config.fenceMs);
      for (const task of ended) this.tell(task);
      if (requeued.length > 0) this.log.warn({ taskIds: requeued }, 'leases lost; tasks queued again');
    }
    for (const task of await this.expiry.endOverdueRuns()) {
      this.tell(task);
      if (task.delegateId)
        await this.bus.publish({ type: 'abort', taskId: task.taskId, epoch: task.epoch, delegateId: task.delegateId });
    }
    this.lag.set(await this.expiry.lagSeconds(this.config.fenceMs));
    this.grace.scanned();
    await this.prune();
  }

  private tell(task: EndedTask | undefined): void {
    if (!task) return;
    this.log.warn(
      { taskId: task.taskId, outcome: task.outcome, epoch: task.epoch, delegateId: task.delegateId },
      'task ended without a result',
    );
    this.ended.labels(task.outcome).inc();
    this.bus.tellLocal({ type: 'events', consumer: task.consumer });
  }

  private async prune(): Promise<void> {
    if (Date.now() - this.prunedAt < PRUNE_MS) return;
    this.prunedAt = Date.now();
    await this.deadLetters.prune(this.config.deadLetterRetentionHours);
    await this.expiry.prune(this.config.taskRetentionHours);
    await this.delegates.forgetGone(this.config.taskRetentionHours);
  }
}
