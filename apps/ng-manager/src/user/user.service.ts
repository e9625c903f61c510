import { Injectable } from '@nestjs/common';
import { toNgPage, type NgPage, type RouteInput } from '@sluice/api-conventions';
import { AppError, accountScope, formatScope, newId, type RequestContext, type Scope } from '@sluice/kernel';
import type {
  ParentFilter,
  UserAggregate,
  UserInfo,
  UserMetadata,
  aggregateUsers,
  batchUsers,
  createUser,
  updateUser,
  updateUserInfo,
} from '@sluice/ng-manager-api';
import { foundAccount } from '../account/account.repository.js';
import { keepingAnAdministrator } from '../access/last-administrator.js';
import { presentHeldRole, rolesSought } from '../access/level-roles.js';
import { requireCovers } from '../access/roles.js';
import { refuseDuplicate } from '../persistence/duplicate.js';
import type { PageRequest } from '../persistence/page.js';
import { groupedBy } from '../persistence/grouped.js';
import { UnitOfWork, type Stores } from '../persistence/unit-of-work.js';
import type { User } from './user.repository.js';

const BOUND: Readonly<Record<ParentFilter, 'here' | 'above' | undefined>> = {
  INCLUDE_PARENT_SCOPES: undefined,
  NO_PARENT_SCOPES: 'here',
  STRICTLY_PARENT_SCOPES: 'above',
};

/** People of an account. Whoever changes somebody must hold every right that person has. */
@Injectable()
export class UserService {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  async get(ctx: RequestContext, id: string): Promise<UserMetadata> {
    return presentUser(await foundUser(this.unitOfWork.read, ctx.accountId, id));
  }

  /** Users with a role that reaches `scope`, and those roles; everybody at the account. */
  async aggregate(
    scope: Scope,
    page: PageRequest,
    filter: RouteInput<typeof aggregateUsers>['body'],
  ): Promise<NgPage<UserAggregate>> {
    const roles = filter?.roleIdentifiers?.map(rolesSought);
    const { rows, total } = await this.unitOfWork.read.users.page(scope.accountId, page, {
      reaching: scope,
      roles,
      resourceGroups: filter?.resourceGroupIdentifiers ?? undefined,
    });
    return toNgPage(await this.withRoles(scope, rows), total, page.index, page.size);
  }

  /** Those with one of the ids and one of the addresses, whichever are given, and with a role where `parentFilter` says. */
  async batch(
    scope: Scope,
    page: PageRequest,
    filter: RouteInput<typeof batchUsers>['body'],
  ): Promise<NgPage<UserMetadata>> {
    const bound = BOUND[filter?.parentFilter ?? 'INCLUDE_PARENT_SCOPES'];
    const { rows, total } = await this.unitOfWork.read.users.page(scope.accountId, page, {
      reaching: scope,
      bound,
      ids: filter?.identifiers ?? undefined,
      emails: filter?.emails ?? undefined,
    });
    return toNgPage(rows.map(presentUser), total, page.index, page.size);
  }

  /** One of those. @throws AppError RESOURCE_NOT_FOUND for a user without a role that reaches `scope` */
  async aggregateOne(scope: Scope, id: string): Promise<UserAggregate> {
    const { rows } = await this.unitOfWork.read.users.page(
      scope.accountId,
      { index: 0, size: 1 },
      { reaching: scope, ids: [id] },
    );
    const [found] = await this.withRoles(scope, rows);
    if (found) return found;
    throw new AppError('RESOURCE_NOT_FOUND', `there is no user "${id}" in ${formatScope(scope)}`);
  }

  private async withRoles(scope: Scope, users: readonly User[]): Promise<UserAggregate[]> {
    const held = groupedBy(
      await this.unitOfWork.read.roleBindings.heldBy(
        scope,
        users.map(({ id }) => id),
      ),
      ({ userId }) => userId,
    );
    return users.map((user) => ({
      user: presentUser(user),
      roleAssignmentMetadata: (held.get(user.id) ?? []).map(presentHeldRole),
    }));
  }

  /** @throws AppError DUPLICATE_FIELD for an e-mail address that is taken, RESOURCE_NOT_FOUND for a group there is not */
  async create(
    ctx: RequestContext,
    { email, name, userGroups, disabled }: RouteInput<typeof createUser>['body'],
  ): Promise<UserMetadata> {
    const account = accountScope(ctx.accountId);
    return refuseDuplicate('user', email, account, () =>
      this.unitOfWork.run(async (stores) => {
        await stores.roleBindings.lockPeople(ctx.accountId);
        const made = await insertUser(stores, ctx, {
          email,
          name,
          isDisabled: disabled ?? false,
          userGroups: userGroups ?? [],
        });
        for (const identifier of new Set(userGroups ?? [])) {
          const group = await stores.userGroups.find(account, identifier);
          if (!group)
            throw new AppError(
              'RESOURCE_NOT_FOUND',
              `there is no user group "${identifier}" in account ${ctx.accountId}`,
              { fields: [{ field: 'userGroups', error: `"${identifier}" does not exist` }] },
            );
          requireCovers(
            ctx,
            await stores.roleBindings.grantsOfGroup(ctx.accountId, group.id),
            `add users to group ${identifier}`,
          );
          if (!group.holdsAllUsers) await stores.userGroups.addMembers(group, [made.uuid]);
        }
        return made;
      }),
    );
  }

  /** Renames a user, as clients do it that send all they know of one. @throws AppError INVALID_REQUEST for another e-mail address or state than the user has */
  async updateInfo(
    ctx: RequestContext,
    { uuid, name, email, disabled }: RouteInput<typeof updateUserInfo>['body'],
  ): Promise<UserInfo> {
    return this.change(ctx, uuid, 'change', async (stores, user) => {
      if (email && email.toLowerCase() !== user.email) {
        throw new AppError(
          'INVALID_REQUEST',
          `email: the address of a user cannot be changed, it is "${user.email}"; add a user with "${email}" instead`,
          { fields: [{ field: 'email', error: 'cannot be changed' }] },
        );
      }
      if (disabled != null && disabled !== user.isDisabled) {
        throw new AppError(
          'INVALID_REQUEST',
          `disabled: is ${user.isDisabled} and is not changed here; send PUT /ng/api/user/${uuid}`,
          { fields: [{ field: 'disabled', error: 'cannot be changed here' }] },
        );
      }
      await renameUser(stores, ctx, user, name, user.isDisabled);
      return userInfoOf(stores, ctx.accountId, await foundUser(stores, ctx.accountId, uuid));
    });
  }

  /** @throws AppError INVALID_REQUEST for disabling the last administrator */
  async update(
    ctx: RequestContext,
    id: string,
    { name, disabled }: RouteInput<typeof updateUser>['body'],
  ): Promise<UserMetadata> {
    return this.change(ctx, id, 'change', (stores, user) =>
      renameUser(stores, ctx, user, name ?? user.name, disabled ?? user.isDisabled),
    );
  }

  /** @throws AppError INVALID_REQUEST for the last administrator */
  async delete(ctx: RequestContext, id: string): Promise<boolean> {
    return this.change(ctx, id, 'remove', async (stores, user) => {
      await stores.audit.append(ctx, {
        action: 'delete',
        resourceType: 'user',
        identifier: id,
        scope: accountScope(ctx.accountId),
        before: presentUser(user),
      });
      return stores.users.delete(ctx.accountId, id);
    });
  }

  private change<T>(
    ctx: RequestContext,
    id: string,
    what: string,
    work: (stores: Stores, user: User) => Promise<T>,
  ): Promise<T> {
    return this.unitOfWork.run((stores) =>
      keepingAnAdministrator(stores, ctx.accountId, async () => {
        const user = await foundUser(stores, ctx.accountId, id, { forUpdate: true });
        requireCovers(ctx, await stores.roleBindings.grantsOf(ctx.accountId, id), `${what} user ${user.name}`);
        return work(stores, user);
      }),
    );
  }
}

/** Makes a user and the audit event of it. The people of the account are locked. */
export async function insertUser(
  stores: Stores,
  ctx: RequestContext,
  user: {
    readonly email: string;
    readonly name: string;
    readonly isDisabled: boolean;
    readonly userGroups: readonly string[];
  },
): Promise<UserMetadata> {
  const { userGroups, ...values } = user;
  const id = newId();
  await stores.users.insert({ accountId: ctx.accountId, id, ...values });
  const made = presentUser(await foundUser(stores, ctx.accountId, id));
  await stores.audit.append(ctx, {
    action: 'create',
    resourceType: 'user',
    identifier: id,
    scope: accountScope(ctx.accountId),
    after: made,
    details: { userGroups },
  });
  return made;
}

async function renameUser(
  stores: Stores,
  ctx: RequestContext,
  user: User,
  name: string,
  isDisabled: boolean,
): Promise<UserMetadata> {
  await stores.users.update(ctx.accountId, user.id, { name, isDisabled });
  const changed = presentUser(await foundUser(stores, ctx.accountId, user.id));
  await stores.audit.append(ctx, {
    action: 'update',
    resourceType: 'user',
    identifier: user.id,
    scope: accountScope(ctx.accountId),
    before: presentUser(user),
    after: changed,
  });
  return changed;
}

/** A user with the account, in the form clients read of whoever is signed in. @throws AppError RESOURCE_NOT_FOUND for an account there is not */
export async function userInfoOf(
  stores: Stores,
  accountId: string,
  { id, name, email, isDisabled }: User,
): Promise<UserInfo> {
  const account = await foundAccount(stores.accounts, accountId);
  const grants = await stores.roleBindings.grantsOf(accountId, id);
  return {
    uuid: id,
    name,
    email,
    defaultAccountId: account.identifier,
    accounts: [{ uuid: account.identifier, accountName: account.name, companyName: account.name }],
    admin: grants.some(({ role, orgId }) => role === 'account_admin' && !orgId),
    twoFactorAuthenticationEnabled: false,
    emailVerified: true,
    locked: false,
    disabled: isDisabled,
    externallyManaged: false,
    edition: null,
    signupAction: null,
    billingFrequency: null,
    intent: null,
  };
}

export function presentUser({ id, name, email, isDisabled }: User): UserMetadata {
  return {
    uuid: id,
    name,
    email,
    locked: false,
    disabled: isDisabled,
    externallyManaged: false,
    emailVerified: true,
    twoFactorAuthenticationEnabled: false,
  };
}

/** @throws AppError RESOURCE_NOT_FOUND */
export async function foundUser(
  stores: Stores,
  accountId: string,
  id: string,
  options: { readonly forUpdate?: boolean } = {},
): Promise<User> {
  const user = await stores.users.find(accountId, id, options);
  if (user) return user;
  throw new AppError('RESOURCE_NOT_FOUND', `there is no user "${id}" in account ${accountId}`);
}
