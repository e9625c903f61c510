import type { AuditActor } from '@sluice/api-conventions';
import { ProjectRow } from '@sluice/persistence';
import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn } from 'typeorm';

/** A project that is gone while pipeline still has what lay in it. */
@Entity('removed_projects')
export class RemovedProjectEntity extends ProjectRow {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' })
  position!: string;

  @Column({ name: 'unique_id', type: 'text' })
  uniqueId!: string;

  @Column({ name: 'removed_by', type: 'jsonb' })
  removedBy!: AuditActor;

  @Column({ name: 'correlation_id', type: 'text' })
  correlationId!: string;

  @CreateDateColumn({ name: 'removed_at', type: 'timestamptz' })
  removedAt!: Date;
}
