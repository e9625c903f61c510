import type { AuditEventRecord } from '@sluice/api-conventions';
import { LessThan, type EntityManager } from 'typeorm';
import { OutsideChangeEntity } from './outside-change.entity.js';

export class OutsideChangeRepository {
  constructor(private readonly manager: EntityManager) {}

  async open(event: AuditEventRecord): Promise<void> {
    await this.manager.insert(OutsideChangeEntity, {
      eventId: event.eventId,
      accountId: event.accountId,
      event: event as never,
    });
  }

  /** @returns true for whoever closes it; others find it closed */
  async close({ accountId, eventId }: Pick<AuditEventRecord, 'accountId' | 'eventId'>): Promise<boolean> {
    return (await this.manager.delete(OutsideChangeEntity, { accountId, eventId })).affected === 1;
  }

  /** Those nobody has closed for `ageMs`, oldest first. Of every account: this is for the service itself. */
  async leftOpen(ageMs: number, limit: number): Promise<readonly AuditEventRecord[]> {
    const rows = await this.manager.find(OutsideChangeEntity, {
      where: { createdAt: LessThan(new Date(Date.now() - ageMs)) },
      order: { createdAt: 'ASC' },
      take: limit,
    });
    return rows.map(({ event }) => event);
  }
}
