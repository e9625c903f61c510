/** The project a page is about. */
export interface ProjectScope {
  readonly accountId: string;
  readonly orgId: string;
  readonly projectId: string;
}

/** The scope as the NG and pipeline APIs want it in the query. */
export function scopeQuery(scope: ProjectScope) {
  return {
    accountIdentifier: scope.accountId,
    orgIdentifier: scope.orgId,
    projectIdentifier: scope.projectId,
  } as const;
}
