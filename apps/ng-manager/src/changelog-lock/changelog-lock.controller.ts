import { Controller } from '@nestjs/common';
import type { RouteResult } from '@sluice/api-conventions';
import { Call, Route, type RouteCall } from '@sluice/http';
import { AppError } from '@sluice/kernel';
import { getChangelogLock, releaseChangelogLock } from '@sluice/ng-manager-api';
import { ChangelogLockService } from './changelog-lock.service.js';

@Controller()
export class ChangelogLockController {
  constructor(private readonly locks: ChangelogLockService) {}

  @Route(getChangelogLock)
  async get(
    @Call() { ctx, params }: RouteCall<typeof getChangelogLock>,
  ): Promise<RouteResult<typeof getChangelogLock>> {
    return (await this.locks.ask(ctx, { ...questionAt(params), release: null })).lock;
  }

  @Route(releaseChangelogLock)
  async release(
    @Call() { ctx, params, body }: RouteCall<typeof releaseChangelogLock>,
  ): Promise<RouteResult<typeof releaseChangelogLock>> {
    const { release, lock } = await this.locks.ask(ctx, { ...questionAt(params), release: body });
    if (!release)
      throw new AppError('INTERNAL', 'the delegate did not say what became of the change log lock; look at it again');
    return { release, lock };
  }
}

function questionAt({ org, project, dbschema, dbinstance }: RouteCall<typeof getChangelogLock>['params']) {
  return { orgId: org, projectId: project, dbSchema: dbschema, dbInstance: dbinstance };
}
