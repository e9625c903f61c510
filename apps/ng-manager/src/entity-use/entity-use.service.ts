import { Injectable } from '@nestjs/common';
import type { RouteRequest, RouteResult } from '@sluice/api-conventions';
import { AppError, projectScope, resolveRef, type RequestContext } from '@sluice/kernel';
import type { recordEntityUses } from '@sluice/ng-manager-api';
import { isFilingKind, requireFiled } from '../filing/filed-under.js';
import { DbDevopsClient } from '../dbdevops/dbdevops-client.js';
import { type Stores, UnitOfWork } from '../persistence/unit-of-work.js';
import type { DocumentUser, EntityAt } from './entity-use.repository.js';

type Uses = NonNullable<RouteRequest<typeof recordEntityUses>['body']>;
type Warning = NonNullable<RouteResult<typeof recordEntityUses>['warnings']>[number];
type Recorded = Pick<RouteResult<typeof recordEntityUses>, 'recorded' | 'turn' | 'isSuperseded'>;

/** Uses by what other services store. */
@Injectable()
export class EntityUseService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly dbdevops: DbDevopsClient,
  ) {}

  /**
   * @returns how many uses count now for what was sent: none for a project there is not, none for a check, and none for what a later turn has overtaken
   * @throws AppError INVALID_IDENTIFIER_REF for a reference that cannot be one, and, unless it replaces, for a service, environment or infrastructure there is not
   */
  async record(ctx: RequestContext, { accountId, orgId, projectId, user, mode, turn, uses }: Uses): Promise<Recorded> {
    const scope = projectScope(accountId, orgId, projectId);
    const used = uses.map(({ kind, ref }): EntityAt => ({ kind, ...resolveRef(ref, scope) }));
    const document: DocumentUser = { ...user, scope };
    return this.unitOfWork.run(async (stores) => {
      if (!(await stores.projects.find(scope, { lock: 'keep' }))) return { recorded: 0 };
      if (mode === 'replace') return replaced(stores, document, used, turn);
      for (const { kind, ref, field = 'yaml' } of uses)
        if (isFilingKind(kind)) await requireFiled(stores, ctx, kind, field, ref, scope);
      if (mode === 'check') return { recorded: 0 };
      // A variable that is being deleted is waited for: the deletion then sees this use, or the next run says that it is gone.
      for (const at of used) if (at.kind === 'variable') await stores.variables.find(at, { lock: 'share' });
      const next = await stores.uses.beginTurn(document);
      await stores.uses.add(document, used);
      return { recorded: used.length, turn: next };
    });
  }

  /** What is kept and not run among what a document names. It is advice: when dbdevops cannot say it, or the caller may not see the schemas, the run does. */
  async warnings(ctx: RequestContext, { accountId, orgId, projectId, mode, uses }: Uses): Promise<Warning[]> {
    const schemas = mode === 'check' ? uses.filter(({ kind }) => kind === 'dbschema') : [];
    if (schemas.length === 0) return [];
    try {
      const flyway = await this.dbdevops.flywaySchemas(ctx, projectScope(accountId, orgId, projectId));
      return schemas
        .filter(({ ref }) => flyway.has(ref))
        .map(({ ref, field = 'yaml' }) => ({
          field,
          message: `DB schema "${ref}" has the migration type Flyway, which is kept and not run: a run of this is refused; name a DB schema with migrationType Liquibase`,
        }));
    } catch (cause) {
      if (cause instanceof AppError) return [];
      throw cause;
    }
  }
}

async function replaced(
  stores: Stores,
  document: DocumentUser,
  used: readonly EntityAt[],
  turn: string | undefined,
): Promise<Recorded> {
  if (turn !== undefined && !(await stores.uses.isTurn(document, turn))) return { recorded: 0, isSuperseded: true };
  await stores.uses.replace(document, used);
  if (used.length === 0) await stores.uses.endTurns(document);
  return { recorded: used.length };
}
