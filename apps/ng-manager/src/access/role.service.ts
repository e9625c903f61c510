import { Injectable } from '@nestjs/common';
import { toNgPage, type NgPage } from '@sluice/api-conventions';
import { AppError, formatScope, type RequestContext, type RoleName, type Scope } from '@sluice/kernel';
import { ALL_RESOURCES, type RoleAssignmentIn, type RoleAssignmentResponse } from '@sluice/ng-manager-api';
import { refuseDuplicate } from '../persistence/duplicate.js';
import type { PageRequest } from '../persistence/page.js';
import { lineage, type Reach } from '../persistence/scoped.js';
import { UnitOfWork, type Stores } from '../persistence/unit-of-work.js';
import { ProjectService } from '../project/project.service.js';
import { foundServiceAccount } from '../service-account/service-account.service.js';
import { foundGroup } from '../user-group/user-group.service.js';
import { foundUser } from '../user/user.service.js';
import { keepingAnAdministrator } from './last-administrator.js';
import type { WrittenBinding } from './role-binding.entity.js';
import { SCOPE_LEVELS, levelOf, requireMayBind } from './roles.js';
import type { RoleBinding, RoleHolder } from './role-binding.repository.js';

type PrincipalIn = Pick<RoleAssignmentIn['principal'], 'identifier' | 'type' | 'scopeLevel'>;
type Principal = RoleAssignmentResponse['roleAssignment']['principal'];

/** A role to bind, and the words it was asked for in. */
export interface RoleWish {
  /** Made up when absent. */
  readonly identifier?: string | undefined;
  readonly role: RoleName;
  readonly principal: PrincipalIn;
  readonly asWritten?: WrittenBinding;
}

export interface RoleAssignmentFilter {
  /** Instead of the scope alone. */
  readonly reaches?: readonly [Reach, ...Reach[]] | undefined;
  readonly roles?: readonly RoleName[] | undefined;
  readonly principals?: readonly PrincipalIn[] | undefined;
  readonly principalTypes?: readonly PrincipalIn['type'][] | undefined;
}

/** How one of the two addresses shows a binding. */
export type PresentBinding<T> = (row: RoleBinding, principal: Principal) => T;

/** Who has which role where. Nobody gives or takes a role that allows more than they may themselves. */
@Injectable()
export class RoleService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly projects: ProjectService,
  ) {}

  /** @throws AppError DUPLICATE_FIELD, RESOURCE_NOT_FOUND for a principal there is not, and as `requireMayBind` */
  async bind<T>(ctx: RequestContext, scope: Scope, wish: RoleWish, present: PresentBinding<T>): Promise<T> {
    requireMayBind(ctx, wish.role, scope);
    await this.projects.requireScope(scope);
    return refuseDuplicate(
      'role assignment',
      wish.identifier ?? `_${wish.role} of ${wish.principal.identifier}`,
      scope,
      () =>
        this.unitOfWork.run(async (stores) => {
          await stores.roleBindings.lockPeople(ctx.accountId);
          return presentOne(stores, await insertBinding(stores, ctx, scope, wish), present);
        }),
    );
  }

  /**
   * Binds several roles at once, or none of them. What a principal has there already stays as it is.
   * @returns those that were made
   */
  async bindAll<T>(
    ctx: RequestContext,
    scope: Scope,
    wishes: readonly RoleWish[],
    present: PresentBinding<T>,
  ): Promise<T[]> {
    for (const { role } of wishes) requireMayBind(ctx, role, scope);
    await this.projects.requireScope(scope);
    return refuseDuplicate(
      'role assignment',
      wishes.flatMap(({ identifier }) => identifier ?? []).join(', '),
      scope,
      () =>
        this.unitOfWork.run(async (stores) => {
          await stores.roleBindings.lockPeople(ctx.accountId);
          const made: RoleBinding[] = [];
          for (const wish of wishes) {
            const holder = await holderOf(stores, scope, wish.principal);
            if (!(await stores.roleBindings.isBound(scope, holder, wish.role)))
              made.push(await insertBinding(stores, ctx, scope, wish));
          }
          return presentAll(stores, made, present);
        }),
    );
  }

  async list<T>(
    scope: Scope,
    page: PageRequest,
    { principals, principalTypes, roles, reaches }: RoleAssignmentFilter,
    present: PresentBinding<T>,
  ): Promise<NgPage<T>> {
    const stores = this.unitOfWork.read;
    const [first, ...others] = await Promise.all(
      (principals ?? []).map((principal) => holderOf(stores, scope, principal)),
    );
    const { rows, total } = await stores.roleBindings.page(scope, page, {
      holders: first && [first, ...others],
      holderTypes: principalTypes,
      roles,
      reaches,
    });
    return toNgPage(await presentAll(stores, rows, present), total, page.index, page.size);
  }

  async get<T>(scope: Scope, identifier: string, present: PresentBinding<T>): Promise<T> {
    return presentOne(this.unitOfWork.read, await found(this.unitOfWork.read, scope, identifier), present);
  }

  /** A binding as it is, for a client that sends it again. @throws AppError INVALID_REQUEST for one that binds something else, RESOURCE_NOT_FOUND */
  async confirm<T>(scope: Scope, identifier: string, wish: RoleWish, present: PresentBinding<T>): Promise<T> {
    const stores = this.unitOfWork.read;
    const row = await found(stores, scope, identifier);
    if (wish.identifier && wish.identifier !== identifier)
      throw unchangeable('identifier', wish.identifier, identifier);
    if (wish.role !== row.role) throw unchangeable('roleIdentifier', `_${wish.role}`, `_${row.role}`);
    const holder = await holderOf(stores, scope, wish.principal);
    if (('groupId' in holder ? holder.groupId : holder.userId) !== (row.groupId ?? row.userId))
      throw unchangeable('principal.identifier', wish.principal.identifier, 'another one');
    return presentOne(stores, row, present);
  }

  /** @throws AppError RESOURCE_NOT_FOUND, INVALID_REQUEST for a principal that cannot get roles at `scope` */
  async requirePrincipal(scope: Scope, principal: PrincipalIn): Promise<void> {
    await holderOf(this.unitOfWork.read, scope, principal);
  }

  /** @throws AppError INVALID_REQUEST when the account would be left without an administrator */
  async withdraw<T>(ctx: RequestContext, scope: Scope, identifier: string, present: PresentBinding<T>): Promise<T> {
    return this.unitOfWork.run((stores) =>
      keepingAnAdministrator(stores, ctx.accountId, async () => {
        const row = await found(stores, scope, identifier);
        const shown = await presentOne(stores, row, present);
        await deleteBinding(stores, ctx, scope, row);
        return shown;
      }),
    );
  }
}

/** Inserts a binding the caller may make, and its audit event. The people of the account are locked. */
export async function insertBinding(
  stores: Stores,
  ctx: RequestContext,
  scope: Scope,
  { identifier, role, principal, asWritten }: RoleWish,
): Promise<RoleBinding> {
  const name = identifier ?? `role_assignment_${crypto.randomUUID().replaceAll('-', '')}`;
  await stores.roleBindings.insert(scope, await holderOf(stores, scope, principal), role, name, asWritten);
  const row = await found(stores, scope, name);
  const made = await presentOne(stores, row, presentBinding);
  await stores.audit.append(ctx, {
    action: 'create',
    resourceType: 'roleAssignment',
    identifier: name,
    scope,
    after: made.roleAssignment,
  });
  return row;
}

/** Deletes a binding the caller may unmake, and writes its audit event. @throws AppError as `requireMayBind` */
export async function deleteBinding(
  stores: Stores,
  ctx: RequestContext,
  scope: Scope,
  row: RoleBinding,
): Promise<void> {
  requireMayBind(ctx, row.role, scope);
  const gone = await presentOne(stores, row, presentBinding);
  await stores.roleBindings.delete(row.accountId, row.id);
  await stores.audit.append(ctx, {
    action: 'delete',
    resourceType: 'roleAssignment',
    identifier: row.identifier,
    scope,
    before: gone.roleAssignment,
  });
}

/** A binding in our own words. */
export const presentBinding: PresentBinding<RoleAssignmentResponse> = (row, principal) => ({
  roleAssignment: {
    identifier: row.identifier,
    roleIdentifier: `_${row.role}`,
    resourceGroupIdentifier: ALL_RESOURCES,
    principal,
    disabled: false,
    managed: false,
  },
  ...placeOf(row),
});

/** Where and when a binding was made, the same in every wording. */
export function placeOf(row: RoleBinding): Omit<RoleAssignmentResponse, 'roleAssignment'> {
  return {
    scope: { accountIdentifier: row.accountId, orgIdentifier: row.orgId, projectIdentifier: row.projectId },
    createdAt: row.createdAt.getTime(),
    lastModifiedAt: row.createdAt.getTime(),
    harnessManaged: false,
  };
}

async function presentOne<T>(stores: Stores, row: RoleBinding, present: PresentBinding<T>): Promise<T> {
  const [presented] = await presentAll(stores, [row], present);
  if (presented === undefined) throw new Error('one row gives one answer');
  return presented;
}

async function presentAll<T>(stores: Stores, rows: readonly RoleBinding[], present: PresentBinding<T>): Promise<T[]> {
  const accountId = rows[0]?.accountId ?? '';
  const groups = await stores.roleBindings.groupsNamed(
    accountId,
    rows.flatMap(({ groupId }) => groupId ?? []),
  );
  const accounts = await stores.roleBindings.serviceAccountsNamed(
    accountId,
    rows.flatMap(({ userId }) => userId ?? []),
  );
  return rows.map((row) => {
    const group = row.groupId === null ? undefined : groups.get(row.groupId);
    const account = row.userId === null ? undefined : accounts.get(row.userId);
    const named = group ?? account;
    return present(row, {
      identifier: named?.identifier ?? row.userId ?? '',
      type: group ? 'USER_GROUP' : account ? 'SERVICE_ACCOUNT' : 'USER',
      scopeLevel: named ? levelOf(named) : null,
    });
  });
}

/** The principal an assignment at `scope` names. @throws AppError RESOURCE_NOT_FOUND, INVALID_REQUEST for one that lives below or beside the scope */
async function holderOf(
  stores: Stores,
  scope: Scope,
  { identifier, type, scopeLevel }: PrincipalIn,
): Promise<RoleHolder> {
  if (type === 'USER') return { userId: (await foundUser(stores, scope.accountId, identifier)).id };
  const home = scopeLevel ? lineage(scope).find(({ level }) => SCOPE_LEVELS[level] === scopeLevel) : scope;
  if (!home) {
    throw new AppError(
      'INVALID_REQUEST',
      `principal.scopeLevel "${scopeLevel}" lies below ${formatScope(scope)}; a principal gets roles where it lives and inside`,
      { fields: [{ field: 'principal.scopeLevel', error: 'lies below the scope' }] },
    );
  }
  return type === 'USER_GROUP'
    ? { groupId: (await foundGroup(stores, home, identifier)).id }
    : { userId: (await foundServiceAccount(stores, home, identifier)).userId };
}

function unchangeable(field: string, sent: string, known: string): AppError {
  return new AppError(
    'INVALID_REQUEST',
    `${field} is "${sent}" and was ${known}: what an assignment binds cannot be changed; delete it and make another`,
    { fields: [{ field, error: 'cannot be changed' }] },
  );
}

async function found(stores: Stores, scope: Scope, identifier: string): Promise<RoleBinding> {
  const row = await stores.roleBindings.find(scope, identifier);
  if (row) return row;
  throw new AppError('RESOURCE_NOT_FOUND', `there is no role assignment "${identifier}" in ${formatScope(scope)}`);
}
