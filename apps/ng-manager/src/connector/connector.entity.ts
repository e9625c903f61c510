import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';
import type { ConnectorBody, ConnectorStatus, ConnectorType, ValidationResult } from '@sluice/ng-manager-api';
import { ScopedNamedEntity } from '../persistence/named.js';
import { ScopedEntity } from '../persistence/scoped.js';
import type { Asker } from '../secret/secret-values.js';

@Entity('connectors')
export class ConnectorEntity extends ScopedNamedEntity {
  @Column({ type: 'text' })
  type!: ConnectorType;

  @Column({ type: 'jsonb' })
  spec!: ConnectorBody['spec'];

  @Column({ name: 'harness_managed', type: 'boolean', default: false })
  harnessManaged!: boolean;

  @Column({ type: 'jsonb', nullable: true })
  status!: ConnectorStatus | null;

  @Column({ name: 'last_activity_at', type: 'timestamptz', default: () => 'now()' })
  lastActivityAt!: Date;
}

/** A connection test a delegate was asked for; kept for a day, so that any replica can hand over its result. */
@Entity('connector_tests')
export class ConnectorTestEntity extends ScopedEntity {
  @PrimaryColumn({ name: 'task_id', type: 'text' })
  taskId!: string;

  @Column({ name: 'connector_identifier', type: 'text' })
  connectorIdentifier!: string;

  /** The secret expressions its payload holds; no other is sealed for it. */
  @Column({ type: 'jsonb' })
  expressions!: string[];

  /** In whose name its secrets are read. */
  @Column({ name: 'asked_by', type: 'jsonb', nullable: true })
  askedBy!: Asker | null;

  @Column({ type: 'jsonb', nullable: true })
  result!: ValidationResult | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column({ name: 'ended_at', type: 'timestamptz', nullable: true })
  endedAt!: Date | null;
}
