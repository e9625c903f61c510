import { AppError } from './errors.js';

/** Where an entity lives. Every repository method takes one, so a caller cannot leave the tenant out. */
export type Scope = AccountScope | OrgScope | ProjectScope;

export interface AccountScope {
  readonly level: 'account';
  readonly accountId: string;
}
export interface OrgScope {
  readonly level: 'org';
  readonly accountId: string;
  readonly orgId: string;
}
export interface ProjectScope {
  readonly level: 'project';
  readonly accountId: string;
  readonly orgId: string;
  readonly projectId: string;
}

export function accountScope(accountId: string): AccountScope {
  return { level: 'account', accountId };
}

export function projectScope(accountId: string, orgId: string, projectId: string): ProjectScope {
  return { level: 'project', accountId, orgId, projectId };
}

/** Builds the narrowest scope the given identifiers name. @throws AppError INVALID_REQUEST for a project without its org. */
export function scopeOf(ids: { accountId: string; orgId?: string | undefined; projectId?: string | undefined }): Scope {
  if (ids.projectId && !ids.orgId) {
    throw new AppError(
      'INVALID_REQUEST',
      `projectIdentifier "${ids.projectId}" was given without orgIdentifier; send both`,
      { fields: [{ field: 'orgIdentifier', error: 'is required when projectIdentifier is given' }] },
    );
  }
  if (ids.projectId && ids.orgId) return projectScope(ids.accountId, ids.orgId, ids.projectId);
  if (ids.orgId) return { level: 'org', accountId: ids.accountId, orgId: ids.orgId };
  return accountScope(ids.accountId);
}

/** `account A1`, `org A1/default`, `project A1/default/payments`: for messages and logs. */
export function formatScope(scope: Scope): string {
  switch (scope.level) {
    case 'account':
      return `account ${scope.accountId}`;
    case 'org':
      return `org ${scope.accountId}/${scope.orgId}`;
    case 'project':
      return `project ${scope.accountId}/${scope.orgId}/${scope.projectId}`;
  }
}

/** A scope as nullable columns: the shape tables store. */
export interface ScopeColumns {
  readonly accountId: string;
  readonly orgId: string | null;
  readonly projectId: string | null;
}

export function scopeColumns(scope: Scope): ScopeColumns {
  return {
    accountId: scope.accountId,
    orgId: scope.level === 'account' ? null : scope.orgId,
    projectId: scope.level === 'project' ? scope.projectId : null,
  };
}

export interface ScopedRef {
  readonly scope: Scope;
  readonly identifier: string;
}

/**
 * Resolves an entity reference (api-contract 1.4): `id` is the referring entity's own scope, `org.id` its org,
 * `account.id` its account. @throws AppError INVALID_IDENTIFIER_REF when the reference points below the referrer.
 */
export function resolveRef(ref: string, from: Scope): ScopedRef {
  const [prefix, rest] = ref.includes('.')
    ? [ref.slice(0, ref.indexOf('.')), ref.slice(ref.indexOf('.') + 1)]
    : [null, ref];
  if (rest === '') throw new AppError('INVALID_IDENTIFIER_REF', `reference "${ref}" names no identifier`);
  if (prefix === null) return { scope: from, identifier: rest };
  if (prefix === 'account') return { scope: accountScope(from.accountId), identifier: rest };
  if (prefix === 'org' && from.level !== 'account') {
    return { scope: { level: 'org', accountId: from.accountId, orgId: from.orgId }, identifier: rest };
  }
  throw new AppError(
    'INVALID_IDENTIFIER_REF',
    `reference "${ref}" cannot be used from ${formatScope(from)}; use "id", "org.id" or "account.id"`,
  );
}

/** The prefix that makes `scope` reachable from any scope below it: `account.x`, `org.x` or `x`. */
export function qualifiedRef(scope: Scope, identifier: string): string {
  if (scope.level === 'account') return `account.${identifier}`;
  return scope.level === 'org' ? `org.${identifier}` : identifier;
}

/** True when `inner` is `outer` or lies inside it. */
export function isWithin(inner: Scope, outer: Scope): boolean {
  if (inner.accountId !== outer.accountId) return false;
  if (outer.level === 'account') return true;
  if (inner.level === 'account' || inner.orgId !== outer.orgId) return false;
  if (outer.level === 'org') return true;
  return inner.level === 'project' && inner.projectId === outer.projectId;
}
