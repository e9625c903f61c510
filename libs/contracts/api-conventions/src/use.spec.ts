import { describe, expect, it } from '@jest/globals';
import { ROLE_NAMES, accountScope, projectScope, type RoleGrant, type Scope } from '@sluice/kernel';
import { mayUse, nothingToUse, resolveUsableRefIn, type User } from './use.js';

const PROJECT = projectScope('A', 'o', 'p');
const ORG: Scope = { level: 'org', accountId: 'A', orgId: 'o' };
const user = (...grants: RoleGrant[]): User => ({
  accountId: 'A',
  principal: { type: 'user', id: 'u', name: 'Ann', email: 'ann@example.com' },
  grants,
});
const inProject = (role: RoleGrant['role']): RoleGrant => ({ role, orgId: 'o', projectId: 'p' });
const LEVELS = [
  ['x', PROJECT],
  ['org.x', ORG],
  ['account.x', accountScope('A')],
] as const;

describe('a reference', () => {
  it.each(
    ROLE_NAMES.flatMap((role) =>
      (['connector', 'secret'] as const).flatMap((kind) =>
        LEVELS.map(([ref, scope]) => [role, kind, ref, scope] as const),
      ),
    ),
  )('of a %s of a project to %s %s needs the right to use it where it lives', (role, kind, ref, scope) => {
    const isOwn = scope.level === 'project' && role !== 'viewer';
    const bound = user(inProject(role));
    expect(mayUse(bound, kind, { scope, identifier: 'x' })).toBe(isOwn);
    const resolve = () => resolveUsableRefIn(bound, kind, 'f', ref, PROJECT);
    if (isOwn) expect(resolve()).toEqual({ scope, identifier: 'x' });
    else
      expect(resolve).toThrow(
        expect.objectContaining({
          code: 'INVALID_IDENTIFIER_REF',
          message: nothingToUse(bound, kind, 'f', ref, { scope, identifier: 'x' }).message,
        }),
      );
  });

  it('to what an account or organization shares can be written by those it is shared with, and opens nothing else', () => {
    const [ofAccount, ofOrg] = [
      user(inProject('project_admin'), { role: 'resource_user' }),
      user(inProject('project_admin'), { role: 'resource_user', orgId: 'o' }),
    ];
    const allowed = (who: User): readonly boolean[] =>
      [PROJECT, ORG, accountScope('A'), projectScope('A', 'o', 'other'), accountScope('B')].map((scope) =>
        mayUse(who, 'secret', { scope, identifier: 'x' }),
      );
    expect(allowed(ofAccount)).toEqual([true, false, true, false, false]);
    expect(allowed(ofOrg)).toEqual([true, true, false, false, false]);
  });

  it.each(['harnessSecretManager', 'harnessImage'])(
    'to the built-in connector %s can be written by everybody, in their own account; a secret of that name cannot',
    (identifier) => {
      expect(
        resolveUsableRefIn(user(inProject('project_admin')), 'connector', 'f', `account.${identifier}`, PROJECT),
      ).toEqual({ scope: accountScope('A'), identifier });
      expect(mayUse(user(), 'connector', { scope: accountScope('B'), identifier })).toBe(false);
      expect(mayUse(user(inProject('project_admin')), 'secret', { scope: accountScope('A'), identifier })).toBe(false);
    },
  );

  it('is written by no service on its own behalf', () => {
    expect(() =>
      resolveUsableRefIn(
        { accountId: 'A', principal: { type: 'service', id: 'pipeline', name: 'pipeline' }, grants: [] },
        'secret',
        'f',
        'x',
        PROJECT,
      ),
    ).toThrow(/there is no secret/);
  });
});
