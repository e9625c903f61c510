import { scopeColumns, type Scope, type ScopedRef } from '@sluice/kernel';
import { CONNECTOR_CATEGORIES, CONNECTOR_TYPES, type ConnectorBody, type ConnectorFilter, type ConnectorStatus } from '@sluice/ng-manager-api';
import { Brackets, type EntityManager } from 'typeorm';
import { readPage, type Page, type PageRequest } from '../persistence/page.js';
import { atScope, lineage } from '../persistence/scoped.js';
import { ConnectorEntity } from './connector.entity.js';

export type ConnectorRow = Readonly<ConnectorEntity>;
export type ConnectorValues = Pick<ConnectorRow, 'name' | 'description' | 'tags'> & ConnectorBody;
export type ConnectorTypeOf<T extends ConnectorBody['type']> = ConnectorRow & Extract<ConnectorBody, { type: T }>;

export class ConnectorRepository {
  constructor(private readonly manager: EntityManager) {}

  find({ scope, identifier }: ScopedRef, options: { readonly lock?: 'share' | 'update' } = {}): Promise<ConnectorRow | null> {
    const lock = options.lock && ({ lock: { mode: options.lock === 'share' ? 'pessimistic_read' : 'pessimistic_write' } } as const);
    return this.manager.findOne(ConnectorEntity, { where: { ...atScope(scope), identifier }, ...lock });
  }

  page(scope: Scope, page: PageRequest, filter: ConnectorFilter & { readonly withParents: boolean }): Promise<Page<ConnectorRow>> {
    const query = this.manager.createQueryBuilder(ConnectorEntity, 'row').where(
      new Brackets((where) => {
        for (const [at, one] of (filter.withParents ? lineage(scope) : [scope]).entries()) {
          const { accountId, orgId, projectId } = scopeColumns(one);
          const names = [`account${at}`, `org${at}`, `project${at}`];
          where.orWhere(`(row.accountId = :${names[0]} AND row.orgId IS NOT DISTINCT FROM :${names[1]} AND row.projectId IS NOT DISTINCT FROM :${names[2]})`, {
            [`account${at}`]: accountId,
            [`org${at}`]: orgId,
            [`project${at}`]: projectId,
          });
        }
      }),
    );
    const types = typesOf(filter);
    if (types) query.andWhere('row.type = ANY(:types)', { types });
    if (filter.connectorNames?.length) query.andWhere('row.name = ANY(:names)', { names: filter.connectorNames });
    if (filter.connectorIdentifiers?.length) query.andWhere('row.identifier = ANY(:identifiers)', { identifiers: filter.connectorIdentifiers });
    if (filter.connectivityStatuses?.length) query.andWhere(`coalesce(row.status ->> 'status', 'UNKNOWN') = ANY(:statuses)`, { statuses: filter.connectivityStatuses });
    if (filter.description) query.andWhere('row.description ILIKE :description', { description: `%${filter.description.replace(/[\\%_]/g, '\\$&')}%` });
    if (filter.tags && Object.keys(filter.tags).length > 0) query.andWhere('row.tags @> :tags', { tags: JSON.stringify(filter.tags) });
    return readPage(query, page);
  }

  async insert(scope: Scope, identifier: string, values: ConnectorValues, harnessManaged = false): Promise<void> {
    await this.manager.insert(ConnectorEntity, { ...scopeColumns(scope), identifier, ...values, harnessManaged });
  }

  /** Adds a built-in connector unless it is there. */
  async ensure(scope: Scope, identifier: string, values: ConnectorValues): Promise<void> {
    await this.manager
      .createQueryBuilder()
      .insert()
      .into(ConnectorEntity)
      .values({ ...scopeColumns(scope), identifier, ...values, harnessManaged: true })
      .orIgnore()
      .execute();
  }

  async update({ scope, identifier }: ScopedRef, values: ConnectorValues): Promise<boolean> {
    return (await this.manager.update(ConnectorEntity, { ...atScope(scope), identifier }, { ...values, lastActivityAt: () => 'now()' })).affected === 1;
  }

  /** The outcome of a test. Does not count as a change of the connector. */
  async saveStatus({ scope, identifier }: ScopedRef, status: ConnectorStatus): Promise<void> {
    await this.manager.createQueryBuilder().update(ConnectorEntity).set({ status, updatedAt: () => 'updated_at' }).where({ ...atScope(scope), identifier }).execute();
  }

  async delete({ scope, identifier }: ScopedRef): Promise<boolean> {
    return (await this.manager.delete(ConnectorEntity, { ...atScope(scope), identifier })).affected === 1;
  }
}

function typesOf({ types, categories }: ConnectorFilter): readonly string[] | undefined {
  if (!categories?.length) return types?.length ? types : undefined;
  const inCategories = CONNECTOR_TYPES.filter((type) => categories.includes(CONNECTOR_CATEGORIES[type]));
  return types?.length ? inCategories.filter((type) => types.includes(type)) : inCategories;
}
