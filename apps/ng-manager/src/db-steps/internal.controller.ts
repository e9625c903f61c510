import { Controller } from '@nestjs/common';
import type { RouteResult } from '@sluice/api-conventions';
import { Call, Route, type RouteCall } from '@sluice/http';
import { projectScope, scopeOf } from '@sluice/kernel';
import {
  confirmRemovedProject,
  listRemovedProjects,
  projectExistence,
  recordEntityUses,
  reportDbStep,
  resolveDbStepInputs,
  runSettings,
  sealSecrets,
} from '@sluice/ng-manager-api';
import { EntityUseService } from '../entity-use/entity-use.service.js';
import { ProjectService } from '../project/project.service.js';
import { SealingService } from '../secret/sealing.service.js';
import { SettingService } from '../setting/setting.service.js';
import { DbStepsService } from './db-steps.service.js';

/** What pipeline asks for while it stores a pipeline, runs an execution or removes what lay in a project. */
@Controller()
export class InternalController {
  constructor(
    private readonly steps: DbStepsService,
    private readonly sealing: SealingService,
    private readonly settings: SettingService,
    private readonly projects: ProjectService,
    private readonly uses: EntityUseService,
  ) {}

  @Route(resolveDbStepInputs)
  resolve(
    @Call() { ctx, body }: RouteCall<typeof resolveDbStepInputs>,
  ): Promise<RouteResult<typeof resolveDbStepInputs>> {
    return this.steps.resolve(ctx, body);
  }

  @Route(reportDbStep)
  report(@Call() { ctx, body }: RouteCall<typeof reportDbStep>): Promise<RouteResult<typeof reportDbStep>> {
    return this.steps.report(ctx, body);
  }

  @Route(sealSecrets)
  async seal(@Call() { ctx, body }: RouteCall<typeof sealSecrets>): Promise<RouteResult<typeof sealSecrets>> {
    const named = await this.steps.expressionsOf(ctx, body);
    const delegateScope = scopeOf(body.delegateScope);
    return {
      sealed: await this.sealing.seal(
        ctx,
        { scope: projectScope(ctx.accountId, body.orgId, body.projectId), expressions: body.expressions, named },
        { ...body, delegateScope },
      ),
    };
  }

  @Route(runSettings)
  async runSettings(@Call() { ctx }: RouteCall<typeof runSettings>): Promise<RouteResult<typeof runSettings>> {
    return { uploadLogsViaPlatform: await this.settings.areLogsUploadedViaPlatform(ctx.accountId) };
  }

  @Route(projectExistence)
  existence(@Call() { ctx, query }: RouteCall<typeof projectExistence>): Promise<RouteResult<typeof projectExistence>> {
    return this.projects.existence(projectScope(ctx.accountId, query.orgId, query.projectId));
  }

  @Route(listRemovedProjects)
  async removed(
    @Call() { query }: RouteCall<typeof listRemovedProjects>,
  ): Promise<RouteResult<typeof listRemovedProjects>> {
    return { projects: await this.projects.removed(query.after) };
  }

  @Route(confirmRemovedProject)
  async confirmRemoved(
    @Call() { body }: RouteCall<typeof confirmRemovedProject>,
  ): Promise<RouteResult<typeof confirmRemovedProject>> {
    await this.projects.confirmRemoved(body.position);
    return { isFree: true };
  }

  @Route(recordEntityUses)
  async recordUses(
    @Call() { ctx, body }: RouteCall<typeof recordEntityUses>,
  ): Promise<RouteResult<typeof recordEntityUses>> {
    const recorded = await this.uses.record(ctx, body);
    const warnings = await this.uses.warnings(ctx, body);
    return { ...recorded, ...(warnings.length > 0 ? { warnings } : {}) };
  }
}
