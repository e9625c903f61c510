import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn, type Relation } from 'typeorm';
import { ProjectRow, asNumber } from '@sluice/persistence';
import { DbInstanceEntity } from '../db-instance/db-instance.entity.js';

/** One row per reported step: makes a repeated report a no-op and ties changesets to executions. */
@Entity('step_reports')
@Index('step_reports_once', ['accountId', 'stepExecutionId', 'isLate'], { unique: true })
@Index('step_reports_execution', ['instanceId', 'planExecutionId', 'stageExecutionId'])
export class StepReportEntity extends ProjectRow {
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'step_reports_pkey',
  })
  id!: string;

  @Column({ name: 'instance_id', type: 'uuid' })
  instanceId!: string;

  @ManyToOne(() => DbInstanceEntity, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'instance_id', foreignKeyConstraintName: 'step_reports_instance' })
  instance?: Relation<DbInstanceEntity>;

  @Column({ name: 'step_execution_id', type: 'text' })
  stepExecutionId!: string;

  @Column({ name: 'is_late', type: 'boolean' })
  isLate!: boolean;

  @Column({ type: 'text' })
  command!: 'Update' | 'Rollback';

  @Column({ type: 'text' })
  pipeline!: string;

  @Column({ name: 'plan_execution_id', type: 'text' })
  planExecutionId!: string;

  @Column({ name: 'stage_execution_id', type: 'text' })
  stageExecutionId!: string;

  @Column({ type: 'text' })
  status!: 'succeeded' | 'failed' | 'aborted';

  @Column({ type: 'text', nullable: true })
  error!: string | null;

  /** Tag set before the first change, for rollbacks of the stage. */
  @Column({ name: 'pre_start_tag', type: 'text', nullable: true })
  preStartTag!: string | null;

  @Column({ name: 'started_at', type: 'bigint', transformer: asNumber })
  startedAt!: number;

  @Column({ name: 'ended_at', type: 'bigint', transformer: asNumber })
  endedAt!: number;
}
