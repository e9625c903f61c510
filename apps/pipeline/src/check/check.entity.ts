import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { ProjectRow, asNumber } from '@sluice/persistence';

/** Result of a check somebody asked for and comes back to read. Kept for a day. */
@Entity('pipeline_checks')
@Index('pipeline_checks_by_age', ['createdAt'])
@Index('pipeline_checks_by_project', ['accountId', 'orgId', 'projectId'])
export class CheckEntity extends ProjectRow {
  @PrimaryColumn({ name: 'check_id', type: 'text' })
  checkId!: string;

  @Column({ type: 'text' })
  kind!: string;

  @Column({ name: 'pipeline_identifier', type: 'text' })
  pipelineIdentifier!: string;

  @Column({ type: 'jsonb' })
  result!: unknown;

  @Column({ name: 'created_at', type: 'bigint', transformer: asNumber })
  createdAt!: number;
}
