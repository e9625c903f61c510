import { Controller, Inject } from '@nestjs/common';
import { Call, Route, type RouteCall } from '@sluice/http';
import { latestExecutionId, retryHistory, retryStages, stagesExecutionList } from '@sluice/pipeline-api';
import { NEW_NODE, type PlanNode } from '@sluice/pipeline-engine';
import { projectOfQuery } from '../database/request-scope.js';
import { Documents } from '../documents/documents.js';
import { PipelineService } from '../pipeline/pipeline.service.js';
import { ExecuteService } from './execute.service.js';
import { ExecutionRepository, type ListedExecution } from './execution.repository.js';
import { retryableGroups, whyNotRetried } from './retry-rules.js';

/** What clients read before they run stages alone or retry. */
@Controller()
export class RetryController {
  constructor(
    @Inject(ExecuteService) private readonly execute: ExecuteService,
    @Inject(ExecutionRepository) private readonly executions: ExecutionRepository,
    @Inject(PipelineService) private readonly pipelines: PipelineService,
    @Inject(Documents) private readonly documents: Documents,
  ) {}

  @Route(retryStages)
  async retryStages(@Call() { ctx, query, params }: RouteCall<typeof retryStages>) {
    const scope = projectOfQuery(ctx, query);
    const execution = await this.execute.ofPipeline(scope, params.planExecutionId, query.pipelineIdentifier);
    const why = whyNotRetried(
      execution,
      (await this.executions.storedPipelines(scope, [execution.pipelineIdentifier])).has(execution.pipelineIdentifier),
    );
    if (why !== undefined) return { isResumable: false, errorMessage: why, groups: [] };
    const states =
      (await this.executions.states([execution.planExecutionId], execution.plan.stageIds)).get(
        execution.planExecutionId,
      ) ?? {};
    const groups = retryableGroups(execution.plan, states);
    const info = (stage: PlanNode, index: number) => {
      const { status, startedAt } = states[stage.id] ?? NEW_NODE;
      return {
        name: stage.name,
        identifier: stage.identifier,
        status,
        createdAt: startedAt,
        parentId: groups[index - 1]?.[0]?.setupId ?? null,
        nextId: groups[index + 1]?.[0]?.setupId ?? null,
      };
    };
    return {
      isResumable: true,
      errorMessage: null,
      groups: groups.map((group, index) => ({ info: group.map((stage) => info(stage, index)) })),
    };
  }

  @Route(retryHistory)
  async history(@Call() { ctx, query, params }: RouteCall<typeof retryHistory>) {
    const retries = await this.retries({ ctx, query, params });
    return {
      errorMessage: retries.length > 1 ? null : `execution ${params.planExecutionId} has not been retried`,
      latestExecutionId: retries[0]?.planExecutionId ?? params.planExecutionId,
      executionInfos: retries.map((one) => ({
        uuid: one.planExecutionId,
        startTs: one.createdAt,
        endTs: one.endedAt,
        status: one.status,
      })),
    };
  }

  @Route(latestExecutionId)
  async latest(@Call() { ctx, query, params }: RouteCall<typeof latestExecutionId>) {
    const retries = await this.retries({ ctx, query, params });
    return {
      errorMessage: retries.length > 1 ? null : `execution ${params.planExecutionId} has not been retried`,
      latestExecutionId: retries[0]?.planExecutionId ?? params.planExecutionId,
    };
  }

  @Route(stagesExecutionList)
  async stages(@Call() { ctx, query }: RouteCall<typeof stagesExecutionList>) {
    const scope = projectOfQuery(ctx, query);
    const { yaml } = await this.pipelines.get(scope, query.pipelineIdentifier);
    const { allowsStages: isAllowed } = await this.documents.read(scope.accountId, 'pipelineHead', yaml);
    return (await this.documents.read(scope.accountId, 'stageNeeds', yaml)).map(({ identifier, name, requires }) => ({
      stageIdentifier: identifier,
      stageName: name,
      stagesRequired: [...requires],
      isToBeBlocked: !isAllowed,
      toBeBlocked: !isAllowed,
      message: isAllowed
        ? requires.length > 0
          ? `it reads from: ${requires.join(', ')}`
          : null
        : 'the pipeline has no allowStageExecutions: true',
    }));
  }

  private async retries({
    ctx,
    query,
    params,
  }: Pick<RouteCall<typeof retryHistory>, 'ctx' | 'query' | 'params'>): Promise<ListedExecution[]> {
    const scope = projectOfQuery(ctx, query);
    const execution = await this.execute.ofPipeline(scope, params.planExecutionId, query.pipelineIdentifier);
    return this.executions.retries(scope, execution.rootExecutionId ?? execution.planExecutionId);
  }
}
