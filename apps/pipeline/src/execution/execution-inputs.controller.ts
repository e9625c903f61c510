import { Controller, Inject } from '@nestjs/common';
import { Call, Route, type RouteCall } from '@sluice/http';
import { AppError, formatScope } from '@sluice/kernel';
import {
  getExecutionInputs,
  getExecutionInputsV2,
  getExecutionMetadata,
  getExecutionUrl,
  getPolicyEvaluation,
} from '@sluice/pipeline-api';
import type { Scalar } from '@sluice/pipeline-engine';
import { projectOfQuery } from '../database/request-scope.js';
import { Documents } from '../documents/documents.js';
import { InputSetRepository } from '../input-set/input-set.repository.js';
import { PipelineRepository } from '../pipeline/pipeline.repository.js';
import { ExecuteService } from './execute.service.js';
import { noGovernance, scopeOfExecution } from './execution-view.js';
import type { Execution } from './execution.repository.js';

/** What an execution ran with: inputs, YAML, policies, the page for people. */
@Controller()
export class ExecutionInputsController {
  constructor(
    @Inject(ExecuteService) private readonly execute: ExecuteService,
    @Inject(PipelineRepository) private readonly pipelines: PipelineRepository,
    @Inject(InputSetRepository) private readonly inputSets: InputSetRepository,
    @Inject(Documents) private readonly documents: Documents,
  ) {}

  @Route(getExecutionInputs)
  async inputs(@Call() { ctx, query, params, reply }: RouteCall<typeof getExecutionInputs>): Promise<string> {
    const execution = await this.execute.get(projectOfQuery(ctx, query), params.planExecutionId);
    void reply.header('content-type', 'text/plain; charset=utf-8');
    return query.resolveExpressions === true ? this.resolved(execution) : execution.inputYaml;
  }

  @Route(getExecutionInputsV2)
  async inputsV2(@Call() { ctx, query, params }: RouteCall<typeof getExecutionInputsV2>) {
    const scope = projectOfQuery(ctx, query);
    const execution = await this.execute.get(scope, params.planExecutionId);
    const pipeline = await this.pipelines.find(scope, execution.pipelineIdentifier);
    const names = await this.inputSets.names(scope, execution.pipelineIdentifier, execution.inputSetIds);
    return {
      inputSetYaml: execution.inputYaml === '' ? null : execution.inputYaml,
      inputSetTemplateYaml: execution.inputTemplateYaml,
      latestTemplateYaml: pipeline
        ? await this.documents.read(scope.accountId, 'templateNow', pipeline.yaml, execution.chosenStages)
        : null,
      resolvedYaml: execution.inputYaml === '' ? null : await this.resolved(execution),
      expressionValues: {},
      inputSetDetails: execution.inputSetIds.map((identifier) => ({
        identifier,
        name: names.get(identifier) ?? identifier,
      })),
      inputSetBranchName: null,
    };
  }

  @Route(getExecutionMetadata)
  async metadata(@Call() { ctx, query, params }: RouteCall<typeof getExecutionMetadata>) {
    const execution = await this.execute.get(projectOfQuery(ctx, query), params.planExecutionId);
    return {
      planExecutionId: execution.planExecutionId,
      executionYaml: execution.yaml,
      inputYaml: execution.inputYaml === '' ? null : execution.inputYaml,
      resolvedYaml: execution.yaml,
      triggerPayload: null,
      triggerJsonPayload: null,
      stagesToRun: [...(execution.chosenStages ?? [])],
    };
  }

  @Route(getPolicyEvaluation)
  async policies(@Call() { ctx, query, params }: RouteCall<typeof getPolicyEvaluation>) {
    const execution = await this.execute.get(projectOfQuery(ctx, query), params.planExecutionId);
    return noGovernance(scopeOfExecution(execution), execution.createdAt, 'onrun');
  }

  @Route(getExecutionUrl)
  async url(@Call() { ctx, query, headers }: RouteCall<typeof getExecutionUrl>): Promise<string> {
    const scope = projectOfQuery(ctx, query);
    if (query.planExecutionId !== undefined)
      await this.execute.ofPipeline(scope, query.planExecutionId, query.pipelineIdentifier);
    else if (!(await this.pipelines.find(scope, query.pipelineIdentifier)))
      throw new AppError(
        'ENTITY_NOT_FOUND',
        `there is no pipeline "${query.pipelineIdentifier}" in ${formatScope(scope)}`,
        { fields: [{ field: 'pipelineIdentifier', error: 'names no pipeline' }] },
      );
    const [account, org, project, pipeline] = [
      scope.accountId,
      scope.orgId,
      scope.projectId,
      query.pipelineIdentifier,
    ].map(encodeURIComponent);
    const page =
      query.planExecutionId === undefined
        ? 'deployments'
        : `deployments/${encodeURIComponent(query.planExecutionId)}/pipeline`;
    return `${originOf(headers)}/ng/account/${account}/all/orgs/${org}/projects/${project}/pipelines/${pipeline}/${page}`;
  }

  /** The inputs with every expression replaced that had its value when the run began; others stay. */
  private resolved(execution: Execution): Promise<string> {
    return this.documents.read(execution.accountId, 'resolvedInputs', execution.inputYaml, knownOf(execution));
  }
}

/** Where the client reached the gateway; nothing when the gateway does not say it, which leaves the path. */
function originOf(headers: RouteCall['headers']): string {
  const [protocol, host] = [headers['x-forwarded-proto'], headers['x-forwarded-host']];
  return (protocol === 'http' || protocol === 'https') && typeof host === 'string' && /^[\w.:[\]-]{1,255}$/.test(host)
    ? `${protocol}://${host}`
    : '';
}

/** What had its value when the run began, by its expression. */
function knownOf({ plan, runSequence, planExecutionId }: Execution): Readonly<Record<string, Scalar>> {
  return {
    'pipeline.identifier': plan.pipelineIdentifier,
    'pipeline.name': plan.name,
    'pipeline.sequenceId': runSequence,
    'pipeline.executionId': planExecutionId,
    'org.identifier': plan.orgId,
    'project.identifier': plan.projectId,
    ...Object.fromEntries(Object.entries(plan.variables).map(([name, value]) => [`pipeline.variables.${name}`, value])),
  };
}
