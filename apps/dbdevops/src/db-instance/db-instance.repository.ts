import { projectScope, type ProjectScope } from '@sluice/kernel';
import type { EntityManager, SelectQueryBuilder } from 'typeorm';
import { containing, projectColumns } from '@sluice/persistence';
import { SORT_PROPERTY, type ListRequest } from '../database/list.js';
import { inProject } from '../database/project-scope.js';
import { DbInstanceEntity } from './db-instance.entity.js';
import type { DbInstance } from './db-instance.js';

/** `Equals` keeps instances that carry every listed tag, `NotEquals` those that carry none. A null value matches any. */
export interface TagFilter {
  readonly filterType: 'Equals' | 'NotEquals';
  readonly instanceTags?: readonly { readonly key: string; readonly value?: string | null | undefined }[] | undefined;
}

export class DbInstanceRepository {
  constructor(private readonly manager: EntityManager) {}

  /** @throws QueryFailedError with PostgreSQL's 23505 when the identifier is taken */
  async insert(instance: DbInstance): Promise<void> {
    await this.manager.insert(DbInstanceEntity, rowOf(instance));
  }

  async find(scope: ProjectScope, schemaId: string, identifier: string): Promise<DbInstance | undefined> {
    const row = await this.manager.findOneBy(DbInstanceEntity, { ...projectColumns(scope), schemaId, identifier });
    return row ? instanceOf(row) : undefined;
  }

  /** Finds and holds the instance against other writers until the transaction ends. */
  async findLocked(scope: ProjectScope, schemaId: string, identifier: string): Promise<DbInstance | undefined> {
    const query = inProject(this.manager.createQueryBuilder(DbInstanceEntity, 'i'), 'i', scope);
    const row = await query
      .andWhere('i.schemaId = :schemaId AND i.identifier = :identifier', { schemaId, identifier })
      .setLock('for_no_key_update')
      .getOne();
    return row ? instanceOf(row) : undefined;
  }

  /** The instance of a schema that was made first. */
  async oldest(scope: ProjectScope, schemaId: string): Promise<DbInstance | undefined> {
    const query = inProject(this.manager.createQueryBuilder(DbInstanceEntity, 'i'), 'i', scope).andWhere(
      'i.schemaId = :schemaId',
      { schemaId },
    );
    const row = await query.orderBy('i.createdAt', 'ASC').addOrderBy('i.id', 'ASC').limit(1).getOne();
    return row ? instanceOf(row) : undefined;
  }

  /** Every instance of the given schemas. */
  async allOf(scope: ProjectScope, schemaIds: readonly string[]): Promise<DbInstance[]> {
    const query = inProject(this.manager.createQueryBuilder(DbInstanceEntity, 'i'), 'i', scope).andWhere(
      'i.schemaId = ANY(:schemaIds)',
      { schemaIds },
    );
    return (await query.orderBy('i.id').getMany()).map(instanceOf);
  }

  async save(scope: ProjectScope, instance: DbInstance): Promise<void> {
    const { id: _, ...columns } = rowOf(instance);
    await this.manager.update(DbInstanceEntity, { ...projectColumns(scope), id: instance.id }, columns);
  }

  /** Removes the instance with its history. @returns whether there was one */
  async remove(scope: ProjectScope, schemaId: string, identifier: string): Promise<boolean> {
    const result = await this.manager.delete(DbInstanceEntity, { ...projectColumns(scope), schemaId, identifier });
    return (result.affected ?? 0) > 0;
  }

  async list(
    scope: ProjectScope,
    schemaId: string,
    request: ListRequest,
    filter: TagFilter,
  ): Promise<{ readonly items: DbInstance[]; readonly total: number }> {
    const query = this.matching(scope, schemaId, request, filter);
    const total = await query.getCount();
    const rows = await query
      .orderBy(`i.${SORT_PROPERTY[request.sort]}`, request.order)
      .addOrderBy('i.id', request.order)
      .offset(request.page * request.limit)
      .limit(request.limit)
      .getMany();
    return { items: rows.map(instanceOf), total };
  }

  private matching(
    scope: ProjectScope,
    schemaId: string,
    request: ListRequest,
    filter: TagFilter,
  ): SelectQueryBuilder<DbInstanceEntity> {
    const query = inProject(this.manager.createQueryBuilder(DbInstanceEntity, 'i'), 'i', scope).andWhere(
      'i.schemaId = :schemaId',
      { schemaId },
    );
    if (request.search_term)
      query.andWhere('(i.name ILIKE :term OR i.identifier ILIKE :term)', { term: containing(request.search_term) });
    for (const [index, tag] of (filter.instanceTags ?? []).entries()) {
      const [key, value] = [`tagKey${index}`, `tagValue${index}`];
      // coalesce: a missing key compares as NULL, which would drop the row from both kinds of filter.
      const carries =
        typeof tag.value === 'string'
          ? `coalesce(i.tags ->> :${key} = :${value}, false)`
          : `i.tags ->> :${key} IS NOT NULL`;
      query.andWhere(filter.filterType === 'Equals' ? carries : `NOT (${carries})`, {
        [key]: tag.key,
        [value]: tag.value ?? '',
      });
    }
    return query;
  }
}

function instanceOf({ accountId, orgId, projectId, ...row }: DbInstanceEntity): DbInstance {
  return { ...row, scope: projectScope(accountId, orgId, projectId) };
}

function rowOf({ scope, ...instance }: DbInstance): Omit<DbInstanceEntity, 'schema'> {
  return {
    ...instance,
    tags: { ...instance.tags },
    substituteProperties: instance.substituteProperties ? { ...instance.substituteProperties } : null,
    ...projectColumns(scope),
  };
}
