import { Controller, Inject } from '@nestjs/common';
import { toNgPage, type Paged } from '@sluice/api-conventions';
import { Call, Route, type RouteCall } from '@sluice/http';
import type { ProjectScope } from '@sluice/kernel';
import {
  createInputSet, deleteInputSet, getInputSet, inputTemplate, listInputSets, mergeInputSets, updateInputSet, v1CreateInputSet, v1DeleteInputSet, v1GetInputSet, v1ListInputSets, v1UpdateInputSet, type InputSetDetail, type V1InputSet,
} from '@sluice/pipeline-api';
import { applyRuntimeInput } from '@sluice/pipeline-engine';
import { projectOfPath, projectOfQuery, versionOf } from '../database/request-scope.js';
import { inlineGitDetails } from '../execution/execution-view.js';
import { PipelineService } from '../pipeline/pipeline.service.js';
import type { InputSet } from './input-set.repository.js';
import { InputSetService } from './input-set.service.js';

const VALID = { valid: true, invalidYaml: null };

@Controller()
export class InputSetController {
  constructor(
    @Inject(InputSetService) private readonly inputSets: InputSetService,
    @Inject(PipelineService) private readonly pipelines: PipelineService,
  ) {}

  @Route(listInputSets)
  async list(@Call() { ctx, query }: RouteCall<typeof listInputSets>) {
    const [page, size] = [query.pageIndex ?? query.page ?? 0, query.pageSize ?? query.size ?? 20];
    const { rows, total } = await this.inputSets.list(projectOfQuery(ctx, query), query.pipelineIdentifier, query.searchTerm, page, size);
    const summaries = rows.map((set) => ({
      identifier: set.identifier, name: set.name, pipelineIdentifier: set.pipelineIdentifier, description: set.description, inputSetType: 'INPUT_SET' as const, tags: { ...set.tags }, version: set.version,
      gitDetails: inlineGitDetails(), createdAt: set.createdAt, lastUpdatedAt: set.updatedAt, isOutdated: false, inputSetErrorDetails: null, overlaySetErrorDetails: null, entityValidityDetails: VALID, modules: ['dbops'],
    }));
    return toNgPage(summaries, total, page, size);
  }

  @Route(createInputSet)
  async create(@Call() { ctx, query, body }: RouteCall<typeof createInputSet>): Promise<InputSetDetail> {
    const scope = projectOfQuery(ctx, query);
    return this.detail(scope, await this.inputSets.create(ctx, scope, query.pipelineIdentifier, body));
  }

  @Route(updateInputSet)
  async update(@Call() { ctx, query, params, body, headers }: RouteCall<typeof updateInputSet>): Promise<InputSetDetail> {
    const scope = projectOfQuery(ctx, query);
    return this.detail(scope, await this.inputSets.update(ctx, scope, query.pipelineIdentifier, params.inputSetIdentifier, body, versionOf(headers)));
  }

  @Route(getInputSet)
  async get(@Call() { ctx, query, params }: RouteCall<typeof getInputSet>): Promise<InputSetDetail> {
    const scope = projectOfQuery(ctx, query);
    return this.detail(scope, await this.inputSets.get(scope, query.pipelineIdentifier, params.inputSetIdentifier));
  }

  @Route(deleteInputSet)
  async delete(@Call() { ctx, query, params }: RouteCall<typeof deleteInputSet>): Promise<boolean> {
    await this.inputSets.delete(ctx, projectOfQuery(ctx, query), query.pipelineIdentifier, params.inputSetIdentifier);
    return true;
  }

  @Route(mergeInputSets)
  async merge(@Call() { ctx, query, body }: RouteCall<typeof mergeInputSets>) {
    const scope = projectOfQuery(ctx, query);
    const pipelineYaml = await this.inputSets.merged(scope, query.pipelineIdentifier, body.inputSetReferences);
    const completePipelineYaml = body.withMergedPipelineYaml === true ? applyRuntimeInput((await this.pipelines.get(scope, query.pipelineIdentifier)).yaml, pipelineYaml) : null;
    return { pipelineYaml, completePipelineYaml, isErrorResponse: false, inputSetErrorWrapper: null };
  }

  @Route(inputTemplate)
  async template(@Call() { ctx, query }: RouteCall<typeof inputTemplate>) {
    const { template, expressions, hasInputSets } = await this.inputSets.template(projectOfQuery(ctx, query), query.pipelineIdentifier);
    return { inputSetTemplateYaml: template, replacedExpressions: expressions, modules: ['dbops'], hasInputSets };
  }

  @Route(v1ListInputSets)
  async v1List(@Call() { ctx, params, query }: RouteCall<typeof v1ListInputSets>): Promise<Paged<V1InputSet>> {
    const scope = projectOfPath(ctx, params);
    const { rows, total } = await this.inputSets.list(scope, query.pipeline, query.search_term, query.page, query.limit);
    return { items: rows.map((set) => v1View(scope, set)), total, page: query.page, limit: query.limit };
  }

  @Route(v1CreateInputSet)
  async v1Create(@Call() { ctx, params, query, body }: RouteCall<typeof v1CreateInputSet>): Promise<V1InputSet> {
    const scope = projectOfPath(ctx, params);
    return v1View(scope, await this.inputSets.create(ctx, scope, query.pipeline, body.input_set_yaml));
  }

  @Route(v1GetInputSet)
  async v1Get(@Call() { ctx, params, query }: RouteCall<typeof v1GetInputSet>): Promise<V1InputSet> {
    const scope = projectOfPath(ctx, params);
    return v1View(scope, await this.inputSets.get(scope, query.pipeline, params.inputSet));
  }

  @Route(v1UpdateInputSet)
  async v1Update(@Call() { ctx, params, query, body, headers }: RouteCall<typeof v1UpdateInputSet>): Promise<V1InputSet> {
    const scope = projectOfPath(ctx, params);
    return v1View(scope, await this.inputSets.update(ctx, scope, query.pipeline, params.inputSet, body.input_set_yaml, versionOf(headers)));
  }

  @Route(v1DeleteInputSet)
  v1Delete(@Call() { ctx, params, query }: RouteCall<typeof v1DeleteInputSet>): Promise<void> {
    return this.inputSets.delete(ctx, projectOfPath(ctx, params), query.pipeline, params.inputSet);
  }

  private async detail(scope: ProjectScope, set: InputSet): Promise<InputSetDetail> {
    return {
      accountId: scope.accountId, orgIdentifier: scope.orgId, projectIdentifier: scope.projectId, pipelineIdentifier: set.pipelineIdentifier, identifier: set.identifier, inputSetYaml: set.yaml, name: set.name,
      description: set.description, tags: { ...set.tags }, isOutdated: await this.inputSets.isOutdated(scope, set), isErrorResponse: false, inputSetErrorWrapper: null, version: set.version, gitDetails: inlineGitDetails(), entityValidityDetails: VALID,
    };
  }
}

function v1View(scope: ProjectScope, set: InputSet): V1InputSet {
  return {
    input_set_yaml: set.yaml, identifier: set.identifier, name: set.name, org: scope.orgId, project: scope.projectId, description: set.description, tags: { ...set.tags }, created: set.createdAt, updated: set.updatedAt,
    git_details: null, input_set_error: { valid: true, message: null, outdated: false },
  };
}
