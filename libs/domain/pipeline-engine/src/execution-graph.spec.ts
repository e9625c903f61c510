import { describe, expect, it } from '@jest/globals';
import { compilePlan } from './compile-plan.js';
import {
  executionGraph,
  firstFailure,
  stageCounts,
  stageLayout,
  type ExecutionGraph,
  type ResourceHoldUp,
} from './execution-graph.js';
import { NEW_NODE, type NodeState } from './node-state.js';
import { planOutline, type Plan } from './plan.js';
import { testCatalogue, testId } from './testing/catalogue.js';

const step = (id: string): string => `{ step: { identifier: ${id}, name: ${id}, type: Apply, spec: { instance: x } } }`;
const group = (id: string, ...steps: string[]): string =>
  `{ stepGroup: { identifier: ${id}, name: ${id}, steps: [${steps.join(', ')}] } }`;
const stage = (id: string, ...groups: string[]): string =>
  `{ stage: { identifier: ${id}, name: ${id}, type: Custom, spec: { execution: { steps: [${groups.join(', ')}] } } } }`;
const planOf = (stages: string): Plan =>
  compilePlan({
    yaml: `pipeline: { identifier: p, name: P, stages: [${stages}] }`,
    catalogue: testCatalogue,
    planId: 'plan',
    planExecutionId: 'e',
    accountId: 'acc',
    orgId: 'o',
    projectId: 'p',
    runSequence: 1,
    triggeredBy: { name: '', email: '' },
    idOf: testId,
  });
const PLAN = planOf(
  `${stage('s', group('g', step('a'), step('b')), group('h', step('c')))}, { parallel: [${stage('t', group('i', step('d')))}, ${stage('u', group('j', step('f')))}] }`,
);

const idOf = (plan: Plan, identifier: string): string =>
  Object.values(plan.nodes).find((node) => node.identifier === identifier)?.id ?? '';
const graphOf = (
  states: Record<string, NodeState> = {},
  holdUps: Readonly<Record<string, ResourceHoldUp>> = {},
): ExecutionGraph =>
  executionGraph({
    plan: PLAN,
    states,
    logKeyOf: (path, run) => [run ? `run${run.runSequence}` : 'key', ...path].join('/'),
    partsOf: () => [
      { role: 'resource', stepType: 'ResourceConstraint', name: 'Resource Constraint' },
      { role: 'clone', stepType: 'DBClone', name: 'Clone Codebase' },
      { role: 'command', stepType: 'Cmd', name: 'Apply' },
    ],
    shownTypeOf: (type) => `SHOWN_${type}`,
    holdUpOf: (taskId) => holdUps[taskId],
  });
const state = (over: Partial<NodeState>): NodeState => ({ ...NEW_NODE, ...over });

describe('executionGraph', () => {
  it('reaches every node once from the root, over children and nextIds', () => {
    const graph = graphOf();
    const seen: string[] = [];
    const walk = (id: string | undefined): void => {
      if (id === undefined) return;
      seen.push(id);
      const edges = graph.nodeAdjacencyListMap[id];
      edges?.children.forEach(walk);
      edges?.nextIds.forEach(walk);
    };
    walk(graph.rootNodeId);
    expect(new Set(seen).size).toBe(seen.length);
    expect([...seen].sort()).toEqual(Object.keys(graph.nodeMap).sort());
    expect(Object.keys(graph.nodeAdjacencyListMap).sort()).toEqual(Object.keys(graph.nodeMap).sort());
  });

  it('chains brothers by nextIds and hangs only the first on the parent; a fork holds all its branches', () => {
    const { nodeAdjacencyListMap: edges } = graphOf();
    const group_ = edges[idOf(PLAN, 'g')];
    expect(group_?.children).toEqual([
      testId('e/pipeline.stages.s.spec.execution.steps.g.steps.liteEngineTask#initialise'),
    ]);
    expect(group_?.nextIds).toEqual([idOf(PLAN, 'h')]);
    expect(edges[idOf(PLAN, 'a')]?.nextIds).toEqual([idOf(PLAN, 'b')]);
    expect(edges[idOf(PLAN, 'parallel1')]?.children).toEqual([idOf(PLAN, 't'), idOf(PLAN, 'u')]);
    expect(edges[idOf(PLAN, 't')]?.nextIds).toEqual([]);
  });

  it('gives a log key to whatever has logs or holds what has, and none to the wrappers between', () => {
    const { nodeMap } = graphOf({ [idOf(PLAN, 'b')]: state({ status: 'Skipped' }) });
    expect(nodeMap[idOf(PLAN, 'pipeline')]?.logBaseKey).toBe('key');
    expect(nodeMap[idOf(PLAN, 's')]?.logBaseKey).toBe('key/s');
    expect(nodeMap[idOf(PLAN, 'g')]?.logBaseKey).toBe('key/s/g');
    expect(nodeMap[idOf(PLAN, 'a')]?.logBaseKey).toBe('key/s/g/a');
    expect(
      [
        idOf(PLAN, 'stages'),
        idOf(PLAN, 'execution'),
        idOf(PLAN, 'parallel1'),
        idOf(PLAN, 'b'),
        `${idOf(PLAN, 'a')}-resource`,
      ].map((id) => nodeMap[id]?.logBaseKey),
    ).toEqual(['', '', '', '', '']);
  });

  it('a node that was taken over has its logs, and its parts theirs, where it ran', () => {
    const { nodeMap } = graphOf({
      [idOf(PLAN, 'a')]: state({ status: 'Success', logsOf: { planExecutionId: 'earlier', runSequence: 7 } }),
    });
    expect(
      [idOf(PLAN, 'a'), `${idOf(PLAN, 'a')}-command`, idOf(PLAN, 'b')].map((id) => nodeMap[id]?.logBaseKey),
    ).toEqual(['run7/s/g/a', 'run7/s/g/a', 'key/s/g/b']);
  });

  it('the longest log key is one of a step', () => {
    const keys = Object.values(graphOf().nodeMap).sort((a, b) => b.logBaseKey.length - a.logBaseKey.length);
    expect(keys[0]?.logBaseKey).toBe('key/s/g/liteEngineTask');
    expect(keys.every((node) => node.logBaseKey === '' || node.logBaseKey.startsWith('key'))).toBe(true);
  });

  it('names the checkout a step used: that of its pod, with the log of it', () => {
    const initialise =
      Object.values(PLAN.nodes).find((node) => node.kind === 'initialise' && node.baseFqn.includes('.g.'))?.id ?? '';
    const { nodeMap } = graphOf({
      [initialise]: state({ status: 'Success', startedAt: 1, endedAt: 2, taskId: 'init' }),
      [idOf(PLAN, 'a')]: state({
        status: 'Running',
        startedAt: 3,
        taskId: 't',
        resource: { waitedFrom: 3, grantedAt: 4 },
      }),
    });
    expect(nodeMap[`${idOf(PLAN, 'a')}-clone`]).toMatchObject({
      stepType: 'DBClone',
      status: 'Success',
      startTs: 1,
      endTs: 2,
      logBaseKey: 'key/s/g/liteEngineTask',
      executableResponses: [{ task: { taskId: 'init' } }],
    });
    expect(nodeMap[`${idOf(PLAN, 'b')}-clone`]).toMatchObject({ status: 'NotStarted', startTs: undefined });
    expect(nodeMap[`${idOf(PLAN, 'a')}-resource`]).toMatchObject({
      executableResponses: [{ async: { callbackIds: ['t'], logKeys: [] } }],
    });
  });

  it('wrappers that began name their children; what was skipped says why', () => {
    const { nodeMap } = graphOf({
      [idOf(PLAN, 's')]: state({ status: 'Running', startedAt: 1 }),
      [idOf(PLAN, 'parallel1')]: state({ status: 'Running', startedAt: 1 }),
      [idOf(PLAN, 'a')]: state({ status: 'Skipped', decision: 'no' }),
    });
    expect(nodeMap[idOf(PLAN, 's')]?.executableResponses).toMatchObject([
      { child: { childNodeId: PLAN.nodes[idOf(PLAN, 's')]?.children[0], logKeys: [] } },
    ]);
    expect(nodeMap[idOf(PLAN, 'parallel1')]?.executableResponses).toMatchObject([
      { children: { children: [{ childNodeId: idOf(PLAN, 't') }, { childNodeId: idOf(PLAN, 'u') }] } },
    ]);
    expect(nodeMap[idOf(PLAN, 'a')]).toMatchObject({
      skipInfo: { skipCondition: 'no', evaluatedCondition: true },
      nodeRunInfo: { evaluatedCondition: false },
    });
  });

  it('shows nodes that have not started, without times', () => {
    const node = graphOf().nodeMap[idOf(PLAN, 'a')];
    expect(node).toMatchObject({
      status: 'NotStarted',
      startTs: undefined,
      endTs: undefined,
      stepType: 'SHOWN_Apply',
      failureInfo: { message: '' },
      unitProgresses: [],
      executableResponses: [],
      delegateInfoList: [],
      outcomes: {},
    });
  });

  it('tells a failure once: on the step, not on its parts', () => {
    const failed = state({
      status: 'Failed',
      startedAt: 1,
      endedAt: 5,
      resource: { waitedFrom: 1, grantedAt: 2 },
      failure: { message: 'boom', failureType: 'Connectivity' },
    });
    const { nodeMap } = graphOf({ [idOf(PLAN, 'a')]: failed });
    expect(nodeMap[idOf(PLAN, 'a')]?.failureInfo).toMatchObject({
      message: 'boom',
      failureTypeList: ['Connectivity'],
      responseMessages: [{ level: 'ERROR', message: 'boom' }],
    });
    expect(nodeMap[`${idOf(PLAN, 'a')}-command`]).toMatchObject({
      status: 'Failed',
      startTs: 2,
      endTs: 5,
      failureInfo: { message: '' },
    });
    expect(nodeMap[`${idOf(PLAN, 'a')}-resource`]).toMatchObject({ status: 'Success', startTs: 1, endTs: 2 });
  });

  it.each([
    ['not started', state({}), 'NotStarted', 'NotStarted'],
    [
      'waiting',
      state({ status: 'ResourceWaiting', startedAt: 1, resource: { waitedFrom: 1, grantedAt: null } }),
      'ResourceWaiting',
      'NotStarted',
    ],
    [
      'running',
      state({ status: 'Running', startedAt: 1, resource: { waitedFrom: 1, grantedAt: 1 } }),
      'Success',
      'Running',
    ],
    [
      'stopping',
      state({ status: 'Discontinuing', startedAt: 1, resource: { waitedFrom: 1, grantedAt: 1 } }),
      'Success',
      'Discontinuing',
    ],
    ['skipped', state({ status: 'Skipped', startedAt: 1, endedAt: 1 }), 'Skipped', 'Skipped'],
    [
      'aborted in the queue',
      state({ status: 'Aborted', startedAt: 1, endedAt: 3, resource: { waitedFrom: 1, grantedAt: null } }),
      'Aborted',
      'NotStarted',
    ],
    [
      'done',
      state({ status: 'Success', startedAt: 1, endedAt: 3, resource: { waitedFrom: 1, grantedAt: 1 } }),
      'Success',
      'Success',
    ],
  ] as const)('derives the parts of a step that is %s', (_what, of, resource, command) => {
    const { nodeMap } = graphOf({ [idOf(PLAN, 'a')]: of });
    expect([nodeMap[`${idOf(PLAN, 'a')}-resource`]?.status, nodeMap[`${idOf(PLAN, 'a')}-command`]?.status]).toEqual([
      resource,
      command,
    ]);
  });

  it('shows delegate, task, outputs, parameters, notes and the decision', () => {
    const { nodeMap } = graphOf({
      [idOf(PLAN, 'a')]: state({
        status: 'Success',
        startedAt: 1,
        endedAt: 2,
        taskId: 't',
        delegate: { id: 'd', name: 'D', taskId: 't' },
        outputs: { x: 'y' },
        parameters: { instance: 'z' },
        notes: ['n'],
        decision: 'because',
      }),
    });
    expect(nodeMap[idOf(PLAN, 'a')]).toMatchObject({
      delegateInfoList: [{ id: 'd', name: 'D', taskId: 't' }],
      executableResponses: [{ task: { taskId: 't', logKeys: ['key/s/g/a'] } }],
      outcomes: { output: { x: 'y' } },
      stepParameters: { spec: { instance: 'z' }, timeout: '600s' },
      progressData: { notes: ['n'] },
      nodeRunInfo: { whenCondition: 'because', evaluatedCondition: true },
      unitProgresses: [{ status: 'SUCCESS' }],
    });
  });
});

describe('a step that waits for its database instance', () => {
  const holder = {
    planExecutionId: 'other',
    pipelineIdentifier: 'nightly',
    pipelineName: 'Nightly',
    runSequence: 41,
    heldSince: 0,
  };
  const holdUps = { t: { dbSchema: 'orders', dbInstance: 'prod', holder, place: 2 } };
  const waiting = state({
    status: 'ResourceWaiting',
    startedAt: 1,
    taskId: 't',
    resource: { waitedFrom: 1, grantedAt: null },
    notes: ['n'],
  });
  const note =
    'waits for database instance "prod" of DB schema "orders": run 41 of pipeline "Nightly" (execution other) has held it since 1970-01-01T00:00:00.000Z; this step is number 2 in the queue';

  it('names who holds it, on the step and on its resource part, behind what else is noted', () => {
    const { nodeMap } = graphOf({ [idOf(PLAN, 'a')]: waiting }, holdUps);
    expect(nodeMap[idOf(PLAN, 'a')]?.progressData).toEqual({
      notes: ['n', note],
      resourceHolder: holder,
      resourceQueuePlace: 2,
    });
    expect(nodeMap[`${idOf(PLAN, 'a')}-resource`]?.progressData).toEqual({
      notes: [note],
      resourceHolder: holder,
      resourceQueuePlace: 2,
    });
    expect(nodeMap[`${idOf(PLAN, 'a')}-command`]?.progressData).toEqual({});
  });

  it('says that it is next when it is', () => {
    const { nodeMap } = graphOf({ [idOf(PLAN, 'a')]: waiting }, { t: { ...holdUps.t, place: 1 } });
    expect(nodeMap[idOf(PLAN, 'a')]?.progressData).toMatchObject({
      notes: ['n', expect.stringMatching(/; this step is next$/)],
      resourceQueuePlace: 1,
    });
  });

  it.each([
    ['has it', state({ ...waiting, status: 'Running', resource: { waitedFrom: 1, grantedAt: 2 } })],
    ['was aborted in the queue', state({ ...waiting, status: 'Aborted', endedAt: 3 })],
  ])('names nobody once it %s', (_what, of) => {
    expect(graphOf({ [idOf(PLAN, 'a')]: of }, holdUps).nodeMap[idOf(PLAN, 'a')]?.progressData).toEqual({
      notes: ['n'],
    });
  });

  it('names nobody while the instance changes hands', () => {
    expect(graphOf({ [idOf(PLAN, 'a')]: waiting }).nodeMap[idOf(PLAN, 'a')]?.progressData).toEqual({ notes: ['n'] });
  });
});

describe('stageLayout', () => {
  it('walks stages from the first over nextIds and children', () => {
    const { startingNodeId, layoutNodeMap } = stageLayout(PLAN, {
      [idOf(PLAN, 's')]: state({
        status: 'Failed',
        startedAt: 1,
        endedAt: 2,
        failure: { message: 'm', failureType: 'Unknown' },
      }),
    });
    const first = layoutNodeMap[startingNodeId];
    expect(first).toMatchObject({
      nodeIdentifier: 's',
      nodeGroup: 'STAGE',
      nodeType: 'Custom',
      status: 'Failed',
      failureInfo: { message: 'm' },
      nodeUuid: startingNodeId,
      nodeExecutionId: idOf(PLAN, 's'),
    });
    const fork = layoutNodeMap[first?.edgeLayoutList.nextIds[0] ?? ''];
    expect(fork).toMatchObject({ nodeType: 'parallel' });
    expect(fork?.edgeLayoutList.currentNodeChildren.map((id) => layoutNodeMap[id]?.nodeIdentifier)).toEqual(['t', 'u']);
    expect(Object.keys(layoutNodeMap)).toHaveLength(4);
  });

  it('a stage that failed tells the first failure below it', () => {
    const failed = (endedAt: number, message: string): NodeState =>
      state({ status: 'Failed', endedAt, failure: { message, failureType: 'Unknown' } });
    const { layoutNodeMap, startingNodeId } = stageLayout(PLAN, {
      [idOf(PLAN, 's')]: state({ status: 'Failed' }),
      [idOf(PLAN, 'b')]: failed(9, 'later'),
      [idOf(PLAN, 'a')]: failed(5, 'sooner'),
    });
    expect(layoutNodeMap[startingNodeId]).toMatchObject({
      failureInfo: { message: 'sooner' },
      failureInfoDTO: { message: 'sooner', failureTypeList: ['Unknown'] },
    });
  });

  it('counts stages', () => {
    const states = {
      [idOf(PLAN, 's')]: state({ status: 'Success' }),
      [idOf(PLAN, 't')]: state({ status: 'ResourceWaiting' }),
      [idOf(PLAN, 'u')]: state({ status: 'Expired' }),
    };
    expect(stageCounts(PLAN, states)).toEqual({ successful: 1, running: 1, failed: 1, total: 3 });
  });
});

it('the failure to read is the earliest of a step, with its place', () => {
  const failed = (endedAt: number, message: string): NodeState =>
    state({ status: 'Failed', endedAt, failure: { message, failureType: 'Unknown' } });
  expect(
    firstFailure(PLAN, {
      [idOf(PLAN, 'b')]: failed(9, 'second'),
      [idOf(PLAN, 'a')]: failed(5, 'first'),
      [idOf(PLAN, 'g')]: failed(1, 'group'),
    })?.message,
  ).toBe('stage "s", step "a": first');
  expect(firstFailure(PLAN, {})).toBeUndefined();
});

it('the failure to read says too that the rollback failed, and of what', () => {
  const undone = planOf(
    stage('s', group('g', step('a'), step('b'))).replace(
      '] } } } }',
      `], rollbackSteps: [${group('undo', step('back'))}] } } } }`,
    ),
  );
  const failed = (endedAt: number, message: string): NodeState =>
    state({ status: 'Failed', endedAt, failure: { message, failureType: 'Unknown' } });
  const states = {
    [idOf(undone, 'a')]: failed(5, 'first'),
    [idOf(undone, 'b')]: failed(6, 'second'),
    [idOf(undone, 'back')]: failed(9, 'no tag'),
  };
  expect(firstFailure(undone, states)?.message).toBe(
    'stage "s", step "a": first; the rollback failed too: stage "s", step "back": no tag',
  );
});

describe('the outline of a plan', () => {
  it('gives lists the same stages and counts as the whole plan, and holds nothing of what lies in them', () => {
    const outline = planOutline(PLAN);
    const states = Object.fromEntries(
      PLAN.stageIds.map((id, index) => [id, state({ status: index === 0 ? 'Success' : 'Running', startedAt: 1 })]),
    );
    expect(stageLayout(outline, states)).toEqual(stageLayout(PLAN, states));
    expect(stageCounts(outline, states)).toEqual(stageCounts(PLAN, states));
    expect(
      Object.values(outline.nodes).filter(
        ({ kind }) => kind === 'step' || kind === 'stepGroup' || kind === 'execution',
      ),
    ).toEqual([]);
  });
});
