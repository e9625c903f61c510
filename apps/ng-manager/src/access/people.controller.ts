import { Controller } from '@nestjs/common';
import { PERMISSIONS, isAllowed, type RouteResult } from '@sluice/api-conventions';
import { Call, Route, type RouteCall } from '@sluice/http';
import { AppError, type RequestContext } from '@sluice/kernel';
import { getAccount, getCallerPermissions, getCurrentUser, type UserInfo } from '@sluice/ng-manager-api';
import type { Account } from '../account/account.repository.js';
import { UnitOfWork } from '../persistence/unit-of-work.js';
import type { User } from '../user/user.repository.js';

/** Who is signed in, and the account. */
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

  @Route(getCallerPermissions)
  callerPermissions(@Call() { ctx, scope }: RouteCall<typeof getCallerPermissions>): RouteResult<typeof getCallerPermissions> {
    return { permissions: PERMISSIONS.filter((permission) => isAllowed(ctx.accountId, ctx.grants, permission, scope)) };
  }

  @Route(getAccount)
  async getAccount(@Call() { ctx, params }: RouteCall<typeof getAccount>): Promise<RouteResult<typeof getAccount>> {
    if (params.accountIdentifier !== ctx.accountId) throw new AppError('ACCESS_DENIED', `the key belongs to account ${ctx.accountId}, not to ${params.accountIdentifier}`);
    const { identifier, name, createdAt } = await this.account(ctx);
    return { identifier, name, companyName: name, createdAt: createdAt.getTime() };
  }

  private async user(ctx: RequestContext, id: string): Promise<User> {
    const user = await this.unitOfWork.read.users.findPrincipal(ctx.accountId, id);
    if (user) return user;
    throw new AppError('RESOURCE_NOT_FOUND', `there is no user "${id}" in account ${ctx.accountId}`);
  }

  private async account(ctx: RequestContext): Promise<Account> {
    const account = await this.unitOfWork.read.accounts.find(ctx.accountId);
    if (account) return account;
    throw new AppError('RESOURCE_NOT_FOUND', `there is no account "${ctx.accountId}"`);
  }
}
