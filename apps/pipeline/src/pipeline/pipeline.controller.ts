import { Controller, Inject } from '@nestjs/common';
import { toSpringPage, type SpringPage } from '@sluice/api-conventions';
import { Call, Route, type RouteCall } from '@sluice/http';
import type { ProjectScope } from '@sluice/kernel';
import {
  createPipeline, createPipelineLegacy, deletePipeline, getPipeline, getPipelineSummary, listPipelines, updatePipeline, updatePipelineLegacy, validatePipelineYaml, type PipelineSummary,
} from '@sluice/pipeline-api';
import { projectOfQuery, versionOf } from '../database/request-scope.js';
import { ExecutionRepository, type RecentRuns } from '../execution/execution.repository.js';
import { inlineGitDetails, noGovernance } from '../execution/execution-view.js';
import type { Pipeline } from './pipeline.repository.js';
import { PipelineService } from './pipeline.service.js';

@Controller()
export class PipelineController {
  constructor(
    @Inject(PipelineService) private readonly pipelines: PipelineService,
    @Inject(ExecutionRepository) private readonly executions: ExecutionRepository,
  ) {}

  @Route(createPipeline)
  async create(@Call() { ctx, query, body }: RouteCall<typeof createPipeline>) {
    const scope = projectOfQuery(ctx, query);
    return saved(scope, await this.pipelines.create(ctx, scope, body));
  }

  @Route(createPipelineLegacy)
  async createLegacy(@Call() { ctx, query, body }: RouteCall<typeof createPipelineLegacy>): Promise<string> {
    return (await this.pipelines.create(ctx, projectOfQuery(ctx, query), body)).identifier;
  }

  @Route(updatePipeline)
  async update(@Call() { ctx, query, body, params, headers }: RouteCall<typeof updatePipeline>) {
    const scope = projectOfQuery(ctx, query);
    return saved(scope, await this.pipelines.update(ctx, scope, params.pipelineIdentifier, body, versionOf(headers)));
  }

  @Route(updatePipelineLegacy)
  async updateLegacy(@Call() { ctx, query, body, params, headers }: RouteCall<typeof updatePipelineLegacy>): Promise<string> {
    return (await this.pipelines.update(ctx, projectOfQuery(ctx, query), params.pipelineIdentifier, body, versionOf(headers))).identifier;
  }

  @Route(getPipeline)
  async get(@Call() { ctx, query, params }: RouteCall<typeof getPipeline>) {
    const { yaml, version } = await this.pipelines.get(projectOfQuery(ctx, query), params.pipelineIdentifier);
    return { yamlPipeline: yaml, resolvedTemplatesPipelineYaml: yaml, version, gitDetails: inlineGitDetails(), entityValidityDetails: { valid: true, invalidYaml: null }, modules: ['dbops'] };
  }

  @Route(deletePipeline)
  async delete(@Call() { ctx, query, params }: RouteCall<typeof deletePipeline>): Promise<boolean> {
    await this.pipelines.delete(ctx, projectOfQuery(ctx, query), params.pipelineIdentifier);
    return true;
  }

  @Route(listPipelines)
  async list(@Call() { ctx, query, body }: RouteCall<typeof listPipelines>): Promise<SpringPage<PipelineSummary>> {
    const scope = projectOfQuery(ctx, query);
    const { rows, total } = await this.pipelines.list(scope, { searchTerm: query.searchTerm, identifiers: body?.pipelineIdentifiers, name: body?.name }, query.page, query.size);
    const runs = await this.executions.recentRuns(scope, rows.map((row) => row.identifier), Date.now());
    return toSpringPage(rows.map((row) => summaryOf(row, runs.get(row.identifier))), total, query.page, query.size);
  }

  @Route(getPipelineSummary)
  async summary(@Call() { ctx, query, params }: RouteCall<typeof getPipelineSummary>): Promise<PipelineSummary> {
    const scope = projectOfQuery(ctx, query);
    const pipeline = await this.pipelines.get(scope, params.pipelineIdentifier);
    return summaryOf(pipeline, (await this.executions.recentRuns(scope, [pipeline.identifier], Date.now())).get(pipeline.identifier));
  }

  @Route(validatePipelineYaml)
  validate(@Call() { ctx, query, body }: RouteCall<typeof validatePipelineYaml>): string {
    this.pipelines.validate(projectOfQuery(ctx, query), body);
    return 'valid';
  }
}

function saved(scope: ProjectScope, pipeline: Pipeline) {
  return { identifier: pipeline.identifier, governanceMetadata: noGovernance(scope, pipeline.updatedAt, 'onsave') };
}

function summaryOf(pipeline: Pipeline, runs: RecentRuns | undefined): PipelineSummary {
  return {
    name: pipeline.name,
    identifier: pipeline.identifier,
    description: pipeline.description,
    tags: { ...pipeline.tags },
    version: pipeline.version,
    numOfStages: pipeline.stageNames.length,
    createdAt: pipeline.createdAt,
    lastUpdatedAt: pipeline.updatedAt,
    modules: ['dbops'],
    executionSummaryInfo: {
      numOfErrors: runs?.errors ?? [0, 0, 0, 0, 0, 0, 0],
      deployments: runs?.deployments ?? [0, 0, 0, 0, 0, 0, 0],
      lastExecutionTs: runs?.last?.createdAt ?? null,
      lastExecutionStatus: runs?.last?.status ?? null,
      lastExecutionId: runs?.last?.planExecutionId ?? null,
    },
    filters: {},
    stageNames: [...pipeline.stageNames],
    gitDetails: inlineGitDetails(),
    entityValidityDetails: { valid: true, invalidYaml: null },
  };
}
