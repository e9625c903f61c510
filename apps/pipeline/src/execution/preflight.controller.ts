import { Controller, Inject } from '@nestjs/common';
import { Call, Route, type RouteCall } from '@sluice/http';
import { getPreflightCheck, preflightCheck, type PreflightResult } from '@sluice/pipeline-api';
import { projectOfQuery } from '../database/request-scope.js';
import { inputText } from './execute.controller.js';
import { PreflightService } from './preflight.service.js';

@Controller()
export class PreflightController {
  constructor(@Inject(PreflightService) private readonly preflight: PreflightService) {}

  @Route(preflightCheck)
  check(@Call() { ctx, query, body }: RouteCall<typeof preflightCheck>): Promise<string> {
    return this.preflight.check(ctx, projectOfQuery(ctx, query), query.pipelineIdentifier, inputText(body));
  }

  @Route(getPreflightCheck)
  result(@Call() { ctx, query }: RouteCall<typeof getPreflightCheck>): Promise<PreflightResult> {
    return this.preflight.result(projectOfQuery(ctx, query), query.preflightCheckId);
  }
}
