import { Column, Entity, PrimaryColumn } from 'typeorm';
import { ProjectKey, asMilliseconds } from '../database/columns.js';

@Entity('input_sets')
export class InputSetEntity extends ProjectKey {
  @PrimaryColumn({ name: 'pipeline_identifier', type: 'text' })
  pipelineIdentifier!: string;

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

  /** `INPUT_SET` or `OVERLAY_INPUT_SET`; identifiers are shared by both. */
  @Column({ type: 'text', default: 'INPUT_SET' })
  type!: string;

  /** Of an overlay: its input sets, later ones over earlier ones. */
  @Column({ name: 'input_set_references', type: 'jsonb', default: [] })
  references!: string[];

  @Column({ type: 'int', default: 1 })
  version!: number;

  @Column({ name: 'created_at', type: 'bigint', transformer: asMilliseconds })
  createdAt!: number;

  @Column({ name: 'updated_at', type: 'bigint', transformer: asMilliseconds })
  updatedAt!: number;
}
