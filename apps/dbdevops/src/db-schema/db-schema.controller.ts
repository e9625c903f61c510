import { Controller, Inject } from '@nestjs/common';
import type { RouteResult } from '@sluice/api-conventions';
import {
  atDbdevops,
  createDbSchema,
  dbSchemaOverview,
  deleteDbSchema,
  deleteDbSchemasOfProject,
  getDbSchema,
  listDbSchemas,
  listDbSchemasOfAccount,
  updateDbSchema,
} from '@sluice/dbdevops-api';
import { Call, Route, type RouteCall } from '@sluice/http';
import { projectScope, scopeOf } from '@sluice/kernel';
import { projectOf } from '../database/project-scope.js';
import { DbSchemaService } from './db-schema.service.js';

@Controller()
export class DbSchemaController {
  constructor(@Inject(DbSchemaService) private readonly schemas: DbSchemaService) {}

  @Route(atDbdevops(dbSchemaOverview))
  overview(@Call() call: RouteCall<typeof dbSchemaOverview>): Promise<RouteResult<typeof dbSchemaOverview>> {
    return this.schemas.overview(projectOf(call));
  }

  @Route(atDbdevops(listDbSchemas))
  list(@Call() call: RouteCall<typeof listDbSchemas>) {
    return this.schemas.list(projectOf(call), call.query);
  }

  @Route(atDbdevops(createDbSchema))
  create(@Call() call: RouteCall<typeof createDbSchema>) {
    return this.schemas.create(call.ctx, projectOf(call), call.body);
  }

  @Route(atDbdevops(getDbSchema))
  get(@Call() call: RouteCall<typeof getDbSchema>) {
    return this.schemas.get(projectOf(call), call.params.dbschema);
  }

  @Route(atDbdevops(updateDbSchema))
  update(@Call() call: RouteCall<typeof updateDbSchema>) {
    return this.schemas.update(call.ctx, projectOf(call), call.params.dbschema, call.body);
  }

  @Route(atDbdevops(deleteDbSchema))
  remove(@Call() call: RouteCall<typeof deleteDbSchema>) {
    return this.schemas.remove(call.ctx, projectOf(call), call.params.dbschema, call.query.forceDelete === true);
  }

  @Route(atDbdevops(listDbSchemasOfAccount))
  listOfAccount(@Call() { ctx, query }: RouteCall<typeof listDbSchemasOfAccount>) {
    return this.schemas.list(
      scopeOf({ accountId: ctx.accountId, orgId: query.orgIdentifier, projectId: query.projectIdentifier }),
      query,
    );
  }

  @Route(atDbdevops(deleteDbSchemasOfProject))
  removeAll(@Call() { ctx, query }: RouteCall<typeof deleteDbSchemasOfProject>) {
    return this.schemas.removeAll(
      ctx,
      projectScope(ctx.accountId, query.orgIdentifier, query.projectIdentifier),
      query.forceDelete === true,
    );
  }
}
