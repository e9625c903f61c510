import { ROLES, mayBindRole } from '@sluice/api-conventions';
import {
  AppError,
  ROLE_NAMES,
  formatScope,
  scopeOf,
  type RequestContext,
  type RoleGrant,
  type RoleName,
  type Scope,
} from '@sluice/kernel';
import type { RoleResponse, ScopeLevel } from '@sluice/ng-manager-api';

export const SCOPE_LEVELS: Readonly<Record<Scope['level'], ScopeLevel>> = {
  account: 'account',
  org: 'organization',
  project: 'project',
};

/** The level at which a row lives. */
export function levelOf({
  orgId,
  projectId,
}: {
  readonly orgId: string | null;
  readonly projectId: string | null;
}): ScopeLevel {
  if (projectId) return 'project';
  return orgId ? 'organization' : 'account';
}

interface RoleText {
  readonly name: string;
  readonly description: string;
  readonly levels: readonly ScopeLevel[];
}

/** What people read about the built-in roles. What each allows is in `ROLES`. */
export const ROLE_TEXTS: Readonly<Record<RoleName, RoleText>> = {
  account_admin: { name: 'Account Admin', description: 'Everything in the account', levels: ['account'] },
  org_admin: {
    name: 'Organization Admin',
    description: 'Everything in an organization and its projects',
    levels: ['account', 'organization'],
  },
  project_admin: {
    name: 'Project Admin',
    description: 'Everything in a project',
    levels: ['account', 'organization', 'project'],
  },
  pipeline_executor: {
    name: 'Pipeline Executor',
    description: 'Read everything, use connectors and secrets, and run pipelines',
    levels: ['account', 'organization', 'project'],
  },
  resource_user: {
    name: 'Resource User',
    description: 'See and use the connectors and secrets of the account, or of an organization, itself',
    levels: ['account', 'organization'],
  },
  viewer: { name: 'Viewer', description: 'Read everything', levels: ['account', 'organization', 'project'] },
};

/** `_viewer` → `viewer`. @throws AppError RESOURCE_NOT_FOUND for another name */
export function roleNamed(identifier: string): RoleName {
  const name = ROLE_NAMES.find((one) => `_${one}` === identifier);
  if (name) return name;
  throw new AppError(
    'RESOURCE_NOT_FOUND',
    `there is no role "${identifier}"; there are ${ROLE_NAMES.map((one) => `_${one}`).join(', ')}`,
  );
}

/** The roles that may be bound at a scope. */
export function rolesAt(scope: Scope): RoleResponse[] {
  return ROLE_NAMES.filter((name) => ROLE_TEXTS[name].levels.includes(SCOPE_LEVELS[scope.level])).map((name) => ({
    role: {
      identifier: `_${name}`,
      name: ROLE_TEXTS[name].name,
      description: ROLE_TEXTS[name].description,
      permissions: [...ROLES[name]],
      allowedScopeLevels: [...ROLE_TEXTS[name].levels],
      tags: {},
    },
    scope: null,
    harnessManaged: true,
    createdAt: null,
    lastModifiedAt: null,
  }));
}

/** @throws AppError INVALID_REQUEST when the role makes no sense there, ACCESS_DENIED when it allows more than the caller may */
export function requireMayBind(ctx: RequestContext, role: RoleName, scope: Scope): void {
  const { name, levels } = ROLE_TEXTS[role];
  if (!levels.includes(SCOPE_LEVELS[scope.level])) {
    throw new AppError(
      'INVALID_REQUEST',
      `role ${name} is bound at ${levels.join(' or ')} level, not in ${formatScope(scope)}`,
      { fields: [{ field: 'roleIdentifier', error: 'does not fit this scope' }] },
    );
  }
  requireCovers(ctx, [{ role, ...idsOf(scope) }], `bind role ${name}`);
}

/**
 * Whoever changes what others hold, or makes keys for them, must hold it too: nobody raises themselves by way of somebody else.
 * @param what the deed, for the message
 * @throws AppError ACCESS_DENIED naming the role that is missing
 */
export function requireCovers(
  { accountId, grants, principal }: RequestContext,
  held: readonly RoleGrant[],
  what: string,
): void {
  for (const { role, orgId, projectId } of held) {
    const scope = scopeOf({ accountId, orgId, projectId });
    if (mayBindRole(accountId, grants, role, scope)) continue;
    throw new AppError(
      'ACCESS_DENIED',
      `${principal.name} may not ${what}: that takes every right of ${ROLE_TEXTS[role].name} in ${formatScope(scope)}`,
    );
  }
}

function idsOf(scope: Scope): { orgId?: string; projectId?: string } {
  if (scope.level === 'account') return {};
  return scope.level === 'org' ? { orgId: scope.orgId } : { orgId: scope.orgId, projectId: scope.projectId };
}
