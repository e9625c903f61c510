import { Controller, Inject } from '@nestjs/common';
import type { Paged } from '@sluice/api-conventions';
import { Call, Route, type RouteCall } from '@sluice/http';
import { v1CreatePipeline, v1DeletePipeline, v1ExecutePipeline, v1GetPipeline, v1ListPipelines, v1UpdatePipeline, type V1PipelineListItem } from '@sluice/pipeline-api';
import { projectOfPath, versionOf } from '../database/request-scope.js';
import { ExecuteService } from '../execution/execute.service.js';
import { ExecutionRepository, type RecentRuns } from '../execution/execution.repository.js';
import type { Pipeline } from './pipeline.repository.js';
import { PipelineService } from './pipeline.service.js';

/** The `/v1` form of pipelines, as Terraform uses it: the same pipelines, another wire shape. */
@Controller()
export class PipelineV1Controller {
  constructor(
    @Inject(PipelineService) private readonly pipelines: PipelineService,
    @Inject(ExecutionRepository) private readonly executions: ExecutionRepository,
    @Inject(ExecuteService) private readonly execute: ExecuteService,
  ) {}

  @Route(v1ListPipelines)
  async list(@Call() { ctx, params, query }: RouteCall<typeof v1ListPipelines>): Promise<Paged<V1PipelineListItem>> {
    const scope = projectOfPath(ctx, params);
    const { rows, total } = await this.pipelines.list(scope, { searchTerm: query.search_term, identifiers: query.pipeline_identifiers, name: query.name }, query.page, query.limit);
    const runs = await this.executions.recentRuns(scope, rows.map((row) => row.identifier), Date.now());
    return { items: rows.map((row) => listItem(row, runs.get(row.identifier))), total, page: query.page, limit: query.limit };
  }

  @Route(v1CreatePipeline)
  async create(@Call() { ctx, params, body }: RouteCall<typeof v1CreatePipeline>): Promise<{ identifier: string }> {
    return { identifier: (await this.pipelines.create(ctx, projectOfPath(ctx, params), body.pipeline_yaml, body.identifier)).identifier };
  }

  @Route(v1UpdatePipeline)
  async update(@Call() { ctx, params, body, headers }: RouteCall<typeof v1UpdatePipeline>): Promise<{ identifier: string }> {
    return { identifier: (await this.pipelines.update(ctx, projectOfPath(ctx, params), params.pipeline, body.pipeline_yaml, versionOf(headers))).identifier };
  }

  @Route(v1GetPipeline)
  async get(@Call() { ctx, params }: RouteCall<typeof v1GetPipeline>) {
    const pipeline = await this.pipelines.get(projectOfPath(ctx, params), params.pipeline);
    return {
      pipeline_yaml: pipeline.yaml, template_applied_pipeline_yaml: pipeline.yaml, identifier: pipeline.identifier, name: pipeline.name, org: params.org, project: params.project,
      description: pipeline.description, tags: { ...pipeline.tags }, modules: ['dbops'], git_details: null, valid: true, yaml_error_wrapper: [], created: pipeline.createdAt, updated: pipeline.updatedAt,
    };
  }

  @Route(v1DeletePipeline)
  delete(@Call() { ctx, params }: RouteCall<typeof v1DeletePipeline>): Promise<void> {
    return this.pipelines.delete(ctx, projectOfPath(ctx, params), params.pipeline);
  }

  @Route(v1ExecutePipeline)
  async run(@Call() { ctx, params, body }: RouteCall<typeof v1ExecutePipeline>) {
    const execution = await this.execute.execute(ctx, projectOfPath(ctx, params), { pipelineIdentifier: params.pipeline, inputYaml: body?.inputs_yaml ?? '', inputSetIds: [], notes: undefined });
    return { execution_details: { execution_id: execution.planExecutionId, status: execution.status.toUpperCase() } };
  }
}

function listItem(pipeline: Pipeline, runs: RecentRuns | undefined): V1PipelineListItem {
  return {
    identifier: pipeline.identifier, name: pipeline.name, description: pipeline.description, tags: { ...pipeline.tags }, created: pipeline.createdAt, updated: pipeline.updatedAt, modules: ['dbops'],
    execution_summary: { errors_count: runs?.errors ?? [0, 0, 0, 0, 0, 0, 0], deployments_count: runs?.deployments ?? [0, 0, 0, 0, 0, 0, 0] },
    recent_execution_info: [], store_type: 'INLINE', connector_ref: null, valid: true, git_details: null,
  };
}
