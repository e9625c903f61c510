import { Controller, Inject } from '@nestjs/common';
import type { Paged } from '@sluice/api-conventions';
import { Call, Route, expectedVersionOf, type RouteCall } from '@sluice/http';
import type { ProjectScope } from '@sluice/kernel';
import {
  v1CreateInputSet,
  v1DeleteInputSet,
  v1GetInputSet,
  v1ListInputSets,
  v1PipelineInputs,
  v1UpdateInputSet,
  type V1InputSet,
} from '@sluice/pipeline-api';
import { MODULE, readSort, requireReachable } from '../database/list-query.js';
import { projectOfPath, tellVersion } from '../database/request-scope.js';
import { requireInline } from '../pipeline/inline-only.js';
import { saysOf } from '../pipeline/says.js';
import { V1_INPUT_SET_SORT, v1Of } from './input-set-view.js';
import type { InputSet } from './input-set.repository.js';
import { InputSetService } from './input-set.service.js';

const TYPE = 'INPUT_SET';

/** The `/v1` form of input sets, as Terraform uses it. */
@Controller()
export class InputSetV1Controller {
  constructor(@Inject(InputSetService) private readonly inputSets: InputSetService) {}

  @Route(v1PipelineInputs)
  async inputs(@Call() { ctx, params, body }: RouteCall<typeof v1PipelineInputs>) {
    const { template, inputs, pipelineYaml, replacedExpressions, replacedByStage, hasInputSets } =
      await this.inputSets.template(projectOfPath(ctx, params), params.pipeline, body?.stage_ids ?? []);
    return {
      inputs: template === null ? {} : { pipeline: inputs },
      template_yaml: template,
      resolved_yaml: pipelineYaml,
      has_input_sets: hasInputSets,
      replaced_expressions: [...replacedExpressions],
      replaced_expressions_per_stage: Object.fromEntries(
        Object.entries(replacedByStage).map(([stage, open]) => [stage, [...open]]),
      ),
      modules: [MODULE],
    };
  }

  @Route(v1ListInputSets)
  async list(@Call() { ctx, params, query }: RouteCall<typeof v1ListInputSets>): Promise<Paged<V1InputSet>> {
    const scope = projectOfPath(ctx, params);
    const { page, limit } = query;
    requireReachable(page, limit, 'narrow the list with search_term');
    const direction = query.order?.toUpperCase() ?? 'DESC';
    const sort = readSort(query.sort === undefined ? undefined : [`${query.sort},${direction}`], V1_INPUT_SET_SORT, {
      column: 'updatedAt',
      direction: direction === 'ASC' ? 'ASC' : 'DESC',
    });
    const { rows, total } = await this.inputSets.list(
      scope,
      query.pipeline,
      { type: TYPE, searchTerm: query.search_term },
      sort,
      page,
      limit,
    );
    return { items: await this.views(scope, query.pipeline, rows), total, page, limit };
  }

  @Route(v1CreateInputSet)
  async create(@Call() { ctx, params, query, body, reply }: RouteCall<typeof v1CreateInputSet>): Promise<V1InputSet> {
    const scope = projectOfPath(ctx, params);
    requireInline(body.git_details);
    return this.view(
      scope,
      await this.inputSets.create(ctx, scope, query.pipeline, TYPE, body.input_set_yaml, saysOf(body)),
      reply,
    );
  }

  @Route(v1GetInputSet)
  async get(@Call() { ctx, params, query, reply }: RouteCall<typeof v1GetInputSet>): Promise<V1InputSet> {
    const scope = projectOfPath(ctx, params);
    return this.view(scope, await this.inputSets.get(scope, query.pipeline, params.inputSet, TYPE), reply);
  }

  @Route(v1UpdateInputSet)
  async update(
    @Call() { ctx, params, query, body, headers, reply }: RouteCall<typeof v1UpdateInputSet>,
  ): Promise<V1InputSet> {
    const scope = projectOfPath(ctx, params);
    requireInline(body.git_details);
    return this.view(
      scope,
      await this.inputSets.update(
        ctx,
        scope,
        query.pipeline,
        TYPE,
        saysOf(body, params.inputSet),
        body.input_set_yaml,
        expectedVersionOf(headers),
      ),
      reply,
    );
  }

  @Route(v1DeleteInputSet)
  delete(@Call() { ctx, params, query, headers }: RouteCall<typeof v1DeleteInputSet>): Promise<void> {
    return this.inputSets.delete(
      ctx,
      projectOfPath(ctx, params),
      query.pipeline,
      params.inputSet,
      expectedVersionOf(headers),
      TYPE,
    );
  }

  private async view(scope: ProjectScope, set: InputSet, reply: RouteCall['reply']): Promise<V1InputSet> {
    tellVersion(reply, set.version);
    const [view] = await this.views(scope, set.pipelineIdentifier, [set]);
    return view ?? v1Of(scope, set, { problems: [], references: {} });
  }

  private async views(
    scope: ProjectScope,
    pipelineIdentifier: string,
    sets: readonly InputSet[],
  ): Promise<V1InputSet[]> {
    const faults = await this.inputSets.faultsOf(scope, pipelineIdentifier, sets);
    return sets.map((set, index) => v1Of(scope, set, faults[index] ?? { problems: [], references: {} }));
  }
}
