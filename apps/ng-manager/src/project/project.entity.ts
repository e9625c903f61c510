import { Column, Entity, PrimaryColumn, VersionColumn } from 'typeorm';
import { NamedEntity } from '../persistence/named.js';

@Entity('projects')
export class ProjectEntity extends NamedEntity {
  @PrimaryColumn({ name: 'account_id', type: 'text' })
  accountId!: string;

  @PrimaryColumn({ name: 'org_id', type: 'text' })
  orgId!: string;

  @PrimaryColumn({ type: 'text' })
  identifier!: string;

  @Column({ name: 'unique_id', type: 'text' })
  uniqueId!: string;

  @Column({ type: 'text', nullable: true })
  color!: string | null;

  @Column({ type: 'jsonb' })
  modules!: string[];

  @VersionColumn({ type: 'integer' })
  version!: number;
}
