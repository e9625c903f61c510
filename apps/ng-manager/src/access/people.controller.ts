import { Controller } from '@nestjs/common';
import { PERMISSIONS, isAllowed, type RouteResult } from '@sluice/api-conventions';
import { Call, Route, type RouteCall } from '@sluice/http';
import { AppError } from '@sluice/kernel';
import { getAccount, getCallerPermissions, getCurrentUser, type UserInfo } from '@sluice/ng-manager-api';
import { foundAccount } from '../account/account.repository.js';
import { UnitOfWork } from '../persistence/unit-of-work.js';
import { userInfoOf } from '../user/user.service.js';

/** Who is signed in, and the account. */
@Controller()
export class PeopleController {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  @Route(getCurrentUser)
  async currentUser(@Call() { ctx }: RouteCall<typeof getCurrentUser>): Promise<UserInfo> {
    const user = await this.unitOfWork.read.users.findPrincipal(ctx.accountId, ctx.principal.id);
    if (!user)
      throw new AppError('RESOURCE_NOT_FOUND', `there is no user "${ctx.principal.id}" in account ${ctx.accountId}`);
    return userInfoOf(this.unitOfWork.read, ctx.accountId, user);
  }

  @Route(getCallerPermissions)
  callerPermissions(
    @Call() { ctx, scope }: RouteCall<typeof getCallerPermissions>,
  ): RouteResult<typeof getCallerPermissions> {
    return { permissions: PERMISSIONS.filter((permission) => isAllowed(ctx.accountId, ctx.grants, permission, scope)) };
  }

  @Route(getAccount)
  async getAccount(@Call() { ctx, params }: RouteCall<typeof getAccount>): Promise<RouteResult<typeof getAccount>> {
    if (params.accountIdentifier !== ctx.accountId)
      throw new AppError(
        'ACCESS_DENIED',
        `the key belongs to account ${ctx.accountId}, not to ${params.accountIdentifier}`,
      );
    const { identifier, name, createdAt } = await foundAccount(this.unitOfWork.read.accounts, ctx.accountId);
    return { identifier, name, companyName: name, createdAt: createdAt.getTime() };
  }
}
