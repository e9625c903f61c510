import type { AuditActor, AuditEventRecord } from '@sluice/api-conventions';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Append-only: the database refuses changes and removals. Columns after `module` are what {@link AuditEventRecord} says; all of them are hashed. */
@Entity('audit_events')
export class AuditEventEntity {
  @PrimaryColumn({ type: 'bigint', generated: 'identity', generatedIdentity: 'ALWAYS' })
  seq!: string;

  @Column({ name: 'account_id', type: 'text' })
  accountId!: string;

  /** Place in the account's chain: 1, 2, 3, … without gaps. */
  @Column({ type: 'bigint' })
  position!: string;

  /** Hash of the event in front; empty for the first. */
  @Column({ name: 'prev_hash', type: 'text' })
  prevHash!: string;

  @Column({ type: 'text' })
  hash!: string;

  /** When the trail got it; `at` is when it happened. */
  @Column({ name: 'recorded_at', type: 'timestamptz' })
  recordedAt!: Date;

  @Column({ type: 'text' })
  module!: string;

  @Column({ name: 'event_id', type: 'text' })
  eventId!: string;

  @Column({ type: 'timestamptz' })
  at!: Date;

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

  @Column({ name: 'resource_name', type: 'text', nullable: true })
  resourceName!: string | null;

  @Column({ type: 'jsonb' })
  actor!: AuditActor;

  @Column({ type: 'jsonb', nullable: true })
  origin!: AuditEventRecord['origin'];

  @Column({ name: 'request_method', type: 'text', nullable: true })
  requestMethod!: string | null;

  @Column({ name: 'correlation_id', type: 'text' })
  correlationId!: string;

  @Column({ type: 'jsonb' })
  details!: Record<string, unknown>;

  @Column({ type: 'jsonb', nullable: true })
  before!: unknown;

  @Column({ type: 'jsonb', nullable: true })
  after!: unknown;

  @Column({ type: 'jsonb' })
  changes!: string[];

  /** E-mail address or id of who did it, in small letters. Made by the database. */
  @Column({ name: 'actor_key', type: 'text', insert: false, update: false })
  actorKey!: string;

  /** What a search looks at, in small letters. Made by the database. */
  @Column({ name: 'search_text', type: 'text', insert: false, update: false })
  searchText!: string;
}

/** Where an account's chain ends. Locked while events are added, so that they stand one behind the other. */
@Entity('audit_chains')
export class AuditChainEntity {
  @PrimaryColumn({ name: 'account_id', type: 'text' })
  accountId!: string;

  @Column({ type: 'bigint' })
  position!: string;

  @Column({ type: 'text' })
  hash!: string;
}
