import { Controller, Inject } from '@nestjs/common';
import { Call, Route, type RouteCall } from '@sluice/http';
import {
  executePipeline,
  executePipelineV2,
  executeStages,
  executeWithInputSets,
  rerunPipeline,
  rerunPipelineV2,
  rerunStages,
  rerunWithInputSets,
  retryExecution,
  retryPipeline,
  type PlanExecutionResponse,
} from '@sluice/pipeline-api';
import { projectOfQuery } from '../database/request-scope.js';
import { ExecuteService, type ExecuteRequest } from './execute.service.js';
import { startedView } from './execution-view.js';

type StartCall = Pick<RouteCall<typeof executePipeline>, 'ctx' | 'query' | 'params'>;
type RerunCall = Pick<RouteCall<typeof rerunPipeline>, 'ctx' | 'query' | 'params'>;
type What = Pick<ExecuteRequest, 'inputYaml' | 'inputSetIds' | 'stages'>;

/** Starts runs: anew, again, or from where they failed. */
@Controller()
export class ExecuteController {
  constructor(@Inject(ExecuteService) private readonly executions: ExecuteService) {}

  @Route(executePipeline)
  execute(@Call() call: RouteCall<typeof executePipeline>): Promise<PlanExecutionResponse> {
    return this.run(call, textInputs(call));
  }

  @Route(executePipelineV2)
  executeV2(@Call() call: RouteCall<typeof executePipelineV2>): Promise<PlanExecutionResponse> {
    return this.run(call, textInputs(call));
  }

  @Route(executeWithInputSets)
  executeWithInputSets(@Call() call: RouteCall<typeof executeWithInputSets>): Promise<PlanExecutionResponse> {
    return this.run(call, setInputs(call.body));
  }

  @Route(executeStages)
  executeStages(@Call() call: RouteCall<typeof executeStages>): Promise<PlanExecutionResponse> {
    return this.run(call, stageInputs(call));
  }

  @Route(rerunPipeline)
  rerun(@Call() call: RouteCall<typeof rerunPipeline>): Promise<PlanExecutionResponse> {
    return this.again(call, textInputs(call));
  }

  @Route(rerunPipelineV2)
  rerunV2(@Call() call: RouteCall<typeof rerunPipelineV2>): Promise<PlanExecutionResponse> {
    return this.again(call, textInputs(call));
  }

  @Route(rerunStages)
  rerunStages(@Call() call: RouteCall<typeof rerunStages>): Promise<PlanExecutionResponse> {
    return this.again(call, stageInputs(call));
  }

  @Route(rerunWithInputSets)
  rerunWithInputSets(@Call() call: RouteCall<typeof rerunWithInputSets>): Promise<PlanExecutionResponse> {
    return this.again(call, setInputs(call.body));
  }

  @Route(retryExecution)
  async retry(@Call() { ctx, query, params }: RouteCall<typeof retryExecution>): Promise<PlanExecutionResponse> {
    return startedView(
      await this.executions.retry(ctx, projectOfQuery(ctx, query), params.planExecutionId, {
        stages: [],
        runsAllOfGroup: false,
      }),
    );
  }

  @Route(retryPipeline)
  async retryPipeline(
    @Call() { ctx, query, params, body }: RouteCall<typeof retryPipeline>,
  ): Promise<PlanExecutionResponse> {
    const scope = projectOfQuery(ctx, query);
    await this.executions.ofPipeline(scope, query.planExecutionId, params.pipelineIdentifier);
    const from = { stages: query.retryStages ?? [], runsAllOfGroup: query.runAllStages ?? true };
    return startedView(await this.executions.retry(ctx, scope, query.planExecutionId, from, inputText(body)));
  }

  private async run(call: StartCall, what: What): Promise<PlanExecutionResponse> {
    return startedView(
      await this.executions.execute(call.ctx, projectOfQuery(call.ctx, call.query), requestOf(call, what)),
    );
  }

  private async again(call: RerunCall, what: What): Promise<PlanExecutionResponse> {
    return startedView(
      await this.executions.rerun(
        call.ctx,
        projectOfQuery(call.ctx, call.query),
        call.params.originalExecutionId,
        requestOf(call, what),
      ),
    );
  }
}

function requestOf({ params, query }: StartCall, what: What): ExecuteRequest {
  return {
    pipelineIdentifier: params.pipelineIdentifier,
    notes: query.notesForPipelineExecution,
    moduleType: query.moduleType ?? query.module,
    ...what,
  };
}

function textInputs({ body, query }: Pick<RouteCall<typeof executePipeline>, 'body' | 'query'>): What {
  return { inputYaml: inputText(body), inputSetIds: query.inputSetIdentifiers ?? [] };
}

function setInputs(body: RouteCall<typeof executeWithInputSets>['body']): What {
  const stages = body.stageIdentifiers ?? [];
  return {
    inputYaml: '',
    inputSetIds: body.inputSetReferences ?? [],
    ...(stages.length > 0 ? { stages: { identifiers: stages, values: {} } } : {}),
  };
}

function stageInputs({ body, query }: Pick<RouteCall<typeof executeStages>, 'body' | 'query'>): What {
  return {
    inputYaml: inputText(body.runtimeInputYaml ?? ''),
    inputSetIds: query.inputSetIdentifiers ?? [],
    stages: { identifiers: body.stageIdentifiers, values: body.expressionValues ?? {} },
  };
}

/** Clients without inputs send nothing, or an empty JSON object. */
export function inputText(body: string): string {
  return body.trim() === '{}' ? '' : body;
}
