import { scopeColumns, type Scope } from '@sluice/kernel';
import type { FilingKind } from '@sluice/ng-manager-api';
import type { EntityManager } from 'typeorm';
import { readPage, type Page, type PageRequest } from '../persistence/page.js';
import { atScope, atScopeOfRow } from '../persistence/scoped.js';
import { FilingEntity } from './filing.entity.js';

export type FilingRow = Readonly<FilingEntity>;
export type FilingValues = Pick<FilingRow, 'name' | 'description' | 'tags' | 'traits' | 'yaml'>;

/** Where one is: infrastructures have their identifiers inside their environment. */
export interface FilingKey {
  readonly scope: Scope;
  readonly kind: FilingKind;
  /** Empty but for infrastructures. */
  readonly environment: string;
  readonly identifier: string;
}

export class FilingRepository {
  constructor(private readonly manager: EntityManager) {}

  find(key: FilingKey, options: { readonly lock?: 'share' | 'update' } = {}): Promise<FilingRow | null> {
    const lock =
      options.lock &&
      ({ lock: { mode: options.lock === 'share' ? 'pessimistic_read' : 'pessimistic_write' } } as const);
    return this.manager.findOne(FilingEntity, { where: columnsOf(key), ...lock });
  }

  page({ scope, kind, environment }: Omit<FilingKey, 'identifier'>, page: PageRequest): Promise<Page<FilingRow>> {
    return readPage(
      this.manager
        .createQueryBuilder(FilingEntity, 'row')
        .where(...atScopeOfRow(scope))
        .andWhere('row.kind = :kind AND row.environment = :environment', { kind, environment }),
      page,
    );
  }

  /** What belongs to an environment, by identifier. */
  ofEnvironment(scope: Scope, environment: string): Promise<FilingRow[]> {
    return this.manager.find(FilingEntity, { where: { ...atScope(scope), environment }, order: { identifier: 'ASC' } });
  }

  /** @throws the driver's unique violation for an identifier that is taken */
  async insert({ scope, ...key }: FilingKey, values: FilingValues): Promise<void> {
    await this.manager.insert(FilingEntity, { ...scopeColumns(scope), ...key, ...values });
  }

  async update(key: FilingKey, values: FilingValues): Promise<void> {
    await this.manager.update(FilingEntity, columnsOf(key), values);
  }

  async delete(key: FilingKey): Promise<void> {
    await this.manager.delete(FilingEntity, columnsOf(key));
  }
}

function columnsOf({ scope, kind, environment, identifier }: FilingKey) {
  return { ...atScope(scope), kind, environment, identifier };
}
