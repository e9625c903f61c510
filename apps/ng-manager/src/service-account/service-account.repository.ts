import { scopeColumns, type Scope } from '@sluice/kernel';
import { In, type EntityManager } from 'typeorm';
import { readPage, type Page, type PageRequest } from '../persistence/page.js';
import { atScope } from '../persistence/scoped.js';
import { ServiceAccountEntity } from './service-account.entity.js';

export type ServiceAccountRow = Readonly<ServiceAccountEntity>;
export type ServiceAccountValues = Pick<ServiceAccountRow, 'name' | 'email' | 'description' | 'tags'>;

export class ServiceAccountRepository {
  constructor(private readonly manager: EntityManager) {}

  find(
    scope: Scope,
    identifier: string,
    options: { readonly forUpdate?: boolean } = {},
  ): Promise<ServiceAccountRow | null> {
    return this.manager.findOne<ServiceAccountEntity>(ServiceAccountEntity, {
      where: { ...atScope(scope), identifier },
      ...(options.forUpdate ? { lock: { mode: 'pessimistic_write' } } : {}),
    });
  }

  page(scope: Scope, page: PageRequest, identifiers?: readonly string[]): Promise<Page<ServiceAccountRow>> {
    const query = this.manager.createQueryBuilder(ServiceAccountEntity, 'row').where(atScope(scope));
    if (identifiers) query.andWhere({ identifier: In([...identifiers]) });
    return readPage(query, page);
  }

  async insert(scope: Scope, userId: string, identifier: string, values: ServiceAccountValues): Promise<void> {
    await this.manager.insert(ServiceAccountEntity, { ...scopeColumns(scope), userId, identifier, ...values });
  }

  async update({ accountId, userId }: ServiceAccountRow, values: ServiceAccountValues): Promise<void> {
    await this.manager.update(ServiceAccountEntity, { accountId, userId }, { ...values, updatedAt: new Date() });
  }

  /** Number of tokens in use, by principal id. */
  async tokenCounts(accountId: string, userIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const rows = await this.manager.query<{ id: string; tokens: number }[]>(
      `SELECT user_id AS id, count(*)::int AS tokens FROM api_tokens WHERE account_id = $1 AND user_id = ANY($2) AND NOT is_superseded GROUP BY 1`,
      [accountId, [...userIds]],
    );
    return new Map(rows.map(({ id, tokens }) => [id, tokens]));
  }
}
