import { describe, expect, it } from '@jest/globals';

import {
  executionTree,
  flattenTree,
  nodeOfInterest,
  pathTo,
  rootFailure,
  type ExecutionTreeNode,
} from './execution-tree.js';
import type { ExecutionDetail, ExecutionNode } from './execution.api.js';
import { aFailure, aLayoutNode, aNode, aSummary } from './execution.builders.js';

type NodeFacts = Partial<ExecutionNode> & { children?: string[]; next?: string[] };

/** A detail whose graph has the given nodes; `root` is the pipeline node. */
function aDetail(
  nodes: Record<string, NodeFacts>,
  summary: Partial<ExecutionDetail['pipelineExecutionSummary']> = {},
): ExecutionDetail {
  const entries = Object.entries(nodes);
  return {
    pipelineExecutionSummary: aSummary(summary),
    executionGraph: {
      rootNodeId: 'root',
      nodeMap: Object.fromEntries(
        entries.map(([uuid, { children: _children, next: _next, ...node }]) => [uuid, aNode({ uuid, ...node })]),
      ),
      nodeAdjacencyListMap: Object.fromEntries(
        entries.map(([uuid, node]) => [uuid, { children: node.children ?? [], nextIds: node.next ?? [] }]),
      ),
    },
  };
}

const FQN = 'pipeline.stages.db.spec.execution.steps';
const oneDbStep: Record<string, NodeFacts> = {
  root: { stepType: 'PIPELINE_SECTION', baseFqn: 'pipeline', children: ['stages'] },
  stages: { stepType: 'STAGES_STEP', baseFqn: 'pipeline.stages', children: ['db'] },
  db: { stepType: 'CUSTOM_STAGE', baseFqn: 'pipeline.stages.db', children: ['execution'] },
  execution: { stepType: 'NG_EXECUTION', baseFqn: 'pipeline.stages.db.spec.execution', children: ['group'] },
  group: { stepType: 'STEP_GROUP', baseFqn: `${FQN}.group`, children: ['init'], next: ['fork'] },
  init: { stepType: 'liteEngineTask', baseFqn: `${FQN}.group.steps.init`, next: ['apply'] },
  apply: { stepType: 'DBOPS_WRAPPER', baseFqn: `${FQN}.group.steps.apply`, children: ['part'] },
  part: { stepType: 'DBCompositeUpdate', baseFqn: `${FQN}.group.steps.apply.part` },
  fork: { stepType: 'NG_FORK', children: ['left', 'right'] },
  left: { stepType: 'Run', baseFqn: `${FQN}.left` },
  right: { stepType: 'Run', baseFqn: `${FQN}.right` },
};

const outline = (nodes: readonly ExecutionTreeNode[], depth = 0): string =>
  nodes.map((node) => `${'  '.repeat(depth)}${node.kind} ${node.name}\n${outline(node.children, depth + 1)}`).join('');

describe('the tree of an execution', () => {
  it('shows stages, groups, steps and their parts in running order, without the wrappers of the engine', () => {
    expect(outline(executionTree(aDetail(oneDbStep)))).toBe(
      [
        'stage db',
        '  group group',
        '    step init',
        '    step apply',
        '      substep part',
        '  parallel In parallel',
        '    step left',
        '    step right',
        '',
      ].join('\n'),
    );
  });

  it('works without wrappers and with stages chained below the root', () => {
    const tree = executionTree(
      aDetail({
        root: { baseFqn: 'pipeline', children: ['one'] },
        one: { baseFqn: 'pipeline.stages.one', children: ['step'], next: ['two'] },
        two: { baseFqn: 'pipeline.stages.two' },
        step: { stepType: 'DBSchemaApply', baseFqn: 'pipeline.stages.one.spec.execution.steps.step' },
      }),
    );
    expect(outline(tree)).toBe('stage one\n  step step\nstage two\n');
  });

  it('survives cycles and nodes that are not there yet', () => {
    const tree = executionTree(
      aDetail({
        root: { baseFqn: 'pipeline', children: ['one', 'gone'] },
        one: { baseFqn: 'pipeline.stages.one', children: ['root', 'one'], next: ['one', 'gone'] },
      }),
    );
    expect(outline(tree)).toBe('stage one\n');
  });

  const layout = (name: string, nextIds: string[]) =>
    aLayoutNode({ name, edgeLayoutList: { currentNodeChildren: [], nextIds } });
  const stagesToCome = { startingNodeId: 'a', layoutNodeMap: { a: layout('one', ['b']), b: layout('two', []) } };

  it('has the stages of the plan before the first node runs', () => {
    const tree = executionTree({ ...aDetail({}, stagesToCome), executionGraph: undefined });
    expect(outline(tree)).toBe('stage one\nstage two\n');
  });

  it('adds stages that are still to come', () => {
    const tree = executionTree(
      aDetail(
        { root: { baseFqn: 'pipeline', children: ['one'] }, one: { baseFqn: 'pipeline.stages.one' } },
        stagesToCome,
      ),
    );
    expect(outline(tree)).toBe('stage one\nstage two\n');
  });

  it('opens parallel stages of the plan', () => {
    const fork = aLayoutNode({
      name: '',
      nodeGroup: 'PARALLEL',
      nodeType: 'parallel',
      edgeLayoutList: { currentNodeChildren: ['b', 'c'], nextIds: ['d'] },
    });
    const layoutNodeMap = { a: fork, b: layout('left', []), c: layout('right', []), d: layout('last', []) };
    const tree = executionTree({ ...aDetail({}, { startingNodeId: 'a', layoutNodeMap }), executionGraph: undefined });
    expect(outline(tree)).toBe('stage left\nstage right\nstage last\n');
  });

  it('keeps rollback steps apart', () => {
    const tree = executionTree(
      aDetail({
        root: { baseFqn: 'pipeline', children: ['one'] },
        one: { baseFqn: 'pipeline.stages.one', children: ['execution'] },
        execution: {
          stepType: 'NG_EXECUTION',
          baseFqn: 'pipeline.stages.one.spec.execution',
          children: ['apply'],
          next: ['rollback'],
        },
        apply: { stepType: 'DBOPS_WRAPPER', baseFqn: 'pipeline.stages.one.spec.execution.steps.apply' },
        rollback: {
          stepType: 'ROLLBACK_OPTIONAL_CHILD_CHAIN',
          baseFqn: 'pipeline.stages.one.spec.execution.rollbackSteps',
          children: ['undo'],
        },
        undo: { stepType: 'DBOPS_WRAPPER', baseFqn: 'pipeline.stages.one.spec.execution.rollbackSteps.undo' },
      }),
    );
    expect(outline(tree)).toBe('stage one\n  step apply\n  group rollback\n    step undo\n');
  });
});

describe('the node of interest', () => {
  const statusOf = (statuses: Record<string, Partial<ExecutionNode>>): readonly ExecutionTreeNode[] =>
    executionTree(
      aDetail(Object.fromEntries(Object.entries(oneDbStep).map(([id, node]) => [id, { ...node, ...statuses[id] }]))),
    );

  it('is what failed, before what runs', () => {
    expect(nodeOfInterest(statusOf({ init: { status: 'Failed' }, apply: { status: 'Running' } }))?.id).toBe('init');
  });

  it('is the latest that runs', () => {
    expect(nodeOfInterest(statusOf({ apply: { status: 'Running' }, right: { status: 'TaskWaiting' } }))?.id).toBe(
      'right',
    );
  });

  it('is the last that did something when all is over', () => {
    expect(
      nodeOfInterest(statusOf({ init: { startTs: 1 }, apply: { startTs: 2 }, left: { startTs: 3, status: 'Skipped' } }))
        ?.id,
    ).toBe('apply');
  });

  it('is the part with the log where the step itself has none', () => {
    expect(
      nodeOfInterest(statusOf({ apply: { status: 'Running' }, part: { status: 'Running', logBaseKey: 'k' } }))?.id,
    ).toBe('part');
    expect(
      nodeOfInterest(
        statusOf({ apply: { status: 'Running', logBaseKey: 'k' }, part: { status: 'Running', logBaseKey: 'k2' } }),
      )?.id,
    ).toBe('apply');
  });
});

describe('the failure of an execution', () => {
  const failing: Record<string, NodeFacts> = {
    ...oneDbStep,
    db: { ...oneDbStep['db'], status: 'Failed', failureInfo: aFailure('stage failed') },
    apply: {
      ...oneDbStep['apply'],
      status: 'Failed',
      failureInfo: aFailure('step failed', ['step failed', 'try this']),
    },
    part: { ...oneDbStep['part'], status: 'Failed', failureInfo: aFailure('duplicate column') },
  };

  it('is told by its deepest place and shown at the step the user wrote', () => {
    const detail = aDetail(failing, { status: 'Failed' });
    expect(rootFailure(executionTree(detail), detail.pipelineExecutionSummary)).toEqual({
      nodeId: 'apply',
      where: 'db › group › apply',
      message: 'duplicate column',
      hints: ['try this'],
    });
  });

  it('falls back to the summary', () => {
    const detail = aDetail(
      { root: { baseFqn: 'pipeline' } },
      { status: 'Failed', executionErrorInfo: { message: 'bad YAML' } },
    );
    expect(rootFailure(executionTree(detail), detail.pipelineExecutionSummary)).toMatchObject({
      nodeId: undefined,
      message: 'bad YAML',
    });
  });

  it('is nothing while the execution did not fail', () => {
    const detail = aDetail(failing, { status: 'Running' });
    expect(rootFailure(executionTree(detail), detail.pipelineExecutionSummary)).toBeUndefined();
  });
});

describe('places in the tree', () => {
  it('are found by id', () => {
    const tree = executionTree(aDetail(oneDbStep));
    expect(pathTo(tree, 'part').map((node) => node.id)).toEqual(['db', 'group', 'apply', 'part']);
    expect(pathTo(tree, 'nowhere')).toEqual([]);
    expect(flattenTree(tree)).toHaveLength(8);
  });
});
