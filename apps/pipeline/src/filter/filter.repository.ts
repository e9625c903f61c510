import { Inject, Injectable } from '@nestjs/common';
import type { ProjectScope } from '@sluice/kernel';
import { containing, projectColumns } from '@sluice/persistence';
import {
  filterProperties,
  filterVisibility,
  type FilterProperties,
  type FilterType,
  type StoredFilter,
} from '@sluice/pipeline-api';
import { DataSource, type EntityManager, type SelectQueryBuilder } from 'typeorm';
import { FilterEntity } from './filter.entity.js';

export interface Filter {
  readonly type: FilterType;
  readonly identifier: string;
  readonly name: string;
  readonly visibility: StoredFilter['filterVisibility'];
  readonly properties: FilterProperties;
}

/** A filter by its key inside a project, as one of its users sees it. */
export interface FilterKey {
  readonly type: FilterType;
  readonly identifier: string;
  /** Id of the principal who asks: what only its creator sees is not there for others. */
  readonly viewer: string;
}

/** Stored filters. */
@Injectable()
export class FilterRepository {
  constructor(@Inject(DataSource) private readonly dataSource: DataSource | EntityManager) {}

  /** The same, inside a transaction. */
  within(manager: EntityManager): FilterRepository {
    return new FilterRepository(manager);
  }

  /** @throws the driver's unique violation for an identifier that is taken */
  async insert(scope: ProjectScope, filter: Filter, createdBy: string, at: number): Promise<void> {
    await this.table().insert({
      ...projectColumns(scope),
      ...filter,
      properties: filter.properties as never,
      createdBy,
      createdAt: at,
      updatedAt: at,
    });
  }

  async replace(
    scope: ProjectScope,
    { type, identifier, name, visibility, properties }: Filter,
    at: number,
  ): Promise<void> {
    await this.table().update(
      { ...projectColumns(scope), type, identifier },
      { name, visibility, properties: properties as never, updatedAt: at },
    );
  }

  async delete(scope: ProjectScope, type: FilterType, identifier: string): Promise<void> {
    await this.table().delete({ ...projectColumns(scope), type, identifier });
  }

  async find(scope: ProjectScope, key: FilterKey): Promise<Filter | undefined> {
    const row = await this.one(scope, key).getOne();
    return row ? toFilter(row) : undefined;
  }

  /** Finds and holds it against other writers until the transaction ends. */
  async findLocked(scope: ProjectScope, key: FilterKey): Promise<Filter | undefined> {
    const row = await this.one(scope, key).setLock('pessimistic_write').getOne();
    return row ? toFilter(row) : undefined;
  }

  /** By name and identifier. */
  async list(
    scope: ProjectScope,
    { type, viewer }: Omit<FilterKey, 'identifier'>,
    searchTerm: string | undefined,
    page: number,
    size: number,
  ): Promise<{ rows: Filter[]; total: number }> {
    const query = this.visibleTo(scope, type, viewer);
    if (searchTerm)
      query.andWhere('(f.name ILIKE :term OR f.identifier ILIKE :term)', { term: containing(searchTerm) });
    const counted = query.clone();
    query
      .orderBy('f.name')
      .addOrderBy('f.identifier')
      .offset(page * size)
      .limit(size);
    const [rows, total] = await Promise.all([query.getMany(), counted.getCount()]);
    return { rows: rows.map(toFilter), total };
  }

  private one(scope: ProjectScope, { type, identifier, viewer }: FilterKey): SelectQueryBuilder<FilterEntity> {
    return this.visibleTo(scope, type, viewer).andWhere('f.identifier = :identifier', { identifier });
  }

  private visibleTo(scope: ProjectScope, type: FilterType, viewer: string): SelectQueryBuilder<FilterEntity> {
    return this.table()
      .createQueryBuilder('f')
      .where({ ...projectColumns(scope), type })
      .andWhere(`(f.visibility = 'EveryOne' OR f.createdBy = :viewer)`, { viewer });
  }

  private table() {
    return this.dataSource.getRepository(FilterEntity);
  }
}

function toFilter({ identifier, name, visibility, properties }: FilterEntity): Filter {
  const known = filterProperties.parse(properties);
  return {
    type: known.filterType,
    identifier,
    name,
    visibility: filterVisibility.parse(visibility),
    properties: known,
  };
}
