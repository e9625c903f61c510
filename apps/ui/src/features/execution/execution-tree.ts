import type { ExecutionDetail, ExecutionGraph, ExecutionNode, ExecutionSummary } from './execution.api.js';
import { statusView } from './execution-status.js';

type TreeNodeKind = 'stage' | 'group' | 'parallel' | 'step' | 'substep';

/** One visible row of an execution: what the user wrote, without the engine's wrapper nodes. */
export interface ExecutionTreeNode {
  readonly id: string;
  readonly kind: TreeNodeKind;
  readonly name: string;
  readonly stepType: string;
  readonly status: string;
  readonly startTs: number | undefined;
  readonly endTs: number | undefined;
  readonly failureMessage: string | undefined;
  /** What the server adds to the failure: explanations and advice. */
  readonly failureHints: readonly string[];
  readonly hasLog: boolean;
  readonly children: readonly ExecutionTreeNode[];
}

/** Wrapper nodes of the engine; their children take their place. */
const WRAPPERS = new Set([
  'PIPELINE_SECTION',
  'STAGES_STEP',
  'NG_SECTION',
  'NG_SECTION_WITH_ROLLBACK_INFO',
  'NG_EXECUTION',
  'NG_SPEC_STEP',
  'PIPELINE',
  'STEPS',
  'STAGES',
  'EXECUTION',
  'SPEC',
]);
const FORKS = new Set(['NG_FORK', 'FORK', 'PARALLEL']);
const GROUPS = new Set(['STEP_GROUP', 'STEPGROUP', 'GROUP', 'ROLLBACK_OPTIONAL_CHILD_CHAIN']);

/** The stages of an execution with their step groups and steps, in running order. */
export function executionTree(detail: ExecutionDetail): readonly ExecutionTreeNode[] {
  const { executionGraph: graph, pipelineExecutionSummary: summary } = detail;
  const fromGraph = graph ? treeOfGraph(graph, graph.rootNodeId) : [];
  return fromGraph.length > 0 ? withStagesToCome(fromGraph, summary) : stagesOfLayout(summary);
}

function treeOfGraph(graph: ExecutionGraph, rootId: string): readonly ExecutionTreeNode[] {
  const seen = new Set<string>();

  const visit = (id: string, isInsideStep: boolean): readonly ExecutionTreeNode[] => {
    const node = graph.nodeMap[id];
    // A graph read while it is written may name a node that is not there yet; a cycle would never end.
    if (!node || seen.has(id)) return [];
    seen.add(id);
    const kind = kindOf(node, id === rootId, isInsideStep);
    const below = childrenOf(id, isInsideStep || kind === 'step' || kind === 'substep');
    return kind === 'wrapper' ? below : [toTreeNode(node, kind, below)];
  };

  const childrenOf = (id: string, isInsideStep: boolean): readonly ExecutionTreeNode[] =>
    (graph.nodeAdjacencyListMap[id]?.children ?? []).flatMap((childId) => chainFrom(childId, isInsideStep));

  /** A node followed by those that run after it. */
  const chainFrom = (firstId: string, isInsideStep: boolean): readonly ExecutionTreeNode[] => {
    const found: ExecutionTreeNode[] = [];
    const queue = [firstId];
    for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
      found.push(...visit(id, isInsideStep));
      queue.push(...(graph.nodeAdjacencyListMap[id]?.nextIds ?? []).filter((nextId) => !seen.has(nextId)));
    }
    return found;
  };

  return chainFrom(rootId, false);
}

function kindOf(node: ExecutionNode, isRoot: boolean, isInsideStep: boolean): TreeNodeKind | 'wrapper' {
  const stepType = node.stepType.toUpperCase();
  const fqn = node.baseFqn;
  if (isRoot || fqn === 'pipeline') return 'wrapper';
  if (FORKS.has(stepType)) return 'parallel';
  if (WRAPPERS.has(stepType)) return 'wrapper';
  if (isInsideStep) return 'substep';
  if (GROUPS.has(stepType)) return 'group';
  if (/^pipeline\.stages\.[^.]+$/.test(fqn) || /(^|_)STAGE(_STEP)?$/.test(stepType)) return 'stage';
  if (/\.(stages|spec|execution|steps|rollbackSteps)$/.test(fqn)) return 'wrapper';
  return 'step';
}

function toTreeNode(
  node: ExecutionNode,
  kind: TreeNodeKind,
  children: readonly ExecutionTreeNode[],
): ExecutionTreeNode {
  return {
    id: node.uuid,
    kind,
    name: kind === 'parallel' ? 'In parallel' : node.name || node.identifier || node.uuid,
    stepType: node.stepType,
    status: node.status,
    startTs: node.startTs || undefined,
    endTs: node.endTs || undefined,
    failureMessage: node.failureInfo.message || undefined,
    failureHints: hintsOf(node),
    hasLog: (kind === 'step' || kind === 'substep') && node.logBaseKey !== '',
    children,
  };
}

function hintsOf({ failureInfo }: ExecutionNode): readonly string[] {
  const messages = failureInfo.responseMessages.map((item) => item.message);
  return [...new Set(messages.filter((message) => message !== '' && message !== failureInfo.message))];
}

/** Adds the stages of the summary's layout that have no node in the graph yet. */
function withStagesToCome(tree: readonly ExecutionTreeNode[], summary: ExecutionSummary): readonly ExecutionTreeNode[] {
  if (!tree.every((node) => node.kind === 'stage')) return tree;
  const names = new Set(tree.map((stage) => stage.name));
  const ids = new Set(tree.map((stage) => stage.id));
  return [...tree, ...stagesOfLayout(summary).filter((stage) => !ids.has(stage.id) && !names.has(stage.name))];
}

/** Stages by the layout of the summary, which exists before the first node runs. */
function stagesOfLayout(summary: ExecutionSummary): readonly ExecutionTreeNode[] {
  const layout = summary.layoutNodeMap;
  const seen = new Set<string>();
  const stages: ExecutionTreeNode[] = [];
  const queue = summary.startingNodeId ? [summary.startingNodeId] : [];
  for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
    const node = layout[id];
    if (!node || seen.has(id)) continue;
    seen.add(id);
    queue.unshift(...node.edgeLayoutList.currentNodeChildren);
    queue.push(...node.edgeLayoutList.nextIds);
    if (node.nodeGroup.toUpperCase() !== 'STAGE' || /parallel/i.test(node.nodeType)) continue;
    stages.push({
      id: node.nodeExecutionId || node.nodeUuid || id,
      kind: 'stage',
      name: node.name || node.nodeIdentifier || id,
      stepType: node.nodeType,
      status: node.status,
      startTs: node.startTs || undefined,
      endTs: node.endTs || undefined,
      failureMessage: node.failureInfo.message || undefined,
      failureHints: [],
      hasLog: false,
      children: [],
    });
  }
  return stages;
}

/** All nodes, parents before children. */
export function flattenTree(nodes: readonly ExecutionTreeNode[]): readonly ExecutionTreeNode[] {
  return nodes.flatMap((node) => [node, ...flattenTree(node.children)]);
}

/** The nodes on the way from a stage down to `id`, `id` last; empty when it is not in the tree. */
export function pathTo(nodes: readonly ExecutionTreeNode[], id: string): readonly ExecutionTreeNode[] {
  for (const node of nodes) {
    if (node.id === id) return [node];
    const below = pathTo(node.children, id);
    if (below.length > 0) return [node, ...below];
  }
  return [];
}

/**
 * The node worth looking at when the user has not chosen one: what failed first, else the latest that runs, else the
 * last step that did something.
 */
export function nodeOfInterest(nodes: readonly ExecutionTreeNode[]): ExecutionTreeNode | undefined {
  const steps = stepsOf(nodes);
  const failed = steps.find((node) => statusView(node.status).tone === 'failure');
  if (failed) return failed;
  const running = steps.findLast((node) => statusView(node.status).tone === 'running');
  if (running) return running;
  return (
    steps.findLast((node) => node.startTs !== undefined && statusView(node.status).tone !== 'skipped') ??
    steps[0] ??
    nodes[0]
  );
}

/** Steps as the user wrote them; in the place of a step without a log its parts that have one. */
function stepsOf(nodes: readonly ExecutionTreeNode[]): readonly ExecutionTreeNode[] {
  return nodes.flatMap((node) => {
    if (node.kind !== 'step') return stepsOf(node.children);
    const parts = node.hasLog ? [] : flattenTree(node.children).filter((part) => part.hasLog);
    return parts.length > 0 ? parts : [node];
  });
}

export interface Failure {
  readonly nodeId: string | undefined;
  /** Names from the stage down, such as `Deploy › Apply`. */
  readonly where: string | undefined;
  readonly message: string;
  readonly hints: readonly string[];
}

/** The first failure of the execution at its deepest place, which says more than the summary of its parents. */
export function rootFailure(nodes: readonly ExecutionTreeNode[], summary: ExecutionSummary): Failure | undefined {
  if (statusView(summary.status).tone !== 'failure') return undefined;
  const deepest = deepestFailure(nodes, []);
  if (deepest) {
    const [node, path] = deepest;
    // The parts of a step are the engine's; the user looks for the step.
    const step = path.find((item) => item.kind === 'step') ?? node;
    const shown = path.slice(0, path.indexOf(step) + 1);
    return {
      nodeId: step.id,
      where: shown.map((item) => item.name).join(' › '),
      message: node.failureMessage ?? '',
      hints: [...new Set([...node.failureHints, ...step.failureHints])],
    };
  }
  const message = summary.executionErrorInfo?.message || summary.failureInfo?.message;
  return message ? { nodeId: undefined, where: undefined, message, hints: [] } : undefined;
}

type PlacedNode = readonly [node: ExecutionTreeNode, path: readonly ExecutionTreeNode[]];

function deepestFailure(
  nodes: readonly ExecutionTreeNode[],
  above: readonly ExecutionTreeNode[],
): PlacedNode | undefined {
  for (const node of nodes) {
    const path = [...above, node];
    const below = deepestFailure(node.children, path);
    if (below) return below;
    if (node.failureMessage && statusView(node.status).tone === 'failure') return [node, path];
  }
  return undefined;
}

/** Where to go from a stage or group: the node in it worth looking at. */
export function nodeOfInterestIn(node: ExecutionTreeNode): ExecutionTreeNode {
  return (node.children.length > 0 ? nodeOfInterest(node.children) : undefined) ?? node;
}

/** The stages in running order; those that run side by side stand together. */
export function stageColumns(nodes: readonly ExecutionTreeNode[]): readonly (readonly ExecutionTreeNode[])[] {
  return nodes.map((node) =>
    node.kind === 'parallel' ? flattenTree(node.children).filter((child) => child.kind === 'stage') : [node],
  );
}
