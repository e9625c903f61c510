import { AppError, projectScope, type ProjectScope, type RequestContext } from '@sluice/kernel';

interface QueryScope {
  readonly orgIdentifier: string;
  readonly projectIdentifier: string;
}

/** The project of a `/pipeline/api` request. The guard has checked the account and the caller's rights there. */
export function projectOfQuery(ctx: RequestContext, query: QueryScope): ProjectScope {
  return projectScope(ctx.accountId, query.orgIdentifier, query.projectIdentifier);
}

/** The project of a `/v1` request. */
export function projectOfPath(ctx: RequestContext, params: { readonly org: string; readonly project: string }): ProjectScope {
  return projectScope(ctx.accountId, params.org, params.project);
}

/** Version of an `If-Match` header; undefined without one. @throws AppError INVALID_REQUEST */
export function versionOf(headers: Readonly<Record<string, string | string[] | undefined>>): number | undefined {
  const header = headers['if-match'];
  if (typeof header !== 'string' || header === '' || header === '*') return undefined;
  const version = /^(?:W\/)?"?(\d{1,9})"?$/.exec(header)?.[1];
  if (version === undefined) throw new AppError('INVALID_REQUEST', `if-match: "${header}" is not a version; send the number of the version you read`, { fields: [{ field: 'if-match', error: 'must be a version number' }] });
  return Number(version);
}
