import { AppError, parseDuration } from '@sluice/kernel';
import { ineffective, requireSupported, type CapabilityPlace } from './capabilities.js';
import { ExpressionBudget, evaluate, hasExpression, type Lookup } from './expressions.js';
import { parsePipeline, type PipelineModel, type StepTypeCatalogue } from './pipeline-model.js';
import type {
  FailureStrategyYaml,
  StageItemYaml,
  StageYaml,
  StepGroupYaml,
  StepItemYaml,
  StepYaml,
  VariableYaml,
} from './pipeline-schema.js';
import type {
  FailureStrategy,
  FiledUnder,
  InfraConnector,
  NodeKind,
  Plan,
  PlanNode,
  RunCondition,
  Scalar,
} from './plan.js';
import { ProblemList } from './problem-list.js';
import { problemsError, type Problem } from './problems.js';
import { checkResolvedSteps } from './resolved-steps.js';
import { isOutputReference } from './outputs.js';
import { isRecord } from './runtime-input.js';
import { NO_STORED_VARIABLES, storedVariable, type StoredVariables } from './stored-variables.js';

export interface PlanInput {
  /** Pipeline YAML with runtime input already applied. */
  readonly yaml: string;
  readonly catalogue: StepTypeCatalogue;
  readonly planId: string;
  readonly planExecutionId: string;
  readonly accountId: string;
  readonly orgId: string;
  readonly projectId: string;
  readonly runSequence: number;
  readonly triggeredBy: { readonly name: string; readonly email: string };
  /** Of the account, organization and project, those that the YAML names; none when absent. */
  readonly storedVariables?: StoredVariables;
  /** Gives a stable id for a text: the same text, the same id. */
  readonly idOf: (text: string) => string;
}

const DEFAULT_PIPELINE_TIMEOUT_MS = 8 * 3_600_000;
const DEFAULT_STEP_TIMEOUT_MS = 10 * 60_000;

/**
 * Compiles pipeline YAML to a plan. Expressions known at the start (variables, sequence, ids) are replaced; references to outputs
 * and secrets stay. @throws AppError as {@link parsePipeline}, PLAN_CREATION_ERROR for an expression that cannot be resolved or refers to itself and for a value that does not fit its step, INVALID_REQUEST for expressions that cost too much,
 * NOT_IMPLEMENTED for what is not built (see {@link requireSupported})
 */
export function compilePlan(input: PlanInput): Plan {
  const model = parsePipeline(input.yaml, input.catalogue, { orgId: input.orgId, projectId: input.projectId });
  const { variables: rawVariables = [] } = model.pipeline;
  const lookup = startLookup(input, model, variableMap(rawVariables));
  const builder = new PlanBuilder(input, lookup);
  const { pipeline } = builder.resolved(model, rawVariables);
  const root = builder.add({
    kind: 'pipeline',
    identifier: 'pipeline',
    name: pipeline.name,
    baseFqn: 'pipeline',
    stepType: 'PIPELINE_SECTION',
    group: 'PIPELINE',
    parent: null,
    selectors: pipeline.delegateSelectors,
    holders: [['pipeline', pipeline]],
  });
  const stages = builder.add({
    kind: 'stages',
    identifier: 'stages',
    name: 'stages',
    baseFqn: 'pipeline.stages',
    stepType: 'STAGES_STEP',
    group: 'STAGES',
    parent: root,
  });
  builder.addStages(pipeline.stages, stages);
  return {
    id: input.planId,
    pipelineIdentifier: pipeline.identifier,
    name: pipeline.name,
    orgId: input.orgId,
    projectId: input.projectId,
    timeoutMs: pipeline.timeout === undefined ? DEFAULT_PIPELINE_TIMEOUT_MS : parseDuration(pipeline.timeout),
    rootId: root,
    nodes: builder.finish(),
    stageIds: builder.stageIds,
    variables: builder.pipelineVariables,
    tags: pipeline.tags ?? {},
    allowsStageExecutions: pipeline.allowStageExecutions === true,
  };
}

/** Variables with a value, by name; those without one are absent. */
function variableMap(variables: readonly VariableYaml[]): Readonly<Record<string, Scalar>> {
  return Object.fromEntries(
    variables.flatMap((variable) => {
      const value = variable.value ?? variable.default;
      return value === undefined || value === null ? [] : [[variable.name, value] as const];
    }),
  );
}

/** References that have their value before anything runs. Stage references are added per stage. */
function startLookup(
  input: PlanInput,
  model: PipelineModel,
  variables: Readonly<Record<string, Scalar>>,
): (body: string) => Lookup {
  const { pipeline } = model;
  const known: Readonly<Record<string, Scalar>> = {
    true: true,
    false: false,
    'pipeline.identifier': pipeline.identifier,
    'pipeline.name': pipeline.name,
    'pipeline.sequenceId': String(input.runSequence),
    'pipeline.executionId': input.planExecutionId,
    'pipeline.orgIdentifier': input.orgId,
    'pipeline.projectIdentifier': input.projectId,
    'pipeline.triggeredBy.name': input.triggeredBy.name,
    'pipeline.triggeredBy.email': input.triggeredBy.email,
    'pipeline.triggerType': 'MANUAL',
    'org.identifier': input.orgId,
    'project.identifier': input.projectId,
    'account.identifier': input.accountId,
  };
  const stages = new Map(model.stages.map((stage) => [stage.identifier, variableMap(stage.variables ?? [])]));
  return (body) => {
    if (Object.hasOwn(known, body)) return { kind: 'value', value: known[body] as Scalar };
    const own = /^pipeline\.variables\.(.+)$/.exec(body);
    if (own?.[1]) return variable(variables, own[1], 'the pipeline');
    const other = /^pipeline\.stages\.(\w+)\.variables\.(.+)$/.exec(body);
    if (other?.[1] && other[2]) return variable(stages.get(other[1]) ?? {}, other[2], `stage "${other[1]}"`);
    const stored = storedVariable(body, input.storedVariables ?? NO_STORED_VARIABLES);
    if (stored) return stored;
    if (isOutputReference(body)) return { kind: 'keep' };
    if (body === 'input')
      return {
        kind: 'unknown',
        reason: 'a runtime input cannot stand inside other text; give it a variable of its own',
      };
    return {
      kind: 'unknown',
      reason:
        'nothing has this name; known are pipeline.variables.X, stage.variables.X, variable.X, variable.org.X, variable.account.X, pipeline.sequenceId, pipeline.executionId, outputs of steps and secrets.getValue("X")',
    };
  };
}

function variable(variables: Readonly<Record<string, Scalar>>, name: string, where: string): Lookup {
  if (Object.hasOwn(variables, name)) return { kind: 'value', value: variables[name] as Scalar };
  return { kind: 'unknown', reason: `${where} has no variable "${name}" with a value` };
}

interface NewNode {
  readonly kind: NodeKind;
  readonly identifier: string;
  readonly name: string;
  readonly baseFqn: string;
  readonly stepType: string;
  readonly group: PlanNode['group'];
  readonly parent: string | null;
  readonly logPath?: readonly string[];
  readonly timeoutMs?: number | null;
  readonly when?: RunCondition | null;
  readonly strategies?: readonly FailureStrategyYaml[] | undefined;
  readonly selectors?: readonly string[] | undefined;
  readonly step?: PlanNode['step'];
  readonly stageId?: string | null;
  readonly podGroupId?: string | null;
  readonly infraConnectors?: readonly InfraConnector[];
  readonly filedUnder?: FiledUnder | undefined;
  readonly variables?: Readonly<Record<string, Scalar>>;
  /** The YAML behind it, in which fields without an effect are looked for. */
  readonly holders?: readonly (readonly [CapabilityPlace, unknown])[];
}

/** Where steps are being added. */
interface Place {
  readonly parent: string;
  readonly fqn: string;
  readonly logPath: readonly string[];
  readonly stageId: string;
  readonly podGroupId: string | null;
}

class PlanBuilder {
  readonly stageIds: string[] = [];
  pipelineVariables: Readonly<Record<string, Scalar>> = {};
  private readonly nodes = new Map<
    string,
    Omit<PlanNode, 'children' | 'dependsOn'> & { children: string[]; dependsOn: string[] }
  >();
  private readonly problems: Problem[] = [];
  private readonly budget = new ExpressionBudget();
  private forks = 0;

  constructor(
    private readonly input: PlanInput,
    private readonly lookup: (body: string) => Lookup,
  ) {}

  /** The document with everything replaced that has a value now; stages know their own variables. */
  resolved(model: PipelineModel, rawVariables: readonly VariableYaml[]): PipelineModel {
    this.pipelineVariables = this.evaluated(variableMap(rawVariables), this.lookup, 'pipeline.variables') as Readonly<
      Record<string, Scalar>
    >;
    const { stages, notificationRules, flowControl, properties, ...rest } = model.pipeline;
    const pipeline = {
      ...(this.evaluated(rest, this.lookup, 'pipeline') as typeof rest),
      stages: stages.map((item) => this.resolvedStage(item)),
    };
    const inSteps = new ProblemList(model.source);
    if (this.problems.length === 0) checkResolvedSteps(pipeline.stages, this.input.catalogue, inSteps);
    const problems = [...this.problems, ...inSteps.list];
    if (problems.length > 0) throw problemsError('the pipeline', problems, 'PLAN_CREATION_ERROR');
    requireSupported(
      { pipeline: { ...pipeline, notificationRules, flowControl, properties }, source: model.source },
      this.input.catalogue.capabilities,
      true,
    );
    return { ...model, pipeline: { ...pipeline, properties } };
  }

  add(node: NewNode): string {
    const key =
      node.kind === 'parallel'
        ? `${node.baseFqn}#fork${(this.forks += 1)}`
        : node.kind === 'initialise'
          ? `${node.baseFqn}#initialise`
          : node.baseFqn;
    const id = this.input.idOf(`${this.input.planExecutionId}/${key}`);
    const parent = node.parent === null ? undefined : this.nodes.get(node.parent);
    const before = parent && parent.kind !== 'parallel' ? parent.children.at(-1) : undefined;
    parent?.children.push(id);
    const unused = (node.holders ?? []).flatMap(([place, holder]) =>
      ineffective(place, holder, this.input.catalogue.capabilities),
    );
    this.nodes.set(id, {
      id,
      setupId: this.input.idOf(`${this.input.planId}/${key}`),
      kind: node.kind,
      identifier: node.identifier,
      name: node.name,
      baseFqn: node.baseFqn,
      stepType: node.stepType,
      group: node.group,
      parentId: node.parent,
      children: [],
      dependsOn: before === undefined ? [] : [before],
      logPath: node.logPath ?? [],
      timeoutMs: node.timeoutMs ?? null,
      when: node.when ?? null,
      failureStrategies: (node.strategies ?? []).map(toStrategy),
      delegateSelectors: node.selectors ?? null,
      step: node.step ?? null,
      stageId: node.kind === 'stage' ? id : (node.stageId ?? null),
      podGroupId: node.podGroupId === undefined ? null : node.podGroupId,
      ...(node.infraConnectors && node.infraConnectors.length > 0 ? { infraConnectors: node.infraConnectors } : {}),
      ...(node.filedUnder ? { filedUnder: node.filedUnder } : {}),
      variables: node.variables ?? {},
      ...(unused.length > 0 ? { ineffective: unused } : {}),
    });
    return id;
  }

  addStages(items: readonly StageItemYaml[], parent: string): void {
    for (const item of items) {
      if (item.stage) this.addStage(item.stage, parent);
      if (item.parallel) {
        const fork = this.add({
          kind: 'parallel',
          identifier: `parallel${this.forks + 1}`,
          name: 'parallel',
          baseFqn: 'pipeline.stages',
          stepType: 'NG_FORK',
          group: 'PARALLEL',
          parent,
        });
        this.addStages(item.parallel, fork);
      }
    }
  }

  finish(): Readonly<Record<string, PlanNode>> {
    return Object.fromEntries(this.nodes);
  }

  private addStage(stage: StageYaml, parent: string): void {
    const fqn = `pipeline.stages.${stage.identifier}`;
    const when = stage.when ? { outcome: stage.when.pipelineStatus, condition: stage.when.condition ?? null } : null;
    const logPath = [stage.identifier];
    const id = this.add({
      kind: 'stage',
      identifier: stage.identifier,
      name: stage.name,
      baseFqn: fqn,
      stepType: 'CUSTOM_STAGE',
      group: 'STAGE',
      parent,
      logPath,
      when,
      timeoutMs: stage.timeout === undefined ? null : parseDuration(stage.timeout),
      strategies: stage.failureStrategies,
      selectors: stage.delegateSelectors,
      variables: variableMap(stage.variables ?? []),
      filedUnder: filedUnder(stage.spec),
      holders: [['stage', stage], ...strategyHolders(stage.failureStrategies)],
    });
    this.stageIds.push(id);
    const common = { logPath, stageId: id, parent: id } as const;
    const execution = this.add({
      ...common,
      kind: 'execution',
      identifier: 'execution',
      name: 'Execution',
      baseFqn: `${fqn}.spec.execution`,
      stepType: 'NG_EXECUTION',
      group: 'EXECUTION',
    });
    this.addSteps(stage.spec.execution.steps, {
      parent: execution,
      fqn: `${fqn}.spec.execution.steps`,
      logPath,
      stageId: id,
      podGroupId: null,
    });
    const rollbackSteps = stage.spec.execution.rollbackSteps ?? [];
    if (rollbackSteps.length === 0) return;
    const rollback = this.add({
      ...common,
      kind: 'rollback',
      identifier: 'rollbackSteps',
      name: 'Rollback',
      baseFqn: `${fqn}.spec.execution.rollbackSteps`,
      stepType: 'ROLLBACK_OPTIONAL_CHILD_CHAIN',
      group: 'EXECUTION',
    });
    this.addSteps(rollbackSteps, {
      parent: rollback,
      fqn: `${fqn}.spec.execution.rollbackSteps`,
      logPath,
      stageId: id,
      podGroupId: null,
    });
  }

  private addSteps(items: readonly StepItemYaml[], place: Place): void {
    for (const item of items) {
      if (item.step) this.addStep(item.step, place);
      if (item.stepGroup) this.addGroup(item.stepGroup, place);
      if (item.parallel) {
        const fork = this.add({
          kind: 'parallel',
          identifier: `parallel${this.forks + 1}`,
          name: 'parallel',
          baseFqn: place.fqn,
          stepType: 'NG_FORK',
          group: 'PARALLEL',
          parent: place.parent,
          logPath: place.logPath,
          stageId: place.stageId,
          podGroupId: place.podGroupId,
        });
        this.addSteps(item.parallel, { ...place, parent: fork });
      }
    }
  }

  private addGroup(group: StepGroupYaml, place: Place): void {
    const fqn = `${place.fqn}.${group.identifier}`;
    const logPath = [...place.logPath, group.identifier];
    const ownId = this.input.idOf(`${this.input.planExecutionId}/${fqn}`);
    const podGroupId = place.podGroupId ?? ownId;
    const id = this.add({
      kind: 'stepGroup',
      identifier: group.identifier,
      name: group.name,
      baseFqn: fqn,
      stepType: 'STEP_GROUP',
      group: 'STEP_GROUP',
      parent: place.parent,
      logPath,
      when: stepCondition(group.when),
      strategies: group.failureStrategies,
      selectors: group.delegateSelectors,
      stageId: place.stageId,
      podGroupId,
      infraConnectors: infraConnectors(group.stepGroupInfra?.spec),
      variables: variableMap(group.variables ?? []),
      holders: [['stepGroup', group], ...strategyHolders(group.failureStrategies)],
    });
    if (podGroupId === id) {
      this.add({
        kind: 'initialise',
        identifier: 'liteEngineTask',
        name: 'Initialize',
        baseFqn: `${fqn}.steps.liteEngineTask`,
        stepType: 'liteEngineTask',
        group: 'STEP',
        parent: id,
        logPath: [...logPath, 'liteEngineTask'],
        timeoutMs: initTimeoutMs(group),
        stageId: place.stageId,
        podGroupId,
      });
    }
    this.addSteps(group.steps, { parent: id, fqn: `${fqn}.steps`, logPath, stageId: place.stageId, podGroupId });
  }

  private addStep(step: StepYaml, place: Place): void {
    this.add({
      kind: 'step',
      identifier: step.identifier,
      name: step.name,
      baseFqn: `${place.fqn}.${step.identifier}`,
      stepType: step.type,
      group: 'STEP',
      parent: place.parent,
      logPath: [...place.logPath, step.identifier],
      timeoutMs: step.timeout === undefined ? DEFAULT_STEP_TIMEOUT_MS : parseDuration(step.timeout),
      when: stepCondition(step.when),
      strategies: step.failureStrategies,
      selectors: selectorsOf(step.spec?.['delegateSelectors']),
      step: { type: step.type, spec: step.spec ?? {} },
      holders: [['step', step], [{ stepType: step.type }, step.spec], ...strategyHolders(step.failureStrategies)],
      stageId: place.stageId,
      podGroupId: place.podGroupId,
    });
  }

  private resolvedStage(item: StageItemYaml): StageItemYaml {
    if (item.parallel) return { parallel: item.parallel.map((inner) => this.resolvedStage(inner)) };
    if (!item.stage) return item;
    const { stage } = item;
    const variables = variableMap(stage.variables ?? []);
    const lookup = (body: string): Lookup => {
      const own = /^stage\.variables\.(.+)$/.exec(body);
      if (own?.[1]) return variable(variables, own[1], `stage "${stage.identifier}"`);
      if (body === 'stage.identifier') return { kind: 'value', value: stage.identifier };
      if (body === 'stage.name') return { kind: 'value', value: stage.name };
      return this.lookup(body);
    };
    return { stage: this.evaluated(stage, lookup, `pipeline.stages.${stage.identifier}`) as StageYaml };
  }

  private evaluated(value: unknown, lookup: (body: string) => Lookup, where: string): unknown {
    const result = evaluate(value, lookup, ['condition'], this.budget);
    for (const { expression, reason } of result.unresolved) {
      this.problems.push({
        path: where,
        value: expression,
        message: 'holds an expression that cannot be resolved',
        remedy: reason,
      });
    }
    return result.value;
  }
}

function strategyHolders(
  strategies: readonly FailureStrategyYaml[] | undefined,
): (readonly [CapabilityPlace, unknown])[] {
  return (strategies ?? []).map(({ onFailure }) => ['failureStrategy', onFailure]);
}

function stepCondition(
  when: { readonly stageStatus: RunCondition['outcome']; readonly condition?: string | undefined } | undefined,
): RunCondition | null {
  return when ? { outcome: when.stageStatus, condition: when.condition ?? null } : null;
}

/** How long the pod of a group may take to be ready. */
function initTimeoutMs({ stepGroupInfra }: StepGroupYaml): number {
  const initTimeout = stepGroupInfra?.spec?.initTimeout;
  return initTimeout ? parseDuration(initTimeout) : DEFAULT_STEP_TIMEOUT_MS;
}

/** Expressions were replaced, so that any of the values may be of any type. */
function filedUnder({ service, environment }: StageYaml['spec']): FiledUnder | undefined {
  const [serviceRef, environmentRef] = [textAt(service, 'serviceRef'), textAt(environment, 'environmentRef')];
  if (serviceRef === undefined && environmentRef === undefined) return undefined;
  const listed: unknown =
    environmentRef !== undefined && isRecord(environment) ? environment['infrastructureDefinitions'] : undefined;
  const infrastructures = (Array.isArray(listed) ? listed : []).flatMap(
    (one: unknown) => textAt(one, 'identifier') ?? [],
  );
  return {
    ...(serviceRef === undefined ? {} : { service: serviceRef }),
    ...(environmentRef === undefined ? {} : { environment: environmentRef }),
    ...(infrastructures.length > 0 ? { infrastructures } : {}),
  };
}

function textAt(holder: unknown, key: string): string | undefined {
  const value: unknown = isRecord(holder) ? holder[key] : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function infraConnectors(spec: unknown): InfraConnector[] {
  if (!isRecord(spec)) return [];
  return (['connectorRef', 'harnessImageConnectorRef'] as const).flatMap((key) => {
    const ref = spec[key];
    return typeof ref === 'string' && ref !== '' ? [{ key, ref }] : [];
  });
}

function toStrategy({ onFailure }: FailureStrategyYaml): FailureStrategy {
  return { errors: onFailure.errors, action: onFailure.action.type };
}

function selectorsOf(value: unknown): string[] | undefined {
  if (typeof value === 'string' && !hasExpression(value) && value !== '') return [value];
  if (!Array.isArray(value)) return undefined;
  const texts = value.filter((one): one is string => typeof one === 'string' && one !== '');
  if (texts.some(hasExpression))
    throw new AppError(
      'PLAN_CREATION_ERROR',
      `delegateSelectors ${JSON.stringify(value)} hold an expression without a value at the start of the run`,
    );
  return texts.length > 0 ? texts : undefined;
}
