import type { AuditEventRecord } from '@sluice/api-conventions';
import { Column, Entity, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';

/** Events on their way to the audit trail: written with the change, removed once the trail has them. */
@Entity('audit_outbox')
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
export class AuditOutboxLeaseEntity {
  @PrimaryColumn({ type: 'int' })
  id!: number;

  @Column({ type: 'text', nullable: true })
  holder!: string | null;

  @Column({ name: 'leased_until', type: 'timestamptz' })
  leasedUntil!: Date;
}

/** For the `entities` of a service's data source. */
export const AUDIT_OUTBOX_ENTITIES = [AuditOutboxEntity, AuditOutboxLeaseEntity] as const;
