import { Controller, Inject } from '@nestjs/common';
import { toSpringPage, type SpringPage } from '@sluice/api-conventions';
import { Call, Route, expectedVersionOf, type RouteCall } from '@sluice/http';
import {
  createPipeline,
  createPipelineLegacy,
  deletePipeline,
  expandedPipelineJson,
  getPipeline,
  getPipelineSummary,
  importPipeline,
  importPipelineAs,
  listPipelines,
  pipelineVariables,
  updatePipeline,
  updatePipelineGitMetadata,
  updatePipelineLegacy,
  validatePipelineYaml,
  validateStoredPipeline,
  type PipelineSummary,
} from '@sluice/pipeline-api';
import { allTags, isOurModule, readSort, requireReachable } from '../database/list-query.js';
import { projectOfQuery, tellVersion } from '../database/request-scope.js';
import { Documents } from '../documents/documents.js';
import { ExecutionRepository } from '../execution/execution.repository.js';
import { FilterService } from '../filter/filter.service.js';
import { refuseGit } from './inline-only.js';
import { PIPELINE_SORT, detailView, savedView, summaryView } from './pipeline-view.js';
import { PipelineService } from './pipeline.service.js';

/** Pipelines, in the form of `/pipeline/api`. */
@Controller()
export class PipelineController {
  constructor(
    @Inject(PipelineService) private readonly pipelines: PipelineService,
    @Inject(ExecutionRepository) private readonly executions: ExecutionRepository,
    @Inject(FilterService) private readonly filters: FilterService,
    @Inject(Documents) private readonly documents: Documents,
  ) {}

  @Route(createPipeline)
  async create(@Call() { ctx, query, body, reply }: RouteCall<typeof createPipeline>) {
    const scope = projectOfQuery(ctx, query);
    const { pipeline, warnings } = await this.pipelines.create(ctx, scope, body);
    tellVersion(reply, pipeline.version);
    return savedView(scope, pipeline, warnings);
  }

  @Route(createPipelineLegacy)
  async createLegacy(@Call() { ctx, query, body }: RouteCall<typeof createPipelineLegacy>): Promise<string> {
    return (await this.pipelines.create(ctx, projectOfQuery(ctx, query), body)).pipeline.identifier;
  }

  @Route(updatePipeline)
  async update(@Call() { ctx, query, body, params, headers, reply }: RouteCall<typeof updatePipeline>) {
    const scope = projectOfQuery(ctx, query);
    const { pipeline, warnings } = await this.pipelines.update(
      ctx,
      scope,
      { identifier: params.pipelineIdentifier },
      body,
      expectedVersionOf(headers),
    );
    tellVersion(reply, pipeline.version);
    return savedView(scope, pipeline, warnings);
  }

  @Route(updatePipelineLegacy)
  async updateLegacy(
    @Call() { ctx, query, body, params, headers }: RouteCall<typeof updatePipelineLegacy>,
  ): Promise<string> {
    return (
      await this.pipelines.update(
        ctx,
        projectOfQuery(ctx, query),
        { identifier: params.pipelineIdentifier },
        body,
        expectedVersionOf(headers),
      )
    ).pipeline.identifier;
  }

  @Route(getPipeline)
  async get(@Call() { ctx, query, params, reply }: RouteCall<typeof getPipeline>) {
    const pipeline = await this.pipelines.get(projectOfQuery(ctx, query), params.pipelineIdentifier);
    tellVersion(reply, pipeline.version);
    return detailView(pipeline);
  }

  @Route(deletePipeline)
  async delete(@Call() { ctx, query, params, headers }: RouteCall<typeof deletePipeline>): Promise<boolean> {
    await this.pipelines.delete(ctx, projectOfQuery(ctx, query), params.pipelineIdentifier, expectedVersionOf(headers));
    return true;
  }

  @Route(listPipelines)
  async list(@Call() { ctx, query, body }: RouteCall<typeof listPipelines>): Promise<SpringPage<PipelineSummary>> {
    const scope = projectOfQuery(ctx, query);
    const { page, size } = query;
    requireReachable(page, size, 'narrow the list with searchTerm or pipelineIdentifiers');
    const sort = readSort(query.sort, PIPELINE_SORT, { column: 'updatedAt', direction: 'DESC' });
    const by = await this.filters.narrowing(ctx, scope, 'PipelineSetup', 'filterIdentifier', query.filterIdentifier, {
      pipelineIdentifiers: body?.pipelineIdentifiers,
      name: body?.name,
      description: body?.description,
      pipelineTags: body?.pipelineTags,
    });
    if (!isOurModule(query.module)) return toSpringPage([], 0, page, size);
    const filter = {
      searchTerm: query.searchTerm,
      identifiers: by.pipelineIdentifiers ?? undefined,
      name: by.name ?? undefined,
      description: by.description ?? undefined,
      tags: allTags(by.pipelineTags, by.tags),
    };
    const { rows, total } = await this.pipelines.list(scope, filter, sort, page, size);
    const runs = await this.executions.recentRuns(
      scope,
      rows.map((row) => row.identifier),
      Date.now(),
      1,
    );
    return toSpringPage(
      rows.map((row) => summaryView(row, runs.get(row.identifier))),
      total,
      page,
      size,
    );
  }

  @Route(getPipelineSummary)
  async summary(@Call() { ctx, query, params, reply }: RouteCall<typeof getPipelineSummary>): Promise<PipelineSummary> {
    const scope = projectOfQuery(ctx, query);
    const pipeline = await this.pipelines.get(scope, params.pipelineIdentifier);
    tellVersion(reply, pipeline.version);
    return summaryView(
      pipeline,
      (await this.executions.recentRuns(scope, [pipeline.identifier], Date.now(), 1)).get(pipeline.identifier),
    );
  }

  @Route(validatePipelineYaml)
  async validate(@Call() { ctx, query, body }: RouteCall<typeof validatePipelineYaml>): Promise<string> {
    await this.pipelines.validate(projectOfQuery(ctx, query), body);
    return 'valid';
  }

  @Route(validateStoredPipeline)
  async validateStored(@Call() { ctx, query }: RouteCall<typeof validateStoredPipeline>): Promise<string> {
    const scope = projectOfQuery(ctx, query);
    await this.pipelines.validate(scope, (await this.pipelines.get(scope, query.pipelineIdentifier)).yaml);
    return 'valid';
  }

  @Route(pipelineVariables)
  variables(@Call() { ctx, body }: RouteCall<typeof pipelineVariables>) {
    return this.documents.read(ctx.accountId, 'variables', body);
  }

  @Route(expandedPipelineJson)
  async expanded(
    @Call() { ctx, query, params }: RouteCall<typeof expandedPipelineJson>,
  ): Promise<{ expandedJson: string }> {
    const { yaml } = await this.pipelines.get(projectOfQuery(ctx, query), params.pipelineIdentifier);
    return { expandedJson: await this.documents.read(ctx.accountId, 'json', yaml) };
  }

  @Route(importPipeline)
  import(): never {
    return refuseGit('importing a pipeline from Git', 'create it with POST /pipeline/api/pipelines/v2 and its YAML');
  }

  @Route(importPipelineAs)
  importAs(): never {
    return this.import();
  }

  @Route(updatePipelineGitMetadata)
  async gitMetadata(@Call() { ctx, query, params }: RouteCall<typeof updatePipelineGitMetadata>): Promise<never> {
    await this.pipelines.get(projectOfQuery(ctx, query), params.pipelineIdentifier);
    return refuseGit('changing Git metadata', 'change the pipeline itself');
  }
}
