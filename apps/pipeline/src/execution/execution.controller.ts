import { Controller, Inject } from '@nestjs/common';
import { toSpringPage, type SpringPage } from '@sluice/api-conventions';
import { Call, Route, type RouteCall } from '@sluice/http';
import { getExecution, getExecutionInputs, getExecutionInputsV2, getExecutionLegacy, listExecutions, type ExecutionDetail, type PipelineExecutionSummary } from '@sluice/pipeline-api';
import { inputTemplate } from '@sluice/pipeline-engine';
import { StepTypeRegistry } from '@sluice/step-types';
import { projectOfQuery } from '../database/request-scope.js';
import { PipelineRepository } from '../pipeline/pipeline.repository.js';
import { ExecuteService } from './execute.service.js';
import { graphOf, summaryOf } from './execution-view.js';
import { ExecutionRepository } from './execution.repository.js';

@Controller()
export class ExecutionController {
  constructor(
    @Inject(ExecutionRepository) private readonly executions: ExecutionRepository,
    @Inject(ExecuteService) private readonly execute: ExecuteService,
    @Inject(PipelineRepository) private readonly pipelines: PipelineRepository,
    @Inject(StepTypeRegistry) private readonly types: StepTypeRegistry,
  ) {}

  @Route(listExecutions)
  async list(@Call() { ctx, query, body }: RouteCall<typeof listExecutions>): Promise<SpringPage<PipelineExecutionSummary>> {
    const scope = projectOfQuery(ctx, query);
    const filter = {
      pipelineIdentifier: query.pipelineIdentifier,
      statuses: query.status ?? body?.status,
      searchTerm: query.searchTerm,
      pipelineName: body?.pipelineName,
      callerId: query.myDeployments === true ? ctx.principal.id : undefined,
      from: body?.timeRange?.startTime,
      to: body?.timeRange?.endTime,
    };
    const { rows, total } = await this.executions.list(scope, filter, query.page, query.size);
    const shown = rows.flatMap(({ plan }) => Object.values(plan.nodes).filter((node) => node.kind === 'stage' || node.kind === 'parallel').map((node) => node.id));
    const states = await this.executions.states(rows.map((row) => row.planExecutionId), shown);
    return toSpringPage(rows.map((row) => summaryOf(row, states.get(row.planExecutionId) ?? {})), total, query.page, query.size);
  }

  @Route(getExecution)
  get(@Call() call: RouteCall<typeof getExecution>): Promise<ExecutionDetail> {
    return this.detail(call);
  }

  @Route(getExecutionLegacy)
  getLegacy(@Call() call: RouteCall<typeof getExecutionLegacy>): Promise<ExecutionDetail> {
    return this.detail(call);
  }

  @Route(getExecutionInputs)
  async inputs(@Call() { ctx, query, params, reply }: RouteCall<typeof getExecutionInputs>): Promise<string> {
    const execution = await this.execute.get(projectOfQuery(ctx, query), params.planExecutionId);
    void reply.header('content-type', 'text/plain; charset=utf-8');
    return execution.inputYaml;
  }

  @Route(getExecutionInputsV2)
  async inputsV2(@Call() { ctx, query, params }: RouteCall<typeof getExecutionInputsV2>) {
    const scope = projectOfQuery(ctx, query);
    const execution = await this.execute.get(scope, params.planExecutionId);
    const pipeline = await this.pipelines.find(scope, execution.pipelineIdentifier);
    return {
      inputSetYaml: execution.inputYaml === '' ? null : execution.inputYaml,
      inputSetTemplateYaml: execution.inputTemplateYaml,
      latestTemplateYaml: pipeline ? (inputTemplate(pipeline.yaml) ?? null) : null,
      resolvedYaml: execution.yaml,
      expressionValues: {},
      inputSetDetails: execution.inputSetIds.map((identifier) => ({ identifier, name: identifier })),
      inputSetBranchName: null,
    };
  }

  private async detail({ ctx, query, params }: Pick<RouteCall<typeof getExecution>, 'ctx' | 'query' | 'params'>): Promise<ExecutionDetail> {
    const execution = await this.execute.get(projectOfQuery(ctx, query), params.planExecutionId);
    const states = (await this.executions.states([execution.planExecutionId])).get(execution.planExecutionId) ?? {};
    const stage = query.stageNodeId ?? query.stageNodeExecutionId;
    const pipelineExecutionSummary = summaryOf(execution, states);
    if (query.renderFullBottomGraph === true) return { pipelineExecutionSummary, executionGraph: graphOf(execution, states, this.types, undefined) };
    return stage === undefined ? { pipelineExecutionSummary } : { pipelineExecutionSummary, executionGraph: graphOf(execution, states, this.types, stage) };
  }
}
