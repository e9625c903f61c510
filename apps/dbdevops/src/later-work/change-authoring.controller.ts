import { Controller, Inject } from '@nestjs/common';
import {
  atDbdevops,
  authoringPipelineStatus,
  defaultLlmPipeline,
  executeLlmPipeline,
  recordAuthoringEvent,
} from '@sluice/dbdevops-api';
import { Call, Route, type RouteCall } from '@sluice/http';
import { AppError } from '@sluice/kernel';
import { projectOf } from '../database/project-scope.js';
import { DbInstanceService } from '../db-instance/db-instance.service.js';
import { notServed } from './not-served.js';

/** Change authoring by conversation: addresses are there, the feature is not. */
@Controller()
export class ChangeAuthoringController {
  constructor(@Inject(DbInstanceService) private readonly instances: DbInstanceService) {}

  @Route(atDbdevops(defaultLlmPipeline))
  defaultPipeline(): never {
    throw new AppError('RESOURCE_NOT_FOUND', 'no pipeline is set up for change authoring');
  }

  @Route(atDbdevops(executeLlmPipeline))
  async execute(@Call() call: RouteCall<typeof executeLlmPipeline>): Promise<never> {
    await this.instances.find(projectOf(call), call.body.schemaId, call.body.instanceId);
    throw notServed('change authoring by conversation is', 'write the changeset into the changelog');
  }

  @Route(atDbdevops(recordAuthoringEvent))
  async record(@Call() call: RouteCall<typeof recordAuthoringEvent>): Promise<never> {
    await this.instances.schemaOf(projectOf(call), call.body.schemaIdentifier);
    throw notServed('change authoring by conversation is', 'write the changeset into the changelog');
  }

  @Route(atDbdevops(authoringPipelineStatus))
  status(@Call() { params, query }: RouteCall<typeof authoringPipelineStatus>): never {
    throw new AppError(
      'RESOURCE_NOT_FOUND',
      `execution [${query.pipelineExecutionId}] of pipeline [${params.pipelineIdentifier}] was not started by change authoring`,
    );
  }
}
