import { describe, expect, it } from '@jest/globals';
import { ROLE_NAMES, accountScope, projectScope, type RoleGrant, type RoleName, type Scope } from '@sluice/kernel';
import { PERMISSIONS, isAllowed, isAllowedInside, mayBindRole, minimalGrants, type Permission } from './access.js';

const SCOPES = {
  account: accountScope('A'),
  org: { level: 'org', accountId: 'A', orgId: 'o' },
  project: projectScope('A', 'o', 'p'),
} as const satisfies Record<string, Scope>;
const LEVELS = ['account', 'org', 'project'] as const;
type Level = (typeof LEVELS)[number];
const grantAt = (role: RoleName, level: Level): RoleGrant => ({
  role,
  ...(level === 'account' ? {} : { orgId: 'o' }),
  ...(level === 'project' ? { projectId: 'p' } : {}),
});

/** What a role is for, said once more and otherwise than in the code. */
const FORBIDDEN: Readonly<Record<RoleName, (permission: Permission) => boolean>> = {
  account_admin: () => false,
  org_admin: (permission) => permission === 'account.edit',
  project_admin: (permission) => ['account.edit', 'organization.edit'].includes(permission),
  pipeline_executor: (permission) =>
    permission === 'audit.view' ||
    (!permission.endsWith('.view') && !['pipeline.execute', 'connector.access', 'secret.access'].includes(permission)),
  resource_user: (permission) => !/^(connector|secret)\.(view|access)$/.test(permission),
  viewer: (permission) => permission === 'audit.view' || !permission.endsWith('.view'),
};
/** Roles that reach no further down than where they are bound. */
const STAYS: readonly RoleName[] = ['resource_user'];
const table = ROLE_NAMES.flatMap((role) =>
  PERMISSIONS.map((permission) => [role, permission, !FORBIDDEN[role](permission)] as const),
);

describe('rights', () => {
  it.each(table)('%s, %s: %s where it is bound and inside, nowhere else', (role, permission, isHeld) => {
    for (const [at, level] of LEVELS.entries()) {
      const grants = [grantAt(role, level)];
      for (const [where, asked] of LEVELS.entries())
        expect(isAllowed('A', grants, permission, SCOPES[asked])).toBe(
          isHeld && (STAYS.includes(role) ? where === at : where >= at),
        );
      for (const other of [projectScope('A', 'other', 'p'), projectScope('A', 'o', 'other')]) {
        expect(isAllowed('A', grants, permission, other)).toBe(
          isHeld && !STAYS.includes(role) && (level === 'account' || (level === 'org' && other.orgId === 'o')),
        );
      }
      expect(isAllowed('A', grants, permission, projectScope('B', 'o', 'p'))).toBe(false);
      expect(isAllowedInside('A', grants, permission, SCOPES.org)).toBe(
        isHeld && !(STAYS.includes(role) && level === 'account'),
      );
      expect(isAllowedInside('A', grants, permission, { level: 'org', accountId: 'A', orgId: 'other' })).toBe(
        isHeld && level === 'account' && !STAYS.includes(role),
      );
    }
  });

  it.each([
    ['project_admin', 'project', 'viewer', 'project', true],
    ['project_admin', 'project', 'project_admin', 'project', true],
    ['project_admin', 'project', 'org_admin', 'project', false],
    ['project_admin', 'project', 'viewer', 'org', false],
    ['org_admin', 'org', 'project_admin', 'project', true],
    ['org_admin', 'org', 'org_admin', 'org', true],
    ['org_admin', 'org', 'org_admin', 'account', false],
    ['org_admin', 'account', 'account_admin', 'account', false],
    ['viewer', 'account', 'viewer', 'project', true],
    ['account_admin', 'account', 'account_admin', 'account', true],
  ] as const)('%s of the %s may give %s of the %s away: %s', (own, ownLevel, role, level, expected) => {
    expect(mayBindRole('A', [grantAt(own, ownLevel)], role, SCOPES[level])).toBe(expected);
  });

  it('grants that others imply are left out, and the rights stay the same', () => {
    const many: RoleGrant[] = ROLE_NAMES.flatMap((role) => LEVELS.map((level) => grantAt(role, level)));
    expect(minimalGrants(many)).toEqual([{ role: 'account_admin' }]);
    const some = [
      grantAt('viewer', 'project'),
      grantAt('viewer', 'project'),
      grantAt('viewer', 'org'),
      grantAt('project_admin', 'project'),
    ];
    expect(minimalGrants(some)).toEqual([grantAt('viewer', 'org'), grantAt('project_admin', 'project')]);
    for (const permission of PERMISSIONS) {
      for (const level of LEVELS)
        expect(isAllowed('A', minimalGrants(some), permission, SCOPES[level])).toBe(
          isAllowed('A', some, permission, SCOPES[level]),
        );
    }
    expect(minimalGrants([])).toEqual([]);
  });
});
