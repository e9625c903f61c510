import { Inject, Injectable } from '@nestjs/common';
import type { ProjectScope } from '@sluice/kernel';
import { DataSource, type EntityManager } from 'typeorm';
import { containing, projectColumns } from '@sluice/persistence';
import { TriggerEntity } from './trigger.entity.js';

export type Trigger = Readonly<TriggerEntity>;
export type NewTrigger = Pick<
  Trigger,
  | 'target'
  | 'identifier'
  | 'name'
  | 'description'
  | 'tags'
  | 'type'
  | 'sourceType'
  | 'webhookSecretRef'
  | 'isEnabled'
  | 'yaml'
  | 'errors'
>;

export interface TriggerFilter {
  /** Part of the name or identifier. */
  readonly searchTerm?: string | undefined;
  /** Part of the name, identifier, type or kind of source. */
  readonly filter?: string | undefined;
}

@Injectable()
export class TriggerRepository {
  constructor(@Inject(DataSource) private readonly dataSource: DataSource | EntityManager) {}

  /** The same, inside a transaction. */
  within(manager: EntityManager): TriggerRepository {
    return new TriggerRepository(manager);
  }

  /** @throws the driver's unique violation for an identifier that is taken, its foreign key violation for a pipeline that is gone */
  async insert(scope: ProjectScope, trigger: NewTrigger, at: number): Promise<void> {
    await this.table().insert({ ...projectColumns(scope), ...trigger, version: 1, createdAt: at, updatedAt: at });
  }

  /** @param version the version that is replaced; undefined replaces any @returns false when there is no such version */
  async replace(scope: ProjectScope, trigger: NewTrigger, at: number, version: number | undefined): Promise<boolean> {
    const { target, identifier, ...rest } = trigger;
    const update = this.table()
      .createQueryBuilder()
      .update()
      .set({ ...rest, updatedAt: at, version: () => 'version + 1' })
      .where({ ...projectColumns(scope), target, identifier });
    if (version !== undefined) update.andWhere('version = :version', { version });
    return (await update.execute()).affected === 1;
  }

  async find(scope: ProjectScope, target: string, identifier: string): Promise<Trigger | undefined> {
    return (await this.table().findOneBy({ ...projectColumns(scope), target, identifier })) ?? undefined;
  }

  /** Finds and holds it against other writers until the transaction ends. */
  async findLocked(scope: ProjectScope, target: string, identifier: string): Promise<Trigger | undefined> {
    return (
      (await this.table().findOne({
        where: { ...projectColumns(scope), target, identifier },
        lock: { mode: 'pessimistic_write' },
      })) ?? undefined
    );
  }

  /** Every trigger of a pipeline. */
  allOf(scope: ProjectScope, target: string): Promise<Trigger[]> {
    return this.table().findBy({ ...projectColumns(scope), target });
  }

  /** @param version as for {@link replace} */
  async delete(scope: ProjectScope, target: string, identifier: string, version: number | undefined): Promise<boolean> {
    return (
      (
        await this.table().delete({
          ...projectColumns(scope),
          target,
          identifier,
          ...(version === undefined ? {} : { version }),
        })
      ).affected === 1
    );
  }

  async list(
    scope: ProjectScope,
    target: string,
    { searchTerm, filter }: TriggerFilter,
    page: number,
    size: number,
  ): Promise<{ rows: Trigger[]; total: number }> {
    const query = this.table()
      .createQueryBuilder('t')
      .where({ ...projectColumns(scope), target });
    if (searchTerm)
      query.andWhere('(t.name ILIKE :term OR t.identifier ILIKE :term)', { term: containing(searchTerm) });
    if (filter)
      query.andWhere(
        '(t.name ILIKE :filter OR t.identifier ILIKE :filter OR t.type ILIKE :filter OR t.sourceType ILIKE :filter)',
        { filter: containing(filter) },
      );
    const [rows, total] = await query
      .orderBy('t.createdAt', 'DESC')
      .addOrderBy('t.identifier', 'ASC')
      .skip(page * size)
      .take(size)
      .getManyAndCount();
    return { rows, total };
  }

  private table() {
    return this.dataSource.getRepository(TriggerEntity);
  }
}
