import { useParams } from '@tanstack/react-router';
import { useMemo } from 'react';

import type { ProjectScope } from './project-scope.js';

/** The project of the current address. @throws Error outside of a project page. */
export function useProjectScope(): ProjectScope {
  const { account, org, project } = useParams({ strict: false });
  return useMemo(() => {
    if (!account || !org || !project) throw new Error('this page is not inside a project');
    return { accountId: account, orgId: org, projectId: project };
  }, [account, org, project]);
}

/** Route parameters of the scope, for links to other pages of the project. */
export function scopeParams(scope: ProjectScope) {
  return { account: scope.accountId, org: scope.orgId, project: scope.projectId } as const;
}
