import { Inject, Injectable } from '@nestjs/common';
import { AppError, type ProjectScope, type RequestContext } from '@sluice/kernel';
import type { EntityManager } from 'typeorm';
import { NgManager } from '../run/ng-manager.js';
import { RemovedProjects } from './removed-projects.js';

/** A project that was there when NG manager was asked. */
export interface KnownProject {
  readonly scope: ProjectScope;
  /** Tells it from another of the same name. */
  readonly uniqueId: string;
}

/** Organizations and projects: NG manager has them. It is asked every time, because a project may be deleted and made again. */
@Injectable()
export class Projects {
  constructor(@Inject(NgManager) private readonly ngManager: NgManager) {}

  /** @throws AppError RESOURCE_NOT_FOUND naming the organization or project there is not; UPSTREAM_UNAVAILABLE when nobody can tell */
  async require(ctx: RequestContext, scope: ProjectScope): Promise<KnownProject> {
    const { accountId, orgId } = scope;
    const { hasOrg, uniqueId } = await this.ngManager.projectExistence(ctx, scope);
    if (!hasOrg)
      throw new AppError(
        'RESOURCE_NOT_FOUND',
        `organization "${orgId}" does not exist in account ${accountId}; create it first`,
      );
    if (uniqueId === null) throw noProject(scope);
    return { scope, uniqueId };
  }

  /** Holds a project that is required against its removal until the transaction ends. @throws AppError RESOURCE_NOT_FOUND when it has been removed meanwhile */
  async hold(manager: EntityManager, { scope, uniqueId }: KnownProject): Promise<void> {
    if (!(await new RemovedProjects(manager).hold(uniqueId))) throw noProject(scope);
  }
}

function noProject({ accountId, orgId, projectId }: ProjectScope): AppError {
  return new AppError(
    'RESOURCE_NOT_FOUND',
    `project "${projectId}" does not exist in org ${accountId}/${orgId}; create it first`,
  );
}
