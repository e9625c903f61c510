import { Controller, Inject } from '@nestjs/common';
import type { RouteResult } from '@sluice/api-conventions';
import { atDbdevops, changesetMetadata, snapshotObjectNames, snapshotObjectValues, storeDbMetadata, storeMetadataSnapshot } from '@sluice/dbdevops-api';
import { Call, Route, type RouteCall } from '@sluice/http';
import { projectOf } from '../database/project-scope.js';
import { DbInstanceService } from '../db-instance/db-instance.service.js';
import { notServed } from './not-served.js';

/** Recorded database objects and changeset contents: no step records any yet, so every instance truthfully has none. */
@Controller()
export class SnapshotController {
  constructor(@Inject(DbInstanceService) private readonly instances: DbInstanceService) {}

  @Route(atDbdevops(snapshotObjectNames))
  async names(@Call() call: RouteCall<typeof snapshotObjectNames>): Promise<RouteResult<typeof snapshotObjectNames>> {
    await this.instances.find(projectOf(call), call.params.dbschema, call.params.dbinstance);
    return { body: { data: [] }, total: 0, page: call.query.page, limit: call.query.limit };
  }

  @Route(atDbdevops(snapshotObjectValues))
  async values(@Call() call: RouteCall<typeof snapshotObjectValues>): Promise<RouteResult<typeof snapshotObjectValues>> {
    await this.instances.find(projectOf(call), call.params.dbschema, call.params.dbinstance);
    return { data: [] };
  }

  @Route(atDbdevops(changesetMetadata))
  async metadata(@Call() call: RouteCall<typeof changesetMetadata>): Promise<RouteResult<typeof changesetMetadata>> {
    await this.instances.find(projectOf(call), call.params.dbschema, call.params.dbinstance);
    return { body: { data: [] }, total: 0, page: call.query.page, limit: call.query.limit };
  }

  @Route(atDbdevops(storeDbMetadata))
  storeObjects(): never {
    throw notServed('storing database snapshots');
  }

  @Route(atDbdevops(storeMetadataSnapshot))
  storeFile(): never {
    throw notServed('storing database snapshots');
  }
}
