import { PERMISSIONS, ROLES, countsInside } from '@sluice/api-conventions';
import { AppError, ROLE_NAMES, formatScope, scopeColumns, type RoleName, type Scope } from '@sluice/kernel';
import {
  ALL_RESOURCES,
  RESOURCE_GROUPS,
  type AuthzRole,
  type ResourceGroupName,
  type ResourceGroupResponse,
  type RoleAssignmentMetadata,
  type ScopeLevel,
} from '@sluice/ng-manager-api';
import type { HeldRole } from './role-binding.repository.js';
import { ROLE_TEXTS, SCOPE_LEVELS, levelOf } from './roles.js';

interface LevelRole {
  readonly role: RoleName;
  readonly level: ScopeLevel;
  readonly name: string;
}

/** Names of existing clients for our roles at one level. Our other names are their own: `_project_admin` is the same in both. */
const LEVEL_ROLES: Readonly<Record<string, LevelRole>> = {
  _account_viewer: { role: 'viewer', level: 'account', name: 'Account Viewer' },
  _organization_viewer: { role: 'viewer', level: 'organization', name: 'Organization Viewer' },
  _project_viewer: { role: 'viewer', level: 'project', name: 'Project Viewer' },
  _organization_admin: { role: 'org_admin', level: 'organization', name: 'Organization Admin' },
};

const LEVEL_GROUPS: Readonly<Record<ScopeLevel, ResourceGroupName>> = {
  account: '_all_account_level_resources',
  organization: '_all_organization_level_resources',
  project: '_all_project_level_resources',
};
const GROUP_NAMES: Readonly<Record<ResourceGroupName, string>> = {
  [ALL_RESOURCES]: 'All Resources Including Child Scopes',
  _all_account_level_resources: 'All Account Level Resources',
  _all_organization_level_resources: 'All Organization Level Resources',
  _all_project_level_resources: 'All Project Level Resources',
};

/** How clients name `role` at a level. */
export function levelNameOf(role: RoleName, level: ScopeLevel): string {
  return Object.entries(LEVEL_ROLES).find(([, one]) => one.role === role && one.level === level)?.[0] ?? `_${role}`;
}

/** The names a role can be written by at a scope. */
function namesAt(level: ScopeLevel): string[] {
  return ROLE_NAMES.filter((role) => ROLE_TEXTS[role].levels.includes(level)).map((role) => levelNameOf(role, level));
}

/** The role a client names, at whatever level; undefined for one there is not. */
export function roleWritten(identifier: string): RoleName | undefined {
  const ofLevel = Object.hasOwn(LEVEL_ROLES, identifier) ? LEVEL_ROLES[identifier] : undefined;
  return ofLevel?.role ?? ROLE_NAMES.find((one) => `_${one}` === identifier);
}

/** What a client looks for by a role's name: `_project_viewer` is held in a project only, `_viewer` anywhere. @throws AppError RESOURCE_NOT_FOUND */
export function rolesSought(identifier: string): { readonly role: RoleName; readonly level?: ScopeLevel } {
  const ofLevel = Object.hasOwn(LEVEL_ROLES, identifier) ? LEVEL_ROLES[identifier] : undefined;
  const role = roleWritten(identifier);
  if (role) return { role, ...(ofLevel ? { level: ofLevel.level } : {}) };
  throw noSuchRole(identifier);
}

/** The role a client binds at `scope`. @param field where it was written, for the message. @throws AppError INVALID_REQUEST naming what to write instead */
export function roleBoundAt(identifier: string, scope: Scope, field: string): RoleName {
  const level = SCOPE_LEVELS[scope.level];
  const role = roleWritten(identifier);
  const ofLevel = Object.hasOwn(LEVEL_ROLES, identifier) ? LEVEL_ROLES[identifier] : undefined;
  if (role && (!ofLevel || ofLevel.level === level)) return role;
  const why = role
    ? `is bound at ${ofLevel?.level ?? level} level, not in ${formatScope(scope)}`
    : 'gives no right: roles are built in and cannot be made';
  throw new AppError(
    'INVALID_REQUEST',
    `${field}: role "${identifier}" ${why}; write one of ${namesAt(level).join(', ')}`,
    { fields: [{ field, error: role ? 'does not fit this scope' : 'is not built in' }] },
  );
}

/** Checks that a role at `scope` counts for exactly what the client asked. @throws AppError INVALID_REQUEST naming what to write instead */
export function requireGroupOf(role: RoleName, group: string, scope: Scope, field: string): void {
  const level = SCOPE_LEVELS[scope.level];
  const fitting: readonly string[] =
    level === 'project'
      ? [LEVEL_GROUPS.project, ALL_RESOURCES]
      : [countsInside(role) ? ALL_RESOURCES : LEVEL_GROUPS[level]];
  if (fitting.includes(group)) return;
  const what = countsInside(role) ? 'everything in its scope and inside' : 'what its scope itself holds';
  throw new AppError(
    'INVALID_REQUEST',
    `${field}: resource group "${group}" cannot be used: role ${ROLE_TEXTS[role].name} counts for ${what}, and parts of that cannot be named; write ${fitting.join(' or ')}`,
    { fields: [{ field, error: `must be ${fitting.join(' or ')}` }] },
  );
}

/** The group a role counts for at a scope, when a client names none. */
export function wholeGroupOf(role: RoleName, scope: Scope): ResourceGroupName {
  return countsInside(role) ? ALL_RESOURCES : LEVEL_GROUPS[SCOPE_LEVELS[scope.level]];
}

/** A role as one principal holds it, in the words it was bound in. */
export function presentHeldRole({
  identifier,
  role,
  orgId,
  projectId,
  groupIdentifier,
  asWritten,
}: HeldRole): RoleAssignmentMetadata {
  const resourceGroupIdentifier = asWritten?.resourceGroupIdentifier ?? ALL_RESOURCES;
  const roleIdentifier = asWritten?.roleIdentifier ?? `_${role}`;
  return {
    identifier,
    roleIdentifier,
    roleName: nameOf(roleIdentifier, role),
    roleScopeLevel: levelOf({ orgId, projectId }),
    orgIdentifier: orgId,
    projectIdentifier: projectId,
    resourceGroupIdentifier,
    resourceGroupName: Object.hasOwn(GROUP_NAMES, resourceGroupIdentifier)
      ? GROUP_NAMES[resourceGroupIdentifier as ResourceGroupName]
      : resourceGroupIdentifier,
    userGroupIdentifier: groupIdentifier,
    managedRole: true,
    managedRoleAssignment: false,
  };
}

function nameOf(identifier: string, role: RoleName): string {
  return (Object.hasOwn(LEVEL_ROLES, identifier) ? LEVEL_ROLES[identifier]?.name : undefined) ?? ROLE_TEXTS[role].name;
}

/** The roles that may be bound at a level, by their names there. */
export function levelRolesAt(scope: Scope): AuthzRole[] {
  return namesAt(SCOPE_LEVELS[scope.level]).flatMap((name) => levelRole(name) ?? []);
}

/** One of them, at whatever level; undefined for one that is not built in. */
export function levelRole(identifier: string): AuthzRole | undefined {
  const role = roleWritten(identifier);
  if (!role) return undefined;
  const { description, levels } = ROLE_TEXTS[role];
  const ofLevel = Object.hasOwn(LEVEL_ROLES, identifier) ? LEVEL_ROLES[identifier] : undefined;
  return {
    role: {
      identifier,
      name: nameOf(identifier, role),
      description,
      permissions: [...ROLES[role]],
      allowedScopeLevels: ofLevel ? [ofLevel.level] : [...levels],
      tags: {},
    },
    scope: null,
    harnessManaged: true,
    createdAt: null,
    lastModifiedAt: null,
  };
}

/** What roles at `scope` can count for. */
export function resourceGroupsAt(scope: Scope): ResourceGroupResponse[] {
  const { accountId, orgId, projectId } = scopeColumns(scope);
  const place = { accountIdentifier: accountId, orgIdentifier: orgId, projectIdentifier: projectId };
  const level = SCOPE_LEVELS[scope.level];
  return RESOURCE_GROUPS.filter((group) => group === ALL_RESOURCES || group === LEVEL_GROUPS[level]).map((group) => ({
    resourceGroup: {
      ...place,
      identifier: group,
      name: GROUP_NAMES[group],
      color: '#0063F7',
      description: group === ALL_RESOURCES ? 'Everything in the scope and inside' : 'What the scope itself holds',
      tags: {},
      allowedScopeLevels: [level],
      includedScopes: [
        { filter: group === ALL_RESOURCES ? 'INCLUDING_CHILD_SCOPES' : 'EXCLUDING_CHILD_SCOPES', ...place },
      ],
      resourceFilter: { includeAllResources: true, resources: [] },
    },
    createdAt: null,
    lastModifiedAt: null,
    harnessManaged: true,
  }));
}

/** The built-in group of that name at a scope. */
export function resourceGroupAt(scope: Scope, identifier: string): ResourceGroupResponse | undefined {
  return resourceGroupsAt(scope).find(({ resourceGroup }) => resourceGroup.identifier === identifier);
}

export function noSuchGroup(scope: Scope, identifier: string): AppError {
  const names = resourceGroupsAt(scope).map(({ resourceGroup }) => resourceGroup.identifier);
  return new AppError(
    'RESOURCE_NOT_FOUND',
    `there is no resource group "${identifier}" in ${formatScope(scope)}; built in are ${names.join(', ')}`,
  );
}

/** Levels at which a permission means something. */
export function levelsOf(permission: (typeof PERMISSIONS)[number]): ScopeLevel[] {
  if (permission.startsWith('account.')) return ['account'];
  return permission.startsWith('organization.') ? ['account', 'organization'] : ['account', 'organization', 'project'];
}

export function noSuchRole(identifier: string): AppError {
  return new AppError(
    'RESOURCE_NOT_FOUND',
    `there is no role "${identifier}"; there are ${[...Object.keys(LEVEL_ROLES), ...ROLE_NAMES.map((one) => `_${one}`)].join(', ')}`,
  );
}
