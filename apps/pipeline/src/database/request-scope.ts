import type { RouteCall } from '@sluice/http';
import { projectScope, type ProjectScope, type RequestContext } from '@sluice/kernel';

interface QueryScope {
  readonly orgIdentifier: string;
  readonly projectIdentifier: string;
}

/** The project of a `/pipeline/api` request. The guard has checked the account and the caller's rights there. */
export function projectOfQuery(ctx: RequestContext, query: QueryScope): ProjectScope {
  return projectScope(ctx.accountId, query.orgIdentifier, query.projectIdentifier);
}

/** The project of a `/v1` request. */
export function projectOfPath(
  ctx: RequestContext,
  params: { readonly org: string; readonly project: string },
): ProjectScope {
  return projectScope(ctx.accountId, params.org, params.project);
}

/** Tells the version of what is answered, in the form `If-Match` takes. */
export function tellVersion(reply: RouteCall['reply'], version: number): void {
  void reply.header('etag', `"${version}"`);
}
