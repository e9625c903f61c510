import { Column, PrimaryColumn } from 'typeorm';
import { asNumber } from '@sluice/persistence';

/** The project a row belongs to, as part of its key. */
export abstract class ProjectKey {
  @PrimaryColumn({ name: 'account_id', type: 'text' })
  accountId!: string;

  @PrimaryColumn({ name: 'org_id', type: 'text' })
  orgId!: string;

  @PrimaryColumn({ name: 'project_id', type: 'text' })
  projectId!: string;
}

/** Something people write as YAML, with what is read out of it. */
export abstract class YamlDocument extends ProjectKey {
  @Column({ type: 'text' })
  name!: string;

  @Column({ type: 'text', nullable: true })
  description!: string | null;

  @Column({ type: 'jsonb', default: {} })
  tags!: Record<string, string>;

  /** As it was sent. */
  @Column({ type: 'text' })
  yaml!: string;

  @Column({ type: 'int', default: 1 })
  version!: number;

  @Column({ name: 'created_at', type: 'bigint', transformer: asNumber })
  createdAt!: number;

  @Column({ name: 'updated_at', type: 'bigint', transformer: asNumber })
  updatedAt!: number;
}
