import { scopeColumns, type RoleName, type Scope } from '@sluice/kernel';
import { In, type EntityManager } from 'typeorm';
import { readPage, type Page, type PageRequest } from '../persistence/page.js';
import { UserEntity } from './user.entity.js';

export type User = Readonly<UserEntity>;

export interface UserFilter {
  /** Only users with a role that reaches this scope; all of the account at its own. */
  readonly reaching: Scope;
  readonly roles?: readonly RoleName[] | undefined;
  readonly inGroup?: string | undefined;
  readonly id?: string;
}

/** People and service accounts alike, unless a method says otherwise. */
export class UserRepository {
  constructor(private readonly manager: EntityManager) {}

  /** Whoever signs in under this id. */
  findPrincipal(accountId: string, id: string): Promise<User | null> {
    return this.manager.findOneBy(UserEntity, { accountId, id });
  }

  find(accountId: string, id: string, options: { readonly forUpdate?: boolean } = {}): Promise<User | null> {
    return this.manager.findOne(UserEntity, { where: { accountId, id, type: 'user' }, ...(options.forUpdate ? { lock: { mode: 'pessimistic_write' } } : {}) });
  }

  findByEmail(accountId: string, email: string): Promise<User | null> {
    return this.manager.findOneBy(UserEntity, { accountId, email: email.toLowerCase(), type: 'user' });
  }

  /** Ids of those that are users of the account. */
  async known(accountId: string, ids: readonly string[]): Promise<Set<string>> {
    const rows = await this.manager.find(UserEntity, { select: { id: true }, where: { accountId, id: In([...ids]), type: 'user' } });
    return new Set(rows.map(({ id }) => id));
  }

  async insert(user: { readonly accountId: string; readonly id: string; readonly email: string; readonly name: string; readonly type?: User['type']; readonly isDisabled?: boolean }): Promise<void> {
    await this.manager.insert(UserEntity, { ...user, email: user.email.toLowerCase() });
  }

  async update(accountId: string, id: string, change: Partial<Pick<User, 'name' | 'email' | 'isDisabled'>>): Promise<void> {
    await this.manager.update(UserEntity, { accountId, id }, change);
  }

  /** Keys, roles and memberships go along. */
  async delete(accountId: string, id: string): Promise<boolean> {
    return (await this.manager.delete(UserEntity, { accountId, id })).affected === 1;
  }

  page(accountId: string, page: PageRequest, filter?: UserFilter): Promise<Page<User>> {
    const query = this.manager.createQueryBuilder(UserEntity, 'row').where(`row.accountId = :accountId AND row.type = 'user'`, { accountId });
    if (filter?.id !== undefined) query.andWhere('row.id = :id', { id: filter.id });
    if (filter?.inGroup) query.andWhere('EXISTS (SELECT 1 FROM user_group_members m WHERE m.account_id = row.account_id AND m.user_id = row.id AND m.group_id = :group)', { group: filter.inGroup });
    const { orgId, projectId } = filter ? scopeColumns(filter.reaching) : { orgId: null, projectId: null };
    if (orgId !== null || filter?.roles?.length) {
      query.andWhere(
        `EXISTS (SELECT 1 FROM granted_roles g WHERE g.account_id = row.account_id AND g.user_id = row.id AND (:roles::text[] IS NULL OR g.role = ANY(:roles))
           AND (g.org_id IS NULL OR g.org_id = :orgId::text) AND (g.project_id IS NULL OR g.project_id = :projectId::text))`,
        { roles: filter?.roles?.length ? [...filter.roles] : null, orgId, projectId },
      );
    }
    return readPage(query, page, { searched: ['name', 'email'], sortable: { name: 'name', email: 'email', createdAt: 'createdAt', lastModifiedAt: 'updatedAt' } });
  }
}
