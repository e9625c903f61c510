import { scopeColumns, type Scope } from '@sluice/kernel';
import type { EntityManager } from 'typeorm';
import { atScope } from '../persistence/scoped.js';
import { KeptAccessEntity, type KeptKind } from './kept-access.entity.js';

export type KeptRow = Readonly<KeptAccessEntity>;
export type KeptValues = Pick<KeptRow, 'name' | 'description' | 'tags' | 'content'>;

export class KeptAccessRepository {
  constructor(private readonly manager: EntityManager) {}

  find(
    scope: Scope,
    kind: KeptKind,
    identifier: string,
    options: { readonly forUpdate?: boolean } = {},
  ): Promise<KeptRow | null> {
    return this.manager.findOne<KeptAccessEntity>(KeptAccessEntity, {
      where: { ...atScope(scope), kind, identifier },
      ...(options.forUpdate ? { lock: { mode: 'pessimistic_write' } } : {}),
    });
  }

  /** All of exactly this scope, in the order they were made. Their number is bounded where they are made. */
  all(scope: Scope, kind: KeptKind): Promise<KeptRow[]> {
    return this.manager.find<KeptAccessEntity>(KeptAccessEntity, {
      where: { ...atScope(scope), kind },
      order: { createdAt: 'ASC', identifier: 'ASC' },
    });
  }

  count(scope: Scope, kind: KeptKind): Promise<number> {
    return this.manager.countBy<KeptAccessEntity>(KeptAccessEntity, { ...atScope(scope), kind });
  }

  async insert(scope: Scope, kind: KeptKind, identifier: string, values: KeptValues): Promise<void> {
    await this.manager.insert(KeptAccessEntity, { ...scopeColumns(scope), kind, identifier, ...values });
  }

  async update({ accountId, id }: KeptRow, values: KeptValues): Promise<void> {
    await this.manager.update(KeptAccessEntity, { accountId, id }, { ...values, updatedAt: new Date() });
  }

  async delete({ accountId, id }: KeptRow): Promise<void> {
    await this.manager.delete(KeptAccessEntity, { accountId, id });
  }
}
