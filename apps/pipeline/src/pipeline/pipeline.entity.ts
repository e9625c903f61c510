import { Column, Entity, PrimaryColumn } from 'typeorm';
import { asNumber } from '@sluice/persistence';
import { YamlDocument } from '../database/columns.js';

/** What a pipeline works on, per module. */
export type PipelineFacts = Readonly<
  Record<
    string,
    {
      readonly stepTypes: readonly string[];
      readonly dbSchemas: readonly string[];
      readonly dbInstances: readonly string[];
    }
  >
>;

@Entity('pipelines')
export class PipelineEntity extends YamlDocument {
  @PrimaryColumn({ type: 'text' })
  identifier!: string;

  @Column({ name: 'stage_names', type: 'jsonb', default: [] })
  stageNames!: string[];

  /** Facts a list is filtered by, found in the YAML when it was saved. */
  @Column({ type: 'jsonb', default: {} })
  filters!: PipelineFacts;

  @Column({ name: 'run_sequence', type: 'int', default: 0 })
  runSequence!: number;

  @Column({ name: 'last_execution_at', type: 'bigint', nullable: true, transformer: asNumber })
  lastExecutionAt!: number | null;
}
