import { Controller, Inject } from '@nestjs/common';
import {
  atDbdevops,
  customOperations,
  pluginCapability,
  schemaInstanceMetadata,
  stepPluginInputs,
  stepPluginResponse,
} from '@sluice/dbdevops-api';
import { Call, Route, type RouteCall } from '@sluice/http';
import { projectOfBody } from '../database/project-scope.js';
import { StepPluginService } from './step-plugin.service.js';

@Controller()
export class StepPluginController {
  constructor(@Inject(StepPluginService) private readonly plugins: StepPluginService) {}

  @Route(atDbdevops(stepPluginInputs))
  inputs(@Call() { ctx, query, body }: RouteCall<typeof stepPluginInputs>) {
    return this.plugins.inputs(projectOfBody(ctx, query, { org: body.Org, project: body.Project }), body);
  }

  @Route(atDbdevops(stepPluginResponse))
  consume(@Call() { ctx, query, body }: RouteCall<typeof stepPluginResponse>) {
    return this.plugins.consume(ctx, projectOfBody(ctx, query, body), body);
  }

  @Route(atDbdevops(customOperations))
  operations(@Call() { ctx, query, body }: RouteCall<typeof customOperations>) {
    return this.plugins.operations(projectOfBody(ctx, query, body), body);
  }

  @Route(atDbdevops(schemaInstanceMetadata))
  metadata(@Call() { ctx, query, body }: RouteCall<typeof schemaInstanceMetadata>) {
    return this.plugins.metadata(projectOfBody(ctx, query, body), body.dbSchema, body.dbInstance);
  }

  @Route(atDbdevops(pluginCapability))
  capability() {
    return { supportsConsolidated: false };
  }
}
