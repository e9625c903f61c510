import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { ProjectRow, asNumber } from '@sluice/persistence';
import { DbInstanceEntity } from '../db-instance/db-instance.entity.js';

/** What a migration tool's log said. The log itself is not kept: it may hold what nobody masked. */
@Entity('parsed_logs')
@Index('parsed_logs_instance', ['instanceId'])
export class ParsedLogEntity extends ProjectRow {
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'parsed_logs_pkey' })
  id!: string;

  @Column({ name: 'instance_id', type: 'uuid' })
  instanceId!: string;

  @ManyToOne(() => DbInstanceEntity, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'instance_id', foreignKeyConstraintName: 'parsed_logs_of_instance' })
  instance?: Relation<DbInstanceEntity>;

  @Column({ type: 'boolean' })
  success!: boolean;

  @Column({ type: 'text' })
  command!: string;

  @Column({ name: 'created_at', type: 'bigint', transformer: asNumber })
  createdAt!: number;
}
