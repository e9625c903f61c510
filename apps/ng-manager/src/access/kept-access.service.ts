import { Injectable } from '@nestjs/common';
import { AppError, formatScope, type RequestContext, type Scope } from '@sluice/kernel';
import type { AuthzRole, KeptResourceGroup, KeptRole, ResourceGroupResponse } from '@sluice/ng-manager-api';
import { refuseDuplicate } from '../persistence/duplicate.js';
import { UnitOfWork, type Stores } from '../persistence/unit-of-work.js';
import { ProjectService } from '../project/project.service.js';
import type { KeptKind } from './kept-access.entity.js';
import type { KeptRow, KeptValues } from './kept-access.repository.js';
import { requireSameAccount } from './permission.js';
import { levelOf } from './roles.js';

/** Lists are read whole. */
const MOST_AT_SCOPE = 200;
const COLOR = '#0063F7';
const NOUNS: Readonly<Record<KeptKind, string>> = { role: 'role', resourceGroup: 'resource group' };

type Changed<T extends { readonly name: string }> = Omit<T, 'name'> & { readonly name?: string | null | undefined };

/**
 * Roles and resource groups of clients that manage them. They are given back as they were sent and count for nothing: a role of a client would look like a limit
 * and be none, so that only built-in ones are bound, and every answer says so.
 */
@Injectable()
export class KeptAccess {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly projects: ProjectService,
  ) {}

  all(scope: Scope, kind: KeptKind): Promise<KeptRow[]> {
    return this.unitOfWork.read.keptAccess.all(scope, kind);
  }

  find(scope: Scope, kind: KeptKind, identifier: string): Promise<KeptRow | null> {
    return this.unitOfWork.read.keptAccess.find(scope, kind, identifier);
  }

  async createRole(ctx: RequestContext, scope: Scope, role: KeptRole): Promise<AuthzRole> {
    return presentKeptRole(await this.create(ctx, scope, 'role', role.identifier, roleValues(role, role.name)));
  }

  /** @throws AppError RESOURCE_NOT_FOUND, INVALID_REQUEST for another identifier than the path's */
  async updateRole(ctx: RequestContext, scope: Scope, identifier: string, role: Changed<KeptRole>): Promise<AuthzRole> {
    return presentKeptRole(
      await this.update(ctx, scope, 'role', identifier, role.identifier, ({ name }) =>
        roleValues(role, role.name ?? name),
      ),
    );
  }

  async deleteRole(ctx: RequestContext, scope: Scope, identifier: string): Promise<AuthzRole> {
    return presentKeptRole(await this.delete(ctx, scope, 'role', identifier));
  }

  async createGroup(ctx: RequestContext, scope: Scope, group: KeptResourceGroup): Promise<ResourceGroupResponse> {
    requireSameAccount(ctx, group.accountIdentifier);
    return presentKeptGroup(
      await this.create(ctx, scope, 'resourceGroup', group.identifier, groupValues(group, group.name)),
    );
  }

  /** @throws AppError RESOURCE_NOT_FOUND, INVALID_REQUEST for another identifier than the path's */
  async updateGroup(
    ctx: RequestContext,
    scope: Scope,
    identifier: string,
    group: Changed<KeptResourceGroup>,
  ): Promise<ResourceGroupResponse> {
    requireSameAccount(ctx, group.accountIdentifier);
    return presentKeptGroup(
      await this.update(ctx, scope, 'resourceGroup', identifier, group.identifier, ({ name }) =>
        groupValues(group, group.name ?? name),
      ),
    );
  }

  async deleteGroup(ctx: RequestContext, scope: Scope, identifier: string): Promise<ResourceGroupResponse> {
    return presentKeptGroup(await this.delete(ctx, scope, 'resourceGroup', identifier));
  }

  private async create(
    ctx: RequestContext,
    scope: Scope,
    kind: KeptKind,
    identifier: string,
    values: KeptValues,
  ): Promise<KeptRow> {
    await this.projects.requireScope(scope);
    return refuseDuplicate(NOUNS[kind], identifier, scope, () =>
      this.unitOfWork.run(async (stores) => {
        await stores.roleBindings.lockPeople(ctx.accountId);
        if ((await stores.keptAccess.count(scope, kind)) >= MOST_AT_SCOPE)
          throw new AppError(
            'INVALID_REQUEST',
            `${formatScope(scope)} has ${MOST_AT_SCOPE} kept ${NOUNS[kind]}s, the most there may be; delete one first`,
          );
        await stores.keptAccess.insert(scope, kind, identifier, values);
        const made = await foundKept(stores, scope, kind, identifier);
        await stores.audit.append(ctx, {
          action: 'create',
          resourceType: kind,
          identifier,
          scope,
          after: stateOf(made),
        });
        return made;
      }),
    );
  }

  private update(
    ctx: RequestContext,
    scope: Scope,
    kind: KeptKind,
    identifier: string,
    inBody: string,
    valuesOf: (row: KeptRow) => KeptValues,
  ): Promise<KeptRow> {
    return this.unitOfWork.run(async (stores) => {
      const row = await foundKept(stores, scope, kind, identifier, { forUpdate: true });
      if (inBody !== identifier) {
        throw new AppError(
          'INVALID_REQUEST',
          `the body names ${NOUNS[kind]} "${inBody}", the path "${identifier}"; an identifier cannot be changed`,
          { fields: [{ field: 'identifier', error: 'differs from the path' }] },
        );
      }
      await stores.keptAccess.update(row, valuesOf(row));
      const changed = await foundKept(stores, scope, kind, identifier);
      await stores.audit.append(ctx, {
        action: 'update',
        resourceType: kind,
        identifier,
        scope,
        before: stateOf(row),
        after: stateOf(changed),
      });
      return changed;
    });
  }

  private delete(ctx: RequestContext, scope: Scope, kind: KeptKind, identifier: string): Promise<KeptRow> {
    return this.unitOfWork.run(async (stores) => {
      const row = await foundKept(stores, scope, kind, identifier, { forUpdate: true });
      await stores.keptAccess.delete(row);
      await stores.audit.append(ctx, { action: 'delete', resourceType: kind, identifier, scope, before: stateOf(row) });
      return row;
    });
  }
}

async function foundKept(
  stores: Stores,
  scope: Scope,
  kind: KeptKind,
  identifier: string,
  options: { readonly forUpdate?: boolean } = {},
): Promise<KeptRow> {
  const row = await stores.keptAccess.find(scope, kind, identifier, options);
  if (row) return row;
  throw new AppError('RESOURCE_NOT_FOUND', `there is no ${NOUNS[kind]} "${identifier}" in ${formatScope(scope)}`);
}

function stateOf({ identifier, name, description, tags, content }: KeptRow): object {
  return { identifier, name, description, tags, ...content };
}

function roleValues(
  { description, tags, permissions, allowedScopeLevels }: Changed<KeptRole>,
  name: string,
): KeptValues {
  return { name, description: description ?? null, tags: tags ?? {}, content: { permissions, allowedScopeLevels } };
}

function groupValues(
  { description, tags, color, allowedScopeLevels, includedScopes, resourceFilter }: Changed<KeptResourceGroup>,
  name: string,
): KeptValues {
  return {
    name,
    description: description ?? null,
    tags: tags ?? {},
    content: { color, allowedScopeLevels, includedScopes, resourceFilter },
  };
}

export function presentKeptRole(row: KeptRow): AuthzRole {
  const { accountId, orgId, projectId } = row;
  return {
    role: {
      identifier: row.identifier,
      name: row.name,
      description: row.description ?? '',
      permissions: [...(row.content.permissions ?? [])],
      allowedScopeLevels: [
        ...(row.content.allowedScopeLevels?.length ? row.content.allowedScopeLevels : [levelOf(row)]),
      ],
      tags: row.tags,
    },
    scope: { accountIdentifier: accountId, orgIdentifier: orgId, projectIdentifier: projectId },
    harnessManaged: false,
    ...timesOf(row),
    warnings: [{ field: 'role', message: 'kept, and it gives no right: only built-in roles can be bound' }],
  };
}

export function presentKeptGroup(row: KeptRow): ResourceGroupResponse {
  const { content } = row;
  const { accountId: accountIdentifier, orgId: orgIdentifier, projectId: projectIdentifier } = row;
  return {
    resourceGroup: {
      accountIdentifier,
      orgIdentifier,
      projectIdentifier,
      identifier: row.identifier,
      name: row.name,
      color: content.color || COLOR,
      description: row.description ?? '',
      tags: row.tags,
      allowedScopeLevels: [...(content.allowedScopeLevels?.length ? content.allowedScopeLevels : [levelOf(row)])],
      includedScopes: [...(content.includedScopes ?? [])],
      resourceFilter: {
        includeAllResources: content.resourceFilter?.includeAllResources ?? false,
        resources: [...(content.resourceFilter?.resources ?? [])],
      },
    },
    harnessManaged: false,
    ...timesOf(row),
    warnings: [{ field: 'resourceGroup', message: 'kept, and it limits no role: roles count for whole scopes' }],
  };
}

function timesOf({ createdAt, updatedAt }: KeptRow): { createdAt: number; lastModifiedAt: number } {
  return { createdAt: createdAt.getTime(), lastModifiedAt: updatedAt.getTime() };
}
