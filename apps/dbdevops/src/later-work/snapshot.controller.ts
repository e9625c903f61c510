import { Controller, Inject } from '@nestjs/common';
import {
  atDbdevops,
  changesetMetadata,
  snapshotObjectNames,
  snapshotObjectValues,
  storeDbMetadata,
  storeMetadataSnapshot,
} from '@sluice/dbdevops-api';
import { Call, Route, type RouteCall } from '@sluice/http';
import { projectOf } from '../database/project-scope.js';
import { DbInstanceService } from '../db-instance/db-instance.service.js';
import { notServed } from './not-served.js';

const SNAPSHOTS = 'recording the objects of a database is';
const INSTEAD_OF_SNAPSHOTS =
  'read them with a client of the database, and what was deployed at .../migrationstate of the instance';

/** Recorded database objects and changeset contents: no step records any, and an empty list would say that the database has none. */
@Controller()
export class SnapshotController {
  constructor(@Inject(DbInstanceService) private readonly instances: DbInstanceService) {}

  @Route(atDbdevops(snapshotObjectNames))
  async names(@Call() call: RouteCall<typeof snapshotObjectNames>): Promise<never> {
    await this.instances.find(projectOf(call), call.params.dbschema, call.params.dbinstance);
    throw notServed(SNAPSHOTS, INSTEAD_OF_SNAPSHOTS);
  }

  @Route(atDbdevops(snapshotObjectValues))
  async values(@Call() call: RouteCall<typeof snapshotObjectValues>): Promise<never> {
    await this.instances.find(projectOf(call), call.params.dbschema, call.params.dbinstance);
    throw notServed(SNAPSHOTS, INSTEAD_OF_SNAPSHOTS);
  }

  @Route(atDbdevops(changesetMetadata))
  async metadata(@Call() call: RouteCall<typeof changesetMetadata>): Promise<never> {
    await this.instances.find(projectOf(call), call.params.dbschema, call.params.dbinstance);
    throw notServed(
      'recording the contents of changesets is',
      'read them in the repository of the changelog, and which of them an execution deployed at .../deployedState of the instance',
    );
  }

  @Route(atDbdevops(storeDbMetadata))
  storeObjects(): never {
    throw notServed(SNAPSHOTS, INSTEAD_OF_SNAPSHOTS);
  }

  @Route(atDbdevops(storeMetadataSnapshot))
  storeFile(): never {
    throw notServed(SNAPSHOTS, INSTEAD_OF_SNAPSHOTS);
  }
}
