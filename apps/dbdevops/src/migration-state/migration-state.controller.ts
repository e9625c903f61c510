import { Controller, Inject } from '@nestjs/common';
import {
  atDbdevops,
  changesetExistence,
  changesetSql,
  changesetYaml,
  instanceMigrationState,
  schemaMigrationState,
} from '@sluice/dbdevops-api';
import { Call, Route, type RouteCall } from '@sluice/http';
import { projectOf } from '../database/project-scope.js';
import { MigrationStateService } from './migration-state.service.js';

@Controller()
export class MigrationStateController {
  constructor(@Inject(MigrationStateService) private readonly states: MigrationStateService) {}

  @Route(atDbdevops(schemaMigrationState))
  ofSchema(@Call() call: RouteCall<typeof schemaMigrationState>) {
    return this.states.ofSchema(projectOf(call), call.params.dbschema, call.body?.instanceFilter, call.query);
  }

  @Route(atDbdevops(instanceMigrationState))
  ofInstance(@Call() call: RouteCall<typeof instanceMigrationState>) {
    return this.states.ofInstance(projectOf(call), call.params.dbschema, call.params.dbinstance, call.query);
  }

  @Route(atDbdevops(changesetExistence))
  async existence(@Call() call: RouteCall<typeof changesetExistence>) {
    return {
      existence: await this.states.existence(
        projectOf(call),
        call.params.dbschema,
        call.body.changeSets.map(({ id }) => id),
      ),
    };
  }

  @Route(atDbdevops(changesetSql))
  sql(@Call() call: RouteCall<typeof changesetSql>) {
    return this.states.contentOf(projectOf(call), call.params.dbschema, call.params.dbinstance, call.body.changesetFQN);
  }

  @Route(atDbdevops(changesetYaml))
  yaml(@Call() call: RouteCall<typeof changesetYaml>) {
    return this.states.contentOf(projectOf(call), call.params.dbschema, call.params.dbinstance, call.query.changeSet);
  }
}
