import { Controller, Inject } from '@nestjs/common';
import type { Paged } from '@sluice/api-conventions';
import { Call, Route, expectedVersionOf, type RouteCall } from '@sluice/http';
import {
  v1CreatePipeline,
  v1DeletePipeline,
  v1ExecuteDynamic,
  v1ExecutePipeline,
  v1GetPipeline,
  v1GetPipelineValidation,
  v1ImportPipeline,
  v1ListPipelines,
  v1MovePipeline,
  v1PipelineGitMetadata,
  v1UpdatePipeline,
  v1ValidatePipeline,
  type V1PipelineListItem,
} from '@sluice/pipeline-api';
import { allTags, isOurModule, readSort, requireReachable, type TagFilter } from '../database/list-query.js';
import { projectOfPath, tellVersion } from '../database/request-scope.js';
import { ExecuteService } from '../execution/execute.service.js';
import { noGovernance, warned, warningsOfPlan } from '../execution/execution-view.js';
import { ExecutionRepository, type Execution } from '../execution/execution.repository.js';
import { FilterService } from '../filter/filter.service.js';
import { refuseGit, requireInline } from './inline-only.js';
import { V1_PIPELINE_SORT, savedView, v1DetailView, v1ListItem } from './pipeline-view.js';
import { PipelineService } from './pipeline.service.js';
import { saysOf } from './says.js';

const SHOWN_RUNS = 10;

/** The `/v1` form of pipelines, as Terraform uses it: the same pipelines, another wire shape. */
@Controller()
export class PipelineV1Controller {
  constructor(
    @Inject(PipelineService) private readonly pipelines: PipelineService,
    @Inject(ExecutionRepository) private readonly executions: ExecutionRepository,
    @Inject(ExecuteService) private readonly execute: ExecuteService,
    @Inject(FilterService) private readonly filters: FilterService,
  ) {}

  @Route(v1ListPipelines)
  async list(@Call() { ctx, params, query }: RouteCall<typeof v1ListPipelines>): Promise<Paged<V1PipelineListItem>> {
    const scope = projectOfPath(ctx, params);
    const { page, limit } = query;
    requireReachable(page, limit, 'narrow the list with search_term or pipeline_identifiers');
    const direction = query.order?.toUpperCase() ?? 'DESC';
    const sort = readSort(query.sort === undefined ? undefined : [`${query.sort},${direction}`], V1_PIPELINE_SORT, {
      column: 'updatedAt',
      direction: direction === 'ASC' ? 'ASC' : 'DESC',
    });
    const own = {
      pipelineIdentifiers: query.pipeline_identifiers,
      name: query.name,
      description: query.description,
      pipelineTags: query.tags?.map(tagOf),
    };
    const by = await this.filters.narrowing(
      ctx,
      scope,
      'PipelineSetup',
      'filter_identifier',
      query.filter_identifier,
      own,
    );
    // A repository holds pipelines that are stored in Git; there are none.
    if (!isOurModule(query.module) || query.repository) return { items: [], total: 0, page, limit };
    const filter = {
      searchTerm: query.search_term,
      identifiers: by.pipelineIdentifiers ?? undefined,
      name: by.name ?? undefined,
      description: by.description ?? undefined,
      tags: allTags(by.pipelineTags, by.tags),
    };
    const { rows, total } = await this.pipelines.list(scope, filter, sort, page, limit);
    const runs = await this.executions.recentRuns(
      scope,
      rows.map((row) => row.identifier),
      Date.now(),
      SHOWN_RUNS,
    );
    return { items: rows.map((row) => v1ListItem(row, runs.get(row.identifier))), total, page, limit };
  }

  @Route(v1CreatePipeline)
  async create(@Call() { ctx, params, body, reply }: RouteCall<typeof v1CreatePipeline>) {
    const scope = projectOfPath(ctx, params);
    requireInline(body.git_details);
    const { pipeline, warnings } = await this.pipelines.create(ctx, scope, body.pipeline_yaml, saysOf(body));
    tellVersion(reply, pipeline.version);
    const { governanceMetadata, ...saved } = savedView(scope, pipeline, warnings);
    return { ...saved, governance_metadata: governanceMetadata };
  }

  @Route(v1UpdatePipeline)
  async update(@Call() { ctx, params, body, headers, reply }: RouteCall<typeof v1UpdatePipeline>) {
    const scope = projectOfPath(ctx, params);
    requireInline(body.git_details);
    const { pipeline, warnings } = await this.pipelines.update(
      ctx,
      scope,
      saysOf(body, params.pipeline),
      body.pipeline_yaml,
      expectedVersionOf(headers),
    );
    tellVersion(reply, pipeline.version);
    const { governanceMetadata, ...saved } = savedView(scope, pipeline, warnings);
    return { ...saved, governance_metadata: governanceMetadata };
  }

  @Route(v1GetPipeline)
  async get(@Call() { ctx, params, query, reply }: RouteCall<typeof v1GetPipeline>) {
    const scope = projectOfPath(ctx, params);
    const pipeline = await this.pipelines.get(scope, params.pipeline);
    tellVersion(reply, pipeline.version);
    const view = v1DetailView(scope, pipeline, query.template_applied === 'true');
    return query.validate_async === true
      ? { ...view, validation_uuid: await this.pipelines.startValidation(scope, params.pipeline) }
      : view;
  }

  @Route(v1DeletePipeline)
  delete(@Call() { ctx, params, headers }: RouteCall<typeof v1DeletePipeline>): Promise<void> {
    return this.pipelines.delete(ctx, projectOfPath(ctx, params), params.pipeline, expectedVersionOf(headers));
  }

  @Route(v1ValidatePipeline)
  async validate(@Call() { ctx, params }: RouteCall<typeof v1ValidatePipeline>): Promise<{ uuid: string }> {
    return { uuid: await this.pipelines.startValidation(projectOfPath(ctx, params), params.pipeline) };
  }

  @Route(v1GetPipelineValidation)
  async validation(@Call() { ctx, params }: RouteCall<typeof v1GetPipelineValidation>) {
    const scope = projectOfPath(ctx, params);
    const { isValid, message, errors, startedAt, endedAt } = await this.pipelines.validation(scope, params.uuid);
    return {
      uuid: params.uuid,
      status: isValid ? ('SUCCESS' as const) : ('FAILURE' as const),
      message,
      errors: [...errors],
      start_ts: startedAt,
      end_ts: endedAt,
      policy_eval: noGovernance(scope, endedAt, 'onsave'),
    };
  }

  @Route(v1ExecutePipeline)
  async run(@Call() { ctx, params, query, body }: RouteCall<typeof v1ExecutePipeline>) {
    const execution = await this.execute.execute(ctx, projectOfPath(ctx, params), {
      pipelineIdentifier: params.pipeline,
      inputYaml: body?.inputs_yaml ?? '',
      inputSetIds: [],
      notes: query.notes,
      moduleType: query.module ?? query.moduleType,
    });
    return startedView(execution);
  }

  @Route(v1ExecuteDynamic)
  async runDynamic(@Call() { ctx, params, query, body }: RouteCall<typeof v1ExecuteDynamic>) {
    const execution = await this.execute.execute(ctx, projectOfPath(ctx, params), {
      pipelineIdentifier: params.pipeline,
      otherYaml: body.yaml,
      inputYaml: body.inputs_yaml ?? '',
      inputSetIds: [],
      notes: query.notes,
      moduleType: query.module ?? query.moduleType,
    });
    return startedView(execution);
  }

  @Route(v1ImportPipeline)
  import(): never {
    return refuseGit('importing a pipeline from Git', 'create it with POST on …/pipelines and pipeline_yaml');
  }

  @Route(v1MovePipeline)
  async move(@Call() { ctx, params }: RouteCall<typeof v1MovePipeline>): Promise<never> {
    await this.pipelines.get(projectOfPath(ctx, params), params.pipeline);
    return refuseGit('moving a pipeline to Git', 'leave it inline');
  }

  @Route(v1PipelineGitMetadata)
  async gitMetadata(@Call() { ctx, params }: RouteCall<typeof v1PipelineGitMetadata>): Promise<never> {
    await this.pipelines.get(projectOfPath(ctx, params), params.pipeline);
    return refuseGit('changing Git metadata', 'change the pipeline itself');
  }
}

function startedView(execution: Execution) {
  return {
    ...warned(warningsOfPlan(execution.plan)),
    execution_details: { execution_id: execution.planExecutionId, status: execution.status.toUpperCase() },
  };
}

/** `key:value`, or `key` alone for any value. */
function tagOf(text: string): TagFilter {
  const at = text.indexOf(':');
  return at < 0 ? { key: text } : { key: text.slice(0, at), value: text.slice(at + 1) };
}
