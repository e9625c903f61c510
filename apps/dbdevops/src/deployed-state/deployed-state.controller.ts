import { Controller, Inject } from '@nestjs/common';
import type { RouteResult } from '@sluice/api-conventions';
import { atDbdevops, deployedState, type DeployedStateOutput } from '@sluice/dbdevops-api';
import { Call, Route, type RouteCall } from '@sluice/http';
import { projectOf } from '../database/project-scope.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { DbInstanceService } from '../db-instance/db-instance.service.js';
import { toSeconds } from '../db-schema/db-schema.js';
import { requireRun } from '../later-work/not-served.js';
import type { DeployedChangeset } from './deployed-state.repository.js';

@Controller()
export class DeployedStateController {
  constructor(
    @Inject(DbInstanceService) private readonly instances: DbInstanceService,
    @Inject(UnitOfWork) private readonly work: UnitOfWork,
  ) {}

  @Route(atDbdevops(deployedState))
  async page(@Call() call: RouteCall<typeof deployedState>): Promise<RouteResult<typeof deployedState>> {
    const { params, query, body } = call;
    const { schema, instance } = await this.instances.find(projectOf(call), params.dbschema, params.dbinstance);
    requireRun(schema);
    const place = {
      ...body,
      command: body.stepType === 'DBSchemaRollback' ? 'Rollback' : 'Update',
      since: body.startTime * 1000,
    } as const;
    const { items, total } = await this.work.read.deployedStates.page(
      projectOf(call),
      instance.id,
      place,
      query.page,
      query.limit,
    );
    return { items: items.map(deployedStateOut), total, page: query.page, limit: query.limit };
  }
}

function deployedStateOut(changeset: DeployedChangeset): DeployedStateOutput {
  const {
    status,
    fqn,
    id,
    author,
    file,
    command,
    pipeline,
    planExecutionId,
    stageExecutionId,
    isOwn,
    at,
    tag,
    label,
    comment,
  } = changeset;
  return {
    status,
    changeSetId: id,
    changeSetFQN: fqn,
    author,
    fileName: file,
    command,
    metadata: { pipeline, planExecutionId, stageExecutionId },
    deployedInCurrentExecution: isOwn && status === 'SUCCESS',
    deployedAt: at === null ? undefined : toSeconds(at),
    tag: tag ?? undefined,
    label: label ?? undefined,
    comment: comment ?? undefined,
  };
}
