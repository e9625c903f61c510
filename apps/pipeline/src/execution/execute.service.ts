import { Inject, Injectable } from '@nestjs/common';
import { AppError, formatScope, newId, type ProjectScope, type RequestContext } from '@sluice/kernel';
import {
  NEW_NODE,
  isFinal,
  reduceNode,
  stepOfPart,
  subtree,
  type NodeState,
  type Plan,
  type PlanNode,
} from '@sluice/pipeline-engine';
import type { CallIdentity } from '@sluice/service-identity';
import { AuditTrail } from '../audit/audit-trail.js';
import { Documents } from '../documents/documents.js';
import { InputSetService } from '../input-set/input-set.service.js';
import { PipelineRepository, type Pipeline } from '../pipeline/pipeline.repository.js';
import { Projects } from '../project/projects.js';
import { References } from '../reference/references.js';
import { Sweeper } from '../run/sweeper.js';
import { Workflows } from '../run/workflows.js';
import { StoredVariableValues } from '../variable/stored-variables.js';
import { ExecutionRepository, interruptExecution, type Execution } from './execution.repository.js';
import { stagesToTakeOver, type RetryFrom } from './retry-rules.js';

export interface ExecuteRequest {
  readonly pipelineIdentifier: string;
  /** Runtime input YAML, or empty. */
  readonly inputYaml: string;
  readonly inputSetIds: readonly string[];
  readonly notes: string | undefined;
  readonly moduleType?: string | undefined;
  /** Runs this instead of the stored YAML. */
  readonly otherYaml?: string;
  readonly stages?: StageChoice | undefined;
  /** Execution this one repeats. */
  readonly rerunOf?: string;
}

export interface StageChoice {
  readonly identifiers: readonly string[];
  /** Values for expressions that read from stages which do not run, by the expression. */
  readonly values: Readonly<Record<string, string>>;
}

/** Starts, retries and interrupts executions. */
@Injectable()
export class ExecuteService {
  constructor(
    @Inject(PipelineRepository) private readonly pipelines: PipelineRepository,
    @Inject(ExecutionRepository) private readonly executions: ExecutionRepository,
    @Inject(InputSetService) private readonly inputSets: InputSetService,
    @Inject(Workflows) private readonly workflows: Workflows,
    @Inject(Sweeper) private readonly sweeper: Sweeper,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
    @Inject(Projects) private readonly projects: Projects,
    @Inject(Documents) private readonly documents: Documents,
    @Inject(StoredVariableValues) private readonly variables: StoredVariableValues,
    @Inject(References) private readonly references: References,
  ) {}

  /**
   * Compiles the pipeline, stores the execution and starts its workflow. What is stored is started, now or after a crash.
   * @throws AppError ENTITY_NOT_FOUND, INVALID_YAML_ERROR, INVALID_REQUEST (inputs without a value, stages there are not), PLAN_CREATION_ERROR, NOT_IMPLEMENTED (the YAML asks for what is not built),
   * INVALID_IDENTIFIER_REF (connectors and secrets in what is sent along that the caller may not use, and what it would be filed under and is not there); for other YAML than is stored also RESOURCE_NOT_FOUND (a project there is not), UPSTREAM_UNAVAILABLE
   */
  async execute(ctx: RequestContext, scope: ProjectScope, request: ExecuteRequest): Promise<Execution> {
    await this.references.requireUsableInput(ctx, scope, request.pipelineIdentifier, [
      request.inputYaml,
      request.otherYaml,
      ...Object.values(request.stages?.values ?? {}),
    ]);
    return this.run(ctx, scope, request);
  }

  private async run(ctx: RequestContext, scope: ProjectScope, request: ExecuteRequest): Promise<Execution> {
    if (request.otherYaml !== undefined) await this.projects.require(ctx, scope);
    const pipeline = await this.pipeline(scope, request.pipelineIdentifier);
    const whole = await this.yamlOf(scope, pipeline, request.otherYaml);
    const base = request.stages ? await this.chosen(scope, whole, request.stages) : whole;
    const inputYaml = await this.inputOf(scope, request);
    return this.start(ctx, scope, {
      pipelineIdentifier: pipeline.identifier,
      yaml: await this.documents.fill(scope.accountId, base, inputYaml),
      inputYaml,
      inputTemplateYaml: await this.documents.read(scope.accountId, 'inputTemplate', base),
      inputSetIds: request.inputSetIds,
      notes: request.notes ?? null,
      moduleType: request.moduleType ?? null,
      chosenStages: request.stages?.identifiers ?? null,
      rerunOf: request.rerunOf ?? null,
      retryOf: null,
    });
  }

  /**
   * A new run of the pipeline as it is now; without inputs of its own it takes those of the earlier run.
   * @throws AppError as {@link execute}, INVALID_REQUEST for an execution of another pipeline
   */
  async rerun(
    ctx: RequestContext,
    scope: ProjectScope,
    originalExecutionId: string,
    request: ExecuteRequest,
  ): Promise<Execution> {
    const earlier = await this.ofPipeline(scope, originalExecutionId, request.pipelineIdentifier);
    const hasInputs = request.inputYaml.trim() !== '' || request.inputSetIds.length > 0;
    await this.references.requireUsableInput(ctx, scope, request.pipelineIdentifier, [
      request.inputYaml,
      request.otherYaml,
      ...Object.values(request.stages?.values ?? {}),
    ]);
    // Inputs of the earlier run were sent by somebody who might use what they name.
    return this.run(ctx, scope, {
      ...request,
      inputYaml: hasInputs ? request.inputYaml : earlier.inputYaml,
      rerunOf: originalExecutionId,
    });
  }

  /**
   * Runs an ended execution again with the same YAML and inputs. Stages in front of the first one that did not succeed are taken over.
   * @param inputYaml other inputs; empty for the same
   * @throws AppError ENTITY_NOT_FOUND, CONFLICT while it runs, INVALID_REQUEST for unknown stages or when there is nothing to retry
   */
  async retry(
    ctx: RequestContext,
    scope: ProjectScope,
    planExecutionId: string,
    from: RetryFrom,
    inputYaml = '',
  ): Promise<Execution> {
    const earlier = await this.get(scope, planExecutionId);
    await this.references.requireUsableInput(ctx, scope, earlier.pipelineIdentifier, [inputYaml]);
    if (!isFinal(earlier.status))
      throw new AppError(
        'CONFLICT',
        `execution ${planExecutionId} is still ${earlier.status}; retry it when it has ended`,
      );
    const states = (await this.executions.states([planExecutionId])).get(planExecutionId) ?? {};
    const takeOver = stagesToTakeOver(earlier.plan, states, from);
    const hasInputs = inputYaml.trim() !== '';
    return this.start(ctx, scope, {
      pipelineIdentifier: earlier.pipelineIdentifier,
      yaml: hasInputs ? await this.yamlWith(scope, earlier, inputYaml) : earlier.yaml,
      inputYaml: hasInputs ? inputYaml : earlier.inputYaml,
      inputTemplateYaml: earlier.inputTemplateYaml,
      inputSetIds: earlier.inputSetIds,
      notes: earlier.notes,
      moduleType: earlier.moduleType,
      chosenStages: earlier.chosenStages,
      rerunOf: earlier.rerunOf,
      retryOf: earlier,
      takeOver,
      earlierStates: states,
    });
  }

  /**
   * Aborts an execution: running steps are really stopped before it is shown as ended. Safe to repeat.
   * @returns id of the interrupt in force @throws AppError ENTITY_NOT_FOUND, INVALID_REQUEST when it had ended before
   */
  async abort(ctx: RequestContext, scope: ProjectScope, planExecutionId: string): Promise<string> {
    const execution = await this.get(scope, planExecutionId);
    const interruptId = execution.interruptId ?? (await this.interrupt(ctx, scope, execution));
    if (interruptId === undefined)
      throw new AppError(
        'INVALID_REQUEST',
        `execution ${planExecutionId} has ended already with status ${execution.status}; there is nothing to abort`,
      );
    await this.sweeper.tellAbort(planExecutionId);
    return interruptId;
  }

  /** @param shownId as the graph shows it; a part of a step stands for the step @throws AppError ENTITY_NOT_FOUND for an execution or a node there is not */
  async node(
    scope: ProjectScope,
    planExecutionId: string,
    shownId: string,
  ): Promise<{ readonly node: PlanNode; readonly state: NodeState }> {
    const execution = await this.get(scope, planExecutionId);
    const { nodes } = execution.plan;
    const nodeId = stepOfPart(shownId);
    const node = Object.hasOwn(nodes, nodeId) ? nodes[nodeId] : undefined;
    if (!node) throw new AppError('ENTITY_NOT_FOUND', `execution ${planExecutionId} has no node "${shownId}"`);
    const states = (await this.executions.states([planExecutionId], [nodeId])).get(planExecutionId);
    return { node, state: states?.[nodeId] ?? NEW_NODE };
  }

  /** @throws AppError ENTITY_NOT_FOUND */
  async get(scope: ProjectScope, planExecutionId: string): Promise<Execution> {
    const execution = await this.executions.find(scope, planExecutionId);
    if (!execution)
      throw new AppError('ENTITY_NOT_FOUND', `there is no execution ${planExecutionId} in ${formatScope(scope)}`);
    return execution;
  }

  /** @throws AppError ENTITY_NOT_FOUND, INVALID_REQUEST when it is of another pipeline */
  async ofPipeline(
    scope: ProjectScope,
    planExecutionId: string,
    pipelineIdentifier: string | undefined,
  ): Promise<Execution> {
    const execution = await this.get(scope, planExecutionId);
    if (pipelineIdentifier === undefined || execution.pipelineIdentifier === pipelineIdentifier) return execution;
    throw new AppError(
      'INVALID_REQUEST',
      `execution ${planExecutionId} is of pipeline "${execution.pipelineIdentifier}", not of "${pipelineIdentifier}"`,
      { fields: [{ field: 'pipelineIdentifier', error: `must be "${execution.pipelineIdentifier}"` }] },
    );
  }

  /** @returns the interrupt in force: this one, or one that came before it */
  private interrupt(
    ctx: RequestContext,
    scope: ProjectScope,
    { planExecutionId, pipelineIdentifier, runSequence, name }: Execution,
  ): Promise<string | undefined> {
    const interrupt = { id: newId(), at: Date.now(), by: ctx.principal.name };
    return this.audit.run(async ({ manager, record }) => {
      const inForce = await interruptExecution(manager, scope, planExecutionId, interrupt);
      if (inForce === interrupt.id)
        await record(ctx, {
          action: 'abort',
          resourceType: 'pipelineExecution',
          identifier: planExecutionId,
          name,
          scope,
          details: { pipelineIdentifier, runSequence },
        });
      return inForce;
    });
  }

  private async pipeline(scope: ProjectScope, identifier: string): Promise<Pipeline> {
    const pipeline = await this.pipelines.find(scope, identifier);
    if (!pipeline) throw noPipeline(scope, identifier);
    return pipeline;
  }

  private async yamlOf(scope: ProjectScope, pipeline: Pipeline, otherYaml: string | undefined): Promise<string> {
    if (otherYaml === undefined) return pipeline.yaml;
    const { identifier } = await this.documents.read(scope.accountId, 'pipelineHead', otherYaml, {
      orgId: scope.orgId,
      projectId: scope.projectId,
    });
    if (identifier === pipeline.identifier) return otherYaml;
    throw new AppError(
      'INVALID_REQUEST',
      `the YAML names pipeline "${identifier}", the request "${pipeline.identifier}"; make both the same`,
      { fields: [{ field: 'yaml', error: `pipeline.identifier must be "${pipeline.identifier}"` }] },
    );
  }

  private async chosen(scope: ProjectScope, yaml: string, { identifiers, values }: StageChoice): Promise<string> {
    const pipeline = await this.documents.read(scope.accountId, 'pipelineHead', yaml, {
      orgId: scope.orgId,
      projectId: scope.projectId,
    });
    if (!pipeline.allowsStages) {
      throw new AppError(
        'INVALID_REQUEST',
        `pipeline "${pipeline.identifier}" does not allow that some of its stages run alone; add "allowStageExecutions: true" to it, or run it whole`,
        { fields: [{ field: 'stageIdentifiers', error: 'the pipeline has no allowStageExecutions: true' }] },
      );
    }
    const choice = await this.documents.read(scope.accountId, 'chosenStages', yaml, identifiers, values);
    if (choice.openExpressions.length === 0) return choice.yaml;
    throw new AppError(
      'INVALID_REQUEST',
      `the chosen stages read from stages that would not run: ${choice.openExpressions.join(', ')}; choose those stages too, or give values in expressionValues`,
      {
        fields: choice.openExpressions.map((expression) => ({
          field: 'expressionValues',
          error: `${expression} has no value`,
        })),
      },
    );
  }

  private async inputOf(scope: ProjectScope, request: ExecuteRequest): Promise<string> {
    if (request.inputSetIds.length === 0) return request.inputYaml;
    return this.inputSets.runInput(scope, request.pipelineIdentifier, request.inputSetIds, request.inputYaml);
  }

  private async yamlWith(scope: ProjectScope, earlier: Execution, inputYaml: string): Promise<string> {
    const pipeline = await this.pipelines.find(scope, earlier.pipelineIdentifier);
    if (!pipeline) return earlier.yaml;
    const base = earlier.chosenStages
      ? await this.chosen(scope, pipeline.yaml, { identifiers: earlier.chosenStages, values: {} })
      : pipeline.yaml;
    return this.documents.fill(scope.accountId, base, inputYaml);
  }

  private async start(ctx: RequestContext, scope: ProjectScope, request: StartRequest): Promise<Execution> {
    const [planExecutionId, planId, now] = [newId(), newId(), Date.now()];
    const caller: CallIdentity = {
      accountId: ctx.accountId,
      principal: ctx.principal,
      grants: ctx.grants,
      ...(ctx.origin ? { origin: ctx.origin } : {}),
    };
    const storedVariables = await this.variables.of(ctx, scope, request.yaml);
    const compile = (runSequence: number): Promise<Plan> =>
      this.documents.compile({
        yaml: request.yaml,
        planId,
        planExecutionId,
        ...ids(scope),
        runSequence,
        triggeredBy: triggeredBy(ctx),
        storedVariables,
      });
    // Compiled with the number the run will have if no other begins before it, so that no transaction waits for a document.
    const expected = await this.pipelines.comingRun(scope, request.pipelineIdentifier);
    if (expected === undefined) throw noPipeline(scope, request.pipelineIdentifier);
    const planned = await compile(expected);
    await this.audit.run(async ({ manager, record }) => {
      const runSequence = await this.pipelines.nextRun(manager, scope, request.pipelineIdentifier, now);
      if (runSequence === undefined) throw noPipeline(scope, request.pipelineIdentifier);
      // A pipeline that cannot run takes the number back with the transaction.
      const plan = runSequence === expected ? planned : await compile(runSequence);
      const { states, takenOver } = firstStates(plan, now, request);
      await this.executions.insert(
        manager,
        scope,
        {
          planExecutionId,
          pipelineIdentifier: request.pipelineIdentifier,
          name: plan.name,
          runSequence,
          status: 'Running',
          plan,
          yaml: request.yaml,
          inputYaml: request.inputYaml,
          inputTemplateYaml: request.inputTemplateYaml,
          inputSetIds: [...request.inputSetIds],
          caller,
          correlationId: ctx.correlationId,
          traceparent: ctx.traceparent ?? null,
          notes: request.notes,
          retryOf: request.retryOf?.planExecutionId ?? null,
          rootExecutionId: request.retryOf && (request.retryOf.rootExecutionId ?? request.retryOf.planExecutionId),
          rerunOf: request.rerunOf,
          chosenStages: request.chosenStages && [...request.chosenStages],
          moduleType: request.moduleType,
          tags: { ...plan.tags },
          takenOver,
          createdAt: now,
          validUntil: now + plan.timeoutMs,
        },
        states,
      );
      if (request.retryOf) await this.executions.markRetried(manager, request.retryOf.planExecutionId);
      await record(ctx, {
        action: request.retryOf ? 'retry' : 'start',
        resourceType: 'pipelineExecution',
        identifier: planExecutionId,
        name: plan.name,
        scope,
        at: now,
        details: {
          pipelineIdentifier: request.pipelineIdentifier,
          runSequence,
          inputSetIds: request.inputSetIds,
          retryOf: request.retryOf?.planExecutionId ?? null,
          rerunOf: request.rerunOf,
          chosenStages: request.chosenStages,
          notes: request.notes,
        },
      });
    });
    // What is stored will run: if starting fails here, the sweeper does it.
    await this.workflows.start(planExecutionId).then(
      () => void this.executions.markStarted(planExecutionId).catch(() => undefined),
      () => undefined,
    );
    return this.get(scope, planExecutionId);
  }
}

interface StartRequest {
  readonly pipelineIdentifier: string;
  readonly yaml: string;
  readonly inputYaml: string;
  readonly inputTemplateYaml: string | null;
  readonly inputSetIds: readonly string[];
  readonly notes: string | null;
  readonly moduleType: string | null;
  readonly chosenStages: readonly string[] | null;
  readonly rerunOf: string | null;
  readonly retryOf: Execution | null;
  /** `baseFqn` of the stages that are not run again. */
  readonly takeOver?: ReadonlySet<string>;
  readonly earlierStates?: Readonly<Record<string, NodeState>>;
}

/** Everything is new, except that the pipeline itself runs and that taken-over stages look as they ended. */
function firstStates(
  plan: Plan,
  now: number,
  request: StartRequest,
): { states: ReadonlyMap<string, NodeState>; takenOver: string[] } {
  const states = new Map<string, NodeState>(Object.keys(plan.nodes).map((id) => [id, NEW_NODE]));
  for (const node of Object.values(plan.nodes)) {
    if (node.kind === 'pipeline' || node.kind === 'stages')
      states.set(node.id, reduceNode(NEW_NODE, { kind: 'started', at: now }));
  }
  const takenOver = plan.stageIds.filter((id) => request.takeOver?.has(plan.nodes[id]?.baseFqn ?? ''));
  const earlier = new Map(
    Object.values(request.retryOf?.plan.nodes ?? {}).map((node) => [
      `${node.kind}/${node.baseFqn}`,
      request.earlierStates?.[node.id],
    ]),
  );
  for (const stageId of takenOver) {
    for (const node of subtree(plan, stageId))
      states.set(node.id, asTakenOver(earlier.get(`${node.kind}/${node.baseFqn}`), request.retryOf));
  }
  return { states, takenOver };
}

/** Its logs stay where the run wrote them that really ran it. */
function asTakenOver(state: NodeState | undefined, from: Execution | null): NodeState {
  if (!state || !from) return NEW_NODE;
  return { ...state, logsOf: state.logsOf ?? { planExecutionId: from.planExecutionId, runSequence: from.runSequence } };
}

function triggeredBy({ principal }: RequestContext): { name: string; email: string } {
  return { name: principal.name, email: 'email' in principal ? principal.email : '' };
}

function ids(scope: ProjectScope): { accountId: string; orgId: string; projectId: string } {
  return { accountId: scope.accountId, orgId: scope.orgId, projectId: scope.projectId };
}

function noPipeline(scope: ProjectScope, identifier: string): AppError {
  return new AppError('ENTITY_NOT_FOUND', `there is no pipeline "${identifier}" in ${formatScope(scope)}`);
}
