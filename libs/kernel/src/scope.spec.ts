import { describe, expect, it } from '@jest/globals';
import {
  accountScope,
  isWithin,
  projectScope,
  qualifiedRef,
  resolveRef,
  scopeColumns,
  scopeOf,
  type Scope,
} from './scope.js';

const account = accountScope('A');
const org: Scope = { level: 'org', accountId: 'A', orgId: 'o' };
const project = projectScope('A', 'o', 'p');

describe('scopeOf', () => {
  it('builds the narrowest scope the identifiers name', () => {
    expect(scopeOf({ accountId: 'A' })).toEqual(account);
    expect(scopeOf({ accountId: 'A', orgId: 'o' })).toEqual(org);
    expect(scopeOf({ accountId: 'A', orgId: 'o', projectId: 'p' })).toEqual(project);
  });

  it('refuses a project without its org', () => {
    expect(() => scopeOf({ accountId: 'A', projectId: 'p' })).toThrow(/without orgIdentifier/);
  });
});

describe('resolveRef', () => {
  it.each([
    ['db', project, project, 'db'],
    ['org.db', project, org, 'db'],
    ['account.db', project, account, 'db'],
    ['account.db', account, account, 'db'],
    ['org.db', org, org, 'db'],
  ] as const)('%s from %j', (ref, from, scope, identifier) => {
    expect(resolveRef(ref, from)).toEqual({ scope, identifier });
  });

  it.each([
    ['org.db', account],
    ['project.db', project],
    ['account.', project],
  ] as const)('refuses %s from %j', (ref, from) => {
    expect(() => resolveRef(ref, from)).toThrow(/reference/);
  });

  it('is the inverse of qualifiedRef', () => {
    for (const scope of [account, org])
      expect(resolveRef(qualifiedRef(scope, 'x'), project)).toEqual({ scope, identifier: 'x' });
  });
});

describe('isWithin', () => {
  it.each([
    [project, account, true],
    [project, org, true],
    [project, project, true],
    [org, project, false],
    [account, org, false],
    [projectScope('A', 'o', 'other'), project, false],
    [projectScope('B', 'o', 'p'), account, false],
  ] as const)('%j inside %j: %s', (inner, outer, expected) => {
    expect(isWithin(inner, outer)).toBe(expected);
  });

  it('stores missing levels as null', () => {
    expect(scopeColumns(org)).toEqual({ accountId: 'A', orgId: 'o', projectId: null });
  });
});
