import { Injectable } from '@nestjs/common';
import { toNgPage, type NgPage, type RouteResult } from '@sluice/api-conventions';
import {
  AppError,
  accountScope,
  formatScope,
  inUse,
  type ProjectScope,
  type RequestContext,
  type Scope,
  type ScopedRef,
} from '@sluice/kernel';
import type { resolveVariables, Variable, VariableResponse } from '@sluice/ng-manager-api';
import { describeUser } from '../entity-use/entity-use.repository.js';
import { refuseDuplicate } from '../persistence/duplicate.js';
import type { PageRequest } from '../persistence/page.js';
import { UnitOfWork, type Stores } from '../persistence/unit-of-work.js';
import { ProjectService } from '../project/project.service.js';
import type { VariableRow, VariableValues } from './variable.repository.js';

type Names = Readonly<Record<'account' | 'org' | 'project', readonly string[]>>;

/** Texts that pipelines read by name, kept at an account, an organization or a project. */
@Injectable()
export class VariableService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly projects: ProjectService,
  ) {}

  /** @throws AppError DUPLICATE_FIELD, RESOURCE_NOT_FOUND for an organization or project there is not */
  async create(ctx: RequestContext, scope: Scope, variable: Variable): Promise<VariableResponse> {
    await this.projects.requireScope(scope);
    const ref: ScopedRef = { scope, identifier: variable.identifier };
    return refuseDuplicate('variable', variable.identifier, scope, () =>
      this.unitOfWork.run(async (stores) => {
        await stores.variables.insert(ref, valuesOf(variable));
        const created = present(await found(stores, ref));
        await stores.audit.append(ctx, {
          action: 'create',
          resourceType: 'variable',
          identifier: ref.identifier,
          scope,
          after: created.variable,
        });
        return created;
      }),
    );
  }

  /** @throws AppError RESOURCE_NOT_FOUND */
  async update(ctx: RequestContext, scope: Scope, variable: Variable): Promise<VariableResponse> {
    const ref: ScopedRef = { scope, identifier: variable.identifier };
    return this.unitOfWork.run(async (stores) => {
      const before = present(await found(stores, ref, 'update'));
      await stores.variables.update(ref, valuesOf(variable));
      const changed = present(await found(stores, ref));
      await stores.audit.append(ctx, {
        action: 'update',
        resourceType: 'variable',
        identifier: ref.identifier,
        scope,
        before: before.variable,
        after: changed.variable,
      });
      return changed;
    });
  }

  /** @throws AppError RESOURCE_NOT_FOUND */
  async get(ref: ScopedRef): Promise<VariableResponse> {
    return present(await found(this.unitOfWork.read, ref));
  }

  /** @throws AppError RESOURCE_NOT_FOUND; ENTITY_REFERENCED naming the documents that name it, unless `force` */
  async delete(ctx: RequestContext, ref: ScopedRef, force: boolean): Promise<boolean> {
    return this.unitOfWork.run(async (stores) => {
      const before = present(await found(stores, ref, 'update'));
      const users = force ? [] : await stores.uses.usersOf({ kind: 'variable', ...ref });
      if (users.length > 0) throw inUse(`variable "${ref.identifier}"`, users.map(describeUser));
      await stores.variables.delete(ref);
      await stores.audit.append(ctx, {
        action: 'delete',
        resourceType: 'variable',
        identifier: ref.identifier,
        scope: ref.scope,
        before: before.variable,
        details: { force },
      });
      return true;
    });
  }

  async list(scope: Scope, page: PageRequest, withParents: boolean): Promise<NgPage<VariableResponse>> {
    const { rows, total } = await this.unitOfWork.read.variables.page(scope, page, withParents);
    return toNgPage(
      rows.map((row) => ({ identifier: row.identifier, name: row.name, type: 'String', ...present(row) })),
      total,
      page.index,
      page.size,
    );
  }

  /** What the named variables say to a run in a project. */
  async values(scope: ProjectScope, names: Names): Promise<RouteResult<typeof resolveVariables>> {
    const { variables } = this.unitOfWork.read;
    const [account, org, project] = await Promise.all([
      variables.values(accountScope(scope.accountId), names.account),
      variables.values({ level: 'org', accountId: scope.accountId, orgId: scope.orgId }, names.org),
      variables.values(scope, names.project),
    ]);
    return { account, org, project };
  }
}

function valuesOf({ name, description, tags, spec }: Variable): VariableValues {
  return { name, description: description ?? null, tags: tags ?? {}, value: spec.fixedValue };
}

function present(row: VariableRow): VariableResponse {
  return {
    variable: {
      identifier: row.identifier,
      name: row.name,
      description: row.description ?? '',
      tags: row.tags,
      ...(row.orgId === null ? {} : { orgIdentifier: row.orgId }),
      ...(row.projectId === null ? {} : { projectIdentifier: row.projectId }),
      type: 'String',
      spec: { valueType: 'FIXED', fixedValue: row.value },
    },
    createdAt: row.createdAt.getTime(),
    lastModifiedAt: row.updatedAt.getTime(),
  };
}

async function found(stores: Stores, ref: ScopedRef, lock?: 'update'): Promise<VariableRow> {
  const row = await stores.variables.find(ref, lock ? { lock } : {});
  if (row) return row;
  throw new AppError('RESOURCE_NOT_FOUND', `there is no variable "${ref.identifier}" in ${formatScope(ref.scope)}`);
}
