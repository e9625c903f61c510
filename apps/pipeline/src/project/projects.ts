import { Inject, Injectable } from '@nestjs/common';
import { AppError, systemClock, type ProjectScope, type RequestContext } from '@sluice/kernel';
import { NgManager } from '../run/ng-manager.js';
import { RecentlySeen } from './recently-seen.js';

const KEPT = 1_000;
/** A project deleted meanwhile is noticed after this time. */
const KEEP_MS = 5_000;

/** Organizations and projects: NG manager has them. Here only those it has just told of are remembered, never that one is missing. */
@Injectable()
export class Projects {
  private readonly known = new RecentlySeen(KEPT, KEEP_MS, systemClock);

  constructor(@Inject(NgManager) private readonly ngManager: NgManager) {}

  /** @throws AppError RESOURCE_NOT_FOUND naming the organization or project there is not; UPSTREAM_UNAVAILABLE when nobody can tell */
  async require(ctx: RequestContext, scope: ProjectScope): Promise<void> {
    const { accountId, orgId, projectId } = scope;
    const key = JSON.stringify([accountId, orgId, projectId]);
    if (this.known.has(key)) return;
    const { hasOrg, hasProject } = await this.ngManager.projectExistence(ctx, scope);
    if (!hasOrg) throw new AppError('RESOURCE_NOT_FOUND', `organization "${orgId}" does not exist in account ${accountId}; create it first`);
    if (!hasProject) throw new AppError('RESOURCE_NOT_FOUND', `project "${projectId}" does not exist in org ${accountId}/${orgId}; create it first`);
    this.known.add(key);
  }
}
