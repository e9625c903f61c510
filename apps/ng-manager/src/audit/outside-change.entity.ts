import type { AuditEventRecord } from '@sluice/api-conventions';
import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

/** A change that another service makes: written before it is asked for, removed when its outcome is known. */
@Entity('outside_changes')
export class OutsideChangeEntity {
  @PrimaryColumn({ name: 'event_id', type: 'text' })
  eventId!: string;

  @Column({ name: 'account_id', type: 'text' })
  accountId!: string;

  /** What is added to the trail if the change was made. */
  @Column({ type: 'jsonb' })
  event!: AuditEventRecord;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;
}
