import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn } from 'typeorm';
import type { RoleName } from '@sluice/kernel';
import { ScopedEntity } from '../persistence/scoped.js';

/** A binding in a client's own words. */
export interface WrittenBinding {
  readonly roleIdentifier: string;
  readonly resourceGroupIdentifier: string;
  readonly roleScopeLevel?: string;
}

/** A role at a scope and everything inside it, held by a user, a service account or a group: exactly one of `userId` and `groupId` is set. */
@Entity('role_bindings')
export class RoleBindingEntity extends ScopedEntity {
  @PrimaryGeneratedColumn('uuid')
  id!: string;

  @Column({ type: 'text', default: () => `'role_assignment_' || replace(gen_random_uuid()::text, '-', '')` })
  identifier!: string;

  @Column({ name: 'user_id', type: 'text', nullable: true })
  userId!: string | null;

  @Column({ name: 'group_id', type: 'uuid', nullable: true })
  groupId!: string | null;

  @Column({ type: 'text' })
  role!: RoleName;

  /** The names a client wrote, which it gets back; null for our own names. */
  @Column({ name: 'as_written', type: 'jsonb', nullable: true })
  asWritten!: WrittenBinding | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;
}
