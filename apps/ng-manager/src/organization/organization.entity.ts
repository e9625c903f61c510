import { Column, Entity, PrimaryColumn, VersionColumn } from 'typeorm';
import { NamedEntity } from '../persistence/named.js';

@Entity('organizations')
export class OrganizationEntity extends NamedEntity {
  @PrimaryColumn({ name: 'account_id', type: 'text' })
  accountId!: string;

  @PrimaryColumn({ type: 'text' })
  identifier!: string;

  @Column({ name: 'harness_managed', type: 'boolean', default: false })
  harnessManaged!: boolean;

  @VersionColumn({ type: 'integer' })
  version!: number;
}
