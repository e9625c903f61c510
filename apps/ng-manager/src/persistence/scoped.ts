import { Column, IsNull, type FindOptionsWhere } from 'typeorm';
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
