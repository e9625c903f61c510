import { Inject, Injectable } from '@nestjs/common';
import type { DbSchemaIn, DbSchemaOut, DbSchemaUpdate } from '@sluice/dbdevops-api';
import { AppError, formatScope, newUuid, systemClock, type ProjectScope, type Scope } from '@sluice/kernel';
import { isUniqueViolation } from '@sluice/persistence';
import { UnitOfWork } from '../database/unit-of-work.js';
import type { Paged } from '@sluice/api-conventions';
import { dbSchemaOut, newDbSchema, schemaNotFound, toSeconds, updatedDbSchema } from './db-schema.js';
import type { DbSchemaListRequest, RecentDeployment } from './db-schema.repository.js';

const RECENT_DEPLOYMENTS = 5;

/** Use cases of DB schemas. Access was checked by the route guard at the scope of the request. */
@Injectable()
export class DbSchemaService {
  constructor(@Inject(UnitOfWork) private readonly work: UnitOfWork) {}

  /** Schemas of a project, or of everything below an org or account. */
  async list(scope: Scope, request: DbSchemaListRequest): Promise<Paged<DbSchemaOut>> {
    const { items, total } = await this.work.read.schemas.list(scope, request);
    return { items: items.map(({ schema, instanceCount }) => dbSchemaOut(schema, instanceCount)), total, page: request.page, limit: request.limit };
  }

  /** @throws AppError DUPLICATE_FIELD */
  async create(scope: ProjectScope, input: DbSchemaIn): Promise<DbSchemaOut> {
    const schema = newDbSchema(input, scope, newUuid(), systemClock.now());
    try {
      await this.work.read.schemas.insert(schema);
    } catch (cause) {
      if (isUniqueViolation(cause)) throw new AppError('DUPLICATE_FIELD', `a schema with identifier [${input.identifier}] exists already in ${formatScope(scope)}; choose another`, { field: 'identifier' }, { cause });
      throw cause;
    }
    return dbSchemaOut(schema, 0);
  }

  async get(scope: ProjectScope, identifier: string): Promise<DbSchemaOut> {
    const schema = await this.work.read.schemas.find(scope, identifier);
    if (!schema) throw schemaNotFound(scope, identifier);
    return dbSchemaOut(schema, await this.work.read.schemas.countInstances(scope, schema.id));
  }

  /** @throws AppError RESOURCE_NOT_FOUND, INVALID_REQUEST */
  update(scope: ProjectScope, identifier: string, update: DbSchemaUpdate): Promise<DbSchemaOut> {
    return this.work.run(async ({ schemas, instances }) => {
      const current = await schemas.findLocked(scope, identifier, 'write');
      if (!current) throw schemaNotFound(scope, identifier);
      if (update.primaryDbInstanceId && !(await instances.find(scope, current.id, update.primaryDbInstanceId))) {
        const error = `no instance [${update.primaryDbInstanceId}] in schema [${identifier}]`;
        throw new AppError('INVALID_REQUEST', `invalid body: primaryDbInstanceId: ${error}`, { fields: [{ field: 'primaryDbInstanceId', error }] });
      }
      const next = updatedDbSchema(current, update, systemClock.now());
      await schemas.save(scope, next);
      return dbSchemaOut(next, await schemas.countInstances(scope, next.id));
    });
  }

  /** Removes the schema, its instances and their history. */
  async remove(scope: ProjectScope, identifier: string): Promise<void> {
    if (!(await this.work.read.schemas.remove(scope, identifier))) throw schemaNotFound(scope, identifier);
  }

  /** Removes every schema of a project, with instances and history. */
  async removeAll(scope: ProjectScope): Promise<void> {
    await this.work.read.schemas.removeAll(scope);
  }

  async overview(scope: ProjectScope): Promise<{ dbSchemaCount: number; dbInstanceCount: number; recentDeployments: RecentDeployment[] }> {
    const { schemas } = this.work.read;
    const [totals, recent] = await Promise.all([schemas.totals(scope), schemas.recentDeployments(scope, RECENT_DEPLOYMENTS)]);
    const recentDeployments = recent.map((one) => ({ ...one, lastDeployed: toSeconds(one.lastDeployed) }));
    return { dbSchemaCount: totals.schemas, dbInstanceCount: totals.instances, recentDeployments };
  }
}
