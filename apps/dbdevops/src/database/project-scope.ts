import { AppError, formatScope, projectScope, scopeOf, type ProjectScope, type RequestContext } from '@sluice/kernel';
import { projectColumns } from '@sluice/persistence';
import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';

/** Narrows a query to one project. `alias` is the query's name of the table. */
export function inProject<Row extends ObjectLiteral>(
  query: SelectQueryBuilder<Row>,
  alias: string,
  scope: ProjectScope,
): SelectQueryBuilder<Row> {
  return query.where(
    `${alias}.accountId = :accountId AND ${alias}.orgId = :orgId AND ${alias}.projectId = :projectId`,
    projectColumns(scope),
  );
}

/** The project of a project-level route. */
export function projectOf(call: {
  readonly ctx: RequestContext;
  readonly params: { readonly org: string; readonly project: string };
}): ProjectScope {
  return projectScope(call.ctx.accountId, call.params.org, call.params.project);
}

/**
 * The project an engine-facing body names. The guard has checked the caller at the scope of the query, so the body may only name that scope or one
 * inside it. @throws AppError INVALID_REQUEST
 */
export function projectOfBody(
  ctx: RequestContext,
  query: { orgIdentifier?: string | undefined; projectIdentifier?: string | undefined },
  body: { org?: string | undefined; project?: string | undefined },
): ProjectScope {
  const [org, project] = [body.org ?? query.orgIdentifier, body.project ?? query.projectIdentifier];
  if (!org || !project) throw new AppError('INVALID_REQUEST', 'the body names no organization and project; send both');
  const named = projectScope(ctx.accountId, org, project);
  const differs =
    (query.orgIdentifier && query.orgIdentifier !== org) ||
    (query.projectIdentifier && query.projectIdentifier !== project);
  if (differs)
    throw new AppError(
      'INVALID_REQUEST',
      `the body names ${formatScope(named)}, the query ${formatScope(scopeOf({ accountId: ctx.accountId, orgId: query.orgIdentifier, projectId: query.projectIdentifier }))}`,
    );
  return named;
}
