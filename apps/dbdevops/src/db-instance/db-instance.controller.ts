import { Controller, Inject } from '@nestjs/common';
import {
  atDbdevops,
  createDbInstance,
  defaultAuthoringInstance,
  deleteDbInstance,
  getDbInstance,
  listDbInstances,
  updateDbInstance,
} from '@sluice/dbdevops-api';
import { Call, Route, type RouteCall } from '@sluice/http';
import { projectOf } from '../database/project-scope.js';
import { DbInstanceService } from './db-instance.service.js';

@Controller()
export class DbInstanceController {
  constructor(@Inject(DbInstanceService) private readonly instances: DbInstanceService) {}

  @Route(atDbdevops(createDbInstance))
  create(@Call() call: RouteCall<typeof createDbInstance>) {
    return this.instances.create(call.ctx, projectOf(call), call.params.dbschema, call.body);
  }

  @Route(atDbdevops(listDbInstances))
  list(@Call() call: RouteCall<typeof listDbInstances>) {
    return this.instances.list(
      projectOf(call),
      call.params.dbschema,
      call.query,
      call.body ?? { filterType: 'Equals' },
    );
  }

  @Route(atDbdevops(getDbInstance))
  get(@Call() call: RouteCall<typeof getDbInstance>) {
    return this.instances.get(projectOf(call), call.params.dbschema, call.params.dbinstance);
  }

  @Route(atDbdevops(updateDbInstance))
  update(@Call() call: RouteCall<typeof updateDbInstance>) {
    return this.instances.update(call.ctx, projectOf(call), call.params.dbschema, call.params.dbinstance, call.body);
  }

  @Route(atDbdevops(deleteDbInstance))
  remove(@Call() call: RouteCall<typeof deleteDbInstance>) {
    return this.instances.remove(call.ctx, projectOf(call), call.params.dbschema, call.params.dbinstance);
  }

  @Route(atDbdevops(defaultAuthoringInstance))
  async defaultForAuthoring(@Call() call: RouteCall<typeof defaultAuthoringInstance>) {
    const { identifier, name, connector } = await this.instances.defaultForAuthoring(
      projectOf(call),
      call.params.dbschema,
    );
    return { identifier, name, connector, hasSnapshot: false };
  }
}
