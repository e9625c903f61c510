import { scopeColumns, type Scope, type ScopedRef } from '@sluice/kernel';
import { IsNull, type EntityManager } from 'typeorm';
import { EntityUseEntity } from './entity-use.entity.js';
import { atScope, scopeOfRow } from './scoped.js';

export type EntityKind = 'connector' | 'secret';

/** An entity by kind and place. */
export interface EntityAt extends ScopedRef {
  readonly kind: EntityKind;
}

const MOST_NAMED = 20;

/** Who refers to whom, for referential safety. */
export class EntityUseRepository {
  constructor(private readonly manager: EntityManager) {}

  /** What `user` refers to is exactly `used` from now on. */
  async replace(user: EntityAt, used: readonly EntityAt[]): Promise<void> {
    await this.manager.delete(EntityUseEntity, { ...atScope(user.scope), userKind: user.kind, userIdentifier: user.identifier });
    const rows = used.map(({ kind, scope, identifier }) => {
      const columns = scopeColumns(scope);
      return { ...scopeColumns(user.scope), userKind: user.kind, userIdentifier: user.identifier, usedKind: kind, usedOrgId: columns.orgId, usedProjectId: columns.projectId, usedIdentifier: identifier };
    });
    if (rows.length > 0) await this.manager.insert(EntityUseEntity, rows);
  }

  /** At most 20 users of an entity. */
  async usersOf({ kind, scope, identifier }: EntityAt): Promise<EntityAt[]> {
    const { accountId, orgId, projectId } = scopeColumns(scope);
    const rows = await this.manager.find(EntityUseEntity, {
      where: { accountId, usedKind: kind, usedIdentifier: identifier, usedOrgId: orgId ?? IsNull(), usedProjectId: projectId ?? IsNull() },
      take: MOST_NAMED,
    });
    return rows.map((row) => ({ kind: row.userKind as EntityKind, scope: scopeOfRow(row), identifier: row.userIdentifier }));
  }

  /** Nothing inside `within` may be used from outside it, when `within` is about to go: the outside users, at most 20. */
  async usersOutside(within: Scope): Promise<EntityAt[]> {
    const { accountId, orgId, projectId } = scopeColumns(within);
    const query = this.manager.createQueryBuilder(EntityUseEntity, 'row').where('row.accountId = :accountId AND row.usedOrgId = :orgId AND row.orgId IS DISTINCT FROM :orgId', { accountId, orgId });
    if (projectId !== null) query.where('row.accountId = :accountId AND row.usedOrgId = :orgId AND row.usedProjectId = :projectId AND row.projectId IS DISTINCT FROM :projectId', { accountId, orgId, projectId });
    const rows = await query.take(MOST_NAMED).getMany();
    return rows.map((row) => ({ kind: row.userKind as EntityKind, scope: scopeOfRow(row), identifier: row.userIdentifier }));
  }
}
