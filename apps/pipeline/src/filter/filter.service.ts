import { Inject, Injectable } from '@nestjs/common';
import { AppError, formatScope, type ProjectScope, type RequestContext } from '@sluice/kernel';
import { isUniqueViolation } from '@sluice/persistence';
import type { FilterProperties, FilterType } from '@sluice/pipeline-api';
import { AuditTrail } from '../audit/audit-trail.js';
import { Projects } from '../project/projects.js';
import { FilterRepository, type Filter, type FilterKey } from './filter.repository.js';

/** Filters of the lists of pipelines and executions, kept under a name. */
@Injectable()
export class FilterService {
  constructor(
    @Inject(FilterRepository) private readonly filters: FilterRepository,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
    @Inject(Projects) private readonly projects: Projects,
  ) {}

  /** @throws AppError RESOURCE_NOT_FOUND for a project there is not, DUPLICATE_FIELD, UPSTREAM_UNAVAILABLE */
  async create(ctx: RequestContext, scope: ProjectScope, filter: Filter): Promise<Filter> {
    const project = await this.projects.require(ctx, scope);
    try {
      await this.audit.run(async ({ manager, record }) => {
        await this.projects.hold(manager, project);
        await this.filters.within(manager).insert(scope, filter, ctx.principal.id, Date.now());
        await record(ctx, {
          action: 'create',
          resourceType: 'filter',
          identifier: filter.identifier,
          name: filter.name,
          scope,
          after: stateOf(filter),
        });
      });
    } catch (cause) {
      if (!isUniqueViolation(cause)) throw cause;
      throw new AppError(
        'DUPLICATE_FIELD',
        `a filter "${filter.identifier}" of type ${filter.type} exists already in ${formatScope(scope)}; choose another identifier or update it`,
        { fields: [{ field: 'identifier', error: 'is taken' }] },
      );
    }
    return filter;
  }

  /** @throws AppError ENTITY_NOT_FOUND, also for a filter that only its creator sees */
  async update(ctx: RequestContext, scope: ProjectScope, filter: Filter): Promise<Filter> {
    const key: FilterKey = { type: filter.type, identifier: filter.identifier, viewer: ctx.principal.id };
    await this.audit.run(async ({ manager, record }) => {
      const filters = this.filters.within(manager);
      const before = await filters.findLocked(scope, key);
      if (!before) throw notFound(scope, key);
      await filters.replace(scope, filter, Date.now());
      await record(ctx, {
        action: 'update',
        resourceType: 'filter',
        identifier: filter.identifier,
        name: filter.name,
        scope,
        before: stateOf(before),
        after: stateOf(filter),
      });
    });
    return filter;
  }

  /** @throws AppError ENTITY_NOT_FOUND */
  async get(ctx: RequestContext, scope: ProjectScope, type: FilterType, identifier: string): Promise<Filter> {
    const key: FilterKey = { type, identifier, viewer: ctx.principal.id };
    const filter = await this.filters.find(scope, key);
    if (!filter) throw notFound(scope, key);
    return filter;
  }

  /** @throws AppError ENTITY_NOT_FOUND */
  async delete(ctx: RequestContext, scope: ProjectScope, type: FilterType, identifier: string): Promise<void> {
    const key: FilterKey = { type, identifier, viewer: ctx.principal.id };
    await this.audit.run(async ({ manager, record }) => {
      const filters = this.filters.within(manager);
      const before = await filters.findLocked(scope, key);
      if (!before) throw notFound(scope, key);
      await filters.delete(scope, type, identifier);
      await record(ctx, {
        action: 'delete',
        resourceType: 'filter',
        identifier,
        name: before.name,
        scope,
        before: stateOf(before),
      });
    });
  }

  list(
    ctx: RequestContext,
    scope: ProjectScope,
    type: FilterType,
    searchTerm: string | undefined,
    page: number,
    size: number,
  ): Promise<{ rows: Filter[]; total: number }> {
    return this.filters.list(scope, { type, viewer: ctx.principal.id }, searchTerm, page, size);
  }

  /**
   * What a list is narrowed by: the properties of the stored filter that it names, and those it brings itself, which count before the same ones of the filter.
   * @param field what names the filter, for the error @param identifier empty or undefined for none
   * @throws AppError INVALID_REQUEST for a filter there is not, or that the caller does not see
   */
  async narrowing<Type extends FilterType>(
    ctx: RequestContext,
    scope: ProjectScope,
    type: Type,
    field: string,
    identifier: string | undefined,
    own: Narrowing<Type>,
  ): Promise<Narrowing<Type>> {
    if (identifier === undefined || identifier === '') return own;
    const filter = await this.filters.find(scope, { type, identifier, viewer: ctx.principal.id });
    if (!filter)
      throw new AppError(
        'INVALID_REQUEST',
        `${field}: there is no saved filter "${identifier}" of type ${type} in ${formatScope(scope)}; create it with POST /pipeline/api/filters, or send what to filter by in the request itself`,
        { fields: [{ field, error: `there is no saved filter "${identifier}"` }] },
      );
    const given = Object.entries(own).filter(([, value]) => value !== null && value !== undefined);
    return { ...(filter.properties as Narrowing<Type>), ...Object.fromEntries(given) };
  }
}

/** Properties of a filter, whether stored or sent along. */
export type Narrowing<Type extends FilterType> = Partial<Extract<FilterProperties, { readonly filterType: Type }>>;

function stateOf({ name, type, visibility, properties }: Filter): Readonly<Record<string, unknown>> {
  return { name, type, visibility, properties };
}

function notFound(scope: ProjectScope, { type, identifier }: FilterKey): AppError {
  return new AppError(
    'ENTITY_NOT_FOUND',
    `there is no filter "${identifier}" of type ${type} in ${formatScope(scope)}`,
  );
}
