import { Inject, Injectable } from '@nestjs/common';
import type { DbSchemaIn, DbSchemaOut, DbSchemaUpdate } from '@sluice/dbdevops-api';
import {
  AppError,
  formatScope,
  inUse,
  newUuid,
  systemClock,
  type ProjectScope,
  type RequestContext,
  type Scope,
} from '@sluice/kernel';
import { isUniqueViolation } from '@sluice/persistence';
import { removalOf, stateOf } from '../audit/audited-state.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import type { Paged } from '@sluice/api-conventions';
import type { DbInstance } from '../db-instance/db-instance.js';
import {
  dbSchemaOut,
  dbSchemaShown,
  newDbSchema,
  schemaNotFound,
  toSeconds,
  updatedDbSchema,
  type DbSchema,
} from './db-schema.js';
import type { DbSchemaListRequest, RecentDeployment } from './db-schema.repository.js';

const RECENT_DEPLOYMENTS = 5;

/** Use cases of DB schemas. Access was checked by the route guard at the scope of the request. */
@Injectable()
export class DbSchemaService {
  constructor(@Inject(UnitOfWork) private readonly work: UnitOfWork) {}

  /** Schemas of a project, or of everything below an org or account. */
  async list(scope: Scope, request: DbSchemaListRequest): Promise<Paged<DbSchemaOut>> {
    const { items, total } = await this.work.read.schemas.list(scope, request);
    return {
      items: items.map(({ schema, instanceCount }) => dbSchemaOut(schema, instanceCount)),
      total,
      page: request.page,
      limit: request.limit,
    };
  }

  /** @throws AppError DUPLICATE_FIELD */
  async create(ctx: RequestContext, scope: ProjectScope, input: DbSchemaIn): Promise<DbSchemaOut> {
    const schema = newDbSchema(input, scope, newUuid(), systemClock.now());
    try {
      await this.work.run(async ({ schemas, audit }) => {
        await schemas.insert(schema);
        await audit.record(ctx, {
          action: 'create',
          resourceType: 'dbSchema',
          identifier: schema.identifier,
          scope,
          after: stateOf(schema),
        });
      });
    } catch (cause) {
      if (isUniqueViolation(cause))
        throw new AppError(
          'DUPLICATE_FIELD',
          `a schema with identifier [${input.identifier}] exists already in ${formatScope(scope)}; choose another`,
          { field: 'identifier' },
          { cause },
        );
      throw cause;
    }
    return dbSchemaShown(schema, 0);
  }

  async get(scope: ProjectScope, identifier: string): Promise<DbSchemaOut> {
    const schema = await this.work.read.schemas.find(scope, identifier);
    if (!schema) throw schemaNotFound(scope, identifier);
    return dbSchemaShown(schema, await this.work.read.schemas.countInstances(scope, schema.id));
  }

  /** @throws AppError RESOURCE_NOT_FOUND, INVALID_REQUEST */
  update(ctx: RequestContext, scope: ProjectScope, identifier: string, update: DbSchemaUpdate): Promise<DbSchemaOut> {
    return this.work.run(async ({ schemas, instances, audit }) => {
      const current = await schemas.findLocked(scope, identifier, 'write');
      if (!current) throw schemaNotFound(scope, identifier);
      if (update.primaryDbInstanceId && !(await instances.find(scope, current.id, update.primaryDbInstanceId))) {
        const error = `no instance [${update.primaryDbInstanceId}] in schema [${identifier}]`;
        throw new AppError('INVALID_REQUEST', `invalid body: primaryDbInstanceId: ${error}`, {
          fields: [{ field: 'primaryDbInstanceId', error }],
        });
      }
      const next = updatedDbSchema(current, update, systemClock.now());
      await schemas.save(scope, next);
      await audit.record(ctx, {
        action: 'update',
        resourceType: 'dbSchema',
        identifier,
        scope,
        before: stateOf(current),
        after: stateOf(next),
      });
      return dbSchemaShown(next, await schemas.countInstances(scope, next.id));
    });
  }

  /** Removes the schema, with `force` also its instances and their history. @throws AppError RESOURCE_NOT_FOUND, ENTITY_REFERENCED naming its instances */
  remove(ctx: RequestContext, scope: ProjectScope, identifier: string, force: boolean): Promise<void> {
    return this.work.run(async ({ schemas, instances, audit }) => {
      const current = await schemas.findLocked(scope, identifier, 'remove');
      if (!current) throw schemaNotFound(scope, identifier);
      const gone = await instances.allOf(scope, [current.id]);
      if (!force) refuseUsed(current, gone);
      await schemas.remove(scope, identifier);
      await audit.record(ctx, ...removalOf(scope, [current], gone));
    });
  }

  /** Removes every schema of a project, or none. @throws AppError ENTITY_REFERENCED as {@link remove} */
  removeAll(ctx: RequestContext, scope: ProjectScope, force: boolean): Promise<void> {
    return this.work.run(async ({ schemas, instances, audit }) => {
      const all = await schemas.allLocked(scope);
      const gone = await instances.allOf(
        scope,
        all.map(({ id }) => id),
      );
      if (!force) for (const schema of all) refuseUsed(schema, gone);
      await schemas.removeAll(scope);
      await audit.record(ctx, ...removalOf(scope, all, gone));
    });
  }

  async overview(
    scope: ProjectScope,
  ): Promise<{ dbSchemaCount: number; dbInstanceCount: number; recentDeployments: RecentDeployment[] }> {
    const { schemas } = this.work.read;
    const [totals, recent] = await Promise.all([
      schemas.totals(scope),
      schemas.recentDeployments(scope, RECENT_DEPLOYMENTS),
    ]);
    const recentDeployments = recent.map((one) => ({ ...one, lastDeployed: toSeconds(one.lastDeployed) }));
    return { dbSchemaCount: totals.schemas, dbInstanceCount: totals.instances, recentDeployments };
  }
}

function refuseUsed({ id, identifier }: DbSchema, instances: readonly DbInstance[]): void {
  const users = instances
    .filter(({ schemaId }) => schemaId === id)
    .map((instance) => `instance ${instance.identifier}`);
  if (users.length > 0) throw inUse(`schema "${identifier}"`, users);
}
