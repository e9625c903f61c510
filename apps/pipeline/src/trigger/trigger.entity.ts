import { Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import { YamlDocument } from '../database/columns.js';
import { PipelineEntity } from '../pipeline/pipeline.entity.js';

/** Goes with its pipeline. */
@Entity('triggers')
@ForeignKey(
  () => PipelineEntity,
  ['accountId', 'orgId', 'projectId', 'target'],
  ['accountId', 'orgId', 'projectId', 'identifier'],
  { name: 'triggers_of_pipeline', onDelete: 'CASCADE' },
)
export class TriggerEntity extends YamlDocument {
  @PrimaryColumn({ name: 'target', type: 'text' })
  target!: string;

  @PrimaryColumn({ type: 'text' })
  identifier!: string;

  @Column({ type: 'text' })
  type!: string;

  @Column({ name: 'source_type', type: 'text' })
  sourceType!: string;

  @Column({ name: 'webhook_secret_ref', type: 'text', nullable: true })
  webhookSecretRef!: string | null;

  /** Starts its pipeline by itself. */
  @Column({ name: 'is_enabled', type: 'boolean' })
  isEnabled!: boolean;

  /** Known faults by field, for one stored in spite of them. */
  @Column({ type: 'jsonb', default: {} })
  errors!: Record<string, string>;
}
