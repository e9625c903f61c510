import { isWithin, scopeOf, type RoleGrant, type RoleName, type Scope } from '@sluice/kernel';

/**
 * Every right there is, as `resource.action`. `access` is the right to use: to write a reference to a connector or secret, and to have its values sent
 * where a connection test sends them. Seeing that it is there (`view`) is not enough for that.
 */
export const PERMISSIONS = [
  'account.view',
  'account.edit',
  'organization.view',
  'organization.edit',
  'project.view',
  'project.edit',
  'connector.view',
  'connector.edit',
  'connector.access',
  'secret.view',
  'secret.edit',
  'secret.access',
  'delegate.view',
  'delegate.edit',
  'setting.view',
  'setting.edit',
  'variable.view',
  'variable.edit',
  'service.view',
  'service.edit',
  'environment.view',
  'environment.edit',
  'user.view',
  'user.edit',
  'audit.view',
  'pipeline.view',
  'pipeline.edit',
  'pipeline.execute',
  'dbschema.view',
  'dbschema.edit',
  'dbinstance.view',
  'dbinstance.edit',
  'log.view',
] as const;
export type Permission = (typeof PERMISSIONS)[number];

const VIEW = PERMISSIONS.filter((permission) => permission.endsWith('.view') && permission !== 'audit.view');
const BELOW_PROJECT = PERMISSIONS.filter((permission) => !/^(account|organization|user)\./.test(permission));

/** What each built-in role may do, at the scope it is bound to and everything inside; a role of {@link SHARING_ROLES} at that very scope only. */
export const ROLES: Readonly<Record<RoleName, readonly Permission[]>> = {
  account_admin: PERMISSIONS,
  org_admin: PERMISSIONS.filter((permission) => permission !== 'account.edit'),
  project_admin: [...BELOW_PROJECT, 'account.view', 'organization.view', 'user.view', 'user.edit'],
  pipeline_executor: [...VIEW, 'connector.access', 'secret.access', 'pipeline.execute'],
  resource_user: ['connector.view', 'connector.access', 'secret.view', 'secret.access'],
  viewer: VIEW,
};

/** Roles that share what a scope itself holds. Who may use the account's connectors gets no right in its organizations and projects by that. */
const SHARING_ROLES: readonly RoleName[] = ['resource_user'];

/** Does a role count for everything inside the scope it is bound to, or for that very scope only? */
export function countsInside(role: RoleName): boolean {
  return !SHARING_ROLES.includes(role);
}

/** May the holder of `grants` in `accountId` do `permission` at `scope`? Pure; the one place that decides. */
export function isAllowed(
  accountId: string,
  grants: readonly RoleGrant[],
  permission: Permission,
  scope: Scope,
): boolean {
  if (scope.accountId !== accountId) return false;
  return grants.some((grant) => ROLES[grant.role].includes(permission) && reaches(grant, accountId, scope));
}

/** As `isAllowed`, and also true when the permission is held somewhere inside `scope`. */
export function isAllowedInside(
  accountId: string,
  grants: readonly RoleGrant[],
  permission: Permission,
  scope: Scope,
): boolean {
  if (isAllowed(accountId, grants, permission, scope)) return true;
  return grants.some((grant) => ROLES[grant.role].includes(permission) && isWithin(boundTo(accountId, grant), scope));
}

/** May the holder of `grants` give `role` at `scope` away, or take it? Only who may do there everything the role allows: nobody raises themselves. */
export function mayBindRole(accountId: string, grants: readonly RoleGrant[], role: RoleName, scope: Scope): boolean {
  return ROLES[role].every((permission) => isAllowed(accountId, grants, permission, scope));
}

/** The same rights in as few grants as possible: grants inside a wider one of the same role, or of one that allows more, are left out. */
export function minimalGrants(grants: readonly RoleGrant[]): RoleGrant[] {
  const kept: RoleGrant[] = [];
  for (const [index, grant] of grants.entries()) {
    const isImplied = (other: RoleGrant): boolean => mayBindRole('', [other], grant.role, boundTo('', grant));
    // Of two that imply each other the first one stays.
    if (
      grants.some(
        (other, at) =>
          at !== index && isImplied(other) && (at < index || !mayBindRole('', [grant], other.role, boundTo('', other))),
      )
    )
      continue;
    kept.push(grant);
  }
  return kept;
}

function reaches(grant: RoleGrant, accountId: string, scope: Scope): boolean {
  const bound = boundTo(accountId, grant);
  return isWithin(scope, bound) && (scope.level === bound.level || countsInside(grant.role));
}

function boundTo(accountId: string, { orgId, projectId }: RoleGrant): Scope {
  return scopeOf({ accountId, orgId, projectId });
}
