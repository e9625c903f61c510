import { Injectable } from '@nestjs/common';
import { toNgPage, type NgPage, type RouteInput } from '@sluice/api-conventions';
import { AppError, accountScope, formatScope, newId, type RequestContext, type Scope } from '@sluice/kernel';
import type { UserAggregate, UserMetadata, createUser, updateUser } from '@sluice/ng-manager-api';
import { keepingAnAdministrator } from '../access/last-administrator.js';
import { presentHeldRole, requireCovers, roleNamed } from '../access/roles.js';
import { refuseDuplicate } from '../persistence/duplicate.js';
import type { PageRequest } from '../persistence/page.js';
import { groupedBy } from '../persistence/grouped.js';
import { UnitOfWork, type Stores } from '../persistence/unit-of-work.js';
import type { User } from './user.repository.js';

/** People of an account. Whoever changes somebody must hold every right that person has. */
@Injectable()
export class UserService {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  async get(ctx: RequestContext, id: string): Promise<UserMetadata> {
    return presentUser(await foundUser(this.unitOfWork.read, ctx.accountId, id));
  }

  /** Users with a role that reaches `scope`, and those roles; everybody at the account. */
  async aggregate(scope: Scope, page: PageRequest, roleIdentifiers: readonly string[]): Promise<NgPage<UserAggregate>> {
    const { rows, total } = await this.unitOfWork.read.users.page(scope.accountId, page, { reaching: scope, roles: roleIdentifiers.map(roleNamed) });
    return toNgPage(await this.withRoles(scope, rows), total, page.index, page.size);
  }

  /** One of those. @throws AppError RESOURCE_NOT_FOUND for a user without a role that reaches `scope` */
  async aggregateOne(scope: Scope, id: string): Promise<UserAggregate> {
    const { rows } = await this.unitOfWork.read.users.page(scope.accountId, { index: 0, size: 1 }, { reaching: scope, id });
    const [found] = await this.withRoles(scope, rows);
    if (found) return found;
    throw new AppError('RESOURCE_NOT_FOUND', `there is no user "${id}" in ${formatScope(scope)}`);
  }

  private async withRoles(scope: Scope, users: readonly User[]): Promise<UserAggregate[]> {
    const held = groupedBy(await this.unitOfWork.read.roleBindings.heldBy(scope, users.map(({ id }) => id)), ({ userId }) => userId);
    return users.map((user) => ({ user: presentUser(user), roleAssignmentMetadata: (held.get(user.id) ?? []).map(presentHeldRole) }));
  }

  /** @throws AppError DUPLICATE_FIELD for an e-mail address that is taken, RESOURCE_NOT_FOUND for a group there is not */
  async create(ctx: RequestContext, { email, name, userGroups, disabled }: RouteInput<typeof createUser>['body']): Promise<UserMetadata> {
    const account = accountScope(ctx.accountId);
    const id = newId();
    return refuseDuplicate('user', email, account, () =>
      this.unitOfWork.run(async (stores) => {
        await stores.roleBindings.lockPeople(ctx.accountId);
        await stores.users.insert({ accountId: ctx.accountId, id, email, name, isDisabled: disabled ?? false });
        for (const identifier of new Set(userGroups ?? [])) {
          const group = await stores.userGroups.find(account, identifier);
          if (!group) throw new AppError('RESOURCE_NOT_FOUND', `there is no user group "${identifier}" in account ${ctx.accountId}`, { fields: [{ field: 'userGroups', error: `"${identifier}" does not exist` }] });
          requireCovers(ctx, await stores.roleBindings.grantsOfGroup(ctx.accountId, group.id), `add users to group ${identifier}`);
          if (!group.holdsAllUsers) await stores.userGroups.addMembers(group, [id]);
        }
        const made = presentUser(await foundUser(stores, ctx.accountId, id));
        await stores.audit.append(ctx, { action: 'create', resourceType: 'user', identifier: id, scope: account, after: made, details: { userGroups: userGroups ?? [] } });
        return made;
      }),
    );
  }

  /** @throws AppError INVALID_REQUEST for disabling the last administrator */
  async update(ctx: RequestContext, id: string, { name, disabled }: RouteInput<typeof updateUser>['body']): Promise<UserMetadata> {
    return this.change(ctx, id, 'change', async (stores, user) => {
      await stores.users.update(ctx.accountId, id, { name: name ?? user.name, isDisabled: disabled ?? user.isDisabled });
      const changed = presentUser(await foundUser(stores, ctx.accountId, id));
      await stores.audit.append(ctx, { action: 'update', resourceType: 'user', identifier: id, scope: accountScope(ctx.accountId), before: presentUser(user), after: changed });
      return changed;
    });
  }

  /** @throws AppError INVALID_REQUEST for the last administrator */
  async delete(ctx: RequestContext, id: string): Promise<boolean> {
    return this.change(ctx, id, 'remove', async (stores, user) => {
      await stores.audit.append(ctx, { action: 'delete', resourceType: 'user', identifier: id, scope: accountScope(ctx.accountId), before: presentUser(user) });
      return stores.users.delete(ctx.accountId, id);
    });
  }

  private change<T>(ctx: RequestContext, id: string, what: string, work: (stores: Stores, user: User) => Promise<T>): Promise<T> {
    return this.unitOfWork.run((stores) =>
      keepingAnAdministrator(stores, ctx.accountId, async () => {
        const user = await foundUser(stores, ctx.accountId, id, { forUpdate: true });
        requireCovers(ctx, await stores.roleBindings.grantsOf(ctx.accountId, id), `${what} user ${user.name}`);
        return work(stores, user);
      }),
    );
  }
}

export function presentUser({ id, name, email, isDisabled }: User): UserMetadata {
  return { uuid: id, name, email, locked: false, disabled: isDisabled, externallyManaged: false, emailVerified: true, twoFactorAuthenticationEnabled: false };
}

/** @throws AppError RESOURCE_NOT_FOUND */
export async function foundUser(stores: Stores, accountId: string, id: string, options: { readonly forUpdate?: boolean } = {}): Promise<User> {
  const user = await stores.users.find(accountId, id, options);
  if (user) return user;
  throw new AppError('RESOURCE_NOT_FOUND', `there is no user "${id}" in account ${accountId}`);
}
