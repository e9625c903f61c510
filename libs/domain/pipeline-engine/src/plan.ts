import type { FailureStrategyYaml } from './pipeline-schema.js';

export type NodeKind =
  | 'pipeline'
  | 'stages'
  | 'stage'
  | 'execution'
  | 'rollback'
  | 'parallel'
  | 'stepGroup'
  | 'initialise'
  | 'step';

/** When a node may run: the state of its stage (or pipeline) and a condition. */
export interface RunCondition {
  readonly outcome: 'Success' | 'Failure' | 'All';
  readonly condition: string | null;
}

export interface FailureStrategy {
  readonly errors: readonly string[];
  readonly action: FailureStrategyYaml['onFailure']['action']['type'];
}

export type Scalar = string | number | boolean;

/** What a stage is filed under: references as the YAML of the run has them. */
export interface FiledUnder {
  readonly service?: string;
  readonly environment?: string;
  /** Identifiers of infrastructures of that environment. */
  readonly infrastructures?: readonly string[];
}

/** A connector the infrastructure of a step group names: of the cluster its pod runs in, or of the registry its own images come from. */
export interface InfraConnector {
  /** Key below `stepGroupInfra.spec`. */
  readonly key: 'connectorRef' | 'harnessImageConnectorRef';
  readonly ref: string;
}

/** One node of a plan: something a person sees in the execution graph. */
export interface PlanNode {
  /** Id of this node in this execution. */
  readonly id: string;
  /** Id of the node in the plan; the same in every graph made from it. */
  readonly setupId: string;
  readonly kind: NodeKind;
  readonly identifier: string;
  readonly name: string;
  /** `pipeline.stages.db.spec.execution.steps.grp.steps.apply`; parallel nodes add nothing to it. */
  readonly baseFqn: string;
  readonly stepType: string;
  readonly group: 'PIPELINE' | 'STAGES' | 'STAGE' | 'EXECUTION' | 'STEP_GROUP' | 'PARALLEL' | 'STEP';
  readonly parentId: string | null;
  /** In order. Children of `parallel` run side by side, others one after another. */
  readonly children: readonly string[];
  /** Nodes that must have ended before this one begins: the brother in front. */
  readonly dependsOn: readonly string[];
  /** Identifiers below the execution, for the log key. */
  readonly logPath: readonly string[];
  /** Milliseconds; null where nothing limits the node itself. */
  readonly timeoutMs: number | null;
  /** As written; null when the YAML says nothing. */
  readonly when: RunCondition | null;
  readonly failureStrategies: readonly FailureStrategy[];
  /** Null when this level says nothing. */
  readonly delegateSelectors: readonly string[] | null;
  /** Of a step: its type and its spec, in which expressions of later moments still stand. */
  readonly step: { readonly type: string; readonly spec: Readonly<Record<string, unknown>> } | null;
  /** Id of the stage node this node lies in; null above stages. */
  readonly stageId: string | null;
  /** Id of the step group whose pod this node uses; of the group itself too. Null outside. */
  readonly podGroupId: string | null;
  /** Of a step group whose infrastructure names some. */
  readonly infraConnectors?: readonly InfraConnector[];
  /** Of a stage that is filed under something. */
  readonly filedUnder?: FiledUnder;
  readonly variables: Readonly<Record<string, Scalar>>;
  /** What its YAML holds and what has no effect, one sentence for each reason; absent when there is nothing. */
  readonly ineffective?: readonly string[];
}

/** A pipeline made ready to run. Plain data: it is stored with the execution and read again after a restart. */
export interface Plan {
  readonly id: string;
  readonly pipelineIdentifier: string;
  readonly name: string;
  readonly orgId: string;
  readonly projectId: string;
  readonly timeoutMs: number;
  readonly rootId: string;
  readonly nodes: Readonly<Record<string, PlanNode>>;
  /** Stage nodes in the order they are written, branches of parallel ones included. */
  readonly stageIds: readonly string[];
  readonly variables: Readonly<Record<string, Scalar>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly allowsStageExecutions: boolean;
}

/** What a list of executions shows of a plan: its stages. Every plan is one; {@link planOutline} makes the smallest. */
export interface PlanOutline {
  readonly nodes: Readonly<Record<string, OutlineNode>>;
  readonly stageIds: readonly string[];
  readonly allowsStageExecutions: boolean;
}
export type OutlineNode = Pick<PlanNode, 'id' | 'setupId' | 'kind' | 'identifier' | 'name' | 'children' | 'filedUnder'>;

export function nodeOf<Node>(plan: { readonly nodes: Readonly<Record<string, Node>> }, id: string): Node {
  const node = plan.nodes[id];
  if (!node) throw new Error(`the plan has no node ${id}`);
  return node;
}

const SHOWN_IN_LISTS: ReadonlySet<NodeKind> = new Set(['pipeline', 'stages', 'parallel', 'stage']);

/** The plan without what lies in its stages and without what only a run needs: a fraction of its size. */
export function planOutline({ nodes, stageIds, allowsStageExecutions }: Plan): PlanOutline {
  const shown = Object.values(nodes).filter(({ kind }) => SHOWN_IN_LISTS.has(kind));
  const outline = shown.map(({ id, setupId, kind, identifier, name, children, filedUnder }): OutlineNode => ({
    id,
    setupId,
    kind,
    identifier,
    name,
    children: kind === 'stage' ? [] : children,
    ...(filedUnder ? { filedUnder } : {}),
  }));
  return { nodes: Object.fromEntries(outline.map((node) => [node.id, node])), stageIds, allowsStageExecutions };
}

/** The node and everything below it, parents first. */
export function subtree<Node extends Pick<PlanNode, 'children'>>(
  plan: { readonly nodes: Readonly<Record<string, Node>> },
  id: string,
): Node[] {
  const node = nodeOf(plan, id);
  return [node, ...node.children.flatMap((child) => subtree(plan, child))];
}

/** From the node up to the root. */
export function ancestry(plan: Plan, id: string): PlanNode[] {
  const node = nodeOf(plan, id);
  return node.parentId === null ? [node] : [node, ...ancestry(plan, node.parentId)];
}

/** Steps below a node that a step container executes, in order; rollback steps only when the node is one of theirs. */
export function stepsBelow(plan: Plan, id: string): PlanNode[] {
  return subtree(plan, id).filter((node) => node.kind === 'step');
}
