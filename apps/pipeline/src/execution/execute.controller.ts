import { Controller, Inject } from '@nestjs/common';
import { Call, Route, type RouteCall } from '@sluice/http';
import { AppError } from '@sluice/kernel';
import { executePipeline, executePipelineV2, executeWithInputSets, interruptExecution, interruptNode, retryExecution, retryPipeline, type PlanExecutionResponse } from '@sluice/pipeline-api';
import { projectOfQuery } from '../database/request-scope.js';
import { ExecuteService } from './execute.service.js';
import { startedView } from './execution-view.js';

type Interrupt = { id: string; type: RouteCall<typeof interruptExecution>['query']['interruptType']; planExecutionId: string };

@Controller()
export class ExecuteController {
  constructor(@Inject(ExecuteService) private readonly executions: ExecuteService) {}

  @Route(executePipeline)
  execute(@Call() call: RouteCall<typeof executePipeline>): Promise<PlanExecutionResponse> {
    return this.run(call, inputText(call.body), call.query.inputSetIdentifiers ?? []);
  }

  @Route(executePipelineV2)
  executeV2(@Call() call: RouteCall<typeof executePipelineV2>): Promise<PlanExecutionResponse> {
    return this.run(call, inputText(call.body), call.query.inputSetIdentifiers ?? []);
  }

  @Route(executeWithInputSets)
  executeWithInputSets(@Call() call: RouteCall<typeof executeWithInputSets>): Promise<PlanExecutionResponse> {
    return this.run(call, '', call.body.inputSetReferences);
  }

  @Route(retryExecution)
  async retry(@Call() call: RouteCall<typeof retryExecution>): Promise<PlanExecutionResponse> {
    return startedView(await this.executions.retry(call.ctx, projectOfQuery(call.ctx, call.query), call.params.planExecutionId));
  }

  @Route(retryPipeline)
  async retryPipeline(@Call() call: RouteCall<typeof retryPipeline>): Promise<PlanExecutionResponse> {
    const scope = projectOfQuery(call.ctx, call.query);
    const earlier = await this.executions.get(scope, call.query.planExecutionId);
    if (earlier.pipelineIdentifier !== call.params.pipelineIdentifier) {
      throw new AppError('INVALID_REQUEST', `execution ${earlier.planExecutionId} is of pipeline "${earlier.pipelineIdentifier}", not of "${call.params.pipelineIdentifier}"`);
    }
    return startedView(await this.executions.retry(call.ctx, scope, call.query.planExecutionId, call.query.retryStages ?? [], inputText(call.body)));
  }

  @Route(interruptExecution)
  interrupt(@Call() call: RouteCall<typeof interruptExecution>): Promise<Interrupt> {
    return this.abort(call);
  }

  /** Stopping one node stops the execution: there is nothing a later step could rely on. */
  @Route(interruptNode)
  interruptNode(@Call() call: RouteCall<typeof interruptNode>): Promise<Interrupt> {
    return this.abort(call);
  }

  private async abort({ ctx, query, params }: Pick<RouteCall<typeof interruptExecution>, 'ctx' | 'query' | 'params'>): Promise<Interrupt> {
    const { interruptType } = query;
    if (interruptType !== 'AbortAll' && interruptType !== 'Abort') throw new AppError('NOT_IMPLEMENTED', `interruptType ${interruptType} is not supported; use AbortAll`);
    const id = await this.executions.abort(ctx, projectOfQuery(ctx, query), params.planExecutionId);
    return { id, type: interruptType, planExecutionId: params.planExecutionId };
  }

  private async run({ ctx, query, params }: Pick<RouteCall<typeof executePipeline>, 'ctx' | 'query' | 'params'>, inputYaml: string, inputSetIds: readonly string[]): Promise<PlanExecutionResponse> {
    const request = { pipelineIdentifier: params.pipelineIdentifier, inputYaml, inputSetIds, notes: query.notesForPipelineExecution };
    return startedView(await this.executions.execute(ctx, projectOfQuery(ctx, query), request));
  }
}

/** Clients without inputs send nothing, or an empty JSON object. */
function inputText(body: string): string {
  return body.trim() === '{}' ? '' : body;
}
