import { Column, Entity, PrimaryColumn } from 'typeorm';
import { ScopedNamedEntity } from '../persistence/named.js';

@Entity('user_groups')
export class UserGroupEntity extends ScopedNamedEntity {
  /** The built-in group: every user of the account is in it, without rows in `user_group_members`. */
  @Column({ name: 'holds_all_users', type: 'boolean', default: false })
  holdsAllUsers!: boolean;
}

@Entity('user_group_members')
export class UserGroupMemberEntity {
  @PrimaryColumn({ name: 'account_id', type: 'text' })
  accountId!: string;

  @PrimaryColumn({ name: 'user_id', type: 'text' })
  userId!: string;

  @PrimaryColumn({ name: 'group_id', type: 'uuid' })
  groupId!: string;

  /** Place in the list of members, as it was sent; equal places are in the order of ids. */
  @Column({ type: 'integer', default: 0 })
  position!: number;
}
