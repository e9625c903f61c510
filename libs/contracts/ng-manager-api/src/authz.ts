import {
  defineRoute,
  entityName,
  identifier,
  ngPage,
  scopeFromQueryOrBody,
  scopeOfAccount,
  type PermissionAccess,
} from '@sluice/api-conventions';
import { z } from 'zod';
import { epochMs, named, ngAccount, ngList, ngScope, scopeInBody } from './places.js';
import { ALL_RESOURCES, principalType, scopeLevel } from './roles.js';

/**
 * Roles and who has them, as existing clients name them: by the level they are bound at (`_project_viewer`). They are the roles of `/ng/api/roles` under
 * further names; a binding made under one name is there under both addresses.
 */
const name = z.string().min(1).max(128);
const view: PermissionAccess = { permission: 'user.view' };
const edit: PermissionAccess = { permission: 'user.edit' };
const written: PermissionAccess = { permission: 'user.edit', scopeFrom: scopeFromQueryOrBody() };
const style = 'ng';
const byName = z.object({ identifier: name });

/** What a role counts for. Only whole scopes can be named: with what is inside, or the scope itself for roles that share what it holds. */
export const RESOURCE_GROUPS = [
  ALL_RESOURCES,
  '_all_account_level_resources',
  '_all_organization_level_resources',
  '_all_project_level_resources',
] as const;
export type ResourceGroupName = (typeof RESOURCE_GROUPS)[number];

const authzPrincipal = z.object({
  identifier: name,
  type: principalType,
  scopeLevel: z.union([scopeLevel, z.literal('')]).nullish(),
});
const roleReference = z.object({
  identifier: name.nullish(),
  scopeLevel: z.union([scopeLevel, z.literal('')]).nullish(),
});

export const authzRoleAssignment = z.object({
  identifier: identifier.or(z.literal('')).nullish(),
  roleIdentifier: name,
  /** The same role again, with the level it belongs to; echoed. */
  roleReference: roleReference.nullish(),
  resourceGroupIdentifier: name,
  principal: authzPrincipal,
  disabled: z.literal(false, 'an assignment is deleted, not disabled').nullish(),
  managed: z.literal(false, 'assignments of clients are not managed').nullish(),
});
export type AuthzRoleAssignment = z.output<typeof authzRoleAssignment>;

const authzRoleAssignmentResponse = z.object({
  roleAssignment: z.object({
    identifier: z.string(),
    roleIdentifier: z.string(),
    roleReference: z.object({ identifier: z.string(), scopeLevel: z.string() }),
    resourceGroupIdentifier: z.string(),
    principal: z.object({ identifier: z.string(), type: principalType, scopeLevel: scopeLevel.nullable() }),
    disabled: z.literal(false),
    managed: z.literal(false),
  }),
  scope: z.object({
    accountIdentifier: z.string(),
    orgIdentifier: z.string().nullable(),
    projectIdentifier: z.string().nullable(),
  }),
  createdAt: epochMs,
  lastModifiedAt: epochMs,
  harnessManaged: z.literal(false),
});
export type AuthzRoleAssignmentResponse = z.output<typeof authzRoleAssignmentResponse>;

const ASSIGNMENTS = '/authz/api/roleassignments';

/** Refused with ACCESS_DENIED for a role that allows more than the caller may do there. */
export const authzCreateRoleAssignment = defineRoute({
  id: 'authzCreateRoleAssignment',
  method: 'POST',
  path: ASSIGNMENTS,
  summary: 'Bind a role, by the names existing clients use',
  style,
  access: written,
  query: ngScope,
  body: authzRoleAssignment,
  response: authzRoleAssignmentResponse,
});

/** All are looked at before the first is made; what is bound already is left out of the answer. */
export const authzCreateRoleAssignments = defineRoute({
  id: 'authzCreateRoleAssignments',
  method: 'POST',
  path: `${ASSIGNMENTS}/multi`,
  summary: 'Bind several roles',
  style,
  access: written,
  query: ngScope,
  body: z.object({
    roleAssignments: z
      .array(authzRoleAssignment)
      .min(1, 'names no role assignment')
      .max(100, 'at most 100 role assignments'),
  }),
  response: z.array(authzRoleAssignmentResponse),
});

export const authzListRoleAssignments = defineRoute({
  id: 'authzListRoleAssignments',
  method: 'GET',
  path: ASSIGNMENTS,
  summary: 'Roles bound at a scope',
  style,
  access: view,
  query: z.object(ngList),
  response: ngPage(authzRoleAssignmentResponse),
});

const names = z.array(name).max(100).nullish();
/** Lists are alternatives, keys add up. */
const assignmentFilter = z
  .object({
    resourceGroupFilter: names,
    roleFilter: names,
    principalTypeFilter: z.array(principalType).max(3).nullish(),
    principalFilter: z.array(authzPrincipal).max(100).nullish(),
    harnessManagedFilter: z.array(z.boolean()).max(2).nullish(),
    disabledFilter: z.array(z.boolean()).max(2).nullish(),
  })
  .nullish();
export type AuthzRoleAssignmentFilter = z.output<typeof assignmentFilter>;
export const authzFilterRoleAssignments = defineRoute({
  id: 'authzFilterRoleAssignments',
  method: 'POST',
  path: `${ASSIGNMENTS}/filter`,
  summary: 'Roles bound at a scope, by filter',
  style,
  access: view,
  query: z.object(ngList),
  body: assignmentFilter,
  response: ngPage(authzRoleAssignmentResponse),
});

/** A binding is what it binds: sent as it is it is answered, with another role, group or principal it is refused. */
export const authzUpdateRoleAssignment = defineRoute({
  id: 'authzUpdateRoleAssignment',
  method: 'PUT',
  path: `${ASSIGNMENTS}/:identifier`,
  summary: 'Send a binding again as it is',
  style,
  access: written,
  params: z.object({ identifier: name }),
  query: ngScope,
  body: authzRoleAssignment,
  response: authzRoleAssignmentResponse,
});

const validationResult = z.object({ valid: z.boolean(), errorMessage: z.string().nullable() }).nullable();
/** Whether a binding could be made, part by part; null for a part that was not asked after. Says nothing about the rights of who asks. */
export const authzValidateRoleAssignment = defineRoute({
  id: 'authzValidateRoleAssignment',
  method: 'POST',
  path: `${ASSIGNMENTS}/validate`,
  summary: 'Could this role be bound?',
  style,
  access: view,
  query: ngScope,
  body: z.object({
    roleAssignment: authzRoleAssignment,
    validatePrincipal: z.boolean().nullish(),
    validateRole: z.boolean().nullish(),
    validateResourceGroup: z.boolean().nullish(),
  }),
  response: z.object({
    principalValidationResult: validationResult,
    roleValidationResult: validationResult,
    resourceGroupValidationResult: validationResult,
  }),
});

export const authzGetRoleAssignment = defineRoute({
  id: 'authzGetRoleAssignment',
  method: 'GET',
  path: `${ASSIGNMENTS}/:identifier`,
  summary: 'Read one binding of a role',
  style,
  access: view,
  params: byName,
  query: ngScope,
  response: authzRoleAssignmentResponse,
});

/** Refused for the binding that makes somebody the last administrator of the account. */
export const authzDeleteRoleAssignment = defineRoute({
  id: 'authzDeleteRoleAssignment',
  method: 'DELETE',
  path: `${ASSIGNMENTS}/:identifier`,
  summary: 'Take a role away',
  style,
  access: edit,
  params: byName,
  query: ngScope,
  response: authzRoleAssignmentResponse,
});

/** What is kept and counts for nothing, and why. Absent for what is built in. */
const warnings = z.array(z.object({ field: z.string(), message: z.string() })).optional();
const authzRole = z.object({
  role: z.object({
    identifier: z.string(),
    name: z.string(),
    description: z.string(),
    permissions: z.array(z.string()),
    allowedScopeLevels: z.array(scopeLevel),
    tags: z.record(z.string(), z.string()),
  }),
  /** Where a role of a client was made; null for what is built in. */
  scope: z
    .object({
      accountIdentifier: z.string(),
      orgIdentifier: z.string().nullable(),
      projectIdentifier: z.string().nullable(),
    })
    .nullable(),
  harnessManaged: z.boolean(),
  createdAt: epochMs.nullable(),
  lastModifiedAt: epochMs.nullable(),
  warnings,
});
export type AuthzRole = z.output<typeof authzRole>;

/** Identifiers that begin with an underscore are those of what is built in. */
const ownIdentifier = identifier.refine(
  (text) => !text.startsWith('_'),
  'must not begin with an underscore: those are built in',
);
const levels = z.array(scopeLevel).max(3).nullish();
const keptRole = z.object({
  ...named,
  identifier: ownIdentifier,
  permissions: z.array(name).max(500, 'at most 500 permissions').nullish(),
  allowedScopeLevels: levels,
});
export type KeptRole = z.output<typeof keptRole>;

const ROLES = '/authz/api/roles';
export const authzListRoles = defineRoute({
  id: 'authzListRoles',
  method: 'GET',
  path: ROLES,
  summary: 'The roles that may be bound at a scope',
  style,
  access: view,
  query: z.object(ngList),
  response: ngPage(authzRole),
});
export const authzGetRole = defineRoute({
  id: 'authzGetRole',
  method: 'GET',
  path: `${ROLES}/:identifier`,
  summary: 'Read a role',
  style,
  access: view,
  params: byName,
  query: ngScope,
  response: authzRole,
});
/** Kept for clients that manage roles, and given back; only built-in roles count and can be bound, which `warnings` says. */
export const authzCreateRole = defineRoute({
  id: 'authzCreateRole',
  method: 'POST',
  path: ROLES,
  summary: 'Keep a role, which cannot be bound',
  style,
  access: written,
  query: ngScope,
  body: keptRole,
  response: authzRole,
});
/** An absent name stays, everything else is replaced. What is built in stays as it is. */
export const authzUpdateRole = defineRoute({
  id: 'authzUpdateRole',
  method: 'PUT',
  path: `${ROLES}/:identifier`,
  summary: 'Change a kept role',
  style,
  access: written,
  params: byName,
  query: ngScope,
  body: keptRole.extend({ identifier: name, name: entityName.nullish() }),
  response: authzRole,
});
/** What is built in stays. */
export const authzDeleteRole = defineRoute({
  id: 'authzDeleteRole',
  method: 'DELETE',
  path: `${ROLES}/:identifier`,
  summary: 'Delete a kept role',
  style,
  access: edit,
  params: byName,
  query: ngScope,
  response: authzRole,
});

/** The same for everybody: clients ask for it with the account alone. */
export const authzListPermissions = defineRoute({
  id: 'authzListPermissions',
  method: 'GET',
  path: '/authz/api/permissions',
  summary: 'Every permission a role can hold',
  style,
  access: { permission: 'user.view', scopeFrom: scopeOfAccount, orInside: true },
  query: ngAccount,
  response: z.array(
    z.object({
      permission: z.object({
        identifier: z.string(),
        name: z.string(),
        status: z.literal('ACTIVE'),
        resourceType: z.string(),
        action: z.string(),
        allowedScopeLevels: z.array(scopeLevel),
        includeInAllRoles: z.literal(false),
      }),
    }),
  ),
});

const scopeSelector = z.object({
  filter: z.enum(['EXCLUDING_CHILD_SCOPES', 'INCLUDING_CHILD_SCOPES']),
  accountIdentifier: z.string().max(128).nullish(),
  orgIdentifier: z.string().max(128).nullish(),
  projectIdentifier: z.string().max(128).nullish(),
});
const resourceSelector = z.object({
  resourceType: name,
  identifiers: z.array(name).max(1000).nullish(),
  attributeFilter: z.object({ attributeName: name, attributeValues: z.array(name).max(100).nullish() }).nullish(),
});
const resourceFilter = z.object({
  includeAllResources: z.boolean().nullish(),
  resources: z.array(resourceSelector).max(500, 'at most 500 kinds of resources').nullish(),
});
const keptResourceGroup = z.object({
  ...named,
  ...scopeInBody,
  identifier: ownIdentifier,
  accountIdentifier: z.string().max(128).nullish(),
  color: z.string().max(32).nullish(),
  allowedScopeLevels: levels,
  includedScopes: z.array(scopeSelector).max(100, 'at most 100 scopes').nullish(),
  resourceFilter: resourceFilter.nullish(),
});
export type KeptResourceGroup = z.output<typeof keptResourceGroup>;

const resourceGroupResponse = z.object({
  resourceGroup: z.object({
    accountIdentifier: z.string(),
    orgIdentifier: z.string().nullable(),
    projectIdentifier: z.string().nullable(),
    identifier: z.string(),
    name: entityName,
    color: z.string(),
    description: z.string(),
    tags: z.record(z.string(), z.string()),
    allowedScopeLevels: z.array(scopeLevel),
    includedScopes: z.array(scopeSelector),
    resourceFilter: z.object({ includeAllResources: z.boolean(), resources: z.array(resourceSelector) }),
  }),
  createdAt: epochMs.nullable(),
  lastModifiedAt: epochMs.nullable(),
  harnessManaged: z.boolean(),
  warnings,
});
export type ResourceGroupResponse = z.output<typeof resourceGroupResponse>;

/** The same filter over several scopes. Each scope lies in the one of the query, which is meant when none is named; `INCLUDING_CHILD_SCOPES` takes what is inside it too. */
export const authzFilterRoleAssignmentsByScope = defineRoute({
  id: 'authzFilterRoleAssignmentsByScope',
  method: 'POST',
  path: `${ASSIGNMENTS}/v2/filter`,
  summary: 'Roles bound at several scopes, by filter',
  style,
  access: view,
  query: z.object(ngList),
  body: z
    .object({
      scopeFilters: z.array(scopeSelector).max(100, 'at most 100 scopes').nullish(),
      resourceGroupFilter: names,
      roleFilter: names,
      principalTypeFilter: z.array(principalType).max(3).nullish(),
      principalFilter: authzPrincipal.nullish(),
      harnessManagedFilter: z.boolean().nullish(),
      disabledFilter: z.boolean().nullish(),
    })
    .nullish(),
  /** Each binding, with what its role and resource group are. */
  response: ngPage(
    z.object({
      identifier: z.string(),
      principal: authzRoleAssignmentResponse.shape.roleAssignment.shape.principal,
      disabled: z.literal(false),
      role: authzRole,
      resourceGroup: resourceGroupResponse.shape.resourceGroup,
      scope: authzRoleAssignmentResponse.shape.scope,
      harnessManaged: z.literal(false),
      createdAt: epochMs,
      lastModifiedAt: epochMs,
    }),
  ),
});

/** Everything a filter finds at once, at most 1,000 bindings, with the roles and groups they name. */
export const authzAggregateRoleAssignments = defineRoute({
  id: 'authzAggregateRoleAssignments',
  method: 'POST',
  path: `${ASSIGNMENTS}/aggregate`,
  summary: 'Roles bound at a scope with what they are',
  style,
  access: view,
  query: ngScope,
  body: assignmentFilter,
  response: z.object({
    roleAssignments: z.array(authzRoleAssignmentResponse.shape.roleAssignment),
    scope: authzRoleAssignmentResponse.shape.scope,
    roles: z.array(authzRole),
    resourceGroups: z.array(resourceGroupResponse.shape.resourceGroup),
  }),
});

const GROUPS = '/resourcegroup/api/v2/resourcegroup';
const groupBody = z.object({ resourceGroup: keptResourceGroup });
const changedGroupBody = z.object({
  resourceGroup: keptResourceGroup.extend({ identifier: name, name: entityName.nullish() }),
});
const groupWritten: PermissionAccess = { permission: 'user.edit', scopeFrom: scopeFromQueryOrBody('resourceGroup') };
export const listResourceGroups = defineRoute({
  id: 'listResourceGroups',
  method: 'GET',
  path: GROUPS,
  summary: 'The resource groups a role at this scope can count for',
  style,
  access: view,
  query: z.object(ngList),
  response: ngPage(resourceGroupResponse),
});
export const filterResourceGroups = defineRoute({
  id: 'filterResourceGroups',
  method: 'POST',
  path: `${GROUPS}/filter`,
  summary: 'The same, by filter',
  style,
  access: view,
  query: z.object(ngList),
  body: z
    .object({
      searchTerm: z.string().max(256).nullish(),
      identifierFilter: names,
      managedFilter: z.enum(['NO_FILTER', 'ONLY_MANAGED', 'ONLY_CUSTOM']).nullish(),
    })
    .nullish(),
  response: ngPage(resourceGroupResponse),
});
export const getResourceGroup = defineRoute({
  id: 'getResourceGroup',
  method: 'GET',
  path: `${GROUPS}/:identifier`,
  summary: 'Read a resource group',
  style,
  access: view,
  params: byName,
  query: ngScope,
  response: resourceGroupResponse,
});
/** Kept for clients that manage groups, and given back; roles count for whole scopes, so that it cannot be bound, which `warnings` says. */
export const createResourceGroup = defineRoute({
  id: 'createResourceGroup',
  method: 'POST',
  path: GROUPS,
  summary: 'Keep a resource group, which cannot be bound',
  style,
  access: groupWritten,
  query: ngScope,
  body: groupBody,
  response: resourceGroupResponse,
});
/** An absent name stays, everything else is replaced. What is built in stays as it is. */
export const updateResourceGroup = defineRoute({
  id: 'updateResourceGroup',
  method: 'PUT',
  path: `${GROUPS}/:identifier`,
  summary: 'Change a kept resource group',
  style,
  access: groupWritten,
  params: byName,
  query: ngScope,
  body: changedGroupBody,
  response: resourceGroupResponse,
});
/** What is built in stays. */
export const deleteResourceGroup = defineRoute({
  id: 'deleteResourceGroup',
  method: 'DELETE',
  path: `${GROUPS}/:identifier`,
  summary: 'Delete a kept resource group',
  style,
  access: edit,
  params: byName,
  query: ngScope,
  response: resourceGroupResponse,
});

export const authzRoutes = [
  authzCreateRoleAssignment,
  authzCreateRoleAssignments,
  authzListRoleAssignments,
  authzFilterRoleAssignments,
  authzFilterRoleAssignmentsByScope,
  authzAggregateRoleAssignments,
  authzValidateRoleAssignment,
  authzGetRoleAssignment,
  authzUpdateRoleAssignment,
  authzDeleteRoleAssignment,
  authzListRoles,
  authzGetRole,
  authzCreateRole,
  authzUpdateRole,
  authzDeleteRole,
  authzListPermissions,
  listResourceGroups,
  filterResourceGroups,
  getResourceGroup,
  createResourceGroup,
  updateResourceGroup,
  deleteResourceGroup,
] as const;
