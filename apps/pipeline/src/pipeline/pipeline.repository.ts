import type { ProjectScope } from '@sluice/kernel';
import { DataSource, type EntityManager } from 'typeorm';
import { Inject, Injectable } from '@nestjs/common';
import { containing, projectColumns } from '../database/columns.js';
import { PipelineEntity } from './pipeline.entity.js';

/** A stored pipeline. */
export interface Pipeline {
  readonly identifier: string;
  readonly name: string;
  readonly description: string | null;
  readonly tags: Readonly<Record<string, string>>;
  /** As it was sent. */
  readonly yaml: string;
  readonly stageNames: readonly string[];
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export type NewPipeline = Pick<Pipeline, 'identifier' | 'name' | 'description' | 'tags' | 'yaml' | 'stageNames'>;

export interface PipelineFilter {
  readonly searchTerm?: string | undefined;
  readonly identifiers?: readonly string[] | undefined;
  readonly name?: string | undefined;
}

@Injectable()
export class PipelineRepository {
  constructor(@Inject(DataSource) private readonly dataSource: DataSource) {}

  /** @throws the driver's unique violation for an identifier that is taken */
  async insert(scope: ProjectScope, pipeline: NewPipeline, at: number): Promise<void> {
    await this.table().insert({ ...projectColumns(scope), ...pipeline, tags: { ...pipeline.tags }, stageNames: [...pipeline.stageNames], version: 1, createdAt: at, updatedAt: at });
  }

  /** @param version the version that is replaced; undefined replaces any @returns false when there is no such version */
  async replace(scope: ProjectScope, pipeline: NewPipeline, at: number, version: number | undefined): Promise<boolean> {
    const { identifier, ...rest } = pipeline;
    const update = this.table().createQueryBuilder().update().set({ ...rest, tags: { ...rest.tags }, stageNames: [...rest.stageNames], updatedAt: at, version: () => 'version + 1' }).where({ ...projectColumns(scope), identifier });
    if (version !== undefined) update.andWhere('version = :version', { version });
    return (await update.execute()).affected === 1;
  }

  async find(scope: ProjectScope, identifier: string): Promise<Pipeline | undefined> {
    const row = await this.table().findOneBy({ ...projectColumns(scope), identifier });
    return row ? toPipeline(row) : undefined;
  }

  async delete(scope: ProjectScope, identifier: string): Promise<boolean> {
    return (await this.table().delete({ ...projectColumns(scope), identifier })).affected === 1;
  }

  async list(scope: ProjectScope, filter: PipelineFilter, page: number, size: number): Promise<{ rows: Pipeline[]; total: number }> {
    const query = this.table().createQueryBuilder('p').where({ ...projectColumns(scope) });
    if (filter.searchTerm) query.andWhere('(p.name ILIKE :term OR p.identifier ILIKE :term OR p.tags::text ILIKE :term)', { term: containing(filter.searchTerm) });
    if (filter.identifiers && filter.identifiers.length > 0) query.andWhere('p.identifier IN (:...identifiers)', { identifiers: filter.identifiers });
    if (filter.name) query.andWhere('p.name ILIKE :name', { name: containing(filter.name) });
    const [rows, total] = await query.orderBy('p.updatedAt', 'DESC').addOrderBy('p.identifier', 'ASC').skip(page * size).take(size).getManyAndCount();
    return { rows: rows.map(toPipeline), total };
  }

  /** Number of the next run, counted per pipeline, inside the caller's transaction. @returns undefined for a pipeline there is not */
  async nextRun(manager: EntityManager, scope: ProjectScope, identifier: string): Promise<number | undefined> {
    const [rows] = await manager.query<[{ run_sequence: number }[], number]>(
      `UPDATE pipelines SET run_sequence = run_sequence + 1 WHERE account_id = $1 AND org_id = $2 AND project_id = $3 AND identifier = $4 RETURNING run_sequence`,
      [scope.accountId, scope.orgId, scope.projectId, identifier],
    );
    return rows[0]?.run_sequence;
  }

  private table() {
    return this.dataSource.getRepository(PipelineEntity);
  }
}

function toPipeline(row: PipelineEntity): Pipeline {
  const { identifier, name, description, tags, yaml, stageNames, version, createdAt, updatedAt } = row;
  return { identifier, name, description, tags, yaml, stageNames, version, createdAt, updatedAt };
}
