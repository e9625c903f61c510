import { Controller, Inject } from '@nestjs/common';
import { toSpringPage, type SpringPage } from '@sluice/api-conventions';
import { Call, Route, type RouteCall } from '@sluice/http';
import { AppError, type ProjectScope } from '@sluice/kernel';
import {
  getExecution,
  getExecutionGraph,
  getExecutionLegacy,
  getExecutionNode,
  getExecutionSubGraph,
  listExecutionSummaries,
  listExecutions,
  outlineExecutions,
  type ExecutionDetail,
  type PipelineExecutionSummary,
} from '@sluice/pipeline-api';
import { stepOfPart } from '@sluice/pipeline-engine';
import { StepTypeRegistry } from '@sluice/step-types';
import { allTags, isOurModule, readSort, requireReachable } from '../database/list-query.js';
import { projectOfQuery } from '../database/request-scope.js';
import { FilterService } from '../filter/filter.service.js';
import { ExecuteService } from './execute.service.js';
import type { ExecutionFilter, ExecutionSortColumn } from './execution-query.js';
import { graphOf, outlineOf, scopeOfExecution, subGraph, summaryOf, type States } from './execution-view.js';
import { ExecutionRepository, type Execution } from './execution.repository.js';

type ListCall = Pick<RouteCall<typeof listExecutions>, 'ctx' | 'query' | 'body'>;
/** What every list of executions is asked with. */
type FilterCall = Pick<RouteCall<typeof outlineExecutions>, 'ctx' | 'body'> & {
  readonly query: Omit<RouteCall<typeof outlineExecutions>['query'], 'size'>;
};
type Graph = NonNullable<ExecutionDetail['executionGraph']>;

/** What clients may sort executions by. */
const SORT: Readonly<Record<string, ExecutionSortColumn>> = {
  startTs: 'created_at',
  createdAt: 'created_at',
  endTs: 'ended_at',
  name: 'name',
  status: 'status',
  runSequence: 'run_sequence',
  pipelineIdentifier: 'pipeline_identifier',
};

/** Lists of executions, and their graphs. */
@Controller()
export class ExecutionController {
  constructor(
    @Inject(ExecutionRepository) private readonly executions: ExecutionRepository,
    @Inject(ExecuteService) private readonly execute: ExecuteService,
    @Inject(StepTypeRegistry) private readonly types: StepTypeRegistry,
    @Inject(FilterService) private readonly filters: FilterService,
  ) {}

  @Route(listExecutions)
  list(@Call() call: RouteCall<typeof listExecutions>): Promise<SpringPage<PipelineExecutionSummary>> {
    return this.page(call);
  }

  @Route(listExecutionSummaries)
  listSummaries(@Call() call: RouteCall<typeof listExecutionSummaries>): Promise<SpringPage<PipelineExecutionSummary>> {
    return this.page(call);
  }

  @Route(outlineExecutions)
  async outline(@Call() call: RouteCall<typeof outlineExecutions>) {
    const { ctx, query } = call;
    const scope = projectOfQuery(ctx, query);
    const { size, lastSeenExecutionId: planExecutionId, lastSeenStartTime } = query;
    const after =
      planExecutionId === undefined
        ? undefined
        : {
            planExecutionId,
            createdAt: lastSeenStartTime ?? (await this.execute.get(scope, planExecutionId)).createdAt,
          };
    const filter = await this.filterOf(call);
    const rows = isOurModule(query.module) ? await this.executions.listBehind(scope, filter, after, size + 1) : [];
    const content = rows.slice(0, size).map(outlineOf);
    const last = content.at(-1);
    return {
      content,
      size,
      numberOfElements: content.length,
      empty: content.length === 0,
      last: rows.length <= size,
      lastSeenExecutionId: last?.planExecutionId ?? null,
      lastSeenStartTime: last?.startTs ?? null,
    };
  }

  @Route(getExecution)
  get(@Call() call: RouteCall<typeof getExecution>): Promise<ExecutionDetail> {
    return this.detail(call);
  }

  @Route(getExecutionLegacy)
  getLegacy(@Call() call: RouteCall<typeof getExecutionLegacy>): Promise<ExecutionDetail> {
    return this.detail(call);
  }

  @Route(getExecutionGraph)
  async graph(@Call() { ctx, query, params }: RouteCall<typeof getExecutionGraph>): Promise<Graph> {
    return this.wholeGraph(await this.execute.get(projectOfQuery(ctx, query), params.planExecutionId));
  }

  @Route(getExecutionSubGraph)
  async subGraph(@Call() { ctx, query, params }: RouteCall<typeof getExecutionSubGraph>): Promise<Graph> {
    const graph = subGraph(
      await this.wholeGraph(await this.execute.get(projectOfQuery(ctx, query), params.planExecutionId)),
      params.nodeExecutionId,
    );
    if (!graph)
      throw new AppError(
        'ENTITY_NOT_FOUND',
        `execution ${params.planExecutionId} has no node "${params.nodeExecutionId}"`,
      );
    return graph;
  }

  @Route(getExecutionNode)
  async node(@Call() { ctx, query }: RouteCall<typeof getExecutionNode>): Promise<Graph['nodeMap'][string]> {
    const scope = projectOfQuery(ctx, query);
    const execution = await this.ofNode(scope, query.nodeExecutionId);
    const { nodeMap }: Pick<Graph, 'nodeMap'> = execution ? await this.wholeGraph(execution) : { nodeMap: {} };
    const node = Object.hasOwn(nodeMap, query.nodeExecutionId) ? nodeMap[query.nodeExecutionId] : undefined;
    if (!node)
      throw new AppError('ENTITY_NOT_FOUND', `no execution of the project has a node "${query.nodeExecutionId}"`, {
        fields: [{ field: 'nodeExecutionId', error: 'there is no such node' }],
      });
    return node;
  }

  private ofNode(scope: ProjectScope, nodeId: string): Promise<Execution | undefined> {
    return this.executions.findByNode(scope, stepOfPart(nodeId));
  }

  private async page(call: ListCall): Promise<SpringPage<PipelineExecutionSummary>> {
    const { ctx, query } = call;
    const { page, size } = query;
    requireReachable(page, size, 'narrow the list, or read on with …/summary/outline');
    const sort = readSort(query.sort, SORT, { column: 'created_at', direction: 'DESC' });
    const filter = await this.filterOf(call);
    if (!isOurModule(query.module)) return toSpringPage([], 0, page, size);
    const scope = projectOfQuery(ctx, query);
    const { rows, total } = await this.executions.list(scope, filter, sort, page, size);
    const stored = await this.executions.storedPipelines(
      scope,
      rows.map((row) => row.pipelineIdentifier),
    );
    const shown = rows.flatMap(({ plan }) =>
      Object.values(plan.nodes)
        .filter((node) => node.kind === 'stage' || node.kind === 'parallel')
        .map((node) => node.id),
    );
    const states = await this.executions.states(
      rows.map((row) => row.planExecutionId),
      shown,
    );
    return toSpringPage(
      rows.map((row) => summaryOf(row, states.get(row.planExecutionId) ?? {}, stored)),
      total,
      page,
      size,
    );
  }

  /** A filter in the query counts before the same one in the body, and that before the one of a stored filter. */
  private async filterOf({ ctx, query, body }: FilterCall): Promise<ExecutionFilter> {
    const own = {
      status: body?.status,
      pipelineName: body?.pipelineName,
      timeRange: body?.timeRange,
      pipelineTags: body?.pipelineTags,
      moduleProperties: body?.moduleProperties,
    };
    const by = await this.filters.narrowing(
      ctx,
      projectOfQuery(ctx, query),
      'PipelineExecution',
      'filterIdentifier',
      query.filterIdentifier,
      own,
    );
    const filed = by.moduleProperties?.cd;
    return {
      pipelineIdentifier: query.pipelineIdentifier,
      statuses: query.status ?? by.status ?? undefined,
      searchTerm: query.searchTerm,
      pipelineName: by.pipelineName ?? undefined,
      callerId: query.myDeployments === true ? ctx.principal.id : undefined,
      tags: allTags(by.pipelineTags, by.tags),
      filedUnder: {
        serviceIdentifiers: filed?.serviceIdentifiers ?? [],
        envIdentifiers: filed?.envIdentifiers ?? [],
        infrastructureIdentifiers: filed?.infrastructureIdentifiers ?? [],
      },
      from: wholeMs(by.timeRange?.startTime),
      to: wholeMs(by.timeRange?.endTime),
    };
  }

  private async detail({
    ctx,
    query,
    params,
  }: Pick<RouteCall<typeof getExecution>, 'ctx' | 'query' | 'params'>): Promise<ExecutionDetail> {
    const scope = projectOfQuery(ctx, query);
    const execution = await this.execute.get(scope, params.planExecutionId);
    const states = await this.statesOf(execution);
    const stage = query.stageNodeId ?? query.stageNodeExecutionId;
    const pipelineExecutionSummary = summaryOf(
      execution,
      states,
      await this.executions.storedPipelines(scope, [execution.pipelineIdentifier]),
    );
    if (query.renderFullBottomGraph === true)
      return { pipelineExecutionSummary, executionGraph: await this.graphWith(execution, states, undefined) };
    return stage === undefined
      ? { pipelineExecutionSummary }
      : { pipelineExecutionSummary, executionGraph: await this.graphWith(execution, states, stage) };
  }

  private async wholeGraph(execution: Execution): Promise<Graph> {
    return this.graphWith(execution, await this.statesOf(execution), undefined);
  }

  private async graphWith(execution: Execution, states: States, stage: string | undefined): Promise<Graph> {
    return graphOf(
      execution,
      states,
      this.types,
      await this.executions.holdUps(scopeOfExecution(execution), states),
      stage,
    );
  }

  private async statesOf({ planExecutionId }: Execution): Promise<States> {
    return (await this.executions.states([planExecutionId])).get(planExecutionId) ?? {};
  }
}

/** Milliseconds as the database can compare them. */
function wholeMs(value: number | null | undefined): number | undefined {
  if (value === null || value === undefined) return undefined;
  return Math.round(Math.min(Math.max(value, 0), Number.MAX_SAFE_INTEGER));
}
