import { defineRoute, identifier, ngPage, type PermissionAccess } from '@sluice/api-conventions';
import { ROLE_NAMES } from '@sluice/kernel';
import { z } from 'zod';
import { epochMs, ngList, ngScope } from './places.js';

/** Built-in roles as the API names them: an underscore in front, as everywhere for what is built in. */
export const ROLE_IDENTIFIERS = ROLE_NAMES.map((name) => `_${name}` as const);
const roleIdentifier = z.enum(ROLE_IDENTIFIERS);
export const ALL_RESOURCES = '_all_resources_including_child_scopes';

export const scopeLevel = z.enum(['account', 'organization', 'project']);
export type ScopeLevel = z.output<typeof scopeLevel>;

const role = z.object({
  identifier: roleIdentifier,
  name: z.string(),
  description: z.string(),
  /** `resource.action`, as route errors name them. */
  permissions: z.array(z.string()),
  allowedScopeLevels: z.array(scopeLevel),
  tags: z.record(z.string(), z.string()),
});
const roleResponse = z.object({
  role,
  scope: z.null(),
  harnessManaged: z.literal(true),
  createdAt: z.null(),
  lastModifiedAt: z.null(),
});
export type RoleResponse = z.output<typeof roleResponse>;

const view: PermissionAccess = { permission: 'user.view' };
const edit: PermissionAccess = { permission: 'user.edit' };

export const listRoles = defineRoute({
  id: 'listRoles',
  method: 'GET',
  path: '/ng/api/roles',
  summary: 'The built-in roles that may be bound at a scope',
  style: 'ng',
  access: view,
  query: z.object(ngList),
  response: ngPage(roleResponse),
});

export const principalType = z.enum(['USER', 'SERVICE_ACCOUNT', 'USER_GROUP']);
const principal = z.strictObject({
  /** Uuid of a user, identifier of a service account or group. */
  identifier: z.string().min(1).max(128),
  type: principalType,
  /** Where the service account or group lives: the scope of the assignment, or one above. */
  scopeLevel: scopeLevel.nullish(),
});

const roleAssignment = z.strictObject({
  identifier: identifier.nullish(),
  roleIdentifier,
  resourceGroupIdentifier: z
    .literal(ALL_RESOURCES, `use ${ALL_RESOURCES}: a role counts for everything at its scope and inside`)
    .nullish(),
  principal,
  disabled: z.literal(false, 'an assignment is deleted, not disabled').nullish(),
  managed: z.literal(false).nullish(),
});
export type RoleAssignmentIn = z.output<typeof roleAssignment>;

const roleAssignmentResponse = z.object({
  roleAssignment: z.object({
    identifier: z.string(),
    roleIdentifier,
    resourceGroupIdentifier: z.literal(ALL_RESOURCES),
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
export type RoleAssignmentResponse = z.output<typeof roleAssignmentResponse>;

const ASSIGNMENTS = '/ng/api/role-assignments';
const byAssignment = z.object({ identifier: z.string().min(1).max(128) });

/** Refused with ACCESS_DENIED for a role that allows more than the caller may do there. */
export const createRoleAssignment = defineRoute({
  id: 'createRoleAssignment',
  method: 'POST',
  path: ASSIGNMENTS,
  summary: 'Bind a role to a user, service account or group at a scope',
  style: 'ng',
  access: edit,
  query: ngScope,
  body: roleAssignment,
  response: roleAssignmentResponse,
});

export const listRoleAssignments = defineRoute({
  id: 'listRoleAssignments',
  method: 'GET',
  path: ASSIGNMENTS,
  summary: 'Roles bound at a scope',
  style: 'ng',
  access: view,
  query: z.object({
    ...ngList,
    principalIdentifier: z.string().max(128).optional(),
    principalType: principalType.optional(),
    roleIdentifier: roleIdentifier.optional(),
  }),
  response: ngPage(roleAssignmentResponse),
});

export const getRoleAssignment = defineRoute({
  id: 'getRoleAssignment',
  method: 'GET',
  path: `${ASSIGNMENTS}/:identifier`,
  summary: 'Read one binding of a role',
  style: 'ng',
  access: view,
  params: byAssignment,
  query: ngScope,
  response: roleAssignmentResponse,
});

/** Refused for the binding that makes somebody the last administrator of the account. */
export const deleteRoleAssignment = defineRoute({
  id: 'deleteRoleAssignment',
  method: 'DELETE',
  path: `${ASSIGNMENTS}/:identifier`,
  summary: 'Take a role away',
  style: 'ng',
  access: edit,
  params: byAssignment,
  query: ngScope,
  response: roleAssignmentResponse,
});
