import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { ProjectRow, asNumber } from '@sluice/persistence';
import { DbSchemaEntity } from '../db-schema/db-schema.entity.js';

@Entity('db_instances')
@Index('db_instances_identifier', ['schemaId', 'identifier'], { unique: true })
@Index('db_instances_created', ['schemaId', 'createdAt', 'id'])
@Index('db_instances_name', ['schemaId', 'name', 'id'])
@Index('db_instances_connector', ['accountId', 'connector'])
@Index('db_instances_environment', ['accountId', 'environment'])
@Index('db_instances_last_run', ['accountId', 'orgId', 'projectId', 'lastRunAt'])
export class DbInstanceEntity extends ProjectRow {
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'db_instances_pkey' })
  id!: string;

  @Column({ name: 'schema_id', type: 'uuid' })
  schemaId!: string;

  @ManyToOne(() => DbSchemaEntity, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'schema_id', foreignKeyConstraintName: 'db_instances_schema' })
  schema?: Relation<DbSchemaEntity>;

  @Column({ type: 'text' })
  identifier!: string;

  @Column({ type: 'text' })
  name!: string;

  @Column({ type: 'jsonb', default: {} })
  tags!: Record<string, string>;

  @Column({ type: 'text' })
  connector!: string;

  @Column({ type: 'text', nullable: true })
  branch!: string | null;

  @Column({ name: 'commit_sha', type: 'text', nullable: true })
  commitSha!: string | null;

  @Column({ name: 'git_tag', type: 'text', nullable: true })
  gitTag!: string | null;

  @Column({ type: 'text', default: '' })
  context!: string;

  @Column({ name: 'substitute_properties', type: 'jsonb', nullable: true })
  substituteProperties!: Record<string, string> | null;

  /** What the instance is filed under. */
  @Column({ type: 'text', nullable: true })
  environment!: string | null;

  @Column({ name: 'created_at', type: 'bigint', transformer: asNumber })
  createdAt!: number;

  @Column({ name: 'updated_at', type: 'bigint', transformer: asNumber })
  updatedAt!: number;

  /** End of the newest report that read the database's own history; null until one did. */
  @Column({ name: 'history_at', type: 'bigint', nullable: true, transformer: asNumber })
  historyAt!: number | null;

  @Column({ name: 'last_applied_tag', type: 'text', nullable: true })
  lastAppliedTag!: string | null;

  @Column({ name: 'last_changeset_tag', type: 'text', default: '' })
  lastChangesetTag!: string;

  @Column({ name: 'last_run_at', type: 'bigint', nullable: true, transformer: asNumber })
  lastRunAt!: number | null;

  /** Start of the first run since the history was read that left unknown what the database holds; null while that is known. */
  @Column({ name: 'unknown_since', type: 'bigint', nullable: true, transformer: asNumber })
  unknownSince!: number | null;
}
