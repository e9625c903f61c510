import { Injectable } from '@nestjs/common';
import { toNgPage, type NgPage } from '@sluice/api-conventions';
import { requireVersion } from '@sluice/http';
import {
  AppError,
  accountScope,
  formatScope,
  pause,
  projectScope,
  type ProjectScope,
  type RequestContext,
  type Scope,
} from '@sluice/kernel';
import {
  MOST_REMOVED,
  type Project,
  type ProjectExistence,
  type ProjectResponse,
  type RemovedProject,
} from '@sluice/ng-manager-api';
import { visibleTo } from '../access/permission.js';
import { addBuiltInConnectors } from '../connector/built-in-connectors.js';
import { DbDevopsClient } from '../dbdevops/dbdevops-client.js';
import { DelegateService } from '../delegate/delegate.service.js';
import { refuseDuplicate } from '../persistence/duplicate.js';
import type { PageRequest } from '../persistence/page.js';
import type { Removal } from '../organization/organization.service.js';
import { UnitOfWork } from '../persistence/unit-of-work.js';
import type { Versioned } from '../persistence/versioned.js';
import type { ProjectFilter, ProjectRow, ProjectValues } from './project.repository.js';

/** Longest wait for what is left of a removed project when its name is taken again, and how often that is looked at, in milliseconds. */
const NAME_WAIT_MS = 10_000;
const NAME_POLL_MS = 100;

@Injectable()
export class ProjectService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly dbdevops: DbDevopsClient,
    private readonly delegates: DelegateService,
  ) {}

  async list(
    ctx: RequestContext,
    page: PageRequest,
    filter: Omit<ProjectFilter, 'visible'>,
  ): Promise<NgPage<ProjectResponse>> {
    const { rows, total } = await this.unitOfWork.read.projects.page(accountScope(ctx.accountId), page, {
      ...filter,
      visible: visibleTo(ctx, 'project.view'),
    });
    return toNgPage(rows.map(present), total, page.index, page.size);
  }

  async get(scope: ProjectScope): Promise<Versioned<ProjectResponse>> {
    return versioned((await this.unitOfWork.read.projects.find(scope)) ?? missing(scope));
  }

  existence(scope: ProjectScope): Promise<ProjectExistence> {
    return this.unitOfWork.read.projects.existence(scope);
  }

  /** @throws AppError RESOURCE_NOT_FOUND when the org does not exist, DUPLICATE_FIELD, CONFLICT while pipelines of a removed project of that name are left */
  async create(ctx: RequestContext, orgId: string, project: Project): Promise<Versioned<ProjectResponse>> {
    const scope = projectScope(ctx.accountId, orgId, project.identifier);
    const org: Scope = { level: 'org', accountId: ctx.accountId, orgId };
    await this.requireScope(org);
    await this.untilNameIsFree(ctx, scope);
    return refuseDuplicate('project', project.identifier, org, () =>
      this.unitOfWork.run(async (stores) => {
        await stores.projects.insert(scope, valuesOf(project));
        // Looked at after the insert: that waits for a removal under way.
        if (await stores.removedProjects.holds(scope)) nameIsHeld(scope);
        await addBuiltInConnectors(stores, scope);
        const made = versioned((await stores.projects.find(scope)) ?? missing(scope));
        await stores.audit.append(ctx, {
          action: 'create',
          resourceType: 'project',
          identifier: project.identifier,
          scope,
          after: made.body.project,
        });
        return made;
      }),
    );
  }

  /** @param expected version the client changes @throws AppError OPTIMISTIC_LOCK */
  async update(
    ctx: RequestContext,
    scope: ProjectScope,
    project: Project,
    expected: number | undefined,
  ): Promise<Versioned<ProjectResponse>> {
    if (project.identifier !== scope.projectId) {
      throw new AppError(
        'INVALID_REQUEST',
        `the body names project "${project.identifier}", the path "${scope.projectId}"; an identifier cannot be changed`,
        { fields: [{ field: 'project.identifier', error: 'differs from the path' }] },
      );
    }
    return this.unitOfWork.run(async (stores) => {
      const row = (await stores.projects.find(scope, { lock: 'update' })) ?? missing(scope);
      requireVersion(`project ${scope.projectId}`, row.version, expected);
      await stores.projects.update(scope, valuesOf(project));
      const changed = versioned((await stores.projects.find(scope)) ?? missing(scope));
      await stores.audit.append(ctx, {
        action: 'update',
        resourceType: 'project',
        identifier: scope.projectId,
        scope,
        before: present(row).project,
        after: changed.body.project,
      });
      return changed;
    });
  }

  /**
   * Takes its connectors, secrets, delegate tokens and DB schemas with it; pipeline removes what it has there a moment later, and until then the name is held.
   * @throws AppError ENTITY_REFERENCED while it has DB schemas, unless `force`; OPTIMISTIC_LOCK; UPSTREAM_UNAVAILABLE, and then the same again goes on
   */
  async delete(ctx: RequestContext, scope: ProjectScope, { force, expected }: Removal): Promise<boolean> {
    const { uniqueId, version } = (await this.unitOfWork.read.projects.find(scope)) ?? missing(scope);
    requireVersion(`project ${scope.projectId}`, version, expected);
    const schemas = await this.dbdevops.schemaIdentifiers(ctx, scope);
    if (schemas.length > 0 && !force) {
      throw new AppError(
        'ENTITY_REFERENCED',
        `project "${scope.projectId}" still has DB schemas: ${schemas.join(', ')}; delete them first, or send forceDelete=true`,
      );
    }
    if (schemas.length > 0) await this.dbdevops.deleteSchemasOf(ctx, scope, uniqueId);
    await this.delegates.deleteTokensOf(ctx, scope, `project ${scope.projectId}`);
    return this.unitOfWork.run(async (stores) => {
      const row = (await stores.projects.find(scope, { lock: 'update' })) ?? missing(scope);
      requireVersion(`project ${scope.projectId}`, row.version, expected);
      const contents = await stores.scopeContents.removalsIn(scope);
      await stores.removedProjects.add(scope, ctx);
      await stores.projects.delete(scope);
      await stores.audit.append(ctx, ...contents, {
        action: 'delete',
        resourceType: 'project',
        identifier: scope.projectId,
        scope,
        before: present(row).project,
        details: { force },
      });
      return true;
    });
  }

  /** Projects whose contents pipeline is to remove. */
  async removed(after: number): Promise<RemovedProject[]> {
    return this.unitOfWork.read.removedProjects.after(after, MOST_REMOVED);
  }

  /** Pipeline has nothing left of a removed project. @returns false when that was known */
  async confirmRemoved(position: number): Promise<boolean> {
    return this.unitOfWork.read.removedProjects.delete(position);
  }

  /** Pipeline needs a moment after a removal; whoever makes the project again right away waits for it. */
  private async untilNameIsFree({ signal }: RequestContext, scope: ProjectScope): Promise<void> {
    const until = Date.now() + NAME_WAIT_MS;
    while (await this.unitOfWork.read.removedProjects.holds(scope)) {
      if (Date.now() >= until) nameIsHeld(scope);
      await pause(NAME_POLL_MS, signal);
    }
  }

  /** @throws AppError RESOURCE_NOT_FOUND when the org or project of a scope does not exist */
  async requireScope(scope: Scope): Promise<void> {
    const { organizations, projects } = this.unitOfWork.read;
    if (scope.level === 'account') return;
    if (scope.level === 'project') {
      if (!(await projects.find(scope))) missing(scope);
      return;
    }
    if (!(await organizations.find(accountScope(scope.accountId), scope.orgId))) {
      throw new AppError('RESOURCE_NOT_FOUND', `organization "${scope.orgId}" does not exist`);
    }
  }
}

function nameIsHeld({ accountId, orgId, projectId }: ProjectScope): never {
  throw new AppError(
    'CONFLICT',
    `the pipelines and executions of the project "${projectId}" that was deleted from ${formatScope({ level: 'org', accountId, orgId })} are still being removed; try again in a moment, or choose another identifier`,
    { fields: [{ field: 'identifier', error: 'is still held by a deleted project' }] },
  );
}

function valuesOf({ name, description, color, modules, tags }: Project): ProjectValues {
  return { name, description: description ?? null, color: color ?? null, modules: modules ?? [], tags: tags ?? {} };
}

function versioned(row: ProjectRow): Versioned<ProjectResponse> {
  return { body: present(row), version: row.version };
}

function present(row: ProjectRow): ProjectResponse {
  return {
    project: {
      orgIdentifier: row.orgId,
      identifier: row.identifier,
      name: row.name,
      ...(row.color === null ? {} : { color: row.color }),
      modules: row.modules,
      description: row.description ?? '',
      tags: row.tags,
    },
    createdAt: row.createdAt.getTime(),
    lastModifiedAt: row.updatedAt.getTime(),
  };
}

function missing(scope: ProjectScope): never {
  throw new AppError(
    'RESOURCE_NOT_FOUND',
    `project "${scope.projectId}" does not exist in ${formatScope({ level: 'org', accountId: scope.accountId, orgId: scope.orgId })}`,
  );
}
