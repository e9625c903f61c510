import { Injectable } from '@nestjs/common';
import type { RouteRequest } from '@sluice/api-conventions';
import { projectScope, resolveRef } from '@sluice/kernel';
import type { recordEntityUses } from '@sluice/ng-manager-api';
import { UnitOfWork } from '../persistence/unit-of-work.js';
import type { EntityAt } from './entity-use.repository.js';

type Uses = NonNullable<RouteRequest<typeof recordEntityUses>['body']>;

/** Uses by what other services store. */
@Injectable()
export class EntityUseService {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** @returns how many uses count now for what was sent: none for a project there is not @throws AppError INVALID_IDENTIFIER_REF for a reference that cannot be one */
  async record({ accountId, orgId, projectId, user, mode, uses }: Uses): Promise<number> {
    const scope = projectScope(accountId, orgId, projectId);
    const used = uses.map(({ kind, ref }): EntityAt => ({ kind, ...resolveRef(ref, scope) }));
    return this.unitOfWork.run(async (stores) => {
      if (!(await stores.projects.find(scope, { lock: 'keep' }))) return 0;
      await stores.uses[mode]({ ...user, scope }, used);
      return used.length;
    });
  }
}
