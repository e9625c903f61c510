import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { ProjectRow, asNumber } from '@sluice/persistence';

/** A project that is gone: nothing new is stored in it. Kept longer than any request takes. */
@Entity('removed_projects')
@Index('removed_projects_by_age', ['removedAt'])
export class RemovedProjectEntity extends ProjectRow {
  @PrimaryColumn({ name: 'unique_id', type: 'text' })
  uniqueId!: string;

  @Column({ name: 'removed_at', type: 'bigint', transformer: asNumber })
  removedAt!: number;

  /** Nothing of it is left: whatever lies under its name now is another project's. */
  @Column({ name: 'is_empty', type: 'boolean', default: false })
  isEmpty!: boolean;
}
