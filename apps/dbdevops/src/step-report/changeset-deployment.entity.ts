import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { ProjectRow, asNumber } from '@sluice/persistence';
import { DbInstanceEntity } from '../db-instance/db-instance.entity.js';
import { ChangesetEntity } from './changeset.entity.js';

/** What a changeset's state on an instance is now. One row per pair, so its size does not grow with the number of runs. */
@Entity('changeset_deployments')
@Index('changeset_deployments_cells', { synchronize: false })
@Index('changeset_deployments_remarks', { synchronize: false })
@Index('changeset_deployments_instance', ['instanceId', 'status', 'deployedAt'])
export class ChangesetDeploymentEntity extends ProjectRow {
  @PrimaryColumn({ name: 'changeset_id', type: 'bigint', primaryKeyConstraintName: 'changeset_deployments_pkey' })
  changesetId!: string;

  @ManyToOne(() => ChangesetEntity, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'changeset_id', foreignKeyConstraintName: 'changeset_deployments_changeset' })
  changeset?: Relation<ChangesetEntity>;

  @PrimaryColumn({ name: 'instance_id', type: 'uuid', primaryKeyConstraintName: 'changeset_deployments_pkey' })
  instanceId!: string;

  @ManyToOne(() => DbInstanceEntity, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'instance_id', foreignKeyConstraintName: 'changeset_deployments_on_instance' })
  instance?: Relation<DbInstanceEntity>;

  @Column({ type: 'text' })
  status!: 'Successfully_Deployed' | 'Not_Deployed' | 'Deployment_Failed' | 'Rolled_Back';

  @Column({ name: 'deployed_at', type: 'bigint', nullable: true, transformer: asNumber })
  deployedAt!: number | null;

  @Column({ name: 'updated_at', type: 'bigint', transformer: asNumber })
  updatedAt!: number;

  @Column({ name: 'order_executed', type: 'bigint', nullable: true, transformer: asNumber })
  orderExecuted!: number | null;

  @Column({ type: 'text', nullable: true })
  tag!: string | null;

  @Column({ type: 'text', nullable: true })
  label!: string | null;

  @Column({ type: 'text', nullable: true })
  comment!: string | null;

  @Column({ type: 'text', nullable: true })
  error!: string | null;

  @Column({ type: 'text', default: '' })
  pipeline!: string;

  @Column({ name: 'plan_execution_id', type: 'text', default: '' })
  planExecutionId!: string;

  @Column({ name: 'stage_execution_id', type: 'text', default: '' })
  stageExecutionId!: string;
}
