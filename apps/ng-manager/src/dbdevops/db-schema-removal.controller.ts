import { Controller } from '@nestjs/common';
import { deleteDbSchema, deleteDbSchemasOfProject } from '@sluice/dbdevops-api';
import { Call, Route, type RouteCall } from '@sluice/http';
import { inUse, projectScope, type ProjectScope, type RequestContext } from '@sluice/kernel';
import { describeUser } from '../entity-use/entity-use.repository.js';
import { UnitOfWork } from '../persistence/unit-of-work.js';
import { DbDevopsClient } from './dbdevops-client.js';
import { DbDevopsForwarder } from './dbdevops-forwarder.js';

/**
 * Removing DB schemas, once no document of pipeline refers to them. One schema goes with its instances and their history, as existing clients tell their users
 * before they send this; all schemas of a project go only while none has an instance, which is dbdevops' to look at.
 */
@Controller()
export class DbSchemaRemovalController {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly dbdevops: DbDevopsClient,
    private readonly forwarder: DbDevopsForwarder,
  ) {}

  @Route(deleteDbSchema)
  async remove(@Call() call: RouteCall<typeof deleteDbSchema>): Promise<unknown> {
    const { ctx, params, query } = call;
    if (!query.forceDelete)
      await this.requireUnused(ctx, projectScope(ctx.accountId, params.org, params.project), params.dbschema);
    return this.forwarder.forward(deleteDbSchema, { ...call, query: { ...query, forceDelete: true } });
  }

  @Route(deleteDbSchemasOfProject)
  async removeAll(@Call() call: RouteCall<typeof deleteDbSchemasOfProject>): Promise<unknown> {
    const { ctx, query } = call;
    const scope = projectScope(ctx.accountId, query.orgIdentifier, query.projectIdentifier);
    const used = query.forceDelete ? [] : await this.unitOfWork.read.uses.usedAt('dbschema', scope);
    for (const identifier of used) await this.requireUnused(ctx, scope, identifier);
    return this.forwarder.forward(deleteDbSchemasOfProject, call);
  }

  /** A document may refer to a schema there is not: then nobody is in the way. @throws AppError ENTITY_REFERENCED naming documents and instances */
  private async requireUnused(ctx: RequestContext, scope: ProjectScope, identifier: string): Promise<void> {
    const users = await this.unitOfWork.read.uses.usersOf({ kind: 'dbschema', scope, identifier });
    if (users.length === 0) return;
    const instances = await this.dbdevops.instanceIdentifiers(ctx, scope, identifier);
    if (instances)
      throw inUse(`schema "${identifier}"`, [
        ...users.map(describeUser),
        ...instances.map((instance) => `instance ${instance}`),
      ]);
  }
}
