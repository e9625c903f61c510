import { scopeColumns, type RoleName, type Scope } from '@sluice/kernel';
import { ALL_RESOURCES, type ScopeLevel } from '@sluice/ng-manager-api';
import { In, type EntityManager, type SelectQueryBuilder } from 'typeorm';
import { readPage, type Page, type PageRequest } from '../persistence/page.js';
import { UserEntity } from './user.entity.js';

export type User = Readonly<UserEntity>;

/** A role somebody is sought by; at one level of scope only when that is given. */
interface RoleSought {
  readonly role: RoleName;
  readonly level?: ScopeLevel;
}

/** Lists are alternatives, keys add up. */
export interface UserFilter {
  /** Only users with a role that reaches this scope; all of the account at its own. */
  readonly reaching: Scope;
  /** Where that role is bound: `here` at the scope itself, `above` above it; anywhere when absent. Everybody is bound to the account. */
  readonly bound?: 'here' | 'above' | undefined;
  readonly roles?: readonly RoleSought[] | undefined;
  /** What the role counts for, in the words it was bound in. */
  readonly resourceGroups?: readonly string[] | undefined;
  readonly inGroup?: string | undefined;
  readonly ids?: readonly string[] | undefined;
  readonly emails?: readonly string[] | undefined;
}

/** People and service accounts alike, unless a method says otherwise. */
export class UserRepository {
  constructor(private readonly manager: EntityManager) {}

  /** Whoever signs in under this id. */
  findPrincipal(accountId: string, id: string): Promise<User | null> {
    return this.manager.findOneBy(UserEntity, { accountId, id });
  }

  find(accountId: string, id: string, options: { readonly forUpdate?: boolean } = {}): Promise<User | null> {
    return this.manager.findOne(UserEntity, {
      where: { accountId, id, type: 'user' },
      ...(options.forUpdate ? { lock: { mode: 'pessimistic_write' } } : {}),
    });
  }

  findByEmail(accountId: string, email: string): Promise<User | null> {
    return this.manager.findOneBy(UserEntity, { accountId, email: email.toLowerCase(), type: 'user' });
  }

  /** Ids of those that are users of the account. */
  async known(accountId: string, ids: readonly string[]): Promise<Set<string>> {
    const rows = await this.manager.find(UserEntity, {
      select: { id: true },
      where: { accountId, id: In([...ids]), type: 'user' },
    });
    return new Set(rows.map(({ id }) => id));
  }

  /** Users of the account by id. */
  async named(accountId: string, ids: readonly string[]): Promise<ReadonlyMap<string, User>> {
    const rows = await this.manager.find(UserEntity, { where: { accountId, id: In([...ids]), type: 'user' } });
    return new Map(rows.map((row) => [row.id, row]));
  }

  /** Ids by address, in small letters. */
  async idsByEmail(accountId: string, emails: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const rows = await this.manager.find(UserEntity, {
      select: { id: true, email: true },
      where: { accountId, email: In(emails.map((email) => email.toLowerCase())), type: 'user' },
    });
    return new Map(rows.map(({ id, email }) => [email, id]));
  }

  async insert(user: {
    readonly accountId: string;
    readonly id: string;
    readonly email: string;
    readonly name: string;
    readonly type?: User['type'];
    readonly isDisabled?: boolean;
  }): Promise<void> {
    await this.manager.insert(UserEntity, { ...user, email: user.email.toLowerCase() });
  }

  async update(
    accountId: string,
    id: string,
    change: Partial<Pick<User, 'name' | 'email' | 'isDisabled'>>,
  ): Promise<void> {
    await this.manager.update(UserEntity, { accountId, id }, change);
  }

  /** Keys, roles and memberships go along. */
  async delete(accountId: string, id: string): Promise<boolean> {
    return (await this.manager.delete(UserEntity, { accountId, id })).affected === 1;
  }

  /** Somebody whose e-mail address is searched for stands in front of those whose address contains it: clients take the first. */
  page(accountId: string, page: PageRequest, filter?: UserFilter): Promise<Page<User>> {
    const query = this.manager
      .createQueryBuilder(UserEntity, 'row')
      .where(`row.accountId = :accountId AND row.type = 'user'`, { accountId });
    if (filter?.ids) query.andWhere('row.id = ANY(:ids)', { ids: [...filter.ids] });
    if (filter?.emails)
      query.andWhere('row.email = ANY(:emails)', { emails: filter.emails.map((email) => email.toLowerCase()) });
    if (filter?.inGroup)
      query.andWhere(
        'EXISTS (SELECT 1 FROM user_group_members m WHERE m.account_id = row.account_id AND m.user_id = row.id AND m.group_id = :group)',
        { group: filter.inGroup },
      );
    if (filter) withRole(query, filter);
    if (page.search && !page.sort?.length)
      query
        .addSelect('row.email = :address', 'is_address')
        .orderBy('is_address', 'DESC')
        .setParameter('address', page.search.toLowerCase());
    return readPage(query, page, {
      searched: ['name', 'email'],
      sortable: { name: 'name', email: 'email', createdAt: 'createdAt', lastModifiedAt: 'updatedAt' },
    });
  }
}

const LEVEL_OF_GRANT = `CASE WHEN g.project_id IS NOT NULL THEN 'project' WHEN g.org_id IS NOT NULL THEN 'organization' ELSE 'account' END`;
const REACHES =
  '(g.org_id IS NULL OR g.org_id = :orgId::text) AND (g.project_id IS NULL OR g.project_id = :projectId::text)';
const IS_HERE = '(g.org_id IS NOT DISTINCT FROM :orgId::text AND g.project_id IS NOT DISTINCT FROM :projectId::text)';

function withRole(query: SelectQueryBuilder<UserEntity>, { reaching, bound, roles, resourceGroups }: UserFilter): void {
  const { orgId, projectId } = scopeColumns(reaching);
  if (orgId === null && bound === 'above') query.andWhere('FALSE');
  if (orgId === null && !roles?.length && !resourceGroups?.length) return;
  const conditions = [REACHES];
  if (bound && orgId !== null) conditions.push(bound === 'here' ? IS_HERE : `NOT ${IS_HERE}`);
  if (roles?.length)
    conditions.push(
      `EXISTS (SELECT 1 FROM unnest(:roles::text[], :levels::text[]) AS sought (role, level) WHERE sought.role = g.role AND (sought.level IS NULL OR sought.level = ${LEVEL_OF_GRANT}))`,
    );
  if (resourceGroups?.length)
    conditions.push(
      `EXISTS (SELECT 1 FROM role_bindings b WHERE b.id = g.binding_id AND coalesce(b.as_written ->> 'resourceGroupIdentifier', :allResources) = ANY(:resourceGroups))`,
    );
  query.andWhere(
    `EXISTS (SELECT 1 FROM granted_roles g WHERE g.account_id = row.account_id AND g.user_id = row.id AND ${conditions.join(' AND ')})`,
    {
      orgId,
      projectId,
      roles: roles?.map(({ role }) => role),
      levels: roles?.map(({ level }) => level ?? null),
      resourceGroups,
      allResources: ALL_RESOURCES,
    },
  );
}
