import { Inject, Injectable } from '@nestjs/common';
import type { RouteDefinition, RouteRequest, RouteResult } from '@sluice/api-conventions';
import { atDbdevops, connectorUses, deleteDbSchemasOfProject, getDbSchema, listDbSchemas, recordStep, stepSchemaAndInstances, type DbSchemaOut } from '@sluice/dbdevops-api';
import { RouteClient } from '@sluice/http';
import { scopeColumns, type ProjectScope, type RequestContext, type ScopedRef } from '@sluice/kernel';

export const DBDEVOPS_ROUTES = Symbol('RouteClient of dbdevops');

const MOST_NAMED = 10;

/** Everything NG manager asks of dbdevops; nobody else calls it. */
@Injectable()
export class DbDevopsClient {
  constructor(@Inject(DBDEVOPS_ROUTES) private readonly client: RouteClient) {}

  /** Passes a public DB DevOps request on, with the end user inside the service token. */
  forward<R extends RouteDefinition>(ctx: RequestContext, route: R, request: RouteRequest<R>): Promise<RouteResult<R>> {
    return this.client.call(ctx, atDbdevops(route), request);
  }

  schema(ctx: RequestContext, scope: ProjectScope, identifier: string): Promise<DbSchemaOut> {
    return this.client.call(ctx, atDbdevops(getDbSchema), { params: { org: scope.orgId, project: scope.projectId, dbschema: identifier } });
  }

  /** At most 10 identifiers of a project's DB schemas. */
  async schemaIdentifiers(ctx: RequestContext, scope: ProjectScope): Promise<string[]> {
    const { items } = await this.client.call(ctx, atDbdevops(listDbSchemas), { params: { org: scope.orgId, project: scope.projectId }, query: { limit: MOST_NAMED } });
    return items.map(({ identifier }) => identifier);
  }

  async deleteSchemasOf(ctx: RequestContext, scope: ProjectScope, uniqueId: string): Promise<void> {
    await this.client.call(ctx, atDbdevops(deleteDbSchemasOfProject), { query: { orgIdentifier: scope.orgId, projectIdentifier: scope.projectId, parent_id: uniqueId } });
  }

  async usersOf(ctx: RequestContext, { scope, identifier }: ScopedRef): Promise<RouteResult<typeof connectorUses>['uses']> {
    const { orgId, projectId } = scopeColumns(scope);
    const body = { identifier, ...(orgId === null ? {} : { orgId }), ...(projectId === null ? {} : { projectId }) };
    return (await this.client.call(ctx, connectorUses, { body }, { idempotent: true })).uses;
  }

  stepInputs(ctx: RequestContext, body: RouteRequest<typeof stepSchemaAndInstances>['body']): Promise<RouteResult<typeof stepSchemaAndInstances>> {
    return this.client.call(ctx, stepSchemaAndInstances, { body }, { idempotent: true });
  }

  /** Idempotent by step execution, so it may be sent again. */
  recordStep(ctx: RequestContext, body: RouteRequest<typeof recordStep>['body']): Promise<RouteResult<typeof recordStep>> {
    return this.client.call(ctx, recordStep, { body }, { idempotent: true });
  }
}
