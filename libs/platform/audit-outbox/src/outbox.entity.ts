import type { AuditEventRecord } from '@sluice/api-conventions';
import { Check, Column, Entity, PrimaryColumn, PrimaryGeneratedColumn, Unique } from 'typeorm';

/** Events on their way to the audit trail: written with the change, removed once the trail has them. */
@Entity('audit_outbox')
@Unique('audit_outbox_events_are_unique', ['eventId'])
export class AuditOutboxEntity {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' })
  position!: string;

  @Column({ name: 'account_id', type: 'text' })
  accountId!: string;

  @Column({ name: 'event_id', type: 'uuid' })
  eventId!: string;

  @Column({ type: 'jsonb' })
  event!: AuditEventRecord;
}

/** Who hands events on at the moment: one at a time, so that their order is kept. One row. */
@Entity('audit_outbox_lease')
@Check('audit_outbox_lease_is_one', 'id = 1')
class AuditOutboxLeaseEntity {
  @PrimaryColumn({ type: 'int' })
  id!: number;

  @Column({ type: 'text', nullable: true })
  holder!: string | null;

  @Column({ name: 'leased_until', type: 'timestamptz' })
  leasedUntil!: Date;
}

/** For the `entities` of a service's data source. */
export const AUDIT_OUTBOX_ENTITIES = [AuditOutboxEntity, AuditOutboxLeaseEntity] as const;
