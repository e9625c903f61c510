import { Controller, Inject } from '@nestjs/common';
import { toNgPage, type NgPage } from '@sluice/api-conventions';
import { Call, Route, expectedVersionOf, type RouteCall } from '@sluice/http';
import {
  createInputSet,
  createOverlayInputSet,
  deleteInputSet,
  deleteOverlayInputSet,
  getInputSet,
  getOverlayInputSet,
  inputTemplate,
  listInputSets,
  mergeInputSets,
  mergeWithTemplateYaml,
  updateInputSet,
  updateOverlayInputSet,
  type InputSetDetail,
  type InputSetSummary,
  type OverlayInputSetDetail,
} from '@sluice/pipeline-api';
import { MODULE, requireReachable } from '../database/list-query.js';
import { projectOfQuery, tellVersion } from '../database/request-scope.js';
import { detailOf, errorWrapper, overlayOf, summaryOf } from './input-set-view.js';
import type { InputSet, InputSetType } from './input-set.repository.js';
import { InputSetService } from './input-set.service.js';

type SetCall = Pick<RouteCall<typeof getInputSet>, 'ctx' | 'query' | 'reply'>;

/** Input sets and overlays, in the form of `/pipeline/api`. */
@Controller()
export class InputSetController {
  constructor(@Inject(InputSetService) private readonly inputSets: InputSetService) {}

  @Route(listInputSets)
  async list(@Call() { ctx, query }: RouteCall<typeof listInputSets>): Promise<NgPage<InputSetSummary>> {
    const scope = projectOfQuery(ctx, query);
    const [page, size] = [query.pageIndex ?? query.page ?? 0, query.pageSize ?? query.size ?? 20];
    requireReachable(page, size, 'narrow the list with searchTerm');
    const type = query.inputSetType === 'ALL' ? undefined : query.inputSetType;
    const { rows, total } = await this.inputSets.list(
      scope,
      query.pipelineIdentifier,
      { type, searchTerm: query.searchTerm },
      [{ column: 'updatedAt', direction: 'DESC' }],
      page,
      size,
    );
    const faults = await this.inputSets.faultsOf(scope, query.pipelineIdentifier, rows);
    return toNgPage(
      rows.map((set, index) => summaryOf(set, faults[index] ?? NO_FAULTS)),
      total,
      page,
      size,
    );
  }

  @Route(createInputSet)
  async create(@Call() call: RouteCall<typeof createInputSet>): Promise<InputSetDetail> {
    return this.detail(call, await this.created(call, 'INPUT_SET'));
  }

  @Route(updateInputSet)
  async update(@Call() call: RouteCall<typeof updateInputSet>): Promise<InputSetDetail> {
    return this.detail(call, await this.updated(call, 'INPUT_SET'));
  }

  @Route(getInputSet)
  async get(@Call() call: RouteCall<typeof getInputSet>): Promise<InputSetDetail> {
    return this.detail(
      call,
      await this.inputSets.get(
        projectOfQuery(call.ctx, call.query),
        call.query.pipelineIdentifier,
        call.params.inputSetIdentifier,
        'INPUT_SET',
      ),
    );
  }

  @Route(deleteInputSet)
  async delete(@Call() { ctx, query, params, headers }: RouteCall<typeof deleteInputSet>): Promise<boolean> {
    await this.inputSets.delete(
      ctx,
      projectOfQuery(ctx, query),
      query.pipelineIdentifier,
      params.inputSetIdentifier,
      expectedVersionOf(headers),
    );
    return true;
  }

  @Route(createOverlayInputSet)
  async createOverlay(@Call() call: RouteCall<typeof createOverlayInputSet>): Promise<OverlayInputSetDetail> {
    return this.overlay(call, await this.created(call, 'OVERLAY_INPUT_SET'));
  }

  @Route(updateOverlayInputSet)
  async updateOverlay(@Call() call: RouteCall<typeof updateOverlayInputSet>): Promise<OverlayInputSetDetail> {
    return this.overlay(call, await this.updated(call, 'OVERLAY_INPUT_SET'));
  }

  @Route(getOverlayInputSet)
  async getOverlay(@Call() call: RouteCall<typeof getOverlayInputSet>): Promise<OverlayInputSetDetail> {
    return this.overlay(
      call,
      await this.inputSets.get(
        projectOfQuery(call.ctx, call.query),
        call.query.pipelineIdentifier,
        call.params.inputSetIdentifier,
        'OVERLAY_INPUT_SET',
      ),
    );
  }

  @Route(deleteOverlayInputSet)
  async deleteOverlay(
    @Call() { ctx, query, params, headers }: RouteCall<typeof deleteOverlayInputSet>,
  ): Promise<boolean> {
    await this.inputSets.delete(
      ctx,
      projectOfQuery(ctx, query),
      query.pipelineIdentifier,
      params.inputSetIdentifier,
      expectedVersionOf(headers),
      'OVERLAY_INPUT_SET',
    );
    return true;
  }

  @Route(mergeInputSets)
  async merge(@Call() { ctx, query, body }: RouteCall<typeof mergeInputSets>) {
    const result = await this.inputSets.merge(projectOfQuery(ctx, query), query.pipelineIdentifier, {
      references: body?.inputSetReferences ?? [],
      inputYaml: '',
      stages: body?.stageIdentifiers ?? [],
      form: 'input',
      withPipeline: body?.withMergedPipelineYaml === true,
    });
    const wrapper = errorWrapper(result.problems, '', null);
    return {
      pipelineYaml: result.yaml,
      completePipelineYaml: result.pipelineYaml,
      isErrorResponse: wrapper !== null,
      inputSetErrorWrapper: wrapper,
    };
  }

  @Route(mergeWithTemplateYaml)
  async mergeWithTemplate(@Call() { ctx, query, body }: RouteCall<typeof mergeWithTemplateYaml>) {
    const request = {
      references: body?.inputSetReferences ?? [],
      inputYaml: body?.runtimeInputYaml ?? '',
      stages: body?.stageIdentifiers ?? [],
      form: 'template',
      withPipeline: body?.withMergedPipelineYaml === true,
    } as const;
    const result = await this.inputSets.merge(projectOfQuery(ctx, query), query.pipelineIdentifier, request);
    const wrapper = errorWrapper(result.problems, '', null);
    return {
      pipelineYaml: result.yaml,
      completePipelineYaml: result.pipelineYaml,
      isErrorResponse: wrapper !== null,
      inputSetErrorWrapper: wrapper,
    };
  }

  @Route(inputTemplate)
  async template(@Call() { ctx, query, body }: RouteCall<typeof inputTemplate>) {
    const { template, replacedExpressions, hasInputSets } = await this.inputSets.template(
      projectOfQuery(ctx, query),
      query.pipelineIdentifier,
      body?.stageIdentifiers ?? [],
    );
    return {
      inputSetTemplateYaml: template,
      replacedExpressions: [...replacedExpressions],
      modules: [MODULE],
      hasInputSets,
    };
  }

  private created(
    { ctx, query, body }: Pick<RouteCall<typeof createInputSet>, 'ctx' | 'query' | 'body'>,
    type: InputSetType,
  ): Promise<InputSet> {
    return this.inputSets.create(ctx, projectOfQuery(ctx, query), query.pipelineIdentifier, type, body);
  }

  private updated(
    {
      ctx,
      query,
      params,
      body,
      headers,
    }: Pick<RouteCall<typeof updateInputSet>, 'ctx' | 'query' | 'params' | 'body' | 'headers'>,
    type: InputSetType,
  ): Promise<InputSet> {
    return this.inputSets.update(
      ctx,
      projectOfQuery(ctx, query),
      query.pipelineIdentifier,
      type,
      { identifier: params.inputSetIdentifier },
      body,
      expectedVersionOf(headers),
    );
  }

  private async detail({ ctx, query, reply }: SetCall, set: InputSet): Promise<InputSetDetail> {
    const scope = projectOfQuery(ctx, query);
    tellVersion(reply, set.version);
    const [faults] = await this.inputSets.faultsOf(scope, set.pipelineIdentifier, [set]);
    return detailOf(scope, set, faults ?? NO_FAULTS);
  }

  private async overlay({ ctx, query, reply }: SetCall, set: InputSet): Promise<OverlayInputSetDetail> {
    const scope = projectOfQuery(ctx, query);
    tellVersion(reply, set.version);
    const [faults] = await this.inputSets.faultsOf(scope, set.pipelineIdentifier, [set]);
    return overlayOf(scope, set, faults ?? NO_FAULTS);
  }
}

const NO_FAULTS = { problems: [], references: {} };
