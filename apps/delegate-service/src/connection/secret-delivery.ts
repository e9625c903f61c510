import { Inject, Injectable } from '@nestjs/common';
import { messageOf, newId } from '@sluice/kernel';
import type { Logger } from '@sluice/telemetry';
import { DataSource } from 'typeorm';
import { LOG } from '../config.js';
import { NotificationBus } from '../notification/notification-bus.js';
import { TaskRepository } from '../task/task.repository.js';
import { ConnectionRegistry } from './connection-registry.js';

/** Sealed values for a lease, or the reason why there are none. Only the delegate that holds the lease can open them. */
export interface SealedAnswer {
  readonly taskId: string;
  readonly epoch: number;
  readonly sealed: Readonly<Record<string, string>>;
  readonly error: string;
}

interface DeliveryRow {
  readonly task_id: string;
  readonly epoch: number;
  readonly sealed: Record<string, string>;
  readonly error: string;
}

/** Brings sealed values to the socket that holds the lease, on whichever replica it is. */
@Injectable()
export class SecretDelivery {
  constructor(
    private readonly tasks: TaskRepository,
    private readonly registry: ConnectionRegistry,
    private readonly bus: NotificationBus,
    private readonly database: DataSource,
    @Inject(LOG) private readonly log: Logger,
  ) {
    bus.subscribe((message) => {
      if (message.type === 'sealed' && registry.has(message.delegateId))
        void this.collect(message.deliveryId, message.delegateId);
    });
  }

  /** @returns false when the lease is not held any more */
  async deliver(consumer: string, answer: SealedAnswer): Promise<boolean> {
    const holder = await this.tasks.holderOf(consumer, answer.taskId, answer.epoch);
    if (!holder) return false;
    // Before the answer: a delegate that asks once more after it is heard.
    await this.tasks.secretsAnswered(consumer, answer.taskId, answer.epoch);
    if (this.pass(holder.delegateId, answer)) return true;
    const deliveryId = newId();
    await this.database.query(
      `INSERT INTO sealed_deliveries (id, task_id, epoch, sealed, error) VALUES ($1, $2, $3, $4, $5)`,
      [deliveryId, answer.taskId, answer.epoch, JSON.stringify(answer.sealed), answer.error],
    );
    await this.bus.publish({ type: 'sealed', deliveryId, delegateId: holder.delegateId });
    return true;
  }

  private async collect(deliveryId: string, delegateId: string): Promise<void> {
    try {
      const [row] = await this.database.query<DeliveryRow[]>(
        `WITH taken AS (DELETE FROM sealed_deliveries WHERE id = $1 RETURNING task_id, epoch, sealed, error) SELECT * FROM taken`,
        [deliveryId],
      );
      if (row) this.pass(delegateId, { taskId: row.task_id, epoch: row.epoch, sealed: row.sealed, error: row.error });
    } catch (cause) {
      this.log.warn(
        { delegateId, error: messageOf(cause) },
        'sealed values could not be collected; the delegate will ask again',
      );
    }
  }

  private pass(delegateId: string, { taskId, epoch, sealed, error }: SealedAnswer): boolean {
    return this.registry.send(
      delegateId,
      error === ''
        ? { type: 'sealedSecrets', taskId, epoch, sealed: { ...sealed } }
        : { type: 'secretsFailed', taskId, epoch, message: error },
    );
  }
}
