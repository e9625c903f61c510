import { formatScope, scopeColumns, type Scope, type ScopedRef } from '@sluice/kernel';
import type { ConnectorBody, ConnectorStatus } from '@sluice/ng-manager-api';
import { Brackets, In, type EntityManager } from 'typeorm';
import { readPage, type ListFields, type Page, type PageRequest } from '../persistence/page.js';
import { atScope, atScopeOfRow, lineage } from '../persistence/scoped.js';
import { filterConnectors, type ConnectorListing } from './connector-filter.js';
import { ConnectorEntity } from './connector.entity.js';

const FIELDS: ListFields = {
  searched: ['name', 'identifier'],
  sortable: {
    name: 'name',
    identifier: 'identifier',
    type: 'type',
    createdAt: 'createdAt',
    lastModifiedAt: 'updatedAt',
    updatedAt: 'updatedAt',
    lastActivityTime: 'lastActivityAt',
  },
};

export type ConnectorRow = Readonly<ConnectorEntity>;
export type ConnectorValues = Pick<ConnectorRow, 'name' | 'description' | 'tags'> & ConnectorBody;

export class ConnectorRepository {
  constructor(private readonly manager: EntityManager) {}

  find(
    { scope, identifier }: ScopedRef,
    options: { readonly lock?: 'share' | 'update' } = {},
  ): Promise<ConnectorRow | null> {
    const lock =
      options.lock &&
      ({ lock: { mode: options.lock === 'share' ? 'pessimistic_read' : 'pessimistic_write' } } as const);
    return this.manager.findOne(ConnectorEntity, { where: { ...atScope(scope), identifier }, ...lock });
  }

  /** Those of the given connectors that there are, in no order. */
  async findAll(refs: readonly ScopedRef[]): Promise<ConnectorRow[]> {
    const scopes = new Map<string, { readonly scope: Scope; readonly identifiers: string[] }>();
    for (const { scope, identifier } of refs) {
      const place = formatScope(scope);
      const known = scopes.get(place);
      if (known) known.identifiers.push(identifier);
      else scopes.set(place, { scope, identifiers: [identifier] });
    }
    const groups = await Promise.all(
      [...scopes.values()].map(({ scope, identifiers }) =>
        this.manager.findBy(ConnectorEntity, { ...atScope(scope), identifier: In(identifiers) }),
      ),
    );
    return groups.flat();
  }

  page(scope: Scope, page: PageRequest, filter: ConnectorListing): Promise<Page<ConnectorRow>> {
    const query = this.manager.createQueryBuilder(ConnectorEntity, 'row').where(
      new Brackets((where) => {
        for (const [at, one] of (filter.withParents ? lineage(scope) : [scope]).entries())
          where.orWhere(...atScopeOfRow(one, at));
      }),
    );
    filterConnectors(query, filter);
    return readPage(query, page, FIELDS);
  }

  /** Connectors of exactly this scope, counted. */
  async count(
    scope: Scope,
  ): Promise<
    { readonly type: ConnectorBody['type']; readonly status: ConnectorStatus['status']; readonly count: number }[]
  > {
    return this.manager
      .createQueryBuilder(ConnectorEntity, 'row')
      .select('row.type', 'type')
      .addSelect(`coalesce(row.status ->> 'status', 'UNKNOWN')`, 'status')
      .addSelect('count(*)::int', 'count')
      .where(atScope(scope))
      .groupBy('1, 2')
      .orderBy('1, 2')
      .getRawMany();
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
    return (
      (
        await this.manager.update(
          ConnectorEntity,
          { ...atScope(scope), identifier },
          { ...values, lastActivityAt: () => 'now()' },
        )
      ).affected === 1
    );
  }

  /** The outcome of a test. Does not count as a change of the connector. */
  async saveStatus({ scope, identifier }: ScopedRef, status: ConnectorStatus): Promise<void> {
    await this.manager
      .createQueryBuilder()
      .update(ConnectorEntity)
      .set({ status, updatedAt: () => 'updated_at' })
      .where({ ...atScope(scope), identifier })
      .execute();
  }

  async delete({ scope, identifier }: ScopedRef): Promise<boolean> {
    return (await this.manager.delete(ConnectorEntity, { ...atScope(scope), identifier })).affected === 1;
  }
}
