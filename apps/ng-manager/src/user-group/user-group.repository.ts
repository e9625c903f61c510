import { scopeColumns, type Scope } from '@sluice/kernel';
import { containing } from '@sluice/persistence';
import { ALL_USERS_GROUP } from '@sluice/ng-manager-api';
import { In, type EntityManager } from 'typeorm';
import { readPage, type Page, type PageRequest } from '../persistence/page.js';
import { atScope, reaching, type Reach } from '../persistence/scoped.js';
import { UserGroupEntity, UserGroupMemberEntity } from './user-group.entity.js';

export type UserGroupRow = Readonly<UserGroupEntity>;
export type StoredNotifications = Pick<UserGroupRow, 'notificationConfigs' | 'ciphertext' | 'keyVersion'>;
export type UserGroupValues = Pick<UserGroupRow, 'name' | 'description' | 'tags'> & Partial<StoredNotifications>;
type GroupKey = Pick<UserGroupRow, 'accountId' | 'id'>;

/** Keys add up; a list holds alternatives. */
export interface GroupFilter {
  readonly identifiers?: readonly string[] | undefined;
  readonly userIds?: readonly string[] | undefined;
  readonly ids?: readonly string[] | undefined;
  readonly searchTerm?: string | undefined;
}

export class UserGroupRepository {
  constructor(private readonly manager: EntityManager) {}

  find(scope: Scope, identifier: string, options: { readonly forUpdate?: boolean } = {}): Promise<UserGroupRow | null> {
    return this.manager.findOne<UserGroupEntity>(UserGroupEntity, {
      where: { ...atScope(scope), identifier },
      ...(options.forUpdate ? { lock: { mode: 'pessimistic_write' } } : {}),
    });
  }

  /** The groups of exactly this scope that a user is a member of, locked. */
  withMember(scope: Scope, userId: string): Promise<UserGroupRow[]> {
    return this.manager
      .createQueryBuilder(UserGroupEntity, 'row')
      .where(atScope(scope))
      .andWhere(
        'EXISTS (SELECT 1 FROM user_group_members m WHERE m.account_id = row.account_id AND m.group_id = row.id AND m.user_id = :userId)',
        { userId },
      )
      .orderBy('row.identifier')
      .setLock('pessimistic_write')
      .getMany();
  }

  page(reaches: readonly Reach[], page: PageRequest): Promise<Page<UserGroupRow>> {
    return readPage(this.manager.createQueryBuilder(UserGroupEntity, 'row').where(reaching(reaches)), page);
  }

  /** What a filter finds, by identifier. */
  async filtered(
    reaches: readonly Reach[],
    { identifiers, userIds, ids, searchTerm }: GroupFilter,
    most: number,
  ): Promise<UserGroupRow[]> {
    const query = this.manager.createQueryBuilder(UserGroupEntity, 'row').where(reaching(reaches));
    if (identifiers) query.andWhere('row.identifier = ANY(:identifiers)', { identifiers: [...identifiers] });
    if (ids) query.andWhere('row.id::text = ANY(:ids)', { ids: [...ids] });
    if (userIds)
      query.andWhere(
        '(row.holds_all_users AND :anybody OR EXISTS (SELECT 1 FROM user_group_members m WHERE m.account_id = row.account_id AND m.group_id = row.id AND m.user_id::text = ANY(:userIds)))',
        { userIds: [...userIds], anybody: userIds.length > 0 },
      );
    if (searchTerm)
      query.andWhere('(row.identifier ILIKE :term OR row.name ILIKE :term)', { term: containing(searchTerm) });
    return query.orderBy('row.identifier').addOrderBy('row.id').take(most).getMany();
  }

  async insert(scope: Scope, identifier: string, values: UserGroupValues): Promise<void> {
    await this.manager.insert(UserGroupEntity, { ...scopeColumns(scope), identifier, ...writable(values) });
  }

  /** Makes the group of all users of an account unless it is there. */
  async ensureAllUsers(accountId: string): Promise<void> {
    const group = {
      accountId,
      identifier: ALL_USERS_GROUP,
      name: 'All Account Users',
      description: 'Every user of the account',
      tags: {},
      holdsAllUsers: true,
    };
    await this.manager.createQueryBuilder().insert().into(UserGroupEntity).values(group).orIgnore().execute();
  }

  async update({ accountId, id }: GroupKey, values: UserGroupValues): Promise<void> {
    await this.manager.update(UserGroupEntity, { accountId, id }, { ...writable(values), updatedAt: new Date() });
  }

  async delete({ accountId, id }: GroupKey): Promise<void> {
    await this.manager.delete(UserGroupEntity, { accountId, id });
  }

  /** Ids of the members of some groups, by group, in the order they were sent in. */
  async membersOf(groups: readonly GroupKey[]): Promise<ReadonlyMap<string, readonly string[]>> {
    const members = new Map<string, string[]>();
    if (groups.length === 0) return members;
    const rows = await this.manager.find(UserGroupMemberEntity, {
      where: { accountId: groups[0]?.accountId ?? '', groupId: In(groups.map(({ id }) => id)) },
      order: { position: 'ASC', userId: 'ASC' },
    });
    for (const { groupId, userId } of rows) members.set(groupId, [...(members.get(groupId) ?? []), userId]);
    return members;
  }

  /** Puts them behind the members there are; who is one already stays in place. */
  async addMembers({ accountId, id }: GroupKey, userIds: readonly string[]): Promise<void> {
    if (userIds.length === 0) return;
    await this.manager.query(
      `INSERT INTO user_group_members (account_id, group_id, user_id, position)
       SELECT $1, $2, wanted.user_id, wanted.at + (SELECT coalesce(max(position), 0) FROM user_group_members WHERE account_id = $1 AND group_id = $2)
         FROM unnest($3::text[]) WITH ORDINALITY AS wanted (user_id, at) ON CONFLICT DO NOTHING`,
      [accountId, id, [...userIds]],
    );
  }

  /** Brings the members into this order. */
  async orderMembers({ accountId, id }: GroupKey, userIds: readonly string[]): Promise<void> {
    await this.manager.query(
      `UPDATE user_group_members m SET position = wanted.at FROM unnest($3::text[]) WITH ORDINALITY AS wanted (user_id, at)
        WHERE m.account_id = $1 AND m.group_id = $2 AND m.user_id = wanted.user_id AND m.position <> wanted.at`,
      [accountId, id, [...userIds]],
    );
  }

  async removeMembers({ accountId, id }: GroupKey, userIds: readonly string[]): Promise<void> {
    if (userIds.length > 0)
      await this.manager.delete(UserGroupMemberEntity, { accountId, groupId: id, userId: In([...userIds]) });
  }
}

function writable({ notificationConfigs, ...values }: UserGroupValues) {
  return { ...values, ...(notificationConfigs ? { notificationConfigs: [...notificationConfigs] } : {}) };
}
