import type { SecurityEventRecord } from '@sluice/api-conventions';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Security events that are alike, of one minute. */
@Entity('security_events')
export class SecurityEventEntity {
  @PrimaryColumn({ name: 'account_id', type: 'text' })
  accountId!: string;

  /** Hash of what makes events alike. */
  @PrimaryColumn({ type: 'text' })
  alike!: string;

  @PrimaryColumn({ type: 'timestamptz' })
  minute!: Date;

  /** This and all that follows, but for `lastAt` and `count`, is of the first of them. */
  @Column({ name: 'event_id', type: 'text' })
  eventId!: string;

  @Column({ type: 'timestamptz' })
  at!: Date;

  @Column({ name: 'last_at', type: 'timestamptz' })
  lastAt!: Date;

  @Column({ type: 'integer' })
  count!: number;

  @Column({ type: 'text' })
  kind!: SecurityEventRecord['kind'];

  @Column({ type: 'text' })
  outcome!: SecurityEventRecord['outcome'];

  @Column({ name: 'org_id', type: 'text', nullable: true })
  orgId!: string | null;

  @Column({ name: 'project_id', type: 'text', nullable: true })
  projectId!: string | null;

  @Column({ name: 'resource_type', type: 'text' })
  resourceType!: string;

  @Column({ type: 'text' })
  identifier!: string;

  @Column({ type: 'jsonb' })
  actor!: SecurityEventRecord['actor'];

  @Column({ type: 'jsonb', nullable: true })
  origin!: SecurityEventRecord['origin'];

  @Column({ name: 'correlation_id', type: 'text' })
  correlationId!: string;

  @Column({ type: 'jsonb' })
  details!: SecurityEventRecord['details'];
}

/** Events of other services that were received: they may be handed over again. */
@Entity('security_event_receipts')
export class SecurityEventReceiptEntity {
  @PrimaryColumn({ name: 'account_id', type: 'text' })
  accountId!: string;

  @PrimaryColumn({ name: 'event_id', type: 'text' })
  eventId!: string;

  @Column({ name: 'received_at', type: 'timestamptz' })
  receivedAt!: Date;
}
