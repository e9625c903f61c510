import { Column, Entity, PrimaryColumn } from 'typeorm';
import { YamlDocument } from '../database/columns.js';

@Entity('input_sets')
export class InputSetEntity extends YamlDocument {
  @PrimaryColumn({ name: 'pipeline_identifier', type: 'text' })
  pipelineIdentifier!: string;

  @PrimaryColumn({ type: 'text' })
  identifier!: string;

  /** `INPUT_SET` or `OVERLAY_INPUT_SET`; identifiers are shared by both. */
  @Column({ type: 'text', default: 'INPUT_SET' })
  type!: string;

  /** Of an overlay: its input sets, later ones over earlier ones. */
  @Column({ name: 'input_set_references', type: 'jsonb', default: [] })
  references!: string[];
}
