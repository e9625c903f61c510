import { Column, Entity, PrimaryColumn } from 'typeorm';
import { ProjectKey, asMilliseconds } from '../database/columns.js';

/** What a pipeline works on, per module. */
export type PipelineFacts = Readonly<Record<string, { readonly stepTypes: readonly string[]; readonly dbSchemas: readonly string[]; readonly dbInstances: readonly string[] }>>;

@Entity('pipelines')
export class PipelineEntity extends ProjectKey {
  @PrimaryColumn({ type: 'text' })
  identifier!: string;

  @Column({ type: 'text' })
  name!: string;

  @Column({ type: 'text', nullable: true })
  description!: string | null;

  @Column({ type: 'jsonb', default: {} })
  tags!: Record<string, string>;

  @Column({ type: 'text' })
  yaml!: string;

  @Column({ name: 'stage_names', type: 'jsonb', default: [] })
  stageNames!: string[];

  /** Facts a list is filtered by, found in the YAML when it was saved. */
  @Column({ type: 'jsonb', default: {} })
  filters!: PipelineFacts;

  @Column({ type: 'int', default: 1 })
  version!: number;

  @Column({ name: 'run_sequence', type: 'int', default: 0 })
  runSequence!: number;

  @Column({ name: 'last_execution_at', type: 'bigint', nullable: true, transformer: asMilliseconds })
  lastExecutionAt!: number | null;

  @Column({ name: 'created_at', type: 'bigint', transformer: asMilliseconds })
  createdAt!: number;

  @Column({ name: 'updated_at', type: 'bigint', transformer: asMilliseconds })
  updatedAt!: number;
}
