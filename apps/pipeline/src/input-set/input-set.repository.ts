import { Inject, Injectable } from '@nestjs/common';
import type { ProjectScope } from '@sluice/kernel';
import { DataSource } from 'typeorm';
import { containing, projectColumns } from '../database/columns.js';
import { InputSetEntity } from './input-set.entity.js';

export interface InputSet {
  readonly pipelineIdentifier: string;
  readonly identifier: string;
  readonly name: string;
  readonly description: string | null;
  readonly tags: Readonly<Record<string, string>>;
  readonly yaml: string;
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}
export type NewInputSet = Pick<InputSet, 'pipelineIdentifier' | 'identifier' | 'name' | 'description' | 'tags' | 'yaml'>;

@Injectable()
export class InputSetRepository {
  constructor(@Inject(DataSource) private readonly dataSource: DataSource) {}

  /** @throws the driver's unique violation for an identifier that is taken */
  async insert(scope: ProjectScope, set: NewInputSet, at: number): Promise<void> {
    await this.table().insert({ ...projectColumns(scope), ...set, tags: { ...set.tags }, version: 1, createdAt: at, updatedAt: at });
  }

  /** @param version the version that is replaced; undefined replaces any @returns false when there is no such version */
  async replace(scope: ProjectScope, set: NewInputSet, at: number, version: number | undefined): Promise<boolean> {
    const { pipelineIdentifier, identifier, ...rest } = set;
    const update = this.table().createQueryBuilder().update().set({ ...rest, tags: { ...rest.tags }, updatedAt: at, version: () => 'version + 1' }).where({ ...projectColumns(scope), pipelineIdentifier, identifier });
    if (version !== undefined) update.andWhere('version = :version', { version });
    return (await update.execute()).affected === 1;
  }

  async find(scope: ProjectScope, pipelineIdentifier: string, identifier: string): Promise<InputSet | undefined> {
    const row = await this.table().findOneBy({ ...projectColumns(scope), pipelineIdentifier, identifier });
    return row ? toInputSet(row) : undefined;
  }

  async delete(scope: ProjectScope, pipelineIdentifier: string, identifier: string): Promise<boolean> {
    return (await this.table().delete({ ...projectColumns(scope), pipelineIdentifier, identifier })).affected === 1;
  }

  async deleteOfPipeline(scope: ProjectScope, pipelineIdentifier: string): Promise<void> {
    await this.table().delete({ ...projectColumns(scope), pipelineIdentifier });
  }

  async list(scope: ProjectScope, pipelineIdentifier: string, searchTerm: string | undefined, page: number, size: number): Promise<{ rows: InputSet[]; total: number }> {
    const query = this.table().createQueryBuilder('s').where({ ...projectColumns(scope), pipelineIdentifier });
    if (searchTerm) query.andWhere('(s.name ILIKE :term OR s.identifier ILIKE :term)', { term: containing(searchTerm) });
    const [rows, total] = await query.orderBy('s.updatedAt', 'DESC').addOrderBy('s.identifier', 'ASC').skip(page * size).take(size).getManyAndCount();
    return { rows: rows.map(toInputSet), total };
  }

  private table() {
    return this.dataSource.getRepository(InputSetEntity);
  }
}

function toInputSet(row: InputSetEntity): InputSet {
  const { pipelineIdentifier, identifier, name, description, tags, yaml, version, createdAt, updatedAt } = row;
  return { pipelineIdentifier, identifier, name, description, tags, yaml, version, createdAt, updatedAt };
}
