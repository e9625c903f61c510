import { Brackets, Column, IsNull, type FindOptionsWhere } from 'typeorm';
import { scopeColumns, scopeOf, type Scope, type ScopeColumns } from '@sluice/kernel';

/** Columns of every table whose rows live at a scope. */
export abstract class ScopedEntity {
  @Column({ name: 'account_id', type: 'text' })
  accountId!: string;

  @Column({ name: 'org_id', type: 'text', nullable: true })
  orgId!: string | null;

  @Column({ name: 'project_id', type: 'text', nullable: true })
  projectId!: string | null;
}

/** The rows of exactly this scope: neither of the scopes above nor of those below. */
export function atScope(scope: Scope): FindOptionsWhere<ScopedEntity> {
  const { accountId, orgId, projectId } = scopeColumns(scope);
  return { accountId, orgId: orgId ?? IsNull(), projectId: projectId ?? IsNull() };
}

/**
 * The same for a query builder whose alias is `row`: a condition that an index on account, org and project answers, which `IS NOT DISTINCT FROM` is not.
 * @param at tells the parameters of several scopes in one query apart
 */
export function atScopeOfRow(
  scope: Scope,
  at = 0,
): readonly [condition: string, parameters: Readonly<Record<string, string>>] {
  const columns = Object.entries(scopeColumns(scope)) as readonly (readonly [keyof ScopeColumns, string | null])[];
  const conditions = columns.map(([column, value]) =>
    value === null ? `row.${column} IS NULL` : `row.${column} = :${column}${at}`,
  );
  return [
    `(${conditions.join(' AND ')})`,
    Object.fromEntries(columns.flatMap(([column, value]) => (value === null ? [] : [[`${column}${at}`, value]]))),
  ];
}

/** A scope whose rows are read, alone or with what is inside it. */
export interface Reach {
  readonly scope: Scope;
  readonly withInside?: boolean;
}

/** The rows of any of these, at least one, for a query builder whose alias is `row`. */
export function reaching(reaches: readonly Reach[]): Brackets {
  return new Brackets((where) => {
    for (const [at, { scope, withInside }] of reaches.entries()) {
      if (!withInside) {
        where.orWhere(...atScopeOfRow(scope, at));
        continue;
      }
      const given = Object.entries(scopeColumns(scope)).filter((entry): entry is [string, string] => entry[1] !== null);
      where.orWhere(
        `(${given.map(([column]) => `row.${column} = :in_${column}${at}`).join(' AND ')})`,
        Object.fromEntries(given.map(([column, value]) => [`in_${column}${at}`, value])),
      );
    }
  });
}

export function scopeOfRow(row: ScopeColumns): Scope {
  return scopeOf({ accountId: row.accountId, orgId: row.orgId ?? undefined, projectId: row.projectId ?? undefined });
}

/** A scope and those above it, narrowest first. */
export function lineage(scope: Scope): readonly Scope[] {
  const account: Scope = { level: 'account', accountId: scope.accountId };
  if (scope.level === 'account') return [account];
  const org: Scope = { level: 'org', accountId: scope.accountId, orgId: scope.orgId };
  return scope.level === 'org' ? [org, account] : [scope, org, account];
}
