import { Controller } from '@nestjs/common';
import { toNgPage, type NgPage, type RouteResult } from '@sluice/api-conventions';
import { Call, Route, type RouteCall } from '@sluice/http';
import { AppError, type RequestContext } from '@sluice/kernel';
import { aggregateUsers, getAccount, getCurrentUser, getUser, type UserAggregate, type UserInfo } from '@sluice/ng-manager-api';
import type { Account } from '../account/account.repository.js';
import { UnitOfWork } from '../persistence/unit-of-work.js';
import type { RoleBinding, User } from './user.repository.js';

/** Reads of people and of the account; writing them is no part of the public contract yet. */
@Controller()
export class PeopleController {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  @Route(getCurrentUser)
  async currentUser(@Call() { ctx }: RouteCall<typeof getCurrentUser>): Promise<UserInfo> {
    const user = await this.user(ctx, ctx.principal.id);
    const account = await this.account(ctx);
    return {
      uuid: user.id,
      name: user.name,
      email: user.email,
      defaultAccountId: account.identifier,
      accounts: [{ uuid: account.identifier, accountName: account.name, companyName: account.name }],
      admin: ctx.grants.some(({ role, orgId }) => role === 'account_admin' && !orgId),
      twoFactorAuthenticationEnabled: false,
      emailVerified: true,
      locked: false,
      disabled: user.isDisabled,
      externallyManaged: false,
      edition: null,
      signupAction: null,
      billingFrequency: null,
      intent: null,
    };
  }

  @Route(aggregateUsers)
  async aggregate(@Call() { ctx, query, body }: RouteCall<typeof aggregateUsers>): Promise<NgPage<UserAggregate>> {
    const { users } = this.unitOfWork.read;
    const page = { index: query.pageIndex, size: query.pageSize, search: query.searchTerm ?? body?.searchTerm ?? undefined, sort: query.sortOrders };
    const { rows, total } = await users.page(ctx.accountId, page);
    const bindings = await users.bindingsOf(ctx.accountId, rows.map(({ id }) => id));
    const content = rows.map((user) => ({ user: presentUser(user), roleAssignmentMetadata: bindings.filter(({ userId }) => userId === user.id).map(presentBinding) }));
    return toNgPage(content, total, page.index, page.size);
  }

  @Route(getUser)
  async get(@Call() { ctx, params }: RouteCall<typeof getUser>): Promise<RouteResult<typeof getUser>> {
    return presentUser(await this.user(ctx, params.userId));
  }

  @Route(getAccount)
  async getAccount(@Call() { ctx, params }: RouteCall<typeof getAccount>): Promise<RouteResult<typeof getAccount>> {
    if (params.accountIdentifier !== ctx.accountId) throw new AppError('ACCESS_DENIED', `the key belongs to account ${ctx.accountId}, not to ${params.accountIdentifier}`);
    const { identifier, name, createdAt } = await this.account(ctx);
    return { identifier, name, companyName: name, createdAt: createdAt.getTime() };
  }

  private async user(ctx: RequestContext, id: string): Promise<User> {
    const user = await this.unitOfWork.read.users.find(ctx.accountId, id);
    if (user) return user;
    throw new AppError('RESOURCE_NOT_FOUND', `there is no user "${id}" in account ${ctx.accountId}`);
  }

  private async account(ctx: RequestContext): Promise<Account> {
    const account = await this.unitOfWork.read.accounts.find(ctx.accountId);
    if (account) return account;
    throw new AppError('RESOURCE_NOT_FOUND', `there is no account "${ctx.accountId}"`);
  }
}

function presentUser({ id, name, email, isDisabled }: User): UserAggregate['user'] {
  return { uuid: id, name, email, locked: false, disabled: isDisabled, externallyManaged: false };
}

function presentBinding({ id, role }: RoleBinding): UserAggregate['roleAssignmentMetadata'][number] {
  const roleName = role.split('_').map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(' ');
  return {
    identifier: id,
    roleIdentifier: `_${role}`,
    roleName,
    resourceGroupIdentifier: '_all_resources_including_child_scopes',
    resourceGroupName: 'All Resources Including Child Scopes',
    managedRole: true,
    managedRoleAssignment: false,
  };
}
