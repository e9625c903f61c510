import { Inject, Injectable } from '@nestjs/common';
import { AppError, formatScope, newId, type ProjectScope, type RequestContext } from '@sluice/kernel';
import { NEW_NODE, applyRuntimeInput, compilePlan, inputRoot, inputTemplate, isFinal, mergeInputs, reduceNode, subtree, type NodeState, type Plan } from '@sluice/pipeline-engine';
import type { CallIdentity } from '@sluice/service-identity';
import { StepTypeRegistry } from '@sluice/step-types';
import { DataSource } from 'typeorm';
import { stringify } from 'yaml';
import { InputSetService } from '../input-set/input-set.service.js';
import { PipelineRepository } from '../pipeline/pipeline.repository.js';
import { stableId } from '../run/identifiers.js';
import { Sweeper } from '../run/sweeper.js';
import { Workflows } from '../run/workflows.js';
import { ExecutionRepository, type Execution } from './execution.repository.js';

export interface ExecuteRequest {
  readonly pipelineIdentifier: string;
  /** Runtime input YAML, or empty. */
  readonly inputYaml: string;
  readonly inputSetIds: readonly string[];
  readonly notes: string | undefined;
}

/** Starts, retries and interrupts executions. */
@Injectable()
export class ExecuteService {
  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(PipelineRepository) private readonly pipelines: PipelineRepository,
    @Inject(ExecutionRepository) private readonly executions: ExecutionRepository,
    @Inject(InputSetService) private readonly inputSets: InputSetService,
    @Inject(StepTypeRegistry) private readonly types: StepTypeRegistry,
    @Inject(Workflows) private readonly workflows: Workflows,
    @Inject(Sweeper) private readonly sweeper: Sweeper,
  ) {}

  /**
   * Compiles the pipeline, stores the execution and starts its workflow. What is stored is started, now or after a crash.
   * @throws AppError ENTITY_NOT_FOUND, INVALID_YAML_ERROR, INVALID_REQUEST (inputs without a value), PLAN_CREATION_ERROR
   */
  async execute(ctx: RequestContext, scope: ProjectScope, request: ExecuteRequest): Promise<Execution> {
    const pipeline = await this.pipelines.find(scope, request.pipelineIdentifier);
    if (!pipeline) throw noPipeline(scope, request.pipelineIdentifier);
    const inputYaml = await this.inputOf(scope, request);
    const yaml = applyRuntimeInput(pipeline.yaml, inputYaml);
    return this.start(ctx, scope, { pipelineIdentifier: pipeline.identifier, yaml, inputYaml, inputTemplateYaml: inputTemplate(pipeline.yaml) ?? null, inputSetIds: request.inputSetIds, notes: request.notes ?? null, retryOf: null });
  }

  /**
   * Runs an ended execution again with the same YAML and inputs. Stages in front of the first one that did not succeed are taken over.
   * @param retryStages identifiers of the stages to begin at; the first that did not succeed when empty
   * @throws AppError ENTITY_NOT_FOUND, CONFLICT while it runs, INVALID_REQUEST for unknown stages
   */
  async retry(ctx: RequestContext, scope: ProjectScope, planExecutionId: string, retryStages: readonly string[] = [], inputYaml?: string): Promise<Execution> {
    const earlier = await this.get(scope, planExecutionId);
    if (!isFinal(earlier.status)) throw new AppError('CONFLICT', `execution ${planExecutionId} is still ${earlier.status}; retry it when it has ended`);
    const unknown = retryStages.find((identifier) => !earlier.plan.stageIds.some((id) => earlier.plan.nodes[id]?.identifier === identifier));
    if (unknown !== undefined) throw new AppError('INVALID_REQUEST', `execution ${planExecutionId} has no stage "${unknown}"`);
    const states = (await this.executions.states([planExecutionId])).get(planExecutionId) ?? {};
    return this.start(ctx, scope, {
      pipelineIdentifier: earlier.pipelineIdentifier,
      yaml: inputYaml && inputYaml.trim() !== '' ? await this.yamlWith(scope, earlier, inputYaml) : earlier.yaml,
      inputYaml: inputYaml && inputYaml.trim() !== '' ? inputYaml : earlier.inputYaml,
      inputTemplateYaml: earlier.inputTemplateYaml,
      inputSetIds: earlier.inputSetIds,
      notes: earlier.notes,
      retryOf: earlier,
      takeOver: stagesToTakeOver(earlier.plan, states, retryStages),
      earlierStates: states,
    });
  }

  /**
   * Aborts an execution: running steps are really stopped before it is shown as ended. Safe to repeat.
   * @returns id of the interrupt in force @throws AppError ENTITY_NOT_FOUND, INVALID_REQUEST when it had ended before
   */
  async abort(ctx: RequestContext, scope: ProjectScope, planExecutionId: string): Promise<string> {
    const execution = await this.get(scope, planExecutionId);
    const interruptId = execution.interruptId ?? (await this.executions.interrupt(scope, planExecutionId, { id: newId(), at: Date.now(), by: ctx.principal.name }));
    if (interruptId === undefined) throw new AppError('INVALID_REQUEST', `execution ${planExecutionId} has ended already with status ${execution.status}; there is nothing to abort`);
    await this.sweeper.tellAbort(planExecutionId);
    return interruptId;
  }

  /** @throws AppError ENTITY_NOT_FOUND */
  async get(scope: ProjectScope, planExecutionId: string): Promise<Execution> {
    const execution = await this.executions.find(scope, planExecutionId);
    if (!execution) throw new AppError('ENTITY_NOT_FOUND', `there is no execution ${planExecutionId} in ${formatScope(scope)}`);
    return execution;
  }

  private async inputOf(scope: ProjectScope, request: ExecuteRequest): Promise<string> {
    if (request.inputSetIds.length === 0) return request.inputYaml;
    const stored = await this.inputSets.merged(scope, request.pipelineIdentifier, request.inputSetIds);
    const merged = mergeInputs([inputRoot(stored), inputRoot(request.inputYaml)]);
    return merged === undefined ? '' : stringify({ pipeline: merged });
  }

  private async yamlWith(scope: ProjectScope, earlier: Execution, inputYaml: string): Promise<string> {
    const pipeline = await this.pipelines.find(scope, earlier.pipelineIdentifier);
    return pipeline ? applyRuntimeInput(pipeline.yaml, inputYaml) : earlier.yaml;
  }

  private async start(ctx: RequestContext, scope: ProjectScope, request: StartRequest): Promise<Execution> {
    const [planExecutionId, planId, now] = [newId(), newId(), Date.now()];
    const caller: CallIdentity = { accountId: ctx.accountId, principal: ctx.principal, grants: ctx.grants };
    const compile = (runSequence: number): Plan =>
      compilePlan({ yaml: request.yaml, catalogue: this.types, planId, planExecutionId, ...ids(scope), runSequence, triggeredBy: triggeredBy(ctx), idOf: stableId });
    await this.dataSource.transaction(async (manager) => {
      const runSequence = await this.pipelines.nextRun(manager, scope, request.pipelineIdentifier);
      if (runSequence === undefined) throw noPipeline(scope, request.pipelineIdentifier);
      // A pipeline that cannot run takes the number back with the transaction.
      const plan = compile(runSequence);
      const { states, takenOver } = firstStates(plan, now, request);
      await this.executions.insert(manager, scope, {
        planExecutionId, pipelineIdentifier: request.pipelineIdentifier, name: plan.name, runSequence, status: 'Running', plan,
        yaml: request.yaml, inputYaml: request.inputYaml, inputTemplateYaml: request.inputTemplateYaml, inputSetIds: [...request.inputSetIds],
        caller, correlationId: ctx.correlationId, traceparent: ctx.traceparent ?? null, notes: request.notes,
        retryOf: request.retryOf?.planExecutionId ?? null, takenOver, createdAt: now, validUntil: now + plan.timeoutMs,
      }, states);
    });
    // What is stored will run: if starting fails here, the sweeper does it.
    await this.workflows.start(planExecutionId).then(() => void this.executions.markStarted(planExecutionId).catch(() => undefined), () => undefined);
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
  readonly retryOf: Execution | null;
  /** `baseFqn` of the stages that are not run again. */
  readonly takeOver?: ReadonlySet<string>;
  readonly earlierStates?: Readonly<Record<string, NodeState>>;
}

/** Everything is new, except that the pipeline itself runs and that taken-over stages look as they ended. */
function firstStates(plan: Plan, now: number, request: StartRequest): { states: ReadonlyMap<string, NodeState>; takenOver: string[] } {
  const states = new Map<string, NodeState>(Object.keys(plan.nodes).map((id) => [id, NEW_NODE]));
  for (const node of Object.values(plan.nodes)) {
    if (node.kind === 'pipeline' || node.kind === 'stages') states.set(node.id, reduceNode(NEW_NODE, { kind: 'started', at: now }));
  }
  const takenOver = plan.stageIds.filter((id) => request.takeOver?.has(plan.nodes[id]?.baseFqn ?? ''));
  const earlier = new Map(Object.values(request.retryOf?.plan.nodes ?? {}).map((node) => [`${node.kind}/${node.baseFqn}`, request.earlierStates?.[node.id]]));
  for (const stageId of takenOver) {
    for (const node of subtree(plan, stageId)) states.set(node.id, earlier.get(`${node.kind}/${node.baseFqn}`) ?? NEW_NODE);
  }
  return { states, takenOver };
}

/** Stages that succeeded and come before the first one to run again. */
function stagesToTakeOver(plan: Plan, states: Readonly<Record<string, NodeState>>, retryStages: readonly string[]): ReadonlySet<string> {
  const succeeded = (id: string): boolean => states[id]?.status === 'Success' || states[id]?.status === 'IgnoreFailed';
  const first = plan.stageIds.findIndex((id) => (retryStages.length > 0 ? retryStages.includes(plan.nodes[id]?.identifier ?? '') : !succeeded(id)));
  const before = first < 0 ? [] : plan.stageIds.slice(0, first);
  return new Set(before.filter(succeeded).map((id) => plan.nodes[id]?.baseFqn ?? ''));
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
