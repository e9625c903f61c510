import { Injectable } from '@nestjs/common';
import type { RequestContext, Scope } from '@sluice/kernel';
import { UnitOfWork } from '../persistence/unit-of-work.js';
import { ProjectService } from '../project/project.service.js';
import { leaveGroup } from '../user-group/user-group.service.js';
import { foundUser } from '../user/user.service.js';
import { keepingAnAdministrator } from './last-administrator.js';
import { deleteBinding } from './role.service.js';

/** Users who leave an organization or a project and stay in the account. */
@Injectable()
export class DepartureService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly projects: ProjectService,
  ) {}

  /**
   * Takes away the roles bound to a user at exactly `scope`, and their places in the groups that live there: all of it or nothing. Each leaves its own audit event.
   * @returns whether there was something to take away
   * @throws AppError RESOURCE_NOT_FOUND for a user or scope that does not exist, ACCESS_DENIED when a role allows more than the caller may
   */
  async leave(ctx: RequestContext, scope: Scope, userId: string): Promise<boolean> {
    await this.projects.requireScope(scope);
    return this.unitOfWork.run((stores) =>
      keepingAnAdministrator(stores, ctx.accountId, async () => {
        await foundUser(stores, ctx.accountId, userId, { forUpdate: true });
        const bindings = await stores.roleBindings.boundTo(scope, userId);
        const groups = await stores.userGroups.withMember(scope, userId);
        for (const binding of bindings) await deleteBinding(stores, ctx, scope, binding);
        for (const group of groups) await leaveGroup(stores, ctx, scope, group, userId);
        return bindings.length + groups.length > 0;
      }),
    );
  }
}
