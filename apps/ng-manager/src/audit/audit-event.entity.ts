import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Append-only: the database refuses changes and removals. */
@Entity('audit_events')
export class AuditEventEntity {
  @PrimaryColumn({ type: 'bigint', generated: 'identity', generatedIdentity: 'ALWAYS' })
  seq!: string;

  @Column({ type: 'timestamptz', insert: false })
  at!: Date;

  @Column({ name: 'account_id', type: 'text' })
  accountId!: string;

  @Column({ name: 'org_id', type: 'text', nullable: true })
  orgId!: string | null;

  @Column({ name: 'project_id', type: 'text', nullable: true })
  projectId!: string | null;

  @Column({ type: 'text' })
  action!: string;

  @Column({ name: 'resource_type', type: 'text' })
  resourceType!: string;

  @Column({ name: 'resource_identifier', type: 'text' })
  resourceIdentifier!: string;

  @Column({ type: 'jsonb' })
  actor!: object;

  @Column({ name: 'correlation_id', type: 'text' })
  correlationId!: string;

  @Column({ type: 'jsonb' })
  details!: object;
}
