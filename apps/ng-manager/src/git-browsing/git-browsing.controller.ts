import { Controller } from '@nestjs/common';
import type { RouteResult } from '@sluice/api-conventions';
import { Call, Route, type RouteCall } from '@sluice/http';
import { projectScope } from '@sluice/kernel';
import { changelogPreview, connectorBranches, connectorCommits } from '@sluice/ng-manager-api';
import { GitBrowsingService } from './git-browsing.service.js';

@Controller()
export class GitBrowsingController {
  constructor(private readonly git: GitBrowsingService) {}

  @Route(changelogPreview)
  preview(
    @Call() { ctx, params, query }: RouteCall<typeof changelogPreview>,
  ): Promise<RouteResult<typeof changelogPreview>> {
    return this.git.changelog(ctx, params.org, params.project, params.dbschema, query.ref);
  }

  @Route(connectorBranches)
  branches(
    @Call() { ctx, params, query }: RouteCall<typeof connectorBranches>,
  ): Promise<RouteResult<typeof connectorBranches>> {
    const scope = projectScope(ctx.accountId, params.org, params.project);
    return this.git.branches(ctx, scope, params.connector, {
      repo: query.repo,
      search: query.search_term,
      limit: query.limit,
    });
  }

  @Route(connectorCommits)
  commits(
    @Call() { ctx, params, query }: RouteCall<typeof connectorCommits>,
  ): Promise<RouteResult<typeof connectorCommits>> {
    const scope = projectScope(ctx.accountId, params.org, params.project);
    return this.git.commits(ctx, scope, params.connector, { repo: query.repo, ref: query.ref, limit: query.limit });
  }
}
