import { Controller } from '@nestjs/common';
import type { NgPage } from '@sluice/api-conventions';
import { Call, Route, type RouteCall } from '@sluice/http';
import { AppError, type ProjectScope, type Scope } from '@sluice/kernel';
import { createProject, deleteProject, getProject, listAllProjects, listProjects, updateProject, type ProjectResponse } from '@sluice/ng-manager-api';
import { ProjectService } from './project.service.js';

@Controller()
export class ProjectController {
  constructor(private readonly projects: ProjectService) {}

  @Route(listProjects)
  list(@Call() { ctx, query }: RouteCall<typeof listProjects>): Promise<NgPage<ProjectResponse>> {
    const page = { index: query.pageIndex, size: query.pageSize, search: query.searchTerm, sort: query.sortOrders };
    const isModuleWanted = query.moduleType !== undefined && query.hasModule !== false;
    return this.projects.list(ctx, page, { orgId: query.orgIdentifier, identifiers: query.identifiers, module: isModuleWanted ? query.moduleType : undefined });
  }

  @Route(listAllProjects)
  listAll(@Call() call: RouteCall<typeof listAllProjects>): Promise<NgPage<ProjectResponse>> {
    return this.list(call);
  }

  @Route(createProject)
  create(@Call() { ctx, scope, body }: RouteCall<typeof createProject>): Promise<ProjectResponse> {
    return this.projects.create(ctx, scope.level === 'account' ? needOrg() : scope.orgId, body.project);
  }

  @Route(getProject)
  get(@Call() { scope }: RouteCall<typeof getProject>): Promise<ProjectResponse> {
    return this.projects.get(projectAt(scope));
  }

  @Route(updateProject)
  update(@Call() { ctx, scope, body }: RouteCall<typeof updateProject>): Promise<ProjectResponse> {
    return this.projects.update(ctx, projectAt(scope), body.project);
  }

  @Route(deleteProject)
  delete(@Call() { ctx, scope, query }: RouteCall<typeof deleteProject>): Promise<boolean> {
    return this.projects.delete(ctx, projectAt(scope), query.forceDelete ?? false);
  }
}

/** The guard reads the scope of these routes from path and org together, so it is a project's. */
function projectAt(scope: Scope): ProjectScope {
  return scope.level === 'project' ? scope : needOrg();
}

function needOrg(): never {
  throw new AppError('INVALID_REQUEST', 'orgIdentifier is missing; a project is named by its organization and its identifier', { fields: [{ field: 'orgIdentifier', error: 'is required' }] });
}
