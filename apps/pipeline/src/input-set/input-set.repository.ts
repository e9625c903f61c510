import { Inject, Injectable } from '@nestjs/common';
import type { ProjectScope } from '@sluice/kernel';
import { DataSource, type EntityManager, In } from 'typeorm';
import { containing, projectColumns } from '@sluice/persistence';
import { withTieBreak, type Sort } from '../database/list-query.js';
import { InputSetEntity } from './input-set.entity.js';

export type InputSetType = 'INPUT_SET' | 'OVERLAY_INPUT_SET';

/** A stored input set, or an overlay: then `references` are what it lays over each other. */
export interface InputSet {
  readonly pipelineIdentifier: string;
  readonly identifier: string;
  readonly type: InputSetType;
  readonly name: string;
  readonly description: string | null;
  readonly tags: Readonly<Record<string, string>>;
  readonly yaml: string;
  readonly references: readonly string[];
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}
export type NewInputSet = Omit<InputSet, 'version' | 'createdAt' | 'updatedAt'>;

export interface InputSetFilter {
  readonly type?: InputSetType | undefined;
  readonly searchTerm?: string | undefined;
}
export type InputSetSortColumn = 'identifier' | 'name' | 'createdAt' | 'updatedAt';

@Injectable()
export class InputSetRepository {
  constructor(@Inject(DataSource) private readonly dataSource: DataSource | EntityManager) {}

  /** The same, inside a transaction. */
  within(manager: EntityManager): InputSetRepository {
    return new InputSetRepository(manager);
  }

  /** @throws the driver's unique violation for an identifier that is taken */
  async insert(scope: ProjectScope, set: NewInputSet, at: number): Promise<void> {
    await this.table().insert({
      ...projectColumns(scope),
      ...set,
      tags: { ...set.tags },
      references: [...set.references],
      version: 1,
      createdAt: at,
      updatedAt: at,
    });
  }

  /** @param version the version that is replaced; undefined replaces any @returns false when there is no such set or version */
  async replace(scope: ProjectScope, set: NewInputSet, at: number, version: number | undefined): Promise<boolean> {
    const { pipelineIdentifier, identifier, type, ...rest } = set;
    const update = this.table()
      .createQueryBuilder()
      .update()
      .set({
        ...rest,
        tags: { ...rest.tags },
        references: [...rest.references],
        updatedAt: at,
        version: () => 'version + 1',
      });
    update.where({ ...projectColumns(scope), pipelineIdentifier, identifier, type });
    if (version !== undefined) update.andWhere('version = :version', { version });
    return (await update.execute()).affected === 1;
  }

  async find(scope: ProjectScope, pipelineIdentifier: string, identifier: string): Promise<InputSet | undefined> {
    const row = await this.table().findOneBy({ ...projectColumns(scope), pipelineIdentifier, identifier });
    return row ? toInputSet(row) : undefined;
  }

  /** Finds and holds it against other writers until the transaction ends. */
  async findLocked(scope: ProjectScope, pipelineIdentifier: string, identifier: string): Promise<InputSet | undefined> {
    const row = await this.table().findOne({
      where: { ...projectColumns(scope), pipelineIdentifier, identifier },
      lock: { mode: 'pessimistic_write' },
    });
    return row ? toInputSet(row) : undefined;
  }

  /** Every set of a pipeline. */
  async allOf(scope: ProjectScope, pipelineIdentifier: string): Promise<InputSet[]> {
    return (await this.table().findBy({ ...projectColumns(scope), pipelineIdentifier })).map(toInputSet);
  }

  /** Those of the identifiers that exist, by identifier. */
  async findAll(
    scope: ProjectScope,
    pipelineIdentifier: string,
    identifiers: readonly string[],
  ): Promise<ReadonlyMap<string, InputSet>> {
    if (identifiers.length === 0) return new Map();
    const rows = await this.table().findBy({
      ...projectColumns(scope),
      pipelineIdentifier,
      identifier: In([...identifiers]),
    });
    return new Map(rows.map((row) => [row.identifier, toInputSet(row)]));
  }

  async names(
    scope: ProjectScope,
    pipelineIdentifier: string,
    identifiers: readonly string[],
  ): Promise<ReadonlyMap<string, string>> {
    const sets = await this.findAll(scope, pipelineIdentifier, identifiers);
    return new Map([...sets].map(([identifier, { name }]) => [identifier, name]));
  }

  /** @param version the version that is deleted; undefined deletes any @returns false when there is no such set or version */
  async delete(
    scope: ProjectScope,
    pipelineIdentifier: string,
    identifier: string,
    version: number | undefined,
  ): Promise<boolean> {
    return (
      (
        await this.table().delete({
          ...projectColumns(scope),
          pipelineIdentifier,
          identifier,
          ...(version === undefined ? {} : { version }),
        })
      ).affected === 1
    );
  }

  async deleteOfPipeline(scope: ProjectScope, pipelineIdentifier: string): Promise<void> {
    await this.table().delete({ ...projectColumns(scope), pipelineIdentifier });
  }

  async has(scope: ProjectScope, pipelineIdentifier: string): Promise<boolean> {
    return this.table().existsBy({ ...projectColumns(scope), pipelineIdentifier });
  }

  async list(
    scope: ProjectScope,
    pipelineIdentifier: string,
    filter: InputSetFilter,
    sort: readonly Sort<InputSetSortColumn>[],
    page: number,
    size: number,
  ): Promise<{ rows: InputSet[]; total: number }> {
    const query = this.table()
      .createQueryBuilder('s')
      .where({ ...projectColumns(scope), pipelineIdentifier });
    if (filter.type) query.andWhere('s.type = :type', { type: filter.type });
    if (filter.searchTerm)
      query.andWhere('(s.name ILIKE :term OR s.identifier ILIKE :term)', { term: containing(filter.searchTerm) });
    const counted = query.clone();
    for (const { column, direction } of withTieBreak(sort, 'identifier')) query.addOrderBy(`s.${column}`, direction);
    const [rows, total] = await Promise.all([
      query
        .offset(page * size)
        .limit(size)
        .getMany(),
      counted.getCount(),
    ]);
    return { rows: rows.map(toInputSet), total };
  }

  private table() {
    return this.dataSource.getRepository(InputSetEntity);
  }
}

function toInputSet(row: InputSetEntity): InputSet {
  const {
    pipelineIdentifier,
    identifier,
    type,
    name,
    description,
    tags,
    yaml,
    references,
    version,
    createdAt,
    updatedAt,
  } = row;
  return {
    pipelineIdentifier,
    identifier,
    type: type === 'OVERLAY_INPUT_SET' ? type : 'INPUT_SET',
    name,
    description,
    tags,
    yaml,
    references,
    version,
    createdAt,
    updatedAt,
  };
}
