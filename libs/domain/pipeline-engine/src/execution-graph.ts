import { NEW_NODE, type LogRun, type NodeState } from './node-state.js';
import { ancestry, nodeOf, subtree, type OutlineNode, type Plan, type PlanNode, type PlanOutline } from './plan.js';
import { isBroken, isFinal, type Status } from './status.js';

/** What a projection needs besides plan and states. */
export interface GraphInput {
  readonly plan: Plan;
  readonly states: Readonly<Record<string, NodeState>>;
  /** Log key of a node, from the identifiers below the execution, in this run or in the one it was taken over from. */
  readonly logKeyOf: (path: readonly string[], run: LogRun | undefined) => string;
  /** Engine nodes shown below a step of this type, such as "Resource Constraint" and "Apply". */
  readonly partsOf: (stepType: string) => readonly StepPart[];
  /** Step type shown for a step of this YAML type. */
  readonly shownTypeOf: (stepType: string) => string;
  /** What stands before a step that waits for its database instance, by the step's task id. Undefined when the instance is free or the step's. */
  readonly holdUpOf: (taskId: string) => ResourceHoldUp | undefined;
}

/** Who has the database instance a step waits for, and how far the step is in the queue. */
export interface ResourceHoldUp {
  readonly dbSchema: string;
  readonly dbInstance: string;
  readonly holder: ResourceHolder;
  /** 1 for the step that gets the instance next. */
  readonly place: number;
}

/** An execution of the same project that has a database instance for one of its steps. */
interface ResourceHolder {
  readonly planExecutionId: string;
  readonly pipelineIdentifier: string;
  readonly pipelineName: string;
  readonly runSequence: number;
  /** Milliseconds since the epoch. */
  readonly heldSince: number;
}

interface StepPart {
  /** `clone` is what the group's Initialize node did for the step, `command` its own work. */
  readonly role: 'resource' | 'clone' | 'command';
  readonly stepType: string;
  readonly name: string;
}

/** The step a node of the graph belongs to: itself, unless it is one of a step's parts, which carry the step's id with their role behind. */
export function stepOfPart(nodeId: string): string {
  return nodeId.replace(/-(resource|clone|command)$/, '');
}

interface FailureInfo {
  message: string;
  failureTypeList: string[];
  responseMessages: { code: string; level: string; message: string; exception: null; failureTypes: string[] }[];
}

interface SkipInfo {
  skipCondition: string;
  evaluatedCondition: boolean;
}

/** ExecutionNode of api-contract 4.4. */
export interface GraphNode {
  uuid: string;
  setupId: string;
  name: string;
  identifier: string;
  baseFqn: string;
  stepType: string;
  status: Status;
  startTs?: number | undefined;
  endTs?: number | undefined;
  failureInfo: FailureInfo;
  /** Prefix of its logs. Empty for a node that has none: clients take the longest key they find for the interesting one. */
  logBaseKey: string;
  unitProgresses: { unitName: string; status: string; startTime?: number | undefined; endTime?: number | undefined }[];
  executableResponses: Record<string, unknown>[];
  delegateInfoList: { id: string; name: string; taskId: string; taskName: string }[];
  stepParameters: Record<string, unknown> | null;
  outcomes: Record<string, unknown>;
  skipInfo: SkipInfo | null;
  nodeRunInfo: { whenCondition: string; evaluatedCondition: boolean; expressions: []; expressionsList: [] } | null;
  progressData: Record<string, unknown>;
  strategyMetadata: null;
  interruptHistories: Record<string, unknown>[];
  stepDetails: Record<string, unknown>;
}

export interface ExecutionGraph {
  rootNodeId: string;
  nodeMap: Record<string, GraphNode>;
  nodeAdjacencyListMap: Record<string, { children: string[]; nextIds: string[] }>;
  representationStrategy: 'camelCase';
}

/**
 * The execution graph: every node of the plan, started or not, and the engine's parts below steps. A list's head is its parent's only
 * child, the rest hang on by `nextIds`; branches of a fork are all children.
 */
export function executionGraph(input: GraphInput, interrupts: readonly Record<string, unknown>[] = []): ExecutionGraph {
  const nodeMap: Record<string, GraphNode> = {};
  const nodeAdjacencyListMap: ExecutionGraph['nodeAdjacencyListMap'] = {};
  const visit = (id: string): void => {
    const node = nodeOf(input.plan, id);
    nodeMap[id] = graphNode(input, node, interrupts);
    const parts = node.kind === 'step' ? partNodes(input, node) : [];
    for (const part of parts) nodeMap[part.uuid] = part;
    const children = node.kind === 'step' ? parts.map((part) => part.uuid) : [...node.children];
    nodeAdjacencyListMap[id] = {
      children: node.kind === 'parallel' ? children : children.slice(0, 1),
      nextIds: nodeAdjacencyListMap[id]?.nextIds ?? [],
    };
    if (node.kind !== 'parallel') chain(nodeAdjacencyListMap, children);
    else for (const child of children) nodeAdjacencyListMap[child] = { children: [], nextIds: [] };
    node.children.forEach(visit);
  };
  visit(input.plan.rootId);
  return { rootNodeId: input.plan.rootId, nodeMap, nodeAdjacencyListMap, representationStrategy: 'camelCase' };
}

function chain(adjacency: ExecutionGraph['nodeAdjacencyListMap'], list: readonly string[]): void {
  list.forEach((id, index) => {
    const next = list[index + 1];
    adjacency[id] = { children: [], nextIds: next === undefined ? [] : [next] };
  });
}

function graphNode(input: GraphInput, node: PlanNode, interrupts: readonly Record<string, unknown>[]): GraphNode {
  const state = input.states[node.id] ?? NEW_NODE;
  const logBaseKey =
    HAVE_LOGS.has(node.kind) && state.status !== 'Skipped' ? input.logKeyOf(node.logPath, state.logsOf) : '';
  const isWork = node.kind === 'step' || node.kind === 'initialise';
  return {
    uuid: node.id,
    setupId: node.setupId,
    name: node.name,
    identifier: node.identifier,
    baseFqn: node.baseFqn,
    stepType: node.kind === 'step' ? input.shownTypeOf(node.stepType) : node.stepType,
    status: state.status,
    startTs: state.startedAt ?? undefined,
    endTs: state.endedAt ?? undefined,
    failureInfo: failureInfo(state),
    logBaseKey,
    unitProgresses:
      isWork && state.startedAt !== null
        ? [
            {
              unitName: node.name,
              status: unitStatus(state.status),
              startTime: state.startedAt,
              endTime: state.endedAt ?? undefined,
            },
          ]
        : [],
    executableResponses: isWork ? taskResponses(node, state, logBaseKey) : childResponses(node, state),
    delegateInfoList: state.delegate
      ? [{ id: state.delegate.id, name: state.delegate.name, taskId: state.delegate.taskId, taskName: node.name }]
      : [],
    stepParameters: node.step ? stepParameters(node, state) : null,
    outcomes: Object.keys(state.outputs).length > 0 ? { output: state.outputs } : {},
    skipInfo: skipInfo(state),
    nodeRunInfo:
      state.decision === null
        ? null
        : {
            whenCondition: state.decision,
            evaluatedCondition: state.status !== 'Skipped',
            expressions: [],
            expressionsList: [],
          },
    progressData: progressOf(input, state),
    strategyMetadata: null,
    interruptHistories: state.status === 'Aborted' || state.status === 'Discontinuing' ? [...interrupts] : [],
    stepDetails: {},
  };
}

/** Prefixes worth asking for: the execution, a stage, a group, and whatever works itself. The wrappers between them would only repeat those. */
const HAVE_LOGS: ReadonlySet<PlanNode['kind']> = new Set(['pipeline', 'stage', 'stepGroup', 'initialise', 'step']);

function taskResponses(node: PlanNode, state: NodeState, key: string): Record<string, unknown>[] {
  if (state.taskId === null) return [];
  return [
    {
      task: {
        taskId: state.taskId,
        taskName: node.name,
        taskCategory: 'DELEGATE_TASK_V2',
        logKeys: [key],
        logKeysList: [key],
        units: [node.name],
        unitsList: [node.name],
      },
    },
  ];
}

function childResponses(node: PlanNode, state: NodeState): Record<string, unknown>[] {
  const [first] = node.children;
  if (state.startedAt === null || state.status === 'Skipped' || first === undefined) return [];
  const logs = { logKeys: [], logKeysList: [], units: [], unitsList: [] };
  if (node.kind === 'parallel')
    return [{ children: { children: node.children.map((childNodeId) => ({ childNodeId })), ...logs } }];
  return [{ child: { childNodeId: first, ...logs } }];
}

function skipInfo({ status, decision }: NodeState): SkipInfo | null {
  return status === 'Skipped' ? { skipCondition: decision ?? '', evaluatedCondition: true } : null;
}

function stepParameters(node: PlanNode, state: NodeState): Record<string, unknown> {
  return {
    identifier: node.identifier,
    name: node.name,
    type: node.stepType,
    timeout: node.timeoutMs === null ? null : `${Math.round(node.timeoutMs / 1000)}s`,
    spec: state.parameters ?? node.step?.spec ?? {},
  };
}

/** Engine parts of a step, with times and status taken from what they stand for; failures are told once, on the step or on Initialize. */
function partNodes(input: GraphInput, node: PlanNode): GraphNode[] {
  const state = input.states[node.id] ?? NEW_NODE;
  const initialise =
    node.podGroupId === null
      ? undefined
      : nodeOf(input.plan, node.podGroupId)
          .children.map((id) => nodeOf(input.plan, id))
          .find((child) => child.kind === 'initialise');
  return input.partsOf(node.stepType).map((part) => {
    const source = part.role === 'clone' && initialise ? initialise : node;
    const sourceState = input.states[source.id] ?? NEW_NODE;
    const shown = graphNode(input, source, []);
    const hasLogs = part.role !== 'resource';
    return {
      ...shown,
      uuid: `${node.id}-${part.role}`,
      setupId: `${node.setupId}-${part.role}`,
      name: part.name,
      identifier: `${node.identifier}_${part.role}`,
      baseFqn: `${node.baseFqn}.${part.role}`,
      stepType: part.stepType,
      ...partState(part.role, state, sourceState),
      failureInfo: failureInfo(NEW_NODE),
      logBaseKey: hasLogs ? shown.logBaseKey : '',
      unitProgresses: [],
      executableResponses: part.role === 'resource' ? waitResponses(state) : shown.executableResponses,
      delegateInfoList: hasLogs ? shown.delegateInfoList : [],
      stepParameters: null,
      outcomes: {},
      skipInfo: skipInfo(state),
      nodeRunInfo: null,
      progressData: part.role === 'resource' ? progressOf(input, { ...state, notes: [] }) : {},
    };
  });
}

/** Notes for people; while the step waits for its instance also `resourceHolder`, for links, and `resourceQueuePlace`. */
function progressOf({ holdUpOf }: GraphInput, { status, taskId, notes }: NodeState): Record<string, unknown> {
  const holdUp = status === 'ResourceWaiting' && taskId !== null ? holdUpOf(taskId) : undefined;
  if (holdUp)
    return {
      notes: [...notes, holdUpText(holdUp)],
      resourceHolder: { ...holdUp.holder },
      resourceQueuePlace: holdUp.place,
    };
  return notes.length > 0 ? { notes: [...notes] } : {};
}

function holdUpText({ dbSchema, dbInstance, holder, place }: ResourceHoldUp): string {
  const since = new Date(holder.heldSince).toISOString();
  const turn = place === 1 ? 'this step is next' : `this step is number ${place} in the queue`;
  return `waits for database instance "${dbInstance}" of DB schema "${dbSchema}": run ${holder.runSequence} of pipeline "${holder.pipelineName}" (execution ${holder.planExecutionId}) has held it since ${since}; ${turn}`;
}

function waitResponses({ taskId, resource }: NodeState): Record<string, unknown>[] {
  if (taskId === null || resource === null) return [];
  return [
    {
      async: {
        callbackIds: [taskId],
        callbackIdsList: [taskId],
        logKeys: [],
        logKeysList: [],
        units: [],
        unitsList: [],
      },
    },
  ];
}

function partState(role: StepPart['role'], state: NodeState, source: NodeState): PartState {
  if (role === 'resource') return resourcePart(state);
  return role === 'clone' ? clonePart(state, source) : commandPart(state);
}

/** The checkout was made with the pod, before the step began; a step that never came to it shows none. */
function clonePart({ status, taskId }: NodeState, initialise: NodeState): PartState {
  if (status === 'Skipped' || taskId === null)
    return { status: status === 'Skipped' ? 'Skipped' : 'NotStarted', startTs: undefined, endTs: undefined };
  return {
    status: initialise.status,
    startTs: initialise.startedAt ?? undefined,
    endTs: initialise.endedAt ?? undefined,
  };
}

type PartState = Pick<GraphNode, 'status' | 'startTs' | 'endTs'>;

function resourcePart({ status, resource, endedAt }: NodeState): PartState {
  if (!resource)
    return { status: status === 'Skipped' ? 'Skipped' : 'NotStarted', startTs: undefined, endTs: undefined };
  if (resource.grantedAt !== null)
    return { status: 'Success', startTs: resource.waitedFrom, endTs: resource.grantedAt };
  return {
    status: isFinal(status) ? status : 'ResourceWaiting',
    startTs: resource.waitedFrom,
    endTs: endedAt ?? undefined,
  };
}

function commandPart({ status, resource, endedAt }: NodeState): PartState {
  if (!resource?.grantedAt)
    return { status: status === 'Skipped' ? 'Skipped' : 'NotStarted', startTs: undefined, endTs: undefined };
  return {
    status: status === 'ResourceWaiting' ? 'Running' : status,
    startTs: resource.grantedAt,
    endTs: endedAt ?? undefined,
  };
}

function failureInfo({ failure }: NodeState): FailureInfo {
  if (!failure) return { message: '', failureTypeList: [], responseMessages: [] };
  const failureTypes = [failure.failureType];
  return {
    message: failure.message,
    failureTypeList: failureTypes,
    responseMessages: [
      { code: 'DEFAULT_ERROR_CODE', level: 'ERROR', message: failure.message, exception: null, failureTypes },
    ],
  };
}

function unitStatus(status: Status): string {
  if (!isFinal(status)) return 'RUNNING';
  return status === 'Success' ? 'SUCCESS' : status === 'Skipped' ? 'SKIPPED' : 'FAILURE';
}

/** LayoutNode of api-contract 4.4: the bird's-eye view of the stages. */
export interface LayoutNode {
  nodeType: string;
  nodeGroup: string;
  nodeIdentifier: string;
  name: string;
  nodeUuid: string;
  nodeExecutionId: string;
  status: Status;
  module: string;
  moduleInfo: Record<string, unknown>;
  startTs?: number | undefined;
  endTs?: number | undefined;
  edgeLayoutList: { currentNodeChildren: string[]; nextIds: string[] };
  skipInfo: SkipInfo | null;
  nodeRunInfo: { whenCondition: string; evaluatedCondition: boolean; expressionsList: [] } | null;
  barrierFound: boolean;
  failureInfo: { message: string };
  failureInfoDTO: FailureInfo;
  stepDetails: Record<string, unknown>;
}

export interface StageLayout {
  startingNodeId: string;
  layoutNodeMap: Record<string, LayoutNode>;
}

/** Stages and their forks, keyed by setup id; walk from `startingNodeId` over children, then `nextIds`. */
export function stageLayout(plan: PlanOutline, states: Readonly<Record<string, NodeState>>): StageLayout {
  const layoutNodeMap: Record<string, LayoutNode> = {};
  const visit = (ids: readonly string[], isFork: boolean): void =>
    ids.forEach((id, index) => {
      const node = nodeOf(plan, id);
      const following = isFork ? undefined : ids[index + 1];
      const branches = node.kind === 'parallel' ? node.children : [];
      layoutNodeMap[node.setupId] = layoutNode(
        node,
        states[node.id] ?? NEW_NODE,
        failureOf(plan, states, node),
        branches.map((branch) => nodeOf(plan, branch).setupId),
        following === undefined ? [] : [nodeOf(plan, following).setupId],
      );
      visit(branches, true);
    });
  const stages = Object.values(plan.nodes).find((node) => node.kind === 'stages');
  const ids = stages?.children ?? [];
  visit(ids, false);
  const [first] = ids;
  return { startingNodeId: first === undefined ? '' : nodeOf(plan, first).setupId, layoutNodeMap };
}

/** A stage says why it failed: its own failure, or the first one below, as far as states below are known. */
function failureOf(
  plan: PlanOutline,
  states: Readonly<Record<string, NodeState>>,
  node: OutlineNode,
): NodeState['failure'] {
  const own = states[node.id];
  if (node.kind !== 'stage' || !own || own.failure || !isFinal(own.status)) return own?.failure ?? null;
  const below = subtree(plan, node.id).flatMap(({ id }) => (states[id]?.failure ? [states[id]] : []));
  return below.sort((a, b) => (a.endedAt ?? 0) - (b.endedAt ?? 0))[0]?.failure ?? null;
}

function layoutNode(
  node: OutlineNode,
  state: NodeState,
  failure: NodeState['failure'],
  currentNodeChildren: string[],
  nextIds: string[],
): LayoutNode {
  const isStage = node.kind === 'stage';
  return {
    nodeType: isStage ? 'Custom' : 'parallel',
    nodeGroup: isStage ? 'STAGE' : 'PARALLEL',
    nodeIdentifier: node.identifier,
    name: node.name,
    nodeUuid: node.setupId,
    nodeExecutionId: node.id,
    status: state.status,
    module: 'dbops',
    moduleInfo: {},
    startTs: state.startedAt ?? undefined,
    endTs: state.endedAt ?? undefined,
    edgeLayoutList: { currentNodeChildren, nextIds },
    skipInfo: skipInfo(state),
    nodeRunInfo:
      state.decision === null
        ? null
        : { whenCondition: state.decision, evaluatedCondition: state.status !== 'Skipped', expressionsList: [] },
    barrierFound: false,
    failureInfo: { message: failure?.message ?? '' },
    failureInfoDTO: failureInfo({ ...state, failure }),
    stepDetails: {},
  };
}

/** How many stages ended well, badly, or are under way. */
export function stageCounts(
  plan: PlanOutline,
  states: Readonly<Record<string, NodeState>>,
): { successful: number; failed: number; running: number; total: number } {
  const statuses = plan.stageIds.map((id) => (states[id] ?? NEW_NODE).status);
  return {
    successful: statuses.filter((status) => status === 'Success' || status === 'IgnoreFailed').length,
    failed: statuses.filter((status) => status === 'Failed' || status === 'Errored' || status === 'Expired').length,
    running: statuses.filter((status) => !isFinal(status) && status !== 'NotStarted').length,
    total: statuses.length,
  };
}

/** The failure a person should read for the whole execution: of the step that failed first, with its place, and of the rollback step that failed after it. */
export function firstFailure(
  plan: Plan,
  states: Readonly<Record<string, NodeState>>,
): { readonly node: PlanNode; readonly message: string } | undefined {
  const failed = Object.values(plan.nodes)
    .filter((node) => states[node.id]?.failure && node.children.length === 0)
    .sort((a, b) => (states[a.id]?.endedAt ?? 0) - (states[b.id]?.endedAt ?? 0));
  const [node] = failed;
  if (!node) return undefined;
  const undoing = isUndoing(plan, node)
    ? undefined
    : failed.find(
        (one) =>
          one.stageId === node.stageId && isBroken(states[one.id]?.status ?? 'NotStarted') && isUndoing(plan, one),
      );
  return {
    node,
    message: `${placedFailure(plan, states, node)}${undoing ? `; the rollback failed too: ${placedFailure(plan, states, undoing)}` : ''}`,
  };
}

function isUndoing(plan: Plan, node: PlanNode): boolean {
  return ancestry(plan, node.id).some((one) => one.kind === 'rollback');
}

function placedFailure(plan: Plan, states: Readonly<Record<string, NodeState>>, node: PlanNode): string {
  const stage = ancestry(plan, node.id).find((one) => one.kind === 'stage');
  return `${stage ? `stage "${stage.name}", ` : ''}step "${node.name}": ${states[node.id]?.failure?.message ?? ''}`;
}
