import type { ProjectScope } from '@sluice/kernel';
import { DataSource, type EntityManager } from 'typeorm';
import { Inject, Injectable } from '@nestjs/common';
import { containing, projectColumns } from '@sluice/persistence';
import { tagsWanted, withTieBreak, type Sort, type TagFilter } from '../database/list-query.js';
import { PipelineEntity, type PipelineFacts } from './pipeline.entity.js';

/** A stored pipeline. */
export interface Pipeline {
  readonly identifier: string;
  readonly name: string;
  readonly description: string | null;
  readonly tags: Readonly<Record<string, string>>;
  /** As it was sent. */
  readonly yaml: string;
  readonly stageNames: readonly string[];
  readonly filters: PipelineFacts;
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export type NewPipeline = Pick<
  Pipeline,
  'identifier' | 'name' | 'description' | 'tags' | 'yaml' | 'stageNames' | 'filters'
>;

export interface PipelineFilter {
  readonly searchTerm?: string | undefined;
  readonly identifiers?: readonly string[] | undefined;
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  /** All must be there; without a value any value counts. */
  readonly tags?: readonly TagFilter[] | undefined;
}

/** Columns a list may be sorted by. */
export type PipelineSortColumn = 'identifier' | 'name' | 'createdAt' | 'updatedAt' | 'version' | 'lastExecutionAt';

@Injectable()
export class PipelineRepository {
  constructor(@Inject(DataSource) private readonly dataSource: DataSource | EntityManager) {}

  /** The same, inside a transaction. */
  within(manager: EntityManager): PipelineRepository {
    return new PipelineRepository(manager);
  }

  /** @throws the driver's unique violation for an identifier that is taken */
  async insert(scope: ProjectScope, pipeline: NewPipeline, at: number): Promise<void> {
    await this.table().insert({
      ...projectColumns(scope),
      ...pipeline,
      filters: pipeline.filters as never,
      tags: { ...pipeline.tags },
      stageNames: [...pipeline.stageNames],
      version: 1,
      createdAt: at,
      updatedAt: at,
    });
  }

  /** @param version the version that is replaced; undefined replaces any @returns false when there is no such version */
  async replace(scope: ProjectScope, pipeline: NewPipeline, at: number, version: number | undefined): Promise<boolean> {
    const { identifier, ...rest } = pipeline;
    const update = this.table()
      .createQueryBuilder()
      .update()
      .set({
        ...rest,
        filters: rest.filters as never,
        tags: { ...rest.tags },
        stageNames: [...rest.stageNames],
        updatedAt: at,
        version: () => 'version + 1',
      })
      .where({ ...projectColumns(scope), identifier });
    if (version !== undefined) update.andWhere('version = :version', { version });
    return (await update.execute()).affected === 1;
  }

  async find(scope: ProjectScope, identifier: string): Promise<Pipeline | undefined> {
    const row = await this.table().findOneBy({ ...projectColumns(scope), identifier });
    return row ? toPipeline(row) : undefined;
  }

  /** Holds a pipeline against its removal until the transaction ends. @returns false when there is none */
  async keep(scope: ProjectScope, identifier: string): Promise<boolean> {
    return (
      (await this.table().findOne({
        select: { identifier: true },
        where: { ...projectColumns(scope), identifier },
        lock: { mode: 'for_key_share' },
      })) !== null
    );
  }

  /** Finds and holds it against other writers until the transaction ends. */
  async findLocked(scope: ProjectScope, identifier: string): Promise<Pipeline | undefined> {
    const row = await this.table().findOne({
      where: { ...projectColumns(scope), identifier },
      lock: { mode: 'pessimistic_write' },
    });
    return row ? toPipeline(row) : undefined;
  }

  /** @param version the version that is deleted; undefined deletes any @returns false when there is no such version */
  async delete(scope: ProjectScope, identifier: string, version: number | undefined): Promise<boolean> {
    return (
      (
        await this.table().delete({
          ...projectColumns(scope),
          identifier,
          ...(version === undefined ? {} : { version }),
        })
      ).affected === 1
    );
  }

  async list(
    scope: ProjectScope,
    filter: PipelineFilter,
    sort: readonly Sort<PipelineSortColumn>[],
    page: number,
    size: number,
  ): Promise<{ rows: Pipeline[]; total: number }> {
    const query = this.table()
      .createQueryBuilder('p')
      .where({ ...projectColumns(scope) });
    if (filter.searchTerm)
      query.andWhere('(p.name ILIKE :term OR p.identifier ILIKE :term OR p.tags::text ILIKE :term)', {
        term: containing(filter.searchTerm),
      });
    if (filter.identifiers && filter.identifiers.length > 0)
      query.andWhere('p.identifier IN (:...identifiers)', { identifiers: filter.identifiers });
    if (filter.name) query.andWhere('p.name ILIKE :name', { name: containing(filter.name) });
    if (filter.description)
      query.andWhere('p.description ILIKE :description', { description: containing(filter.description) });
    const { keys, pairs } = tagsWanted(filter.tags ?? []);
    if (keys.length > 0) query.andWhere('p.tags ?& array[:...tagKeys]', { tagKeys: keys });
    if (Object.keys(pairs).length > 0) query.andWhere('p.tags @> :tagPairs', { tagPairs: JSON.stringify(pairs) });
    const counted = query.clone();
    for (const { column, direction } of withTieBreak(sort, 'identifier'))
      query.addOrderBy(`p.${column}`, direction, 'NULLS LAST');
    const [rows, total] = await Promise.all([
      query
        .offset(page * size)
        .limit(size)
        .getMany(),
      counted.getCount(),
    ]);
    return { rows: rows.map(toPipeline), total };
  }

  /** Number of the next run, counted per pipeline, inside the caller's transaction. @returns undefined for a pipeline there is not */
  async nextRun(
    manager: EntityManager,
    scope: ProjectScope,
    identifier: string,
    at: number,
  ): Promise<number | undefined> {
    const [rows] = await manager.query<[{ run_sequence: number }[], number]>(
      `UPDATE pipelines SET run_sequence = run_sequence + 1, last_execution_at = $5 WHERE account_id = $1 AND org_id = $2 AND project_id = $3 AND identifier = $4 RETURNING run_sequence`,
      [scope.accountId, scope.orgId, scope.projectId, identifier, at],
    );
    return rows[0]?.run_sequence;
  }

  /** The number {@link nextRun} gives if no other run begins first. @returns undefined for a pipeline there is not */
  async comingRun(scope: ProjectScope, identifier: string): Promise<number | undefined> {
    const { accountId, orgId, projectId } = scope;
    const row = await this.table().findOne({
      where: { accountId, orgId, projectId, identifier },
      select: { identifier: true, runSequence: true },
    });
    return row ? row.runSequence + 1 : undefined;
  }

  private table() {
    return this.dataSource.getRepository(PipelineEntity);
  }
}

function toPipeline(row: PipelineEntity): Pipeline {
  const { identifier, name, description, tags, yaml, stageNames, filters, version, createdAt, updatedAt } = row;
  return { identifier, name, description, tags, yaml, stageNames, filters, version, createdAt, updatedAt };
}
