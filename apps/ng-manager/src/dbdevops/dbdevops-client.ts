import { Inject, Injectable } from '@nestjs/common';
import type { RouteDefinition, RouteInput, RouteRequest, RouteResult } from '@sluice/api-conventions';
import {
  acknowledgeAuditEvents,
  atDbdevops,
  claimAuditEvents,
  deleteDbSchemasOfProject,
  getDbSchema,
  listDbInstances,
  listDbSchemas,
  recordStep,
  stepSchemaAndInstances,
  usesOfEntity,
  type DbSchemaOut,
} from '@sluice/dbdevops-api';
import { RouteClient, type PassedOn } from '@sluice/http';
import { AppError, scopeColumns, type ProjectScope, type RequestContext, type ScopedRef } from '@sluice/kernel';
import { ownContext } from '../delegate/delegate-service-client.js';

export const DBDEVOPS_ROUTES = Symbol('RouteClient of dbdevops');

const MOST_NAMED = 10;
const AUDIT_BATCH = { limit: 100, leaseMs: 30_000 } as const;

/** Everything NG manager asks of dbdevops; nobody else calls it. */
@Injectable()
export class DbDevopsClient {
  private readonly whenChanged: (() => void)[] = [];

  constructor(@Inject(DBDEVOPS_ROUTES) private readonly client: RouteClient) {}

  /** Calls `listener` after every request that may have changed something in dbdevops. */
  onChange(listener: () => void): void {
    this.whenChanged.push(listener);
  }

  /** Passes a public DB DevOps request on, with the end user inside the service token, and its answer back as it came: both sides have one contract. */
  async forward(
    ctx: RequestContext,
    route: RouteDefinition,
    request: RouteRequest<RouteDefinition>,
  ): Promise<PassedOn> {
    const result = await this.client.passOn(ctx, atDbdevops(route), request);
    if (isWrite(route)) this.changed();
    return result;
  }

  schema(ctx: RequestContext, scope: ProjectScope, identifier: string): Promise<DbSchemaOut> {
    return this.client.call(ctx, atDbdevops(getDbSchema), {
      params: { org: scope.orgId, project: scope.projectId, dbschema: identifier },
    });
  }

  /** At most 10 identifiers of a project's DB schemas. */
  async schemaIdentifiers(ctx: RequestContext, scope: ProjectScope): Promise<string[]> {
    const { items } = await this.client.call(ctx, atDbdevops(listDbSchemas), {
      params: { org: scope.orgId, project: scope.projectId },
      query: { limit: MOST_NAMED },
    });
    return items.map(({ identifier }) => identifier);
  }

  /** Identifiers of a project's Flyway schemas, at most 100: more are only told apart when they are run. */
  async flywaySchemas(ctx: RequestContext, scope: ProjectScope): Promise<ReadonlySet<string>> {
    const { items } = await this.client.call(ctx, atDbdevops(listDbSchemas), {
      params: { org: scope.orgId, project: scope.projectId },
      query: { migrationType: 'Flyway', limit: 100 },
    });
    return new Set(items.map(({ identifier }) => identifier));
  }

  /** At most 10 identifiers of a schema's instances, undefined when there is no such schema. */
  async instanceIdentifiers(ctx: RequestContext, scope: ProjectScope, dbschema: string): Promise<string[] | undefined> {
    const params = { org: scope.orgId, project: scope.projectId, dbschema };
    try {
      const { items } = await this.client.call(
        ctx,
        atDbdevops(listDbInstances),
        { params, query: { limit: MOST_NAMED }, body: {} },
        { idempotent: true },
      );
      return items.map(({ identifier }) => identifier);
    } catch (cause) {
      if (cause instanceof AppError && cause.code === 'RESOURCE_NOT_FOUND') return undefined;
      throw cause;
    }
  }

  async deleteSchemasOf(ctx: RequestContext, scope: ProjectScope, uniqueId: string): Promise<void> {
    await this.client.call(ctx, atDbdevops(deleteDbSchemasOfProject), {
      query: { orgIdentifier: scope.orgId, projectIdentifier: scope.projectId, parent_id: uniqueId, forceDelete: true },
    });
    this.changed();
  }

  /** DB schemas and instances that refer to something, as errors name them. */
  async usersOf(
    ctx: RequestContext,
    kind: RouteInput<typeof usesOfEntity>['body']['kind'],
    { scope, identifier }: ScopedRef,
  ): Promise<string[]> {
    const { orgId, projectId } = scopeColumns(scope);
    const body = {
      kind,
      identifier,
      ...(orgId === null ? {} : { orgId }),
      ...(projectId === null ? {} : { projectId }),
    };
    const { uses } = await this.client.call(ctx, usesOfEntity, { body }, { idempotent: true });
    return uses.map((use) => `${use.kind} ${use.orgId}/${use.projectId}/${use.identifier}`);
  }

  stepInputs(
    ctx: RequestContext,
    body: RouteRequest<typeof stepSchemaAndInstances>['body'],
  ): Promise<RouteResult<typeof stepSchemaAndInstances>> {
    return this.client.call(ctx, stepSchemaAndInstances, { body }, { idempotent: true });
  }

  /** Idempotent by step execution, so it may be sent again. */
  async recordStep(
    ctx: RequestContext,
    body: RouteRequest<typeof recordStep>['body'],
  ): Promise<RouteResult<typeof recordStep>> {
    const result = await this.client.call(ctx, recordStep, { body }, { idempotent: true });
    this.changed();
    return result;
  }

  /** The oldest audit events that are not in the trail yet; none while another process has them. */
  claimAuditEvents(holder: string): Promise<RouteResult<typeof claimAuditEvents>> {
    return this.client.call(ownContext(), claimAuditEvents, { body: { holder, ...AUDIT_BATCH } }, { idempotent: true });
  }

  async acknowledgeAuditEvents(holder: string, eventIds: readonly string[], isLast = false): Promise<void> {
    await this.client.call(
      ownContext(),
      acknowledgeAuditEvents,
      { body: { holder, eventIds: [...eventIds], isLast } },
      { idempotent: true },
    );
  }

  private changed(): void {
    for (const listener of this.whenChanged) listener();
  }
}

/** Lists are POST too, but only what makes something answers 201. */
function isWrite({ method, status }: RouteDefinition): boolean {
  return method === 'PUT' || method === 'DELETE' || (method === 'POST' && status === 201);
}
