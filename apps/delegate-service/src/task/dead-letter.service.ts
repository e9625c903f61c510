import { Inject, Injectable } from '@nestjs/common';
import type { DeadLetterRecord } from '@sluice/delegate-rpc';
import { AppError } from '@sluice/kernel';
import type { Logger, Metrics } from '@sluice/telemetry';
import { LOG, METRICS } from '../config.js';
import { NotificationBus } from '../notification/notification-bus.js';
import { DeadLetterRepository } from './dead-letter.repository.js';
import { TaskEventStreamService } from './task-event-stream.service.js';

const LARGEST_PAGE = 100;
const LONGEST_REASON = 4_000;

/** Events that could not be handled: set aside by the service they were for, read and sent again by administrators. */
@Injectable()
export class DeadLetterService {
  private readonly gauge;

  constructor(
    private readonly letters: DeadLetterRepository,
    private readonly streams: TaskEventStreamService,
    private readonly bus: NotificationBus,
    @Inject(LOG) private readonly log: Logger,
    @Inject(METRICS) metrics: Metrics,
  ) {
    this.gauge = metrics.gauge(
      'delegate_service_dead_letters',
      'Task events that the service they were for could not handle',
      ['consumer'],
    );
  }

  /** Safe to repeat. */
  async setAside(consumer: string, seq: number, reason: string, attempts: number): Promise<void> {
    const isNew = await this.letters.setAside(consumer, seq, reason.slice(0, LONGEST_REASON), attempts);
    this.streams.forget(consumer, [seq]);
    if (!isNew) return;
    this.log.warn({ consumer, seq, reason }, 'a task event was set aside');
    await this.measure();
  }

  /** @param page from 0 @param size 1 to 100 @throws AppError INVALID_REQUEST for another page */
  async list(
    accountId: string,
    page: number,
    size: number,
  ): Promise<{ readonly letters: readonly DeadLetterRecord[]; readonly total: number }> {
    if (size < 1 || size > LARGEST_PAGE)
      throw new AppError('INVALID_REQUEST', `size is ${size}; it must be 1 to ${LARGEST_PAGE}`, {
        fields: [{ field: 'size', error: `must be 1 to ${LARGEST_PAGE}` }],
      });
    const [letters, total] = await Promise.all([
      this.letters.list(accountId, page, size),
      this.letters.count(accountId),
    ]);
    return { letters, total };
  }

  /** @throws AppError RESOURCE_NOT_FOUND when the account has no dead letter of this id, for example because it was sent again already */
  async redrive(accountId: string, id: number): Promise<void> {
    const consumer = await this.letters.redrive(accountId, id);
    if (consumer === undefined)
      throw new AppError(
        'RESOURCE_NOT_FOUND',
        `the account has no dead letter ${id}; it may have been sent again already`,
      );
    this.bus.tellLocal({ type: 'events', consumer });
    await this.measure();
  }

  async prune(retentionHours: number): Promise<void> {
    await this.letters.prune(retentionHours);
    await this.measure();
  }

  private async measure(): Promise<void> {
    const counts = await this.letters.countByConsumer();
    this.gauge.reset();
    for (const [consumer, count] of counts) this.gauge.labels(consumer).set(count);
  }
}
