import { Controller } from '@nestjs/common';
import type { NgPage } from '@sluice/api-conventions';
import { Call, Route, type RouteCall } from '@sluice/http';
import { AppError, projectScope, type RequestContext, type ProjectScope } from '@sluice/kernel';
import { createProject, deleteProject, getProject, listAllProjects, listProjects, updateProject, type ProjectResponse } from '@sluice/ng-manager-api';
import { scopeOfWrite } from '../access/permission.js';
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
  create(@Call() { ctx, query, body }: RouteCall<typeof createProject>): Promise<ProjectResponse> {
    const scope = scopeOfWrite(ctx, query, { orgIdentifier: body.project.orgIdentifier });
    return this.projects.create(ctx, scope.level === 'account' ? needOrg() : scope.orgId, body.project);
  }

  @Route(getProject)
  get(@Call() { ctx, params, query }: RouteCall<typeof getProject>): Promise<ProjectResponse> {
    return this.projects.get(ctx, scopeIn(ctx, query.orgIdentifier, params.identifier));
  }

  @Route(updateProject)
  update(@Call() { ctx, params, query, body }: RouteCall<typeof updateProject>): Promise<ProjectResponse> {
    const scope = scopeOfWrite(ctx, query, { orgIdentifier: body.project.orgIdentifier });
    return this.projects.update(ctx, scopeIn(ctx, scope.level === 'account' ? undefined : scope.orgId, params.identifier), body.project);
  }

  @Route(deleteProject)
  delete(@Call() { ctx, params, query }: RouteCall<typeof deleteProject>): Promise<boolean> {
    return this.projects.delete(ctx, scopeIn(ctx, query.orgIdentifier, params.identifier), query.forceDelete ?? false);
  }
}

function scopeIn(ctx: RequestContext, orgId: string | undefined, projectId: string): ProjectScope {
  return projectScope(ctx.accountId, orgId ?? needOrg(), projectId);
}

function needOrg(): never {
  throw new AppError('INVALID_REQUEST', 'orgIdentifier is missing; a project is named by its organization and its identifier', { fields: [{ field: 'orgIdentifier', error: 'is required' }] });
}
