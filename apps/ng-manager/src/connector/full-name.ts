import { AppError, scopeOf, type ScopeColumns, type ScopedRef } from '@sluice/kernel';

/**
 * `account/identifier`, `account/org/identifier` or `account/org/project/identifier`. Pure.
 * @param at place in the list, for the message @throws AppError INVALID_REQUEST
 */
export function parseFullName(name: string, at: number): ScopedRef {
  const parts = name.split('/');
  const identifier = parts.pop();
  const [accountId, orgId, projectId] = parts;
  if (!accountId || !identifier || parts.length > 3 || parts.includes('')) {
    throw new AppError(
      'INVALID_REQUEST',
      `"${name.slice(0, 200)}" is not the full name of a connector; write account/identifier, account/org/identifier or account/org/project/identifier`,
      { fields: [{ field: String(at), error: 'is not a full name' }] },
    );
  }
  return { scope: scopeOf({ accountId, orgId, projectId }), identifier };
}

/** The full name of a connector at the scope its columns name. */
export function fullNameOf({
  accountId,
  orgId,
  projectId,
  identifier,
}: ScopeColumns & { readonly identifier: string }): string {
  return [accountId, orgId, projectId, identifier].filter((part) => part !== null).join('/');
}
