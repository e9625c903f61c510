import type { NotificationConfig } from '@sluice/ng-manager-api';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { ScopedNamedEntity } from '../persistence/named.js';

/** What anybody may know of a place where a group would be notified. */
export interface NotificationPlace {
  readonly type: NotificationConfig['type'];
  readonly groupEmail?: string;
  readonly sendEmailToAllUsers?: boolean;
}

@Entity('user_groups')
export class UserGroupEntity extends ScopedNamedEntity {
  /** The built-in group: every user of the account is in it, without rows in `user_group_members`. */
  @Column({ name: 'holds_all_users', type: 'boolean', default: false })
  holdsAllUsers!: boolean;

  /** In the order they were sent, without addresses and keys. */
  @Column({ name: 'notification_configs', type: 'jsonb', default: [] })
  notificationConfigs!: readonly NotificationPlace[];

  /** Their addresses and keys in the same order, encrypted; null when none of them has one. */
  @Column({ type: 'bytea', nullable: true })
  ciphertext!: Buffer | null;

  /** Version of the data key of `ciphertext`. */
  @Column({ name: 'key_version', type: 'integer', nullable: true })
  keyVersion!: number | null;
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
