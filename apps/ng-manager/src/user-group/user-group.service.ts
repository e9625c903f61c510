import { Injectable } from '@nestjs/common';
import { isAllowed, toNgPage, type NgPage } from '@sluice/api-conventions';
import { AppError, formatScope, type RequestContext, type Scope } from '@sluice/kernel';
import type {
  GroupReach,
  UserGroup,
  UserGroupOut,
  UserGroupOutV2,
  UserGroupV2,
  UserMetadata,
} from '@sluice/ng-manager-api';
import { keepingAnAdministrator } from '../access/last-administrator.js';
import { requireSameAccount } from '../access/permission.js';
import { requireCovers } from '../access/roles.js';
import { refuseDuplicate } from '../persistence/duplicate.js';
import type { PageRequest } from '../persistence/page.js';
import { lineage, scopeOfRow, type Reach } from '../persistence/scoped.js';
import { UnitOfWork, type Stores } from '../persistence/unit-of-work.js';
import { ProjectService } from '../project/project.service.js';
import { foundUser, presentUser } from '../user/user.service.js';
import { NotificationAddresses, type ShownNotification } from './notification-addresses.js';
import type { GroupFilter, UserGroupRow, UserGroupValues } from './user-group.repository.js';

/** Groups one filter finds. */
const MOST_FILTERED = 1000;

/** A group with the ids of its members, in their order. */
interface GroupState {
  readonly row: UserGroupRow;
  readonly users: readonly string[];
}

/** Groups of users at a scope. Membership gives the group's roles, so changing it takes the rights those roles give. */
@Injectable()
export class UserGroupService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly projects: ProjectService,
    private readonly addresses: NotificationAddresses,
  ) {}

  async create(ctx: RequestContext, scope: Scope, group: UserGroup): Promise<UserGroupOut> {
    requireSameAccount(ctx, group.accountIdentifier);
    await this.projects.requireScope(scope);
    const values = await this.valuesOf(scope, group);
    const made = await refuseDuplicate('user group', group.identifier, scope, () =>
      this.unitOfWork.run(async (stores) => {
        await stores.userGroups.insert(scope, group.identifier, values);
        const row = await foundGroup(stores, scope, group.identifier);
        await requireUsers(stores, ctx, group.users ?? []);
        await stores.userGroups.addMembers(row, [...new Set(group.users ?? [])]);
        return audited(stores, ctx, scope, undefined, await stateOf(stores, row));
      }),
    );
    return this.shown(ctx, made);
  }

  /** As {@link create}, with the members by e-mail address. @throws AppError RESOURCE_NOT_FOUND for an address nobody has */
  async createByEmail(ctx: RequestContext, scope: Scope, group: UserGroupV2): Promise<UserGroupOutV2> {
    return this.withPeople(ctx, await this.create(ctx, scope, await this.byId(ctx, group)));
  }

  async list(ctx: RequestContext, scope: Scope, page: PageRequest, reach: GroupReach): Promise<NgPage<UserGroupOut>> {
    const { rows, total } = await this.unitOfWork.read.userGroups.page(groupsOf(ctx, scope, reach), page);
    return toNgPage(await this.allShown(ctx, rows), total, page.index, page.size);
  }

  /** At most 1,000 groups, by identifier. */
  async filtered(
    ctx: RequestContext,
    scope: Scope,
    filter: GroupFilter & { readonly accountIdentifier: string; readonly reach: GroupReach },
  ): Promise<UserGroupOut[]> {
    requireSameAccount(ctx, filter.accountIdentifier);
    return this.allShown(
      ctx,
      await this.unitOfWork.read.userGroups.filtered(groupsOf(ctx, scope, filter.reach), filter, MOST_FILTERED),
    );
  }

  private async allShown(ctx: RequestContext, rows: readonly UserGroupRow[]): Promise<UserGroupOut[]> {
    const members = await this.unitOfWork.read.userGroups.membersOf(rows);
    const opened = await this.opened(ctx, rows);
    return rows.map((row) => present({ row, users: members.get(row.id) ?? [] }, opened.get(row.id)));
  }

  async get(ctx: RequestContext, scope: Scope, identifier: string): Promise<UserGroupOut> {
    return this.shown(
      ctx,
      await stateOf(this.unitOfWork.read, await foundGroup(this.unitOfWork.read, scope, identifier)),
    );
  }

  /** Replaces the whole group: without `users` it has no members. */
  async update(ctx: RequestContext, scope: Scope, identifier: string, group: UserGroup): Promise<UserGroupOut> {
    requireSameAccount(ctx, group.accountIdentifier);
    if (group.identifier !== identifier) {
      throw new AppError(
        'INVALID_REQUEST',
        `the body names user group "${group.identifier}", the path "${identifier}"; an identifier cannot be changed`,
        { fields: [{ field: 'identifier', error: 'differs from the path' }] },
      );
    }
    const values = await this.valuesOf(scope, group);
    return this.change(ctx, scope, identifier, async (stores, row) => {
      const before = await stateOf(stores, row);
      await stores.userGroups.update(row, values);
      await this.setMembers(stores, ctx, row, new Set(group.users ?? []));
      return audited(stores, ctx, scope, before, await stateOf(stores, await foundGroup(stores, scope, identifier)));
    });
  }

  /** As {@link update}, with the members by e-mail address. @throws AppError RESOURCE_NOT_FOUND for an address nobody has */
  async updateByEmail(ctx: RequestContext, scope: Scope, group: UserGroupV2): Promise<UserGroupOutV2> {
    return this.withPeople(ctx, await this.update(ctx, scope, group.identifier, await this.byId(ctx, group)));
  }

  async delete(ctx: RequestContext, scope: Scope, identifier: string): Promise<UserGroupOut> {
    return this.change(ctx, scope, identifier, async (stores, row) => {
      await requireRights(stores, ctx, row);
      const gone = await stateOf(stores, row);
      await stores.userGroups.delete(row);
      await stores.audit.append(ctx, {
        action: 'delete',
        resourceType: 'userGroup',
        identifier,
        scope,
        before: present(gone),
      });
      return gone;
    });
  }

  async members(scope: Scope, identifier: string, page: PageRequest): Promise<NgPage<UserMetadata>> {
    const { id, holdsAllUsers } = await foundGroup(this.unitOfWork.read, scope, identifier);
    const { rows, total } = await this.unitOfWork.read.users.page(
      scope.accountId,
      page,
      holdsAllUsers ? undefined : { reaching: { level: 'account', accountId: scope.accountId }, inGroup: id },
    );
    return toNgPage(rows.map(presentUser), total, page.index, page.size);
  }

  async isMember(scope: Scope, identifier: string, userId: string): Promise<boolean> {
    const stores = this.unitOfWork.read;
    const row = await foundGroup(stores, scope, identifier);
    await foundUser(stores, scope.accountId, userId);
    return row.holdsAllUsers || ((await stores.userGroups.membersOf([row])).get(row.id) ?? []).includes(userId);
  }

  async addMember(ctx: RequestContext, scope: Scope, identifier: string, userId: string): Promise<UserGroupOut> {
    return this.change(ctx, scope, identifier, async (stores, row) => {
      await foundUser(stores, ctx.accountId, userId);
      return joinGroup(stores, ctx, scope, row, [userId]);
    });
  }

  async removeMember(ctx: RequestContext, scope: Scope, identifier: string, userId: string): Promise<UserGroupOut> {
    return this.change(ctx, scope, identifier, async (stores, row) => {
      await foundUser(stores, ctx.accountId, userId);
      return leaveGroup(stores, ctx, scope, row, userId);
    });
  }

  private async change(
    ctx: RequestContext,
    scope: Scope,
    identifier: string,
    work: (stores: Stores, row: UserGroupRow) => Promise<GroupState>,
  ): Promise<UserGroupOut> {
    const changed = await this.unitOfWork.run((stores) =>
      keepingAnAdministrator(stores, ctx.accountId, async () => {
        const row = await foundGroup(stores, scope, identifier, { forUpdate: true });
        if (row.holdsAllUsers)
          throw new AppError(
            'INVALID_REQUEST',
            `user group "${identifier}" is built in and holds every user; it can be neither changed nor deleted`,
          );
        return work(stores, row);
      }),
    );
    return this.shown(ctx, changed);
  }

  private async valuesOf(
    scope: Scope,
    { identifier, name, description, tags, notificationConfigs }: UserGroup,
  ): Promise<UserGroupValues> {
    return {
      name,
      description: description ?? null,
      tags: tags ?? {},
      ...(await this.addresses.seal(scope, identifier, notificationConfigs ?? [])),
    };
  }

  private async shown(ctx: RequestContext, state: GroupState): Promise<UserGroupOut> {
    return present(state, (await this.opened(ctx, [state.row])).get(state.row.id));
  }

  /** Addresses and keys are for who may change the groups of the scope where each lives. */
  private async opened(
    ctx: RequestContext,
    rows: readonly UserGroupRow[],
  ): Promise<ReadonlyMap<string, readonly ShownNotification[]>> {
    const own = rows.filter((row) => isAllowed(ctx.accountId, ctx.grants, 'user.edit', scopeOfRow(row)));
    return own.length > 0 ? this.addresses.open(own) : new Map();
  }

  private async byId({ accountId }: RequestContext, { users, ...group }: UserGroupV2): Promise<UserGroup> {
    if (!users) return group;
    const ids = await this.unitOfWork.read.users.idsByEmail(accountId, users);
    return {
      ...group,
      users: users.map((email, index) => ids.get(email.toLowerCase()) ?? noUser(accountId, `users.${index}`, email)),
    };
  }

  private async withPeople({ accountId }: RequestContext, { users, ...group }: UserGroupOut): Promise<UserGroupOutV2> {
    const people = await this.unitOfWork.read.users.named(accountId, users);
    return {
      ...group,
      users: users.flatMap((id) => people.get(id) ?? []).map(({ id, name, email }) => ({ uuid: id, name, email })),
    };
  }

  private async setMembers(
    stores: Stores,
    ctx: RequestContext,
    row: UserGroupRow,
    wanted: ReadonlySet<string>,
  ): Promise<void> {
    const present = new Set((await stores.userGroups.membersOf([row])).get(row.id) ?? []);
    const added = [...wanted].filter((id) => !present.has(id));
    const removed = [...present].filter((id) => !wanted.has(id));
    if (added.length + removed.length > 0) {
      await requireRights(stores, ctx, row);
      await requireUsers(stores, ctx, added);
      await stores.userGroups.addMembers(row, added);
      await stores.userGroups.removeMembers(row, removed);
    }
    await stores.userGroups.orderMembers(row, [...wanted]);
  }
}

/** The groups that a list reaches: of other scopes only where the caller may see people. */
function groupsOf({ accountId, grants }: RequestContext, scope: Scope, reach: GroupReach): Reach[] {
  switch (reach) {
    case 'EXCLUDE_INHERITED_GROUPS':
      return [{ scope }];
    case 'INCLUDE_INHERITED_GROUPS':
    case 'INCLUDE_PARENT_SCOPE_GROUPS':
      return lineage(scope)
        .filter((one) => one.level === scope.level || isAllowed(accountId, grants, 'user.view', one))
        .map((one) => ({ scope: one }));
    case 'INCLUDE_CHILD_SCOPE_GROUPS':
      return [{ scope, withInside: true }];
  }
}

/** Puts users into a group whose roles the caller may give, behind those in it. The people of the account are locked. @returns the group as it is now */
export async function joinGroup(
  stores: Stores,
  ctx: RequestContext,
  scope: Scope,
  row: UserGroupRow,
  userIds: readonly string[],
): Promise<GroupState> {
  await requireRights(stores, ctx, row);
  const before = await stateOf(stores, row);
  await stores.userGroups.addMembers(row, userIds);
  return audited(stores, ctx, scope, before, await stateOf(stores, row));
}

/** Takes a user out of a group whose roles the caller may give. The people of the account are locked. @returns the group as it is now */
export async function leaveGroup(
  stores: Stores,
  ctx: RequestContext,
  scope: Scope,
  row: UserGroupRow,
  userId: string,
): Promise<GroupState> {
  await requireRights(stores, ctx, row);
  const before = await stateOf(stores, row);
  await stores.userGroups.removeMembers(row, [userId]);
  return audited(stores, ctx, scope, before, await stateOf(stores, row));
}

async function requireRights(stores: Stores, ctx: RequestContext, row: UserGroupRow): Promise<void> {
  requireCovers(
    ctx,
    await stores.roleBindings.grantsOfGroup(row.accountId, row.id),
    `change who is in group ${row.name}`,
  );
}

async function stateOf(stores: Stores, row: UserGroupRow): Promise<GroupState> {
  return { row, users: (await stores.userGroups.membersOf([row])).get(row.id) ?? [] };
}

/** Puts a change into the audit trail, without addresses and keys. @returns the group as it is now */
async function audited(
  stores: Stores,
  ctx: RequestContext,
  scope: Scope,
  before: GroupState | undefined,
  after: GroupState,
): Promise<GroupState> {
  await stores.audit.append(ctx, {
    action: before ? 'update' : 'create',
    resourceType: 'userGroup',
    identifier: after.row.identifier,
    scope,
    before: before && present(before),
    after: present(after),
  });
  return after;
}

/** @throws AppError RESOURCE_NOT_FOUND */
export async function foundGroup(
  stores: Stores,
  scope: Scope,
  identifier: string,
  options: { readonly forUpdate?: boolean } = {},
): Promise<UserGroupRow> {
  const row = await stores.userGroups.find(scope, identifier, options);
  if (row) return row;
  throw new AppError('RESOURCE_NOT_FOUND', `there is no user group "${identifier}" in ${formatScope(scope)}`);
}

async function requireUsers(stores: Stores, ctx: RequestContext, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const known = await stores.users.known(ctx.accountId, ids);
  const missing = ids.find((id) => !known.has(id));
  if (missing !== undefined)
    throw new AppError('RESOURCE_NOT_FOUND', `there is no user "${missing}" in account ${ctx.accountId}`, {
      fields: [{ field: 'users', error: `"${missing}" does not exist` }],
    });
}

function noUser(accountId: string, field: string, email: string): never {
  throw new AppError(
    'RESOURCE_NOT_FOUND',
    `${field}: "${email}" is no user of account ${accountId}; add the user first`,
    { fields: [{ field, error: `"${email}" does not exist` }] },
  );
}

/** @param notifications with their addresses and keys, for who may see them */
function present({ row, users }: GroupState, notifications?: readonly ShownNotification[]): UserGroupOut {
  return {
    accountIdentifier: row.accountId,
    orgIdentifier: row.orgId,
    projectIdentifier: row.projectId,
    identifier: row.identifier,
    name: row.name,
    description: row.description ?? '',
    tags: row.tags,
    users: [...users],
    notificationConfigs: [...(notifications ?? row.notificationConfigs)],
    externallyManaged: false,
    harnessManaged: row.holdsAllUsers,
    ssoLinked: false,
    ...(row.notificationConfigs.length > 0
      ? { warnings: [{ field: 'notificationConfigs', message: 'kept, and nothing is sent to it yet' }] }
      : {}),
  };
}
