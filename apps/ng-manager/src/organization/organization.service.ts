import { Injectable } from '@nestjs/common';
import { toNgPage, type NgPage } from '@sluice/api-conventions';
import { requireVersion } from '@sluice/http';
import { AppError, accountScope, projectScope, type OrgScope, type RequestContext } from '@sluice/kernel';
import type { Organization, OrganizationResponse } from '@sluice/ng-manager-api';
import { visibleTo } from '../access/permission.js';
import { addBuiltInConnectors } from '../connector/built-in-connectors.js';
import { DbDevopsClient } from '../dbdevops/dbdevops-client.js';
import { DelegateService } from '../delegate/delegate.service.js';
import { refuseDuplicate } from '../persistence/duplicate.js';
import type { PageRequest } from '../persistence/page.js';
import { UnitOfWork, type Stores } from '../persistence/unit-of-work.js';
import type { Versioned } from '../persistence/versioned.js';
import type { OrganizationRow, OrganizationValues } from './organization.repository.js';

const MOST_NAMED = 10;

/** How something is removed: with everything inside it, and only at this version. */
export interface Removal {
  readonly force: boolean;
  readonly expected?: number | undefined;
}

@Injectable()
export class OrganizationService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly dbdevops: DbDevopsClient,
    private readonly delegates: DelegateService,
  ) {}

  async list(
    ctx: RequestContext,
    page: PageRequest,
    identifiers?: readonly string[],
  ): Promise<NgPage<OrganizationResponse>> {
    const visible = visibleTo(ctx, 'organization.view');
    const { rows, total } = await this.unitOfWork.read.organizations.page(accountScope(ctx.accountId), page, {
      identifiers,
      visible,
    });
    return toNgPage(
      rows.map((row) => ({ identifier: row.identifier, name: row.name, ...present(row) })),
      total,
      page.index,
      page.size,
    );
  }

  async get(ctx: RequestContext, identifier: string): Promise<Versioned<OrganizationResponse>> {
    const row = await this.unitOfWork.read.organizations.find(accountScope(ctx.accountId), identifier);
    return versioned(row ?? missing(identifier));
  }

  async create(ctx: RequestContext, organization: Organization): Promise<Versioned<OrganizationResponse>> {
    const account = accountScope(ctx.accountId);
    const { identifier } = organization;
    return refuseDuplicate('organization', identifier, account, () =>
      this.unitOfWork.run(async (stores) => {
        await stores.organizations.insert(account, identifier, valuesOf(organization));
        await addBuiltInConnectors(stores, orgScope(ctx, identifier));
        const made = versioned((await stores.organizations.find(account, identifier)) ?? missing(identifier));
        await stores.audit.append(ctx, {
          action: 'create',
          resourceType: 'organization',
          identifier,
          scope: orgScope(ctx, identifier),
          after: made.body.organization,
        });
        return made;
      }),
    );
  }

  /** @param expected version the client changes @throws AppError OPTIMISTIC_LOCK */
  async update(
    ctx: RequestContext,
    identifier: string,
    organization: Organization,
    expected: number | undefined,
  ): Promise<Versioned<OrganizationResponse>> {
    if (organization.identifier !== identifier) {
      throw new AppError(
        'INVALID_REQUEST',
        `the body names organization "${organization.identifier}", the path "${identifier}"; an identifier cannot be changed`,
        { fields: [{ field: 'organization.identifier', error: 'differs from the path' }] },
      );
    }
    const scope = orgScope(ctx, identifier);
    return this.unitOfWork.run(async (stores) => {
      const account = accountScope(ctx.accountId);
      const row = (await stores.organizations.find(account, identifier, { forUpdate: true })) ?? missing(identifier);
      requireVersion(`organization ${identifier}`, row.version, expected);
      await stores.organizations.update(account, identifier, valuesOf(organization));
      const changed = versioned((await stores.organizations.find(account, identifier)) ?? missing(identifier));
      await stores.audit.append(ctx, {
        action: 'update',
        resourceType: 'organization',
        identifier,
        scope,
        before: present(row).organization,
        after: changed.body.organization,
      });
      return changed;
    });
  }

  /**
   * With `force` its projects go with it, as if each was deleted; delegate tokens of its own go in any case.
   * @throws AppError ENTITY_REFERENCED naming its projects, unless `force`; OPTIMISTIC_LOCK; UPSTREAM_UNAVAILABLE, and then the same again goes on
   */
  async delete(ctx: RequestContext, identifier: string, { force, expected }: Removal): Promise<boolean> {
    const scope = orgScope(ctx, identifier);
    const account = accountScope(ctx.accountId);
    const what = `organization ${identifier}`;
    requireVersion(
      what,
      ((await this.unitOfWork.read.organizations.find(account, identifier)) ?? missing(identifier)).version,
      expected,
    );
    if (force) await this.emptyProjectsOf(ctx, scope);
    else await refuseProjects(this.unitOfWork.read, scope);
    await this.delegates.deleteTokensOf(ctx, scope, what);
    return this.unitOfWork.run(async (stores) => {
      const row = (await stores.organizations.find(account, identifier, { forUpdate: true })) ?? missing(identifier);
      requireVersion(what, row.version, expected);
      if (!force) await refuseProjects(stores, scope);
      const contents = await stores.scopeContents.removalsIn(scope);
      await stores.removedProjects.add(scope, ctx);
      await stores.organizations.delete(account, identifier);
      await stores.audit.append(ctx, ...contents, {
        action: 'delete',
        resourceType: 'organization',
        identifier,
        scope,
        before: present(row).organization,
        details: { force },
      });
      return true;
    });
  }

  /** What other services keep of each project. */
  private async emptyProjectsOf(ctx: RequestContext, scope: OrgScope): Promise<void> {
    for (const { identifier, uniqueId } of await this.unitOfWork.read.projects.allIn(scope)) {
      const project = projectScope(scope.accountId, scope.orgId, identifier);
      const schemas = await this.dbdevops.schemaIdentifiers(ctx, project);
      if (schemas.length > 0) await this.dbdevops.deleteSchemasOf(ctx, project, uniqueId);
      await this.delegates.deleteTokensOf(ctx, project, `organization ${scope.orgId}`);
    }
  }
}

async function refuseProjects({ projects }: Pick<Stores, 'projects'>, scope: OrgScope): Promise<void> {
  const known = await projects.identifiersIn(scope, MOST_NAMED);
  if (known.length === 0) return;
  throw new AppError(
    'ENTITY_REFERENCED',
    `organization "${scope.orgId}" still has projects: ${known.join(', ')}; delete them first, or send forceDelete=true`,
  );
}

function orgScope(ctx: RequestContext, orgId: string): OrgScope {
  return { level: 'org', accountId: ctx.accountId, orgId };
}

function valuesOf({ name, description, tags }: Organization): OrganizationValues {
  return { name, description: description ?? null, tags: tags ?? {} };
}

function versioned(row: OrganizationRow): Versioned<OrganizationResponse> {
  return { body: present(row), version: row.version };
}

function present(row: OrganizationRow): OrganizationResponse {
  return {
    organization: { identifier: row.identifier, name: row.name, description: row.description ?? '', tags: row.tags },
    createdAt: row.createdAt.getTime(),
    lastModifiedAt: row.updatedAt.getTime(),
    harnessManaged: row.harnessManaged,
  };
}

function missing(identifier: string): never {
  throw new AppError('RESOURCE_NOT_FOUND', `organization "${identifier}" does not exist`);
}
