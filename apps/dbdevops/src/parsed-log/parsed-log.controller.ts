import { Controller, Inject } from '@nestjs/common';
import { atDbdevops, getParsedLog, parseMigrationLog } from '@sluice/dbdevops-api';
import { Call, Route, type RouteCall } from '@sluice/http';
import { projectOf } from '../database/project-scope.js';
import { ParsedLogService } from './parsed-log.service.js';

@Controller()
export class ParsedLogController {
  constructor(@Inject(ParsedLogService) private readonly logs: ParsedLogService) {}

  @Route(atDbdevops(parseMigrationLog))
  parse(@Call() call: RouteCall<typeof parseMigrationLog>) {
    return this.logs.parse(projectOf(call), call.params.dbschema, call.params.dbinstance, call.body);
  }

  @Route(atDbdevops(getParsedLog))
  get(@Call() call: RouteCall<typeof getParsedLog>) {
    return this.logs.get(projectOf(call), call.params.dbschema, call.params.dbinstance, call.params.log);
  }
}
