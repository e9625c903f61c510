import { Controller, Inject } from '@nestjs/common';
import { toNgPage, type NgPage } from '@sluice/api-conventions';
import { Call, Route, type RouteCall } from '@sluice/http';
import { AppError, type ProjectScope, type Scope } from '@sluice/kernel';
import {
  createFilter,
  deleteFilter,
  getFilter,
  listFilters,
  updateFilter,
  type StoredFilter,
} from '@sluice/pipeline-api';
import { requireReachable } from '../database/list-query.js';
import { projectOfQuery } from '../database/request-scope.js';
import type { Filter } from './filter.repository.js';
import { FilterService } from './filter.service.js';

/** Stored filters, in the form of `/pipeline/api`. */
@Controller()
export class FilterController {
  constructor(@Inject(FilterService) private readonly filters: FilterService) {}

  @Route(createFilter)
  async create(@Call() { ctx, scope, body }: RouteCall<typeof createFilter>): Promise<StoredFilter> {
    const project = projectOf(scope);
    return viewOf(project, await this.filters.create(ctx, project, filterOf(body)));
  }

  @Route(updateFilter)
  async update(@Call() { ctx, scope, body }: RouteCall<typeof updateFilter>): Promise<StoredFilter> {
    const project = projectOf(scope);
    return viewOf(project, await this.filters.update(ctx, project, filterOf(body)));
  }

  @Route(listFilters)
  async list(@Call() { ctx, query }: RouteCall<typeof listFilters>): Promise<NgPage<StoredFilter>> {
    const scope = projectOfQuery(ctx, query);
    const { pageIndex, pageSize } = query;
    requireReachable(pageIndex, pageSize, 'narrow the list with searchTerm');
    const { rows, total } = await this.filters.list(ctx, scope, query.type, query.searchTerm, pageIndex, pageSize);
    return toNgPage(
      rows.map((row) => viewOf(scope, row)),
      total,
      pageIndex,
      pageSize,
    );
  }

  @Route(getFilter)
  async get(@Call() { ctx, query, params }: RouteCall<typeof getFilter>): Promise<StoredFilter> {
    const scope = projectOfQuery(ctx, query);
    return viewOf(scope, await this.filters.get(ctx, scope, query.type, params.identifier));
  }

  @Route(deleteFilter)
  async delete(@Call() { ctx, query, params }: RouteCall<typeof deleteFilter>): Promise<boolean> {
    await this.filters.delete(ctx, projectOfQuery(ctx, query), query.type, params.identifier);
    return true;
  }
}

function projectOf(scope: Scope): ProjectScope {
  if (scope.level === 'project') return scope;
  const missing = scope.level === 'account' ? 'orgIdentifier' : 'projectIdentifier';
  throw new AppError(
    'INVALID_REQUEST',
    `${missing} is missing: pipelines are in projects, so their filters are too; name the organization and the project`,
    { fields: [{ field: missing, error: 'is missing' }] },
  );
}

function filterOf({
  name,
  identifier,
  filterProperties,
  filterVisibility,
}: RouteCall<typeof createFilter>['body']): Filter {
  return {
    type: filterProperties.filterType,
    identifier,
    name,
    visibility: filterVisibility || 'EveryOne',
    properties: filterProperties,
  };
}

function viewOf(
  { orgId, projectId }: ProjectScope,
  { name, identifier, visibility, properties }: Filter,
): StoredFilter {
  return {
    name,
    identifier,
    orgIdentifier: orgId,
    projectIdentifier: projectId,
    filterProperties: properties,
    filterVisibility: visibility,
  };
}
