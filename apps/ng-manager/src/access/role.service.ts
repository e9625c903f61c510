import { Injectable } from '@nestjs/common';
import { toNgPage, type NgPage } from '@sluice/api-conventions';
import { AppError, formatScope, type RequestContext, type Scope } from '@sluice/kernel';
import { ALL_RESOURCES, type RoleAssignmentIn, type RoleAssignmentResponse } from '@sluice/ng-manager-api';
import { refuseDuplicate } from '../persistence/duplicate.js';
import type { PageRequest } from '../persistence/page.js';
import { lineage } from '../persistence/scoped.js';
import { UnitOfWork, type Stores } from '../persistence/unit-of-work.js';
import { ProjectService } from '../project/project.service.js';
import { foundServiceAccount } from '../service-account/service-account.service.js';
import { foundGroup } from '../user-group/user-group.service.js';
import { foundUser } from '../user/user.service.js';
import { keepingAnAdministrator } from './last-administrator.js';
import { SCOPE_LEVELS, requireMayBind, roleNamed } from './roles.js';
import type { RoleBinding, RoleHolder } from './role-binding.repository.js';

type PrincipalIn = RoleAssignmentIn['principal'];

export interface RoleAssignmentFilter {
  readonly principalIdentifier?: string | undefined;
  readonly principalType?: PrincipalIn['type'] | undefined;
  readonly roleIdentifier?: string | undefined;
}

/** Who has which role where. Nobody gives or takes a role that allows more than they may themselves. */
@Injectable()
export class RoleService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly projects: ProjectService,
  ) {}

  async assign(ctx: RequestContext, scope: Scope, { identifier, roleIdentifier, principal }: RoleAssignmentIn): Promise<RoleAssignmentResponse> {
    const role = roleNamed(roleIdentifier);
    requireMayBind(ctx, role, scope);
    await this.projects.requireScope(scope);
    const name = identifier ?? `role_assignment_${crypto.randomUUID().replaceAll('-', '')}`;
    return refuseDuplicate('role assignment', identifier ?? `${roleIdentifier} of ${principal.identifier}`, scope, () =>
      this.unitOfWork.run(async (stores) => {
        await stores.roleBindings.lockPeople(ctx.accountId);
        const holder = await holderOf(stores, scope, principal);
        await stores.roleBindings.insert(scope, holder, role, name);
        const made = await this.presentOne(stores, await found(stores, scope, name));
        await stores.audit.append(ctx, { action: 'create', resourceType: 'roleAssignment', identifier: name, scope, after: made.roleAssignment });
        return made;
      }),
    );
  }

  async list(scope: Scope, page: PageRequest, { principalIdentifier, principalType, roleIdentifier }: RoleAssignmentFilter): Promise<NgPage<RoleAssignmentResponse>> {
    const stores = this.unitOfWork.read;
    const holder = principalIdentifier ? await holderOf(stores, scope, { identifier: principalIdentifier, type: principalType ?? 'USER' }) : undefined;
    const byGroups = principalType === undefined ? undefined : principalType === 'USER_GROUP';
    const { rows, total } = await stores.roleBindings.page(scope, page, { holder, byGroups, role: roleIdentifier ? roleNamed(roleIdentifier) : undefined });
    return toNgPage(await this.present(stores, rows), total, page.index, page.size);
  }

  async get(scope: Scope, identifier: string): Promise<RoleAssignmentResponse> {
    return this.presentOne(this.unitOfWork.read, await found(this.unitOfWork.read, scope, identifier));
  }

  /** @throws AppError INVALID_REQUEST when the account would be left without an administrator */
  async withdraw(ctx: RequestContext, scope: Scope, identifier: string): Promise<RoleAssignmentResponse> {
    return this.unitOfWork.run((stores) =>
      keepingAnAdministrator(stores, ctx.accountId, async () => {
        const row = await found(stores, scope, identifier);
        requireMayBind(ctx, row.role, scope);
        const gone = await this.presentOne(stores, row);
        await stores.roleBindings.delete(row.accountId, row.id);
        await stores.audit.append(ctx, { action: 'delete', resourceType: 'roleAssignment', identifier, scope, before: gone.roleAssignment });
        return gone;
      }),
    );
  }

  private async presentOne(stores: Stores, row: RoleBinding): Promise<RoleAssignmentResponse> {
    const [presented] = await this.present(stores, [row]);
    if (!presented) throw new Error('one row gives one answer');
    return presented;
  }

  private async present(stores: Stores, rows: readonly RoleBinding[]): Promise<RoleAssignmentResponse[]> {
    const accountId = rows[0]?.accountId ?? '';
    const groups = await stores.roleBindings.groupsNamed(accountId, rows.flatMap(({ groupId }) => groupId ?? []));
    const accounts = await stores.roleBindings.serviceAccountsNamed(accountId, rows.flatMap(({ userId }) => userId ?? []));
    return rows.map((row) => {
      const group = row.groupId === null ? undefined : groups.get(row.groupId);
      const account = row.userId === null ? undefined : accounts.get(row.userId);
      const named = group ?? account;
      return {
        roleAssignment: {
          identifier: row.identifier,
          roleIdentifier: `_${row.role}`,
          resourceGroupIdentifier: ALL_RESOURCES,
          principal: {
            identifier: named?.identifier ?? row.userId ?? '',
            type: group ? 'USER_GROUP' : account ? 'SERVICE_ACCOUNT' : 'USER',
            scopeLevel: named ? (named.projectId ? 'project' : named.orgId ? 'organization' : 'account') : null,
          },
          disabled: false,
          managed: false,
        },
        scope: { accountIdentifier: row.accountId, orgIdentifier: row.orgId, projectIdentifier: row.projectId },
        createdAt: row.createdAt.getTime(),
        lastModifiedAt: row.createdAt.getTime(),
        harnessManaged: false,
      };
    });
  }
}

/** The principal an assignment at `scope` names. @throws AppError RESOURCE_NOT_FOUND, INVALID_REQUEST for one that lives below or beside the scope */
async function holderOf(stores: Stores, scope: Scope, { identifier, type, scopeLevel }: PrincipalIn): Promise<RoleHolder> {
  if (type === 'USER') return { userId: (await foundUser(stores, scope.accountId, identifier)).id };
  const home = scopeLevel ? lineage(scope).find(({ level }) => SCOPE_LEVELS[level] === scopeLevel) : scope;
  if (!home) {
    throw new AppError('INVALID_REQUEST', `principal.scopeLevel "${scopeLevel}" lies below ${formatScope(scope)}; a principal gets roles where it lives and inside`, { fields: [{ field: 'principal.scopeLevel', error: 'lies below the scope' }] });
  }
  return type === 'USER_GROUP' ? { groupId: (await foundGroup(stores, home, identifier)).id } : { userId: (await foundServiceAccount(stores, home, identifier)).userId };
}

async function found(stores: Stores, scope: Scope, identifier: string): Promise<RoleBinding> {
  const row = await stores.roleBindings.find(scope, identifier);
  if (row) return row;
  throw new AppError('RESOURCE_NOT_FOUND', `there is no role assignment "${identifier}" in ${formatScope(scope)}`);
}
