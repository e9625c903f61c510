import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { ProjectRow, asNumber } from '@sluice/persistence';
import type { Changelog, ChangeLogScript } from './db-schema.js';

@Entity('db_schemas')
@Index('db_schemas_identifier', ['accountId', 'orgId', 'projectId', 'identifier'], { unique: true })
@Index('db_schemas_created', ['accountId', 'orgId', 'projectId', 'createdAt'])
@Index('db_schemas_connector', { synchronize: false })
@Index('db_schemas_service', ['accountId', 'service'])
export class DbSchemaEntity extends ProjectRow {
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'db_schemas_pkey' })
  id!: string;

  @Column({ type: 'text' })
  identifier!: string;

  @Column({ type: 'text' })
  name!: string;

  @Column({ type: 'jsonb', default: {} })
  tags!: Record<string, string>;

  @Column({ type: 'text' })
  type!: 'Repository' | 'Script';

  @Column({ name: 'migration_type', type: 'text' })
  migrationType!: 'Liquibase' | 'Flyway';

  @Column({ type: 'jsonb', nullable: true })
  changelog!: Changelog | null;

  @Column({ name: 'change_log_script', type: 'jsonb', nullable: true })
  changeLogScript!: ChangeLogScript | null;

  @Column({ type: 'text', nullable: true })
  service!: string | null;

  @Column({ name: 'use_percona', type: 'boolean', default: false })
  usePercona!: boolean;

  @Column({ name: 'primary_instance', type: 'text', nullable: true })
  primaryInstance!: string | null;

  @Column({ name: 'created_at', type: 'bigint', transformer: asNumber })
  createdAt!: number;

  @Column({ name: 'updated_at', type: 'bigint', transformer: asNumber })
  updatedAt!: number;
}
