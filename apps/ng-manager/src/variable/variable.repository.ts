import { scopeColumns, type Scope, type ScopedRef } from '@sluice/kernel';
import { Brackets, In, type EntityManager } from 'typeorm';
import { readPage, type Page, type PageRequest } from '../persistence/page.js';
import { atScope, atScopeOfRow, lineage } from '../persistence/scoped.js';
import { VariableEntity } from './variable.entity.js';

export type VariableRow = Readonly<VariableEntity>;
export type VariableValues = Pick<VariableRow, 'name' | 'description' | 'tags' | 'value'>;

export class VariableRepository {
  constructor(private readonly manager: EntityManager) {}

  find(
    { scope, identifier }: ScopedRef,
    options: { readonly lock?: 'share' | 'update' } = {},
  ): Promise<VariableRow | null> {
    const lock =
      options.lock &&
      ({ lock: { mode: options.lock === 'share' ? 'pessimistic_read' : 'pessimistic_write' } } as const);
    return this.manager.findOne(VariableEntity, { where: { ...atScope(scope), identifier }, ...lock });
  }

  /** Values of those of the named variables that there are at this very scope. */
  async values(scope: Scope, identifiers: readonly string[]): Promise<Record<string, string>> {
    if (identifiers.length === 0) return {};
    const rows = await this.manager.findBy(VariableEntity, { ...atScope(scope), identifier: In([...identifiers]) });
    return Object.fromEntries(rows.map(({ identifier, value }) => [identifier, value]));
  }

  page(scope: Scope, page: PageRequest, withParents: boolean): Promise<Page<VariableRow>> {
    const query = this.manager.createQueryBuilder(VariableEntity, 'row').where(
      new Brackets((where) => {
        for (const [at, one] of (withParents ? lineage(scope) : [scope]).entries())
          where.orWhere(...atScopeOfRow(one, at));
      }),
    );
    return readPage(query, page);
  }

  /** @throws the driver's unique violation for an identifier that is taken */
  async insert({ scope, identifier }: ScopedRef, values: VariableValues): Promise<void> {
    await this.manager.insert(VariableEntity, { ...scopeColumns(scope), identifier, ...values });
  }

  async update({ scope, identifier }: ScopedRef, values: VariableValues): Promise<void> {
    await this.manager.update(VariableEntity, { ...atScope(scope), identifier }, values);
  }

  async delete({ scope, identifier }: ScopedRef): Promise<void> {
    await this.manager.delete(VariableEntity, { ...atScope(scope), identifier });
  }
}
