import { Controller } from '@nestjs/common';
import { PERMISSIONS, toNgPage, type NgPage, type RouteResult } from '@sluice/api-conventions';
import { Call, Route, type RouteCall } from '@sluice/http';
import { AppError, formatScope, messageOf, scopeColumns, type RoleName, type Scope } from '@sluice/kernel';
import {
  ALL_RESOURCES,
  authzAggregateRoleAssignments,
  authzCreateRole,
  authzCreateRoleAssignment,
  authzCreateRoleAssignments,
  authzDeleteRole,
  authzDeleteRoleAssignment,
  authzFilterRoleAssignments,
  authzFilterRoleAssignmentsByScope,
  authzGetRole,
  authzGetRoleAssignment,
  authzListPermissions,
  authzListRoleAssignments,
  authzListRoles,
  authzUpdateRole,
  authzUpdateRoleAssignment,
  authzValidateRoleAssignment,
  createResourceGroup,
  deleteResourceGroup,
  filterResourceGroups,
  getResourceGroup,
  listResourceGroups,
  updateResourceGroup,
  type AuthzRole,
  type AuthzRoleAssignment,
  type AuthzRoleAssignmentResponse,
  type ResourceGroupResponse,
} from '@sluice/ng-manager-api';
import { scopeOfRow } from '../persistence/scoped.js';
import { assignmentsFound, reachesOf } from './assignment-filter.js';
import { KeptAccess, presentKeptGroup, presentKeptRole } from './kept-access.service.js';
import {
  levelNameOf,
  levelRole,
  levelRolesAt,
  levelsOf,
  noSuchGroup,
  noSuchRole,
  requireGroupOf,
  resourceGroupAt,
  resourceGroupsAt,
  roleBoundAt,
} from './level-roles.js';
import { RoleService, placeOf, type PresentBinding, type RoleWish } from './role.service.js';
import { levelOf } from './roles.js';

/** What is aggregated is not paged. */
const MOST_AGGREGATED = 1000;

/** Roles, their bindings and what they count for, by the names existing clients use. */
@Controller()
export class AuthzController {
  constructor(
    private readonly roles: RoleService,
    private readonly kept: KeptAccess,
  ) {}

  @Route(authzCreateRoleAssignment)
  bind(
    @Call() { ctx, scope, body }: RouteCall<typeof authzCreateRoleAssignment>,
  ): Promise<AuthzRoleAssignmentResponse> {
    return this.roles.bind(ctx, scope, wishOf(body, scope, ''), presentWritten);
  }

  @Route(authzCreateRoleAssignments)
  bindAll(
    @Call() { ctx, scope, body }: RouteCall<typeof authzCreateRoleAssignments>,
  ): Promise<AuthzRoleAssignmentResponse[]> {
    return this.roles.bindAll(
      ctx,
      scope,
      body.roleAssignments.map((one, index) => wishOf(one, scope, `roleAssignments.${index}.`)),
      presentWritten,
    );
  }

  @Route(authzListRoleAssignments)
  list(
    @Call() { scope, query }: RouteCall<typeof authzListRoleAssignments>,
  ): Promise<NgPage<AuthzRoleAssignmentResponse>> {
    return this.roles.list(scope, pageOf(query), {}, presentWritten);
  }

  @Route(authzFilterRoleAssignments)
  async filter(
    @Call() { scope, query, body }: RouteCall<typeof authzFilterRoleAssignments>,
  ): Promise<NgPage<AuthzRoleAssignmentResponse>> {
    const filter = assignmentsFound(scope, body);
    return filter
      ? this.roles.list(scope, pageOf(query), filter, presentWritten)
      : toNgPage([], 0, query.pageIndex, query.pageSize);
  }

  @Route(authzFilterRoleAssignmentsByScope)
  async filterByScope(
    @Call() { scope, query, body }: RouteCall<typeof authzFilterRoleAssignmentsByScope>,
  ): Promise<RouteResult<typeof authzFilterRoleAssignmentsByScope>> {
    const { scopeFilters, principalFilter, harnessManagedFilter, disabledFilter, ...more } = body ?? {};
    const listed = <T>(one: T | null | undefined): T[] => (one === null || one === undefined ? [] : [one]);
    const reaches = reachesOf(scope, scopeFilters ?? []);
    const filter = assignmentsFound(scope, {
      ...more,
      principalFilter: principalFilter ? [principalFilter] : undefined,
      harnessManagedFilter: listed(harnessManagedFilter),
      disabledFilter: listed(disabledFilter),
    });
    return filter
      ? this.roles.list(scope, pageOf(query), { ...filter, reaches }, presentWhole)
      : toNgPage([], 0, query.pageIndex, query.pageSize);
  }

  @Route(authzAggregateRoleAssignments)
  async aggregate(
    @Call() { scope, body }: RouteCall<typeof authzAggregateRoleAssignments>,
  ): Promise<RouteResult<typeof authzAggregateRoleAssignments>> {
    const filter = assignmentsFound(scope, body);
    const roleAssignments = filter
      ? (await this.roles.list(scope, { index: 0, size: MOST_AGGREGATED }, filter, presentWritten)).content.map(
          ({ roleAssignment }) => roleAssignment,
        )
      : [];
    const groups = new Set(roleAssignments.map(({ resourceGroupIdentifier }) => resourceGroupIdentifier));
    const { accountId, orgId, projectId } = scopeColumns(scope);
    return {
      roleAssignments,
      scope: { accountIdentifier: accountId, orgIdentifier: orgId, projectIdentifier: projectId },
      roles: [...new Set(roleAssignments.map(({ roleIdentifier }) => roleIdentifier))].flatMap(
        (identifier) => levelRole(identifier) ?? [],
      ),
      resourceGroups: resourceGroupsAt(scope)
        .map(({ resourceGroup }) => resourceGroup)
        .filter(({ identifier }) => groups.has(identifier)),
    };
  }

  @Route(authzValidateRoleAssignment)
  async validate(
    @Call() { scope, body }: RouteCall<typeof authzValidateRoleAssignment>,
  ): Promise<RouteResult<typeof authzValidateRoleAssignment>> {
    const {
      roleAssignment: { roleIdentifier, resourceGroupIdentifier, principal },
    } = body;
    const role = async (): Promise<RoleName> => roleBoundAt(roleIdentifier, scope, 'roleIdentifier');
    return {
      principalValidationResult: await resultOf(body.validatePrincipal, () =>
        this.roles.requirePrincipal(scope, principalOf(principal)),
      ),
      roleValidationResult: await resultOf(body.validateRole, role),
      resourceGroupValidationResult: await resultOf(body.validateResourceGroup, async () =>
        requireGroupOf(await role(), resourceGroupIdentifier, scope, 'resourceGroupIdentifier'),
      ),
    };
  }

  @Route(authzUpdateRoleAssignment)
  update(
    @Call() { scope, params, body }: RouteCall<typeof authzUpdateRoleAssignment>,
  ): Promise<AuthzRoleAssignmentResponse> {
    return this.roles.confirm(scope, params.identifier, wishOf(body, scope, ''), presentWritten);
  }

  @Route(authzGetRoleAssignment)
  get(@Call() { scope, params }: RouteCall<typeof authzGetRoleAssignment>): Promise<AuthzRoleAssignmentResponse> {
    return this.roles.get(scope, params.identifier, presentWritten);
  }

  @Route(authzDeleteRoleAssignment)
  withdraw(
    @Call() { ctx, scope, params }: RouteCall<typeof authzDeleteRoleAssignment>,
  ): Promise<AuthzRoleAssignmentResponse> {
    return this.roles.withdraw(ctx, scope, params.identifier, presentWritten);
  }

  @Route(authzListRoles)
  async listRoles(@Call() { scope, query }: RouteCall<typeof authzListRoles>): Promise<NgPage<AuthzRole>> {
    const kept = (await this.kept.all(scope, 'role')).map(presentKeptRole);
    return sliced([...levelRolesAt(scope), ...kept], query, ({ role }) => `${role.identifier} ${role.name}`);
  }

  @Route(authzGetRole)
  async getRole(@Call() { scope, params }: RouteCall<typeof authzGetRole>): Promise<AuthzRole> {
    const builtIn = levelRole(params.identifier);
    if (builtIn) return builtIn;
    const kept = await this.kept.find(scope, 'role', params.identifier);
    if (kept) return presentKeptRole(kept);
    throw noSuchRole(params.identifier);
  }

  @Route(authzCreateRole)
  createRole(@Call() { ctx, scope, body }: RouteCall<typeof authzCreateRole>): Promise<AuthzRole> {
    return this.kept.createRole(ctx, scope, body);
  }

  @Route(authzUpdateRole)
  updateRole(@Call() { ctx, scope, params, body }: RouteCall<typeof authzUpdateRole>): Promise<AuthzRole> {
    if (levelRole(params.identifier)) throw unchangeable(`role "${params.identifier}"`);
    return this.kept.updateRole(ctx, scope, params.identifier, body);
  }

  @Route(authzDeleteRole)
  deleteRole(@Call() { ctx, scope, params }: RouteCall<typeof authzDeleteRole>): Promise<AuthzRole> {
    if (levelRole(params.identifier)) throw unchangeable(`role "${params.identifier}"`);
    return this.kept.deleteRole(ctx, scope, params.identifier);
  }

  @Route(authzListPermissions)
  async permissions(
    @Call() _call: RouteCall<typeof authzListPermissions>,
  ): Promise<RouteResult<typeof authzListPermissions>> {
    return PERMISSIONS.map((identifier) => {
      const [resourceType = '', action = ''] = identifier.split('.');
      return {
        permission: {
          identifier,
          name: `${action} ${resourceType}`,
          status: 'ACTIVE',
          resourceType,
          action,
          allowedScopeLevels: levelsOf(identifier),
          includeInAllRoles: false,
        },
      };
    });
  }

  @Route(listResourceGroups)
  async listGroups(
    @Call() { scope, query }: RouteCall<typeof listResourceGroups>,
  ): Promise<NgPage<ResourceGroupResponse>> {
    return sliced(
      await this.groupsAt(scope),
      query,
      ({ resourceGroup }) => `${resourceGroup.identifier} ${resourceGroup.name}`,
    );
  }

  @Route(filterResourceGroups)
  async filterGroups(
    @Call() { scope, query, body }: RouteCall<typeof filterResourceGroups>,
  ): Promise<NgPage<ResourceGroupResponse>> {
    const { identifierFilter, managedFilter, searchTerm } = body ?? {};
    const groups = (await this.groupsAt(scope)).filter(({ resourceGroup, harnessManaged }) => {
      if (managedFilter === 'ONLY_CUSTOM' && harnessManaged) return false;
      if (managedFilter === 'ONLY_MANAGED' && !harnessManaged) return false;
      return !identifierFilter?.length || identifierFilter.includes(resourceGroup.identifier);
    });
    return sliced(
      groups,
      { ...query, searchTerm: searchTerm ?? query.searchTerm },
      ({ resourceGroup }) => `${resourceGroup.identifier} ${resourceGroup.name}`,
    );
  }

  @Route(getResourceGroup)
  async getGroup(@Call() { scope, params }: RouteCall<typeof getResourceGroup>): Promise<ResourceGroupResponse> {
    const builtIn = resourceGroupAt(scope, params.identifier);
    if (builtIn) return builtIn;
    const kept = await this.kept.find(scope, 'resourceGroup', params.identifier);
    if (kept) return presentKeptGroup(kept);
    throw noSuchGroup(scope, params.identifier);
  }

  @Route(createResourceGroup)
  createGroup(@Call() { ctx, scope, body }: RouteCall<typeof createResourceGroup>): Promise<ResourceGroupResponse> {
    return this.kept.createGroup(ctx, scope, body.resourceGroup);
  }

  @Route(updateResourceGroup)
  updateGroup(
    @Call() { ctx, scope, params, body }: RouteCall<typeof updateResourceGroup>,
  ): Promise<ResourceGroupResponse> {
    if (resourceGroupAt(scope, params.identifier)) throw unchangeable(`resource group "${params.identifier}"`);
    return this.kept.updateGroup(ctx, scope, params.identifier, body.resourceGroup);
  }

  @Route(deleteResourceGroup)
  deleteGroup(@Call() { ctx, scope, params }: RouteCall<typeof deleteResourceGroup>): Promise<ResourceGroupResponse> {
    if (resourceGroupAt(scope, params.identifier)) throw unchangeable(`resource group "${params.identifier}"`);
    return this.kept.deleteGroup(ctx, scope, params.identifier);
  }

  private async groupsAt(scope: Scope): Promise<ResourceGroupResponse[]> {
    return [...resourceGroupsAt(scope), ...(await this.kept.all(scope, 'resourceGroup')).map(presentKeptGroup)];
  }
}

/** Whether a part of a binding is as it must be; null when it was not asked after. Failures that are not the client's go on. */
async function resultOf(
  isAsked: boolean | null | undefined,
  check: () => Promise<unknown>,
): Promise<{ valid: boolean; errorMessage: string | null } | null> {
  if (!isAsked) return null;
  try {
    await check();
    return { valid: true, errorMessage: null };
  } catch (cause) {
    if (!(cause instanceof AppError) || cause.httpStatus >= 500) throw cause;
    return { valid: false, errorMessage: messageOf(cause) };
  }
}

/** What a client asks to bind, checked. @param at path of the assignment in the body, for messages */
function wishOf(
  { identifier, roleIdentifier, roleReference, resourceGroupIdentifier, principal }: AuthzRoleAssignment,
  scope: Scope,
  at: string,
): RoleWish {
  const role = roleBoundAt(roleIdentifier, scope, `${at}roleIdentifier`);
  if (roleReference?.identifier && roleReference.identifier !== roleIdentifier) {
    throw new AppError(
      'INVALID_REQUEST',
      `${at}roleReference.identifier is "${roleReference.identifier}", ${at}roleIdentifier "${roleIdentifier}"; send the same`,
      { fields: [{ field: `${at}roleReference.identifier`, error: 'differs from roleIdentifier' }] },
    );
  }
  requireGroupOf(role, resourceGroupIdentifier, scope, `${at}resourceGroupIdentifier`);
  const asWritten = {
    roleIdentifier,
    resourceGroupIdentifier,
    ...(roleReference?.scopeLevel ? { roleScopeLevel: roleReference.scopeLevel } : {}),
  };
  return { identifier: identifier || undefined, role, principal: principalOf(principal), asWritten };
}

function principalOf({ identifier, type, scopeLevel }: AuthzRoleAssignment['principal']): RoleWish['principal'] {
  return { identifier, type, scopeLevel: scopeLevel || undefined };
}

/** A binding as the client wrote it, or by its name at its level. */
const presentWritten: PresentBinding<AuthzRoleAssignmentResponse> = (row, principal) => {
  const level = levelOf(row);
  const roleIdentifier = row.asWritten?.roleIdentifier ?? levelNameOf(row.role, level);
  return {
    roleAssignment: {
      identifier: row.identifier,
      roleIdentifier,
      roleReference: { identifier: roleIdentifier, scopeLevel: row.asWritten?.roleScopeLevel ?? level },
      resourceGroupIdentifier: row.asWritten?.resourceGroupIdentifier ?? ALL_RESOURCES,
      principal,
      disabled: false,
      managed: false,
    },
    ...placeOf(row),
  };
};

/** A binding with what its role and resource group are. */
const presentWhole: PresentBinding<RouteResult<typeof authzFilterRoleAssignmentsByScope>['content'][number]> = (
  row,
  principal,
) => {
  const { roleAssignment, ...place } = presentWritten(row, principal);
  const { identifier, disabled, roleIdentifier, resourceGroupIdentifier } = roleAssignment;
  const scope = scopeOfRow(row);
  const role = levelRole(roleIdentifier) ?? levelRole(levelNameOf(row.role, levelOf(row)));
  const group = resourceGroupAt(scope, resourceGroupIdentifier) ?? resourceGroupAt(scope, ALL_RESOURCES);
  if (!role || !group)
    throw new AppError(
      'INTERNAL',
      `role binding ${identifier} of ${formatScope(scope)} has a role or resource group that is not built in`,
    );
  return { identifier, principal, disabled, role, resourceGroup: group.resourceGroup, ...place };
};

interface ListQuery {
  readonly pageIndex: number;
  readonly pageSize: number;
  readonly searchTerm?: string | undefined;
  readonly sortOrders?: string[] | undefined;
}

function pageOf({ pageIndex, pageSize, searchTerm, sortOrders }: ListQuery) {
  return { index: pageIndex, size: pageSize, search: searchTerm, sort: sortOrders };
}

/** A page of a list that is the same for everybody. */
function sliced<T>(
  rows: readonly T[],
  { pageIndex, pageSize, searchTerm }: ListQuery,
  textOf: (row: T) => string,
): NgPage<T> {
  const wanted = searchTerm?.toLowerCase() ?? '';
  const found = rows.filter((row) => textOf(row).toLowerCase().includes(wanted));
  return toNgPage(found.slice(pageIndex * pageSize, (pageIndex + 1) * pageSize), found.length, pageIndex, pageSize);
}

function unchangeable(what: string): AppError {
  return new AppError('INVALID_REQUEST', `${what} is built in; it can be neither changed nor deleted`);
}
