import { scopeColumns, type ScopedRef } from '@sluice/kernel';
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
}
