import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn, type Relation } from 'typeorm';
import { ProjectRow } from '@sluice/persistence';
import { DbSchemaEntity } from '../db-schema/db-schema.entity.js';

/** A changeset a schema is known to have. Ids rise in the order changesets were first seen. */
@Entity('changesets')
@Index('changesets_newest', ['schemaId', 'id'])
@Index('changesets_fqn', ['schemaId', 'fqnKey'], { unique: true })
export class ChangesetEntity extends ProjectRow {
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'changesets_pkey',
  })
  id!: string;

  @Column({ name: 'schema_id', type: 'uuid' })
  schemaId!: string;

  @ManyToOne(() => DbSchemaEntity, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'schema_id', foreignKeyConstraintName: 'changesets_schema' })
  schema?: Relation<DbSchemaEntity>;

  /** md5 of `keyOf` the changeset: names may be longer than an index entry. */
  @Column({ name: 'fqn_key', type: 'uuid' })
  fqnKey!: string;

  /** `file::id::author`. */
  @Column({ type: 'text' })
  fqn!: string;

  @Column({ type: 'text' })
  file!: string;

  @Column({ name: 'change_id', type: 'text' })
  changeId!: string;

  @Column({ type: 'text' })
  author!: string;
}
