import { Column, Entity, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';
import { ScopedEntity } from '../persistence/scoped.js';

/** "This entity refers to that one". Scope columns are the user's; written in the transaction that writes the user. */
@Entity('entity_uses')
export class EntityUseEntity extends ScopedEntity {
  @PrimaryGeneratedColumn('uuid')
  id!: string;

  @Column({ name: 'user_kind', type: 'text' })
  userKind!: string;

  @Column({ name: 'user_identifier', type: 'text' })
  userIdentifier!: string;

  @Column({ name: 'used_kind', type: 'text' })
  usedKind!: string;

  @Column({ name: 'used_org_id', type: 'text', nullable: true })
  usedOrgId!: string | null;

  @Column({ name: 'used_project_id', type: 'text', nullable: true })
  usedProjectId!: string | null;

  @Column({ name: 'used_identifier', type: 'text' })
  usedIdentifier!: string;

  /** False for what was stored before the right to use it was asked for, when it leads to a scope above. */
  @Column({ name: 'is_authorised', type: 'boolean', default: true })
  isAuthorised!: boolean;
}

/** The newest turn to say what a document of pipeline refers to. */
@Entity('entity_use_turns')
export class EntityUseTurnEntity {
  @PrimaryColumn({ name: 'account_id', type: 'text' })
  accountId!: string;

  @PrimaryColumn({ name: 'org_id', type: 'text' })
  orgId!: string;

  @PrimaryColumn({ name: 'project_id', type: 'text' })
  projectId!: string;

  @PrimaryColumn({ name: 'user_kind', type: 'text' })
  userKind!: string;

  @PrimaryColumn({ name: 'user_identifier', type: 'text' })
  userIdentifier!: string;

  @Column({ type: 'uuid' })
  turn!: string;
}
