import {
  formatScope,
  MOST_USERS_NAMED,
  newUuid,
  scopeColumns,
  type ProjectScope,
  type Scope,
  type ScopedRef,
} from '@sluice/kernel';
import type { FilingKind } from '@sluice/ng-manager-api';
import { IsNull, type EntityManager } from 'typeorm';
import { EntityUseEntity, EntityUseTurnEntity } from './entity-use.entity.js';
import { atScope, scopeOfRow } from '../persistence/scoped.js';

/** Kinds that refer to others, or that others refer to. Pipelines, input sets and triggers are pipeline's, DB schemas dbdevops'. An infrastructure is named with its environment: `prod/cluster`. */
export type EntityKind =
  | 'connector'
  | 'secret'
  | 'dbschema'
  | 'pipeline'
  | 'inputSet'
  | 'trigger'
  | 'variable'
  | FilingKind;

/** An entity by kind and place. */
export interface EntityAt extends ScopedRef {
  readonly kind: EntityKind;
}

/** A document of pipeline, which another service tells of. */
export interface DocumentUser extends EntityAt {
  readonly scope: ProjectScope;
}

/** One more than are named, so that it can be said that there are others. */
const MOST_READ = MOST_USERS_NAMED + 1;

/** Who refers to whom, for referential safety. */
export class EntityUseRepository {
  constructor(private readonly manager: EntityManager) {}

  /** What `user` refers to is exactly `used` from now on. */
  async replace(user: EntityAt, used: readonly EntityAt[]): Promise<void> {
    await this.manager.delete(EntityUseEntity, {
      ...atScope(user.scope),
      userKind: user.kind,
      userIdentifier: user.identifier,
    });
    await this.add(user, used);
  }

  /** `user` refers to `used` besides what it refers to already. */
  async add(user: EntityAt, used: readonly EntityAt[]): Promise<void> {
    const rows = used.map(({ kind, scope, identifier }) => {
      const columns = scopeColumns(scope);
      return {
        ...scopeColumns(user.scope),
        userKind: user.kind,
        userIdentifier: user.identifier,
        usedKind: kind,
        usedOrgId: columns.orgId,
        usedProjectId: columns.projectId,
        usedIdentifier: identifier,
      };
    });
    if (rows.length > 0)
      await this.manager
        .createQueryBuilder()
        .insert()
        .into(EntityUseEntity)
        .values(rows)
        .orIgnore()
        .updateEntity(false)
        .execute();
  }

  /** Begins a turn to say what a document refers to. Until the transaction ends others wait; after it what an earlier turn says does not count. @returns the turn */
  async beginTurn(user: DocumentUser): Promise<string> {
    const turn = newUuid();
    await this.manager.upsert(EntityUseTurnEntity, { ...keyOf(user), turn }, [
      'accountId',
      'orgId',
      'projectId',
      'userKind',
      'userIdentifier',
    ]);
    return turn;
  }

  /** Whether a turn is the newest one; if so, it stays that until the transaction ends. */
  async isTurn(user: DocumentUser, turn: string): Promise<boolean> {
    return (
      (await this.manager.findOne(EntityUseTurnEntity, {
        where: { ...keyOf(user), turn },
        lock: { mode: 'pessimistic_write' },
      })) !== null
    );
  }

  /** Forgets whose turn it is with a document that refers to nothing: nothing counts then but what a new turn says. */
  async endTurns(user: DocumentUser): Promise<void> {
    await this.manager.delete(EntityUseTurnEntity, keyOf(user));
  }

  /** Users of an entity: at most one more than an error names. */
  async usersOf({ kind, scope, identifier }: EntityAt): Promise<EntityAt[]> {
    const { accountId, orgId, projectId } = scopeColumns(scope);
    const rows = await this.manager.find(EntityUseEntity, {
      where: {
        accountId,
        usedKind: kind,
        usedIdentifier: identifier,
        usedOrgId: orgId ?? IsNull(),
        usedProjectId: projectId ?? IsNull(),
      },
      order: { userKind: 'ASC', userIdentifier: 'ASC', orgId: 'ASC', projectId: 'ASC' },
      take: MOST_READ,
    });
    return rows.map((row) => ({
      kind: row.userKind as EntityKind,
      scope: scopeOfRow(row),
      identifier: row.userIdentifier,
    }));
  }

  /** Was the reference written by somebody who had the right to use what it names? */
  async isAuthorised(user: EntityAt, used: EntityAt): Promise<boolean> {
    const { orgId, projectId } = scopeColumns(used.scope);
    const where = {
      ...atScope(user.scope),
      userKind: user.kind,
      userIdentifier: user.identifier,
      usedKind: used.kind,
      usedIdentifier: used.identifier,
      usedOrgId: orgId ?? IsNull(),
      usedProjectId: projectId ?? IsNull(),
      isAuthorised: true,
    };
    return (await this.manager.countBy(EntityUseEntity, where)) > 0;
  }

  /** Identifiers of a kind that something refers to at exactly this scope, in order. */
  async usedAt(kind: EntityKind, scope: Scope): Promise<string[]> {
    const { accountId, orgId, projectId } = scopeColumns(scope);
    const rows = await this.manager
      .createQueryBuilder(EntityUseEntity, 'use')
      .select('DISTINCT use.usedIdentifier', 'identifier')
      .where({ accountId, usedKind: kind, usedOrgId: orgId ?? IsNull(), usedProjectId: projectId ?? IsNull() })
      .orderBy('identifier')
      .getRawMany<{ identifier: string }>();
    return rows.map(({ identifier }) => identifier);
  }
}

function keyOf({
  kind,
  scope: { accountId, orgId, projectId },
  identifier,
}: DocumentUser): Omit<EntityUseTurnEntity, 'turn'> {
  return { accountId, orgId, projectId, userKind: kind, userIdentifier: identifier };
}

/** A user of an entity as errors name it: `pipeline deploy (project A/o/p)`. */
export function describeUser({ kind, scope, identifier }: EntityAt): string {
  return `${kind} ${identifier} (${formatScope(scope)})`;
}
