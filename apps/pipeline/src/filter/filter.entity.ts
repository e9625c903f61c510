import { asNumber } from '@sluice/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { ProjectKey } from '../database/columns.js';

@Entity('filters')
export class FilterEntity extends ProjectKey {
  /** What it is a filter of: `PipelineSetup` or `PipelineExecution`. */
  @PrimaryColumn({ type: 'text' })
  type!: string;

  @PrimaryColumn({ type: 'text' })
  identifier!: string;

  @Column({ type: 'text' })
  name!: string;

  /** `EveryOne` or `OnlyCreator`. */
  @Column({ type: 'text' })
  visibility!: string;

  /** As they were sent, `filterType` among them. */
  @Column({ type: 'jsonb' })
  properties!: unknown;

  /** Id of the principal who made it. */
  @Column({ name: 'created_by', type: 'text' })
  createdBy!: string;

  @Column({ name: 'created_at', type: 'bigint', transformer: asNumber })
  createdAt!: number;

  @Column({ name: 'updated_at', type: 'bigint', transformer: asNumber })
  updatedAt!: number;
}
