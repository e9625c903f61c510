import { Injectable } from '@nestjs/common';
import { toNgPage, type NgPage } from '@sluice/api-conventions';
import { AppError, formatScope, newId, type RequestContext, type Scope } from '@sluice/kernel';
import type { ServiceAccount, ServiceAccountAggregate, ServiceAccountOut } from '@sluice/ng-manager-api';
import { presentHeldRole } from '../access/level-roles.js';
import { requireSameAccount } from '../access/permission.js';
import { requireCovers } from '../access/roles.js';
import { refuseDuplicate } from '../persistence/duplicate.js';
import type { PageRequest } from '../persistence/page.js';
import { groupedBy } from '../persistence/grouped.js';
import { UnitOfWork, type Stores } from '../persistence/unit-of-work.js';
import { ProjectService } from '../project/project.service.js';
import type { ServiceAccountRow, ServiceAccountValues } from './service-account.repository.js';

const MOST_LISTED = 1000;

@Injectable()
export class ServiceAccountService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly projects: ProjectService,
  ) {}

  /** It can do nothing until a role is bound to it. @throws AppError DUPLICATE_FIELD */
  async create(ctx: RequestContext, scope: Scope, account: ServiceAccount): Promise<ServiceAccountOut> {
    requireSameAccount(ctx, account.accountIdentifier);
    await this.projects.requireScope(scope);
    const values = valuesOf(account);
    const id = newId();
    return refuseDuplicate('service account', account.identifier, scope, () =>
      this.unitOfWork.run(async (stores) => {
        await stores.users.insert({
          accountId: ctx.accountId,
          id,
          type: 'serviceAccount',
          email: values.email,
          name: values.name,
        });
        await stores.serviceAccounts.insert(scope, id, account.identifier, values);
        const made = presentServiceAccount(await foundServiceAccount(stores, scope, account.identifier));
        await stores.audit.append(ctx, {
          action: 'create',
          resourceType: 'serviceAccount',
          identifier: account.identifier,
          scope,
          after: made,
        });
        return made;
      }),
    );
  }

  async update(
    ctx: RequestContext,
    scope: Scope,
    identifier: string,
    account: ServiceAccount,
  ): Promise<ServiceAccountOut> {
    requireSameAccount(ctx, account.accountIdentifier);
    if (account.identifier !== identifier) {
      throw new AppError(
        'INVALID_REQUEST',
        `the body names service account "${account.identifier}", the path "${identifier}"; an identifier cannot be changed`,
        { fields: [{ field: 'identifier', error: 'differs from the path' }] },
      );
    }
    return this.unitOfWork.run(async (stores) => {
      const row = await foundServiceAccount(stores, scope, identifier, { forUpdate: true });
      const values = valuesOf({ ...account, email: account.email ?? row.email });
      await stores.serviceAccounts.update(row, values);
      await stores.users.update(row.accountId, row.userId, { name: values.name, email: values.email.toLowerCase() });
      const changed = presentServiceAccount(await foundServiceAccount(stores, scope, identifier));
      await stores.audit.append(ctx, {
        action: 'update',
        resourceType: 'serviceAccount',
        identifier,
        scope,
        before: presentServiceAccount(row),
        after: changed,
      });
      return changed;
    });
  }

  /** Its keys and tokens stop working. */
  async delete(ctx: RequestContext, scope: Scope, identifier: string): Promise<boolean> {
    return this.unitOfWork.run(async (stores) => {
      const row = await foundServiceAccount(stores, scope, identifier, { forUpdate: true });
      requireCovers(
        ctx,
        await stores.roleBindings.grantsOf(row.accountId, row.userId),
        `delete service account ${row.name}`,
      );
      await stores.audit.append(ctx, {
        action: 'delete',
        resourceType: 'serviceAccount',
        identifier,
        scope,
        before: presentServiceAccount(row),
      });
      return stores.users.delete(row.accountId, row.userId);
    });
  }

  async get(scope: Scope, identifier: string): Promise<ServiceAccountOut> {
    return presentServiceAccount(await foundServiceAccount(this.unitOfWork.read, scope, identifier));
  }

  /** At most 1000. */
  async list(scope: Scope, identifiers: readonly string[] | undefined): Promise<ServiceAccountOut[]> {
    const { rows } = await this.unitOfWork.read.serviceAccounts.page(
      scope,
      { index: 0, size: MOST_LISTED, sort: ['identifier,ASC'] },
      identifiers,
    );
    return rows.map(presentServiceAccount);
  }

  async page(
    scope: Scope,
    page: PageRequest,
    identifiers: readonly string[] | undefined,
  ): Promise<NgPage<ServiceAccountAggregate>> {
    const { rows, total } = await this.unitOfWork.read.serviceAccounts.page(scope, page, identifiers);
    return toNgPage(await this.aggregates(scope, rows), total, page.index, page.size);
  }

  async aggregate(scope: Scope, identifier: string): Promise<ServiceAccountAggregate> {
    const [aggregate] = await this.aggregates(scope, [
      await foundServiceAccount(this.unitOfWork.read, scope, identifier),
    ]);
    return aggregate ?? missing(scope, identifier);
  }

  private async aggregates(scope: Scope, rows: readonly ServiceAccountRow[]): Promise<ServiceAccountAggregate[]> {
    const ids = rows.map(({ userId }) => userId);
    const { roleBindings, serviceAccounts } = this.unitOfWork.read;
    const [held, tokens] = await Promise.all([
      roleBindings.heldBy(scope, ids),
      serviceAccounts.tokenCounts(scope.accountId, ids),
    ]);
    const roles = groupedBy(held, ({ userId }) => userId);
    return rows.map((row) => ({
      serviceAccount: presentServiceAccount(row),
      createdAt: row.createdAt.getTime(),
      lastModifiedAt: row.updatedAt.getTime(),
      tokensCount: tokens.get(row.userId) ?? 0,
      roleAssignmentsMetadataDTO: (roles.get(row.userId) ?? []).map(presentHeldRole),
    }));
  }
}

/** @throws AppError RESOURCE_NOT_FOUND */
export async function foundServiceAccount(
  stores: Stores,
  scope: Scope,
  identifier: string,
  options: { readonly forUpdate?: boolean } = {},
): Promise<ServiceAccountRow> {
  return (await stores.serviceAccounts.find(scope, identifier, options)) ?? missing(scope, identifier);
}

function missing(scope: Scope, identifier: string): never {
  throw new AppError('RESOURCE_NOT_FOUND', `there is no service account "${identifier}" in ${formatScope(scope)}`);
}

function valuesOf({ identifier, name, email, description, tags }: ServiceAccount): ServiceAccountValues {
  return { name, email: email ?? `${identifier}@service.sluice`, description: description ?? null, tags: tags ?? {} };
}

function presentServiceAccount(row: ServiceAccountRow): ServiceAccountOut {
  const { accountId, orgId, projectId, identifier, name, email, description, tags } = row;
  return {
    accountIdentifier: accountId,
    orgIdentifier: orgId,
    projectIdentifier: projectId,
    identifier,
    name,
    email,
    description: description ?? '',
    tags,
  };
}
