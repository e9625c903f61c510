import type { ApprovalStatus, ApprovalType } from '@sluice/pipeline-api';
import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { ProjectRow, asNumber } from '@sluice/persistence';
import type { ApprovalActivity, Approvers } from './approval.js';
import type { ApproverInput } from './approver-input.js';

@Entity('approval_instances')
@Index('approval_instances_by_execution', ['planExecutionId', 'createdAt'])
export class ApprovalInstanceEntity extends ProjectRow {
  @PrimaryColumn({ type: 'text' })
  id!: string;

  @Column({ name: 'plan_execution_id', type: 'text' })
  planExecutionId!: string;

  @Column({ name: 'node_execution_id', type: 'text' })
  nodeExecutionId!: string;

  @Column({ type: 'text' })
  type!: ApprovalType;

  @Column({ type: 'text' })
  status!: ApprovalStatus;

  @Column({ type: 'text' })
  message!: string;

  @Column({ name: 'error_message', type: 'text', nullable: true })
  errorMessage!: string | null;

  @Column({ type: 'bigint', transformer: asNumber })
  deadline!: number;

  @Column({ name: 'shows_history', type: 'boolean' })
  showsHistory!: boolean;

  @Column({ type: 'jsonb' })
  approvers!: Approvers;

  @Column({ type: 'jsonb', default: [] })
  inputs!: ApproverInput[];

  @Column({ type: 'jsonb', default: [] })
  activities!: ApprovalActivity[];

  @Column({ type: 'int', default: 1 })
  version!: number;

  @Column({ name: 'created_at', type: 'bigint', transformer: asNumber })
  createdAt!: number;

  @Column({ name: 'updated_at', type: 'bigint', transformer: asNumber })
  updatedAt!: number;
}
