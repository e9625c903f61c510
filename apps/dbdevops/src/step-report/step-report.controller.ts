import { Controller, Inject } from '@nestjs/common';
import { recordStep, stepSchemaAndInstances, usesOfEntity } from '@sluice/dbdevops-api';
import { Call, Route, type RouteCall } from '@sluice/http';
import { projectScope, scopeOf } from '@sluice/kernel';
import { StepReportService } from './step-report.service.js';

@Controller()
export class StepReportController {
  constructor(@Inject(StepReportService) private readonly reports: StepReportService) {}

  @Route(stepSchemaAndInstances)
  async stepInputs(@Call() { ctx, body }: RouteCall<typeof stepSchemaAndInstances>) {
    return {
      pairs: await this.reports.stepInputs(projectScope(ctx.accountId, body.orgId, body.projectId), body.pairs),
    };
  }

  @Route(recordStep)
  async record(@Call() { ctx, body }: RouteCall<typeof recordStep>) {
    return { recorded: await this.reports.record(ctx, projectScope(ctx.accountId, body.orgId, body.projectId), body) };
  }

  @Route(usesOfEntity)
  async uses(@Call() { ctx, body }: RouteCall<typeof usesOfEntity>) {
    return {
      uses: await this.reports.usesOf(
        body.kind,
        scopeOf({ accountId: ctx.accountId, orgId: body.orgId, projectId: body.projectId }),
        body.identifier,
      ),
    };
  }
}
