import { Controller } from '@nestjs/common';
import type { Paged } from '@sluice/api-conventions';
import { Call, Route, expectedVersionOf, type RouteCall } from '@sluice/http';
import { AppError, projectScope } from '@sluice/kernel';
import {
  v1CreateProject,
  v1DeleteProject,
  v1GetProject,
  v1ListProjects,
  v1UpdateProject,
  type Project,
  type ProjectResponse,
  type V1ProjectIn,
  type V1ProjectOut,
} from '@sluice/ng-manager-api';
import { v1Page } from '../persistence/v1-page.js';
import { withETag } from '../persistence/versioned.js';
import { ProjectService } from './project.service.js';

/** The `/v1` spelling of projects. */
@Controller()
export class ProjectV1Controller {
  constructor(private readonly projects: ProjectService) {}

  @Route(v1ListProjects)
  async list(@Call() { ctx, params, query }: RouteCall<typeof v1ListProjects>): Promise<Paged<V1ProjectOut>> {
    const module =
      query.module_type === undefined ? undefined : { name: query.module_type, isThere: query.has_module !== false };
    const { content, totalItems } = await this.projects.list(ctx, v1Page(query), {
      orgId: params.org,
      identifiers: query.project,
      module,
    });
    return { items: content.map(present), total: totalItems, page: query.page, limit: query.limit };
  }

  @Route(v1CreateProject)
  async create(@Call() { ctx, params, body, reply }: RouteCall<typeof v1CreateProject>): Promise<V1ProjectOut> {
    return present(withETag(reply, await this.projects.create(ctx, params.org, projectOf(params.org, body.project))));
  }

  @Route(v1GetProject)
  async get(@Call() { ctx, params, reply }: RouteCall<typeof v1GetProject>): Promise<V1ProjectOut> {
    return present(withETag(reply, await this.projects.get(projectScope(ctx.accountId, params.org, params.project))));
  }

  @Route(v1UpdateProject)
  async update(
    @Call() { ctx, params, body, headers, reply }: RouteCall<typeof v1UpdateProject>,
  ): Promise<V1ProjectOut> {
    const scope = projectScope(ctx.accountId, params.org, params.project);
    return present(
      withETag(
        reply,
        await this.projects.update(ctx, scope, projectOf(params.org, body.project), expectedVersionOf(headers)),
      ),
    );
  }

  @Route(v1DeleteProject)
  async delete(@Call() { ctx, params, headers }: RouteCall<typeof v1DeleteProject>): Promise<V1ProjectOut> {
    const scope = projectScope(ctx.accountId, params.org, params.project);
    const known = await this.projects.get(scope);
    await this.projects.delete(ctx, scope, { force: false, expected: expectedVersionOf(headers) });
    return present(known.body);
  }
}

function projectOf(org: string, { identifier, slug, org: orgInBody, ...rest }: V1ProjectIn): Project {
  if (orgInBody && orgInBody !== org) {
    throw new AppError('INVALID_REQUEST', `the body names organization "${orgInBody}", the path "${org}"`, {
      fields: [{ field: 'project.org', error: 'differs from the path' }],
    });
  }
  return { identifier: identifier ?? slug ?? '', orgIdentifier: org, ...rest };
}

function present({ project, createdAt, lastModifiedAt }: ProjectResponse): V1ProjectOut {
  const { identifier, name, orgIdentifier, color, modules, description, tags } = project;
  return {
    project: {
      identifier,
      slug: identifier,
      name,
      org: orgIdentifier,
      color,
      modules: modules ?? [],
      description: description ?? '',
      tags: tags ?? {},
    },
    created: createdAt,
    updated: lastModifiedAt,
  };
}
