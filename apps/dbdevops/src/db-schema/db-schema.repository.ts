import { projectScope, type ProjectScope, type Scope } from '@sluice/kernel';
import type { EntityManager, SelectQueryBuilder } from 'typeorm';
import { containing, projectColumns } from '@sluice/persistence';
import { SORT_PROPERTY, type ListRequest } from '../database/list.js';
import { inProject } from '../database/project-scope.js';
import { DbSchemaEntity } from './db-schema.entity.js';
import type { DbSchema } from './db-schema.js';

export interface DbSchemaListRequest extends ListRequest {
  readonly migrationType?: 'Liquibase' | 'Flyway' | undefined;
}

export interface CountedSchema {
  readonly schema: DbSchema;
  readonly instanceCount: number;
}

export interface RecentDeployment {
  readonly dbSchemaIdentifier: string;
  readonly dbSchemaName: string;
  readonly dbInstanceIdentifier: string;
  readonly dbInstanceName: string;
  /** Milliseconds since the epoch. */
  readonly lastDeployed: number;
}

const LOCKS = { write: 'for_no_key_update', keep: 'for_key_share', remove: 'pessimistic_write' } as const;

export class DbSchemaRepository {
  constructor(private readonly manager: EntityManager) {}

  /** @throws QueryFailedError with PostgreSQL's 23505 when the identifier is taken */
  async insert(schema: DbSchema): Promise<void> {
    await this.manager.insert(DbSchemaEntity, rowOf(schema));
  }

  async find(scope: ProjectScope, identifier: string): Promise<DbSchema | undefined> {
    const row = await this.manager.findOneBy(DbSchemaEntity, { ...projectColumns(scope), identifier });
    return row ? schemaOf(row) : undefined;
  }

  /**
   * Finds and holds the schema until the transaction ends.
   * @param lock `write` against other writers and deletion; `keep` against deletion only; `remove` also against whoever would `keep` it: nothing is added to it any more
   */
  async findLocked(scope: ProjectScope, identifier: string, lock: keyof typeof LOCKS): Promise<DbSchema | undefined> {
    const query = inProject(this.manager.createQueryBuilder(DbSchemaEntity, 's'), 's', scope).andWhere(
      's.identifier = :identifier',
      { identifier },
    );
    const row = await query.setLock(LOCKS[lock]).getOne();
    return row ? schemaOf(row) : undefined;
  }

  /** Every schema of a project, held as for `remove` until the transaction ends. */
  async allLocked(scope: ProjectScope): Promise<DbSchema[]> {
    const rows = await inProject(this.manager.createQueryBuilder(DbSchemaEntity, 's'), 's', scope)
      .orderBy('s.id')
      .setLock('pessimistic_write')
      .getMany();
    return rows.map(schemaOf);
  }

  async save(scope: ProjectScope, schema: DbSchema): Promise<void> {
    const { id: _, ...columns } = rowOf(schema);
    await this.manager.update(DbSchemaEntity, { ...projectColumns(scope), id: schema.id }, columns);
  }

  async clearPrimaryInstance(scope: ProjectScope, schemaId: string, instance: string): Promise<void> {
    await this.manager.update(
      DbSchemaEntity,
      { ...projectColumns(scope), id: schemaId, primaryInstance: instance },
      { primaryInstance: null },
    );
  }

  /** Removes the schema with its instances and history. @returns whether there was one */
  async remove(scope: ProjectScope, identifier: string): Promise<boolean> {
    const result = await this.manager.delete(DbSchemaEntity, { ...projectColumns(scope), identifier });
    return (result.affected ?? 0) > 0;
  }

  async removeAll(scope: ProjectScope): Promise<number> {
    const result = await this.manager.delete(DbSchemaEntity, projectColumns(scope));
    return result.affected ?? 0;
  }

  /** A page of the schemas in `scope` and below, with how many there are. */
  async list(
    scope: Scope,
    request: DbSchemaListRequest,
  ): Promise<{ readonly items: CountedSchema[]; readonly total: number }> {
    const query = this.matching(scope, request);
    const total = await query.getCount();
    const rows = await query
      .orderBy(`s.${SORT_PROPERTY[request.sort]}`, request.order)
      .addOrderBy('s.id', request.order)
      .offset(request.page * request.limit)
      .limit(request.limit)
      .getMany();
    const counts = await this.instanceCounts(rows.map((row) => row.id));
    return { items: rows.map((row) => ({ schema: schemaOf(row), instanceCount: counts.get(row.id) ?? 0 })), total };
  }

  async countInstances(scope: ProjectScope, schemaId: string): Promise<number> {
    const [row] = await this.manager.query<{ count: number }[]>(
      'SELECT count(*)::int AS count FROM db_instances WHERE schema_id = $1 AND account_id = $2 AND org_id = $3 AND project_id = $4',
      [schemaId, scope.accountId, scope.orgId, scope.projectId],
    );
    return row?.count ?? 0;
  }

  async totals(scope: ProjectScope): Promise<{ readonly schemas: number; readonly instances: number }> {
    const [row] = await this.manager.query<{ schemas: number; instances: number }[]>(
      `SELECT (SELECT count(*)::int FROM db_schemas WHERE account_id = $1 AND org_id = $2 AND project_id = $3) AS schemas,
              (SELECT count(*)::int FROM db_instances WHERE account_id = $1 AND org_id = $2 AND project_id = $3) AS instances`,
      [scope.accountId, scope.orgId, scope.projectId],
    );
    return row ?? { schemas: 0, instances: 0 };
  }

  /** The instances a step ran on last, latest first. */
  async recentDeployments(scope: ProjectScope, limit: number): Promise<RecentDeployment[]> {
    return this.manager.query<RecentDeployment[]>(
      `SELECT s.identifier AS "dbSchemaIdentifier", s.name AS "dbSchemaName", i.identifier AS "dbInstanceIdentifier", i.name AS "dbInstanceName",
              i.last_run_at::float8 AS "lastDeployed"
       FROM db_instances i JOIN db_schemas s ON s.id = i.schema_id
       WHERE i.account_id = $1 AND i.org_id = $2 AND i.project_id = $3 AND i.last_run_at IS NOT NULL
       ORDER BY i.last_run_at DESC LIMIT $4`,
      [scope.accountId, scope.orgId, scope.projectId, limit],
    );
  }

  private matching(scope: Scope, request: DbSchemaListRequest): SelectQueryBuilder<DbSchemaEntity> {
    const query = this.manager
      .createQueryBuilder(DbSchemaEntity, 's')
      .where('s.accountId = :accountId', { accountId: scope.accountId });
    if (scope.level !== 'account') query.andWhere('s.orgId = :orgId', { orgId: scope.orgId });
    if (scope.level === 'project') query.andWhere('s.projectId = :projectId', { projectId: scope.projectId });
    if (request.search_term)
      query.andWhere('(s.name ILIKE :term OR s.identifier ILIKE :term)', { term: containing(request.search_term) });
    if (request.migrationType)
      query.andWhere('s.migrationType = :migrationType', { migrationType: request.migrationType });
    return query;
  }

  private async instanceCounts(schemaIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const rows = await this.manager.query<{ id: string; count: number }[]>(
      'SELECT schema_id AS id, count(*)::int AS count FROM db_instances WHERE schema_id = ANY($1::uuid[]) GROUP BY schema_id',
      [schemaIds],
    );
    return new Map(rows.map((row) => [row.id, row.count]));
  }
}

function schemaOf({ accountId, orgId, projectId, ...row }: DbSchemaEntity): DbSchema {
  return { ...row, scope: projectScope(accountId, orgId, projectId) };
}

function rowOf({ scope, ...schema }: DbSchema): DbSchemaEntity {
  return { ...schema, tags: { ...schema.tags }, ...projectColumns(scope) };
}
