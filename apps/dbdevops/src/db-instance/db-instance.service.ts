import { Inject, Injectable } from '@nestjs/common';
import type { Paged } from '@sluice/api-conventions';
import type { DbInstanceIn, DbInstanceOut, DbInstanceUpdate } from '@sluice/dbdevops-api';
import { AppError, newUuid, systemClock, type ProjectScope, type RequestContext } from '@sluice/kernel';
import { isUniqueViolation } from '@sluice/persistence';
import { stateOf } from '../audit/audited-state.js';
import type { ListRequest } from '../database/list.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { schemaNotFound, type DbSchema } from '../db-schema/db-schema.js';
import {
  dbInstanceOut,
  dbInstanceShown,
  instanceNotFound,
  newDbInstance,
  updatedDbInstance,
  type DbInstance,
} from './db-instance.js';
import type { TagFilter } from './db-instance.repository.js';

/** Use cases of DB instances. Access was checked by the route guard at the scope of the request. */
@Injectable()
export class DbInstanceService {
  constructor(@Inject(UnitOfWork) private readonly work: UnitOfWork) {}

  async list(
    scope: ProjectScope,
    schemaIdentifier: string,
    request: ListRequest,
    filter: TagFilter,
  ): Promise<Paged<DbInstanceOut>> {
    const schema = await this.schemaOf(scope, schemaIdentifier);
    const { items, total } = await this.work.read.instances.list(scope, schema.id, request, filter);
    return {
      items: items.map((instance) => dbInstanceOut(instance, schema)),
      total,
      page: request.page,
      limit: request.limit,
    };
  }

  /** @throws AppError RESOURCE_NOT_FOUND, INVALID_REQUEST, DUPLICATE_FIELD */
  async create(
    ctx: RequestContext,
    scope: ProjectScope,
    schemaIdentifier: string,
    input: DbInstanceIn,
  ): Promise<DbInstanceOut> {
    try {
      return await this.work.run(async ({ schemas, instances, audit }) => {
        const schema = await schemas.findLocked(scope, schemaIdentifier, 'keep');
        if (!schema) throw schemaNotFound(scope, schemaIdentifier);
        const instance = newDbInstance(input, schema, newUuid(), systemClock.now());
        await instances.insert(instance);
        await audit.record(ctx, {
          action: 'create',
          resourceType: 'dbInstance',
          identifier: instance.identifier,
          scope,
          after: stateOf(instance),
          details: { dbSchema: schemaIdentifier },
        });
        return dbInstanceShown(instance, schema);
      });
    } catch (cause) {
      if (isUniqueViolation(cause))
        throw new AppError(
          'DUPLICATE_FIELD',
          `an instance with identifier [${input.identifier}] exists already in schema [${schemaIdentifier}]; choose another`,
          { field: 'identifier' },
          { cause },
        );
      throw cause;
    }
  }

  async get(scope: ProjectScope, schemaIdentifier: string, identifier: string): Promise<DbInstanceOut> {
    const { schema, instance } = await this.find(scope, schemaIdentifier, identifier);
    return dbInstanceShown(instance, schema);
  }

  /** @throws AppError RESOURCE_NOT_FOUND, INVALID_REQUEST */
  update(
    ctx: RequestContext,
    scope: ProjectScope,
    schemaIdentifier: string,
    identifier: string,
    update: DbInstanceUpdate,
  ): Promise<DbInstanceOut> {
    return this.work.run(async ({ schemas, instances, audit }) => {
      const schema = await schemas.findLocked(scope, schemaIdentifier, 'keep');
      if (!schema) throw schemaNotFound(scope, schemaIdentifier);
      const current = await instances.findLocked(scope, schema.id, identifier);
      if (!current) throw instanceNotFound(schemaIdentifier, identifier);
      const next = updatedDbInstance(current, update, schema, systemClock.now());
      await instances.save(scope, next);
      await audit.record(ctx, {
        action: 'update',
        resourceType: 'dbInstance',
        identifier,
        scope,
        before: stateOf(current),
        after: stateOf(next),
        details: { dbSchema: schemaIdentifier },
      });
      return dbInstanceShown(next, schema);
    });
  }

  /** Removes the instance and its history; a schema that had it as primary has none then. */
  remove(ctx: RequestContext, scope: ProjectScope, schemaIdentifier: string, identifier: string): Promise<void> {
    return this.work.run(async ({ schemas, instances, audit }) => {
      const schema = await schemas.findLocked(scope, schemaIdentifier, 'write');
      if (!schema) throw schemaNotFound(scope, schemaIdentifier);
      const current = await instances.findLocked(scope, schema.id, identifier);
      if (!current || !(await instances.remove(scope, schema.id, identifier)))
        throw instanceNotFound(schemaIdentifier, identifier);
      await audit.record(ctx, {
        action: 'delete',
        resourceType: 'dbInstance',
        identifier,
        scope,
        before: stateOf(current),
        details: { dbSchema: schemaIdentifier },
      });
      await schemas.clearPrimaryInstance(scope, schema.id, identifier);
    });
  }

  /** The instance changes are written against: the primary one, else the oldest. */
  async defaultForAuthoring(scope: ProjectScope, schemaIdentifier: string): Promise<DbInstance> {
    const schema = await this.schemaOf(scope, schemaIdentifier);
    const { instances } = this.work.read;
    const primary = schema.primaryInstance ? await instances.find(scope, schema.id, schema.primaryInstance) : undefined;
    const found = primary ?? (await instances.oldest(scope, schema.id));
    if (!found)
      throw new AppError('RESOURCE_NOT_FOUND', `schema [${schemaIdentifier}] has no instance yet; create one`);
    return found;
  }

  /** Schema and instance together. @throws AppError RESOURCE_NOT_FOUND naming both */
  async find(
    scope: ProjectScope,
    schemaIdentifier: string,
    identifier: string,
  ): Promise<{ readonly schema: DbSchema; readonly instance: DbInstance }> {
    const schema = await this.work.read.schemas.find(scope, schemaIdentifier);
    const instance = schema && (await this.work.read.instances.find(scope, schema.id, identifier));
    if (!schema || !instance) throw instanceNotFound(schemaIdentifier, identifier);
    return { schema, instance };
  }

  async schemaOf(scope: ProjectScope, identifier: string): Promise<DbSchema> {
    const schema = await this.work.read.schemas.find(scope, identifier);
    if (!schema) throw schemaNotFound(scope, identifier);
    return schema;
  }
}
