import { AppError, formatScope, isWithin, scopeOf, type Scope } from '@sluice/kernel';
import type { AuthzRoleAssignmentFilter } from '@sluice/ng-manager-api';
import type { Reach } from '../persistence/scoped.js';
import { resourceGroupAt, roleWritten } from './level-roles.js';
import type { RoleAssignmentFilter } from './role.service.js';

/** What a filter finds; undefined when that is nothing: no binding is managed or disabled, and each counts for all of its scope. */
export function assignmentsFound(scope: Scope, body: AuthzRoleAssignmentFilter): RoleAssignmentFilter | undefined {
  const {
    roleFilter,
    resourceGroupFilter,
    principalFilter,
    principalTypeFilter,
    harnessManagedFilter,
    disabledFilter,
  } = body ?? {};
  if ([harnessManagedFilter, disabledFilter].some((wanted) => wanted?.length && !wanted.includes(false)))
    return undefined;
  if (resourceGroupFilter?.length && !resourceGroupFilter.some((group) => resourceGroupAt(scope, group)))
    return undefined;
  return {
    roles: roleFilter?.length ? roleFilter.flatMap((name) => roleWritten(name) ?? []) : undefined,
    principals: principalFilter?.map(({ identifier, type, scopeLevel }) => ({
      identifier,
      type,
      scopeLevel: scopeLevel || undefined,
    })),
    principalTypes: principalTypeFilter?.length ? principalTypeFilter : undefined,
  };
}

interface ScopeSelector {
  readonly filter: 'EXCLUDING_CHILD_SCOPES' | 'INCLUDING_CHILD_SCOPES';
  readonly accountIdentifier?: string | null | undefined;
  readonly orgIdentifier?: string | null | undefined;
  readonly projectIdentifier?: string | null | undefined;
}

/**
 * The scopes that a filter names; the caller was let in to the one of the query, so that none may lie outside it.
 * @returns undefined when it names none @throws AppError INVALID_REQUEST naming the selector
 */
export function reachesOf(scope: Scope, selectors: readonly ScopeSelector[]): readonly [Reach, ...Reach[]] | undefined {
  const [first, ...others] = selectors.map(
    ({ filter, accountIdentifier, orgIdentifier, projectIdentifier }, index): Reach => {
      const named = scopeOf({
        accountId: accountIdentifier || scope.accountId,
        orgId: orgIdentifier || undefined,
        projectId: projectIdentifier || undefined,
      });
      if (isWithin(named, scope)) return { scope: named, withInside: filter === 'INCLUDING_CHILD_SCOPES' };
      const field = `scopeFilters.${index}`;
      throw new AppError(
        'INVALID_REQUEST',
        `${field} names ${formatScope(named)}, which is not inside ${formatScope(scope)} of the query; send the query of a scope that holds all of them`,
        { fields: [{ field, error: 'is outside the scope of the query' }] },
      );
    },
  );
  return first && [first, ...others];
}
