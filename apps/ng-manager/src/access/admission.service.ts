import { Injectable } from '@nestjs/common';
import { isAllowed, resolveRefIn, type RouteInput } from '@sluice/api-conventions';
import { AppError, accountScope, formatScope, type RequestContext, type Scope } from '@sluice/kernel';
import { ALL_USERS_GROUP, type AddUserResult, type addUsers } from '@sluice/ng-manager-api';
import { UnitOfWork, type Stores } from '../persistence/unit-of-work.js';
import { ProjectService } from '../project/project.service.js';
import { joinGroup } from '../user-group/user-group.service.js';
import type { UserGroupRow } from '../user-group/user-group.repository.js';
import { insertUser } from '../user/user.service.js';
import { requireGroupOf, roleBoundAt, wholeGroupOf } from './level-roles.js';
import { insertBinding, type RoleWish } from './role.service.js';
import { requireMayBind } from './roles.js';

type AddUsers = RouteInput<typeof addUsers>['body'];
type RoleToGive = Pick<RoleWish, 'role' | 'asWritten'>;
interface GroupToJoin {
  readonly scope: Scope;
  readonly row: UserGroupRow;
}

/** Groups that hold whoever is at a level, by their names; who has a role there is in them without being put there. */
const WHOLE_LEVELS: Readonly<Record<Scope['level'], string>> = {
  account: ALL_USERS_GROUP,
  org: '_organization_all_users',
  project: '_project_all_users',
};
/** A name is made of the address when nobody gives one. */
const LONGEST_NAME = 128;

/** Users who come to the account, an organization or a project. */
@Injectable()
export class AdmissionService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly projects: ProjectService,
  ) {}

  /**
   * Puts everybody into every group and binds every role to them at `scope`: all of it or nothing. Each change leaves its own audit event.
   * @returns for each address, as it was sent, whether anything was added
   * @throws AppError ACCESS_DENIED for an address nobody has when the caller may not add users to the account, for a group above the scope where the caller may
   * not change users, and for groups and roles that allow more than the caller may; INVALID_REQUEST for a role that does not fit; RESOURCE_NOT_FOUND for a scope
   * or group there is not
   */
  async admit(
    ctx: RequestContext,
    scope: Scope,
    { emails, userGroups, roleBindings }: AddUsers,
  ): Promise<Record<string, AddUserResult>> {
    const roles = (roleBindings ?? []).map((one, index) => roleToGive(one, scope, `roleBindings.${index}`));
    for (const { role } of roles) requireMayBind(ctx, role, scope);
    await this.projects.requireScope(scope);
    return this.unitOfWork.run(async (stores) => {
      await stores.roleBindings.lockPeople(ctx.accountId);
      const groups = await groupsToJoin(stores, ctx, scope, userGroups ?? []);
      const results: [string, AddUserResult][] = [];
      for (const email of new Set(emails))
        results.push([
          email,
          (await admitOne(stores, ctx, scope, email, groups, roles)) ? 'USER_ADDED_SUCCESSFULLY' : 'USER_ALREADY_ADDED',
        ]);
      return Object.fromEntries(results);
    });
  }
}

/** @returns whether anything was added */
async function admitOne(
  stores: Stores,
  ctx: RequestContext,
  scope: Scope,
  email: string,
  groups: readonly GroupToJoin[],
  roles: readonly RoleToGive[],
): Promise<boolean> {
  const known = await stores.users.findByEmail(ctx.accountId, email);
  const userId = known?.id ?? (await newUser(stores, ctx, email));
  let isChanged = !known;
  for (const group of groups) {
    if (((await stores.userGroups.membersOf([group.row])).get(group.row.id) ?? []).includes(userId)) continue;
    await joinGroup(stores, ctx, group.scope, group.row, [userId]);
    isChanged = true;
  }
  for (const role of roles) {
    if (await stores.roleBindings.isBound(scope, { userId }, role.role)) continue;
    await insertBinding(stores, ctx, scope, { ...role, principal: { identifier: userId, type: 'USER' } });
    isChanged = true;
  }
  return isChanged;
}

async function newUser(stores: Stores, ctx: RequestContext, email: string): Promise<string> {
  const account = accountScope(ctx.accountId);
  if (!isAllowed(ctx.accountId, ctx.grants, 'user.edit', account)) {
    throw new AppError(
      'ACCESS_DENIED',
      `emails: "${email}" is no user of account ${ctx.accountId}, and ${ctx.principal.name} lacks user.edit there; have somebody with that right add them to the account first`,
      { fields: [{ field: 'emails', error: `"${email}" is no user of the account` }] },
    );
  }
  return (
    await insertUser(stores, ctx, { email, name: email.slice(0, LONGEST_NAME), isDisabled: false, userGroups: [] })
  ).uuid;
}

function roleToGive(
  { roleIdentifier, resourceGroupIdentifier, roleScopeLevel }: NonNullable<AddUsers['roleBindings']>[number],
  scope: Scope,
  at: string,
): RoleToGive {
  const role = roleBoundAt(roleIdentifier, scope, `${at}.roleIdentifier`);
  if (resourceGroupIdentifier) requireGroupOf(role, resourceGroupIdentifier, scope, `${at}.resourceGroupIdentifier`);
  return {
    role,
    asWritten: {
      roleIdentifier,
      resourceGroupIdentifier: resourceGroupIdentifier || wholeGroupOf(role, scope),
      ...(roleScopeLevel ? { roleScopeLevel } : {}),
    },
  };
}

/** The groups a request names. Who names one above the scope must be allowed to change users there: that is asked before it is looked for. */
async function groupsToJoin(
  stores: Stores,
  ctx: RequestContext,
  scope: Scope,
  refs: readonly string[],
): Promise<GroupToJoin[]> {
  const groups: GroupToJoin[] = [];
  for (const [index, ref] of [...new Set(refs)].entries()) {
    const field = `userGroups.${index}`;
    const at = resolveRefIn(field, ref, scope);
    if (at.identifier === WHOLE_LEVELS[at.scope.level]) continue;
    if (!isAllowed(ctx.accountId, ctx.grants, 'user.edit', at.scope)) {
      throw new AppError(
        'ACCESS_DENIED',
        `${field}: group "${ref}" is of ${formatScope(at.scope)}, and ${ctx.principal.name} lacks user.edit there`,
        { fields: [{ field, error: `"${ref}" cannot be changed` }] },
      );
    }
    const row = await stores.userGroups.find(at.scope, at.identifier, { forUpdate: true });
    if (!row)
      throw new AppError(
        'RESOURCE_NOT_FOUND',
        `${field}: there is no user group "${at.identifier}" in ${formatScope(at.scope)}; create it first`,
        { fields: [{ field, error: `"${ref}" does not exist` }] },
      );
    groups.push({ scope: at.scope, row });
  }
  return groups;
}
