import { isAllowed, type Permission } from '@sluice/api-conventions';
import { AppError, formatScope, scopeOf, type RequestContext, type RoleGrant, type Scope } from '@sluice/kernel';

/** For routes whose scope is known only after reading path or body. @throws AppError ACCESS_DENIED */
export function requirePermission(ctx: RequestContext, permission: Permission, scope: Scope): void {
  if (isAllowed(ctx.accountId, ctx.grants, permission, scope)) return;
  throw new AppError('ACCESS_DENIED', `${ctx.principal.name} lacks ${permission} in ${formatScope(scope)}`);
}

/** Which orgs and projects a list may show: all, or these. An org is shown to whoever may see anything inside it. */
export type Visible = 'all' | { readonly orgIds: readonly string[]; readonly projects: readonly (readonly [orgId: string, projectId: string])[] };

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

interface ScopeKeys {
  readonly orgIdentifier?: string | null | undefined;
  readonly projectIdentifier?: string | null | undefined;
}

/**
 * The scope of a create or update. Some clients name it in the query, some in the body, some in both (api-contract 3): what is given twice
 * must agree. @throws AppError INVALID_REQUEST naming the field that differs
 */
export function scopeOfWrite(ctx: RequestContext, query: ScopeKeys, body: ScopeKeys): Scope {
  const pick = (field: keyof ScopeKeys): string | undefined => {
    const [fromQuery, fromBody] = [query[field] || undefined, body[field] || undefined];
    if (fromQuery && fromBody && fromQuery !== fromBody) {
      throw new AppError('INVALID_REQUEST', `${field} is "${fromQuery}" in the query and "${fromBody}" in the body; send one of them`, { fields: [{ field, error: 'differs between query and body' }] });
    }
    return fromQuery ?? fromBody;
  };
  return scopeOf({ accountId: ctx.accountId, orgId: pick('orgIdentifier'), projectId: pick('projectIdentifier') });
}
