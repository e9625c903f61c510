import { isAllowed, type Permission } from '@sluice/api-conventions';
import { AppError, scopeOf, type RequestContext, type RoleGrant, type Scope } from '@sluice/kernel';

/** Bodies may name the account too. @throws AppError ACCESS_DENIED when it is another one */
export function requireSameAccount(ctx: RequestContext, accountIdentifier: string | null | undefined): void {
  if (!accountIdentifier || accountIdentifier === ctx.accountId) return;
  throw new AppError('ACCESS_DENIED', `the key belongs to account ${ctx.accountId}, not to ${accountIdentifier}`);
}

/** Which orgs and projects a list may show: all, or these. An org is shown to whoever may see anything inside it. */
export type Visible =
  | 'all'
  | { readonly orgIds: readonly string[]; readonly projects: readonly (readonly [orgId: string, projectId: string])[] };

export function visibleTo(ctx: RequestContext, permission: Permission): Visible {
  const grants = ctx.grants.filter((grant) => isAllowed(ctx.accountId, [grant], permission, boundScope(ctx, grant)));
  if (grants.some(({ orgId }) => !orgId)) return 'all';
  return {
    orgIds: grants.filter(({ projectId }) => !projectId).map(({ orgId }) => orgId ?? ''),
    projects: grants.flatMap(({ orgId, projectId }) => (orgId && projectId ? [[orgId, projectId] as const] : [])),
  };
}

function boundScope(ctx: RequestContext, { orgId, projectId }: RoleGrant): Scope {
  return scopeOf({ accountId: ctx.accountId, orgId, projectId });
}
