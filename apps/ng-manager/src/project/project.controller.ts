import { Controller } from '@nestjs/common';
import type { NgPage } from '@sluice/api-conventions';
import { Call, Route, expectedVersionOf, type RouteCall } from '@sluice/http';
import { AppError, type ProjectScope, type Scope } from '@sluice/kernel';
import {
  createProject,
  deleteProject,
  getProject,
  listAllProjects,
  listProjects,
  updateProject,
  type ProjectResponse,
} from '@sluice/ng-manager-api';
import { withETag } from '../persistence/versioned.js';
import { ProjectService } from './project.service.js';

@Controller()
export class ProjectController {
  constructor(private readonly projects: ProjectService) {}

  @Route(listProjects)
  list(@Call() { ctx, query }: RouteCall<typeof listProjects>): Promise<NgPage<ProjectResponse>> {
    const page = { index: query.pageIndex, size: query.pageSize, search: query.searchTerm, sort: query.sortOrders };
    const module =
      query.moduleType === undefined ? undefined : { name: query.moduleType, isThere: query.hasModule !== false };
    return this.projects.list(ctx, page, { orgId: query.orgIdentifier, identifiers: query.identifiers, module });
  }

  @Route(listAllProjects)
  listAll(@Call() call: RouteCall<typeof listAllProjects>): Promise<NgPage<ProjectResponse>> {
    return this.list(call);
  }

  @Route(createProject)
  async create(@Call() { ctx, scope, body, reply }: RouteCall<typeof createProject>): Promise<ProjectResponse> {
    return withETag(
      reply,
      await this.projects.create(ctx, scope.level === 'account' ? needOrg() : scope.orgId, body.project),
    );
  }

  @Route(getProject)
  async get(@Call() { scope, reply }: RouteCall<typeof getProject>): Promise<ProjectResponse> {
    return withETag(reply, await this.projects.get(projectAt(scope)));
  }

  @Route(updateProject)
  async update(
    @Call() { ctx, scope, body, headers, reply }: RouteCall<typeof updateProject>,
  ): Promise<ProjectResponse> {
    return withETag(reply, await this.projects.update(ctx, projectAt(scope), body.project, expectedVersionOf(headers)));
  }

  @Route(deleteProject)
  delete(@Call() { ctx, scope, query, headers }: RouteCall<typeof deleteProject>): Promise<boolean> {
    return this.projects.delete(ctx, projectAt(scope), {
      force: query.forceDelete ?? false,
      expected: expectedVersionOf(headers),
    });
  }
}

/** The guard reads the scope of these routes from path and org together, so it is a project's. */
function projectAt(scope: Scope): ProjectScope {
  return scope.level === 'project' ? scope : needOrg();
}

function needOrg(): never {
  throw new AppError(
    'INVALID_REQUEST',
    'orgIdentifier is missing; a project is named by its organization and its identifier',
    { fields: [{ field: 'orgIdentifier', error: 'is required' }] },
  );
}
