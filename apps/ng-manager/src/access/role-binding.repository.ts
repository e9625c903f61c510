import { scopeColumns, type RoleGrant, type RoleName, type Scope } from '@sluice/kernel';
import { In, type EntityManager } from 'typeorm';
import { readPage, type Page, type PageRequest } from '../persistence/page.js';
import { atScope, reaching, type Reach } from '../persistence/scoped.js';
import { RoleBindingEntity, type WrittenBinding } from './role-binding.entity.js';

export type RoleBinding = Readonly<RoleBindingEntity>;

/** Who holds a role: a user or service account by id, or a group. */
export type RoleHolder = { readonly userId: string } | { readonly groupId: string };

/** What kind of principal a binding belongs to. */
type HolderType = 'USER' | 'SERVICE_ACCOUNT' | 'USER_GROUP';
const HOLDER_TYPE = `CASE WHEN row.group_id IS NOT NULL THEN 'USER_GROUP' WHEN EXISTS (SELECT 1 FROM service_accounts s WHERE s.account_id = row.account_id AND s.user_id = row.user_id) THEN 'SERVICE_ACCOUNT' ELSE 'USER' END`;

/** Lists are alternatives, keys add up. */
export interface RoleBindingFilter {
  /** At least one. */
  readonly reaches?: readonly [Reach, ...Reach[]] | undefined;
  readonly roles?: readonly RoleName[] | undefined;
  readonly holders?: readonly [RoleHolder, ...RoleHolder[]] | undefined;
  readonly holderTypes?: readonly HolderType[] | undefined;
}

/** A role as one principal holds it, directly or through a group. */
export interface HeldRole {
  readonly userId: string;
  readonly identifier: string;
  readonly role: RoleName;
  readonly orgId: string | null;
  readonly projectId: string | null;
  readonly groupIdentifier: string | null;
  readonly asWritten: WrittenBinding | null;
}

export class RoleBindingRepository {
  constructor(private readonly manager: EntityManager) {}

  find(scope: Scope, identifier: string): Promise<RoleBinding | null> {
    return this.manager.findOneBy<RoleBindingEntity>(RoleBindingEntity, { ...atScope(scope), identifier });
  }

  /** What is bound to one user or service account itself at exactly this scope. */
  boundTo(scope: Scope, userId: string): Promise<RoleBinding[]> {
    return this.manager.findBy<RoleBindingEntity>(RoleBindingEntity, { ...atScope(scope), userId });
  }

  /** Bindings at exactly this scope, or, where the filter says so, within its reaches. */
  page(scope: Scope, page: PageRequest, filter: RoleBindingFilter): Promise<Page<RoleBinding>> {
    const query = this.manager
      .createQueryBuilder(RoleBindingEntity, 'row')
      .where(reaching(filter.reaches ?? [{ scope }]));
    if (filter.roles) query.andWhere({ role: In([...filter.roles]) });
    if (filter.holders) query.andWhere(filter.holders.map((holder) => ({ ...holder })));
    if (filter.holderTypes)
      query.andWhere(`${HOLDER_TYPE} = ANY(:holderTypes)`, { holderTypes: [...filter.holderTypes] });
    return readPage(query, page, {
      searched: ['role', 'identifier'],
      sortable: { identifier: 'identifier', createdAt: 'createdAt' },
    });
  }

  async insert(
    scope: Scope,
    holder: RoleHolder,
    role: RoleName,
    identifier?: string,
    asWritten?: WrittenBinding,
  ): Promise<void> {
    await this.manager.insert(RoleBindingEntity, {
      ...scopeColumns(scope),
      ...holder,
      role,
      asWritten: asWritten ?? null,
      ...(identifier ? { identifier } : {}),
    });
  }

  /** Is the role bound to exactly this holder at exactly this scope? */
  isBound(scope: Scope, holder: RoleHolder, role: RoleName): Promise<boolean> {
    return this.manager.existsBy<RoleBindingEntity>(RoleBindingEntity, { ...atScope(scope), ...holder, role });
  }

  /** Binds the role unless it is bound there already. */
  async ensure(scope: Scope, holder: RoleHolder, role: RoleName): Promise<void> {
    await this.manager
      .createQueryBuilder()
      .insert()
      .into(RoleBindingEntity)
      .values({ ...scopeColumns(scope), ...holder, role })
      .orIgnore()
      .execute();
  }

  async delete(accountId: string, id: string): Promise<void> {
    await this.manager.delete(RoleBindingEntity, { accountId, id });
  }

  /** What a user or service account may do, their groups included. */
  async grantsOf(accountId: string, userId: string): Promise<RoleGrant[]> {
    const rows = await this.manager.query<GrantRow[]>(
      `SELECT DISTINCT role, org_id, project_id FROM granted_roles WHERE account_id = $1 AND user_id = $2`,
      [accountId, userId],
    );
    return rows.map(grantOf);
  }

  async grantsOfGroup(accountId: string, groupId: string): Promise<RoleGrant[]> {
    const rows = await this.manager.find(RoleBindingEntity, { where: { accountId, groupId } });
    return rows.map(({ role, orgId, projectId }) => grantOf({ role, org_id: orgId, project_id: projectId }));
  }

  /** Roles of some principals, as far as they reach `scope`. */
  async heldBy(scope: Scope, userIds: readonly string[]): Promise<HeldRole[]> {
    const { accountId, orgId, projectId } = scopeColumns(scope);
    return this.manager.query<HeldRole[]>(
      `SELECT g.user_id AS "userId", b.identifier, g.role, g.org_id AS "orgId", g.project_id AS "projectId", u.identifier AS "groupIdentifier", b.as_written AS "asWritten"
         FROM granted_roles g JOIN role_bindings b ON b.id = g.binding_id LEFT JOIN user_groups u ON u.id = b.group_id
        WHERE g.account_id = $1 AND g.user_id = ANY($2) AND ($3::text IS NULL OR g.org_id IS NULL OR g.org_id = $3) AND ($4::text IS NULL OR g.project_id IS NULL OR g.project_id = $4)
          AND ($3::text IS NULL OR $4::text IS NOT NULL OR g.project_id IS NULL)
        ORDER BY b.created_at, b.identifier`,
      [accountId, [...userIds], orgId, projectId],
    );
  }

  /** Is there a person who can sign in and administer the account? */
  async hasAdministrator(accountId: string): Promise<boolean> {
    const rows = await this.manager.query<unknown[]>(
      `SELECT 1 FROM granted_roles g JOIN users u ON u.account_id = g.account_id AND u.id = g.user_id
        WHERE g.account_id = $1 AND g.role = 'account_admin' AND g.org_id IS NULL AND u.type = 'user' AND NOT u.is_disabled LIMIT 1`,
      [accountId],
    );
    return rows.length > 0;
  }

  /** One change of an account's people at a time, until the transaction ends. */
  async lockPeople(accountId: string): Promise<void> {
    await this.manager.query(`SELECT pg_advisory_xact_lock(hashtextextended('people of ' || $1, 0))`, [accountId]);
  }

  /** Names of the groups bindings belong to, by id. */
  async groupsNamed(accountId: string, ids: readonly string[]): Promise<ReadonlyMap<string, HolderName>> {
    const rows = await this.manager.query<(HolderName & { id: string })[]>(
      `SELECT id, identifier, org_id AS "orgId", project_id AS "projectId" FROM user_groups WHERE account_id = $1 AND id = ANY($2)`,
      [accountId, [...ids]],
    );
    return new Map(rows.map((row) => [row.id, row]));
  }

  /** Names of the service accounts bindings belong to, by id. */
  async serviceAccountsNamed(accountId: string, ids: readonly string[]): Promise<ReadonlyMap<string, HolderName>> {
    const rows = await this.manager.query<(HolderName & { id: string })[]>(
      `SELECT user_id AS id, identifier, org_id AS "orgId", project_id AS "projectId" FROM service_accounts WHERE account_id = $1 AND user_id = ANY($2)`,
      [accountId, [...ids]],
    );
    return new Map(rows.map((row) => [row.id, row]));
  }

  /** Bindings of all these users at once; for tests of what is left behind. */
  bindingsOf(accountId: string, userIds: readonly string[]): Promise<RoleBinding[]> {
    return this.manager.findBy(RoleBindingEntity, { accountId, userId: In([...userIds]) });
  }
}

export interface HolderName {
  readonly identifier: string;
  readonly orgId: string | null;
  readonly projectId: string | null;
}

interface GrantRow {
  readonly role: RoleName;
  readonly org_id: string | null;
  readonly project_id: string | null;
}

function grantOf({ role, org_id, project_id }: GrantRow): RoleGrant {
  return { role, ...(org_id ? { orgId: org_id } : {}), ...(project_id ? { projectId: project_id } : {}) };
}
