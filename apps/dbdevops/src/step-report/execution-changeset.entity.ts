import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { ProjectRow, asNumber } from '@sluice/persistence';
import { ChangesetEntity } from './changeset.entity.js';
import { StepReportEntity } from './step-report.entity.js';

/** What one reported step did with a changeset. */
@Entity('execution_changesets')
@Index('execution_changesets_changeset', ['changesetId'])
export class ExecutionChangesetEntity extends ProjectRow {
  @PrimaryColumn({ name: 'step_report_id', type: 'bigint', primaryKeyConstraintName: 'execution_changesets_pkey' })
  stepReportId!: string;

  @ManyToOne(() => StepReportEntity, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'step_report_id', foreignKeyConstraintName: 'execution_changesets_report' })
  stepReport?: Relation<StepReportEntity>;

  @PrimaryColumn({ name: 'changeset_id', type: 'bigint', primaryKeyConstraintName: 'execution_changesets_pkey' })
  changesetId!: string;

  @ManyToOne(() => ChangesetEntity, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'changeset_id', foreignKeyConstraintName: 'execution_changesets_of_changeset' })
  changeset?: Relation<ChangesetEntity>;

  @Column({ type: 'text' })
  status!: 'SUCCESS' | 'FAILURE' | 'CANCELLED';

  @Column({ name: 'ended_at', type: 'bigint', transformer: asNumber })
  endedAt!: number;

  @Column({ type: 'text', nullable: true })
  tag!: string | null;

  @Column({ type: 'text', nullable: true })
  label!: string | null;

  @Column({ type: 'text', nullable: true })
  comment!: string | null;

  @Column({ type: 'text', nullable: true })
  error!: string | null;
}
