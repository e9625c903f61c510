import { Controller } from '@nestjs/common';
import { PERMISSIONS, toNgPage, type NgPage, type RouteResult } from '@sluice/api-conventions';
import { Call, Route, type RouteCall } from '@sluice/http';
import { AppError, type Scope } from '@sluice/kernel';
import {
  ALL_RESOURCES, authzCreateRole, authzCreateRoleAssignment, authzCreateRoleAssignments, authzDeleteRole, authzDeleteRoleAssignment, authzFilterRoleAssignments, authzGetRole, authzGetRoleAssignment,
  authzListPermissions, authzListRoleAssignments, authzListRoles, authzUpdateRole, createResourceGroup, deleteResourceGroup, filterResourceGroups, getResourceGroup, listResourceGroups, updateResourceGroup,
  type AuthzRole, type AuthzRoleAssignment, type AuthzRoleAssignmentResponse, type ResourceGroupResponse,
} from '@sluice/ng-manager-api';
import { levelNameOf, levelRole, levelRolesAt, levelsOf, requireGroupOf, resourceGroupAt, resourceGroupsAt, roleBoundAt, roleWritten } from './level-roles.js';
import { RoleService, placeOf, type PresentBinding, type RoleWish } from './role.service.js';
import { levelOf } from './roles.js';

/** Roles, their bindings and what they count for, by the names existing clients use. */
@Controller()
export class AuthzController {
  constructor(private readonly roles: RoleService) {}

  @Route(authzCreateRoleAssignment)
  bind(@Call() { ctx, scope, body }: RouteCall<typeof authzCreateRoleAssignment>): Promise<AuthzRoleAssignmentResponse> {
    return this.roles.bind(ctx, scope, wishOf(body, scope, ''), presentWritten);
  }

  @Route(authzCreateRoleAssignments)
  bindAll(@Call() { ctx, scope, body }: RouteCall<typeof authzCreateRoleAssignments>): Promise<AuthzRoleAssignmentResponse[]> {
    return this.roles.bindAll(ctx, scope, body.roleAssignments.map((one, index) => wishOf(one, scope, `roleAssignments.${index}.`)), presentWritten);
  }

  @Route(authzListRoleAssignments)
  list(@Call() { scope, query }: RouteCall<typeof authzListRoleAssignments>): Promise<NgPage<AuthzRoleAssignmentResponse>> {
    return this.roles.list(scope, pageOf(query), {}, presentWritten);
  }

  @Route(authzFilterRoleAssignments)
  async filter(@Call() { scope, query, body }: RouteCall<typeof authzFilterRoleAssignments>): Promise<NgPage<AuthzRoleAssignmentResponse>> {
    const { roleFilter, resourceGroupFilter, principalFilter, principalTypeFilter, harnessManagedFilter, disabledFilter } = body ?? {};
    const groups = resourceGroupsAt(scope).map(({ resourceGroup }): string => resourceGroup.identifier);
    // No binding is managed or disabled, and each counts for all of its scope: other wishes find nothing.
    const findsNone = [harnessManagedFilter, disabledFilter].some((wanted) => wanted?.length && !wanted.includes(false)) || (resourceGroupFilter?.length && !resourceGroupFilter.some((group) => groups.includes(group)));
    if (findsNone) return toNgPage([], 0, query.pageIndex, query.pageSize);
    return this.roles.list(scope, pageOf(query), {
      roles: roleFilter?.length ? roleFilter.flatMap((name) => roleWritten(name) ?? []) : undefined,
      principals: principalFilter?.map(principalOf),
      principalTypes: principalTypeFilter?.length ? principalTypeFilter : undefined,
    }, presentWritten);
  }

  @Route(authzGetRoleAssignment)
  get(@Call() { scope, params }: RouteCall<typeof authzGetRoleAssignment>): Promise<AuthzRoleAssignmentResponse> {
    return this.roles.get(scope, params.identifier, presentWritten);
  }

  @Route(authzDeleteRoleAssignment)
  withdraw(@Call() { ctx, scope, params }: RouteCall<typeof authzDeleteRoleAssignment>): Promise<AuthzRoleAssignmentResponse> {
    return this.roles.withdraw(ctx, scope, params.identifier, presentWritten);
  }

  @Route(authzListRoles)
  async listRoles(@Call() { scope, query }: RouteCall<typeof authzListRoles>): Promise<NgPage<AuthzRole>> {
    return sliced(levelRolesAt(scope), query, ({ role }) => `${role.identifier} ${role.name}`);
  }

  @Route(authzGetRole)
  async getRole(@Call() { params }: RouteCall<typeof authzGetRole>): Promise<AuthzRole> {
    return levelRole(params.identifier);
  }

  @Route(authzCreateRole)
  createRole(@Call() { scope, body }: RouteCall<typeof authzCreateRole>): Promise<AuthzRole> {
    throw new AppError('NOT_IMPLEMENTED', `role "${body.identifier}" cannot be made: roles are built in; bind one of ${levelRolesAt(scope).map(({ role }) => role.identifier).join(', ')}`);
  }

  @Route(authzUpdateRole)
  updateRole(@Call() { params }: RouteCall<typeof authzUpdateRole>): Promise<AuthzRole> {
    throw builtIn(`role "${levelRole(params.identifier).role.identifier}"`);
  }

  @Route(authzDeleteRole)
  deleteRole(@Call() { params }: RouteCall<typeof authzDeleteRole>): Promise<AuthzRole> {
    throw builtIn(`role "${levelRole(params.identifier).role.identifier}"`);
  }

  @Route(authzListPermissions)
  async permissions(@Call() _call: RouteCall<typeof authzListPermissions>): Promise<RouteResult<typeof authzListPermissions>> {
    return PERMISSIONS.map((identifier) => {
      const [resourceType = '', action = ''] = identifier.split('.');
      return { permission: { identifier, name: `${action} ${resourceType}`, status: 'ACTIVE', resourceType, action, allowedScopeLevels: levelsOf(identifier), includeInAllRoles: false } };
    });
  }

  @Route(listResourceGroups)
  async listGroups(@Call() { scope, query }: RouteCall<typeof listResourceGroups>): Promise<NgPage<ResourceGroupResponse>> {
    return sliced(resourceGroupsAt(scope), query, ({ resourceGroup }) => `${resourceGroup.identifier} ${resourceGroup.name}`);
  }

  @Route(filterResourceGroups)
  async filterGroups(@Call() { scope, query, body }: RouteCall<typeof filterResourceGroups>): Promise<NgPage<ResourceGroupResponse>> {
    const { identifierFilter, managedFilter, searchTerm } = body ?? {};
    const groups = managedFilter === 'ONLY_CUSTOM' ? [] : resourceGroupsAt(scope).filter(({ resourceGroup }) => !identifierFilter?.length || identifierFilter.includes(resourceGroup.identifier));
    return sliced(groups, { ...query, searchTerm: searchTerm ?? query.searchTerm }, ({ resourceGroup }) => `${resourceGroup.identifier} ${resourceGroup.name}`);
  }

  @Route(getResourceGroup)
  async getGroup(@Call() { scope, params }: RouteCall<typeof getResourceGroup>): Promise<ResourceGroupResponse> {
    return resourceGroupAt(scope, params.identifier);
  }

  @Route(createResourceGroup)
  createGroup(@Call() { scope, body }: RouteCall<typeof createResourceGroup>): Promise<ResourceGroupResponse> {
    const names = resourceGroupsAt(scope).map(({ resourceGroup }) => resourceGroup.identifier);
    throw new AppError('NOT_IMPLEMENTED', `resource group "${body.resourceGroup.identifier}" cannot be made: roles count for whole scopes; use ${names.join(' or ')}, and bind the role in the project or organization it is for`);
  }

  @Route(updateResourceGroup)
  updateGroup(@Call() { scope, params }: RouteCall<typeof updateResourceGroup>): Promise<ResourceGroupResponse> {
    throw builtIn(`resource group "${resourceGroupAt(scope, params.identifier).resourceGroup.identifier}"`);
  }

  @Route(deleteResourceGroup)
  deleteGroup(@Call() { scope, params }: RouteCall<typeof deleteResourceGroup>): Promise<ResourceGroupResponse> {
    throw builtIn(`resource group "${resourceGroupAt(scope, params.identifier).resourceGroup.identifier}"`);
  }
}

/** What a client asks to bind, checked. @param at path of the assignment in the body, for messages */
function wishOf({ identifier, roleIdentifier, roleReference, resourceGroupIdentifier, principal }: AuthzRoleAssignment, scope: Scope, at: string): RoleWish {
  const role = roleBoundAt(roleIdentifier, scope, `${at}roleIdentifier`);
  if (roleReference?.identifier && roleReference.identifier !== roleIdentifier) {
    throw new AppError('INVALID_REQUEST', `${at}roleReference.identifier is "${roleReference.identifier}", ${at}roleIdentifier "${roleIdentifier}"; send the same`, { fields: [{ field: `${at}roleReference.identifier`, error: 'differs from roleIdentifier' }] });
  }
  requireGroupOf(role, resourceGroupIdentifier, scope, `${at}resourceGroupIdentifier`);
  const asWritten = { roleIdentifier, resourceGroupIdentifier, ...(roleReference?.scopeLevel ? { roleScopeLevel: roleReference.scopeLevel } : {}) };
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
function sliced<T>(rows: readonly T[], { pageIndex, pageSize, searchTerm }: ListQuery, textOf: (row: T) => string): NgPage<T> {
  const wanted = searchTerm?.toLowerCase() ?? '';
  const found = rows.filter((row) => textOf(row).toLowerCase().includes(wanted));
  return toNgPage(found.slice(pageIndex * pageSize, (pageIndex + 1) * pageSize), found.length, pageIndex, pageSize);
}

function builtIn(what: string): AppError {
  return new AppError('INVALID_REQUEST', `${what} is built in; it can be neither changed nor deleted`);
}
