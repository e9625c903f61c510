import { defineRoute, queryBoolean, springPage, springPageQuery } from '@sluice/api-conventions';
import { z } from 'zod';
import {
  executionStatus,
  gitDetails,
  gitQuery,
  governanceMetadata,
  pathIdentifier,
  projectOnly,
  projectQuery,
  searchText,
  sortQuery,
  statusFilter,
} from './common.js';
import { listedModuleProperties } from './filters.js';

const access = { permission: 'pipeline.view' } as const;
const executionParams = z.object({ planExecutionId: z.string().min(1).max(128) });

const failureInfo = z.object({
  message: z.string(),
  failureTypeList: z.array(z.string()),
  responseMessages: z.array(
    z.object({
      code: z.string(),
      level: z.string(),
      message: z.string(),
      exception: z.null(),
      failureTypes: z.array(z.string()),
    }),
  ),
});

const skipInfo = z.object({ skipCondition: z.string(), evaluatedCondition: z.boolean() });

export const layoutNode = z.object({
  nodeType: z.string(),
  nodeGroup: z.string(),
  nodeIdentifier: z.string(),
  name: z.string(),
  nodeUuid: z.string(),
  nodeExecutionId: z.string(),
  status: executionStatus,
  module: z.string(),
  moduleInfo: z.record(z.string(), z.unknown()),
  startTs: z.number().int().optional(),
  endTs: z.number().int().optional(),
  edgeLayoutList: z.object({ currentNodeChildren: z.array(z.string()), nextIds: z.array(z.string()) }),
  skipInfo: skipInfo.nullable(),
  nodeRunInfo: z.unknown(),
  barrierFound: z.boolean(),
  failureInfo: z.object({ message: z.string() }),
  failureInfoDTO: failureInfo,
  stepDetails: z.record(z.string(), z.unknown()),
});

export const executionTriggerInfo = z.object({
  triggerType: z.string(),
  triggeredBy: z.object({ uuid: z.string(), identifier: z.string(), extraInfo: z.record(z.string(), z.string()) }),
  isRerun: z.boolean(),
  rerunInfo: z.unknown(),
});

export const pipelineExecutionSummary = z.object({
  pipelineIdentifier: z.string(),
  planExecutionId: z.string(),
  name: z.string(),
  status: executionStatus,
  orgIdentifier: z.string(),
  projectIdentifier: z.string(),
  shouldUseSimplifiedKey: z.literal(true),
  runSequence: z.number().int(),
  startTs: z.number().int(),
  endTs: z.number().int().optional(),
  createdAt: z.number().int(),
  startingNodeId: z.string(),
  layoutNodeMap: z.record(z.string(), layoutNode),
  executionTriggerInfo,
  executionErrorInfo: z.object({ message: z.string() }).nullable(),
  failureInfo: z.object({ message: z.string() }).nullable(),
  tags: z.array(z.object({ key: z.string(), value: z.string() })),
  modules: z.array(z.string()),
  moduleInfo: z.record(z.string(), z.unknown()),
  governanceMetadata,
  gitDetails,
  successfulStagesCount: z.number().int(),
  runningStagesCount: z.number().int(),
  failedStagesCount: z.number().int(),
  totalStagesCount: z.number().int(),
  canRetry: z.boolean(),
  showRetryHistory: z.boolean(),
  isStagesExecution: z.boolean(),
  allowStageExecutions: z.boolean(),
  stagesExecuted: z.array(z.string()),
  stagesExecutedNames: z.record(z.string(), z.string()).nullable(),
  notes: z.string().nullable(),
});
export type PipelineExecutionSummary = z.infer<typeof pipelineExecutionSummary>;

/** `progressData.resourceHolder`: the execution of the same project that holds the database instance a step waits for. */
export const resourceHolder = z.object({
  planExecutionId: z.string(),
  pipelineIdentifier: z.string(),
  pipelineName: z.string(),
  runSequence: z.number().int(),
  /** Milliseconds since the epoch. */
  heldSince: z.number(),
});
export type ResourceHolder = z.infer<typeof resourceHolder>;

export const executionNode = z.object({
  uuid: z.string(),
  setupId: z.string(),
  name: z.string(),
  identifier: z.string(),
  baseFqn: z.string(),
  stepType: z.string(),
  status: executionStatus,
  startTs: z.number().int().optional(),
  endTs: z.number().int().optional(),
  failureInfo,
  /** Prefix of the node's logs; empty for a node that has none of its own. */
  logBaseKey: z.string(),
  unitProgresses: z.array(
    z.object({
      unitName: z.string(),
      status: z.string(),
      startTime: z.number().int().optional(),
      endTime: z.number().int().optional(),
    }),
  ),
  executableResponses: z.array(z.record(z.string(), z.unknown())),
  delegateInfoList: z.array(z.object({ id: z.string(), name: z.string(), taskId: z.string(), taskName: z.string() })),
  stepParameters: z.record(z.string(), z.unknown()).nullable(),
  outcomes: z.record(z.string(), z.unknown()),
  skipInfo: skipInfo.nullable(),
  nodeRunInfo: z.unknown(),
  /** `notes`: texts for people. While the step waits for its database instance also {@link resourceHolder} and `resourceQueuePlace` (1 is next). */
  progressData: z.record(z.string(), z.unknown()),
  strategyMetadata: z.null(),
  interruptHistories: z.array(z.record(z.string(), z.unknown())),
  stepDetails: z.record(z.string(), z.unknown()),
});

export const executionGraph = z.object({
  rootNodeId: z.string(),
  nodeMap: z.record(z.string(), executionNode),
  nodeAdjacencyListMap: z.record(z.string(), z.object({ children: z.array(z.string()), nextIds: z.array(z.string()) })),
  representationStrategy: z.string(),
});

export const executionDetail = z.object({ pipelineExecutionSummary, executionGraph: executionGraph.optional() });
export type ExecutionDetail = z.infer<typeof executionDetail>;

/** Filter of the execution lists; keys that are not known are ignored. */
const executionFilter = z
  .looseObject({
    filterType: z.string().max(64).nullish(),
    status: z.array(z.string().max(64)).max(64).nullish(),
    pipelineName: searchText.nullable(),
    timeRange: z.looseObject({ startTime: z.number().nullish(), endTime: z.number().nullish() }).nullish(),
    pipelineTags: z
      .array(z.looseObject({ key: z.string().max(128), value: z.string().max(128).nullish() }))
      .max(128)
      .nullish(),
    moduleProperties: listedModuleProperties,
  })
  .nullish();
const filterQuery = {
  ...projectQuery,
  ...gitQuery,
  searchTerm: searchText,
  pipelineIdentifier: pathIdentifier.optional(),
  status: statusFilter,
  myDeployments: queryBoolean.optional(),
  module: z.string().max(64).optional(),
  filterIdentifier: z.string().max(128).optional(),
  showAllExecutions: z.string().max(16).optional(),
};
/** A row is 2 KiB: a page of 500 is 1 MiB, which every reader of a list can wait for. */
const pageQuery = { ...springPageQuery, size: z.coerce.number().int().min(1).max(500).default(20) };
const list = {
  style: 'ng',
  method: 'POST',
  access,
  query: z.object({ ...filterQuery, ...pageQuery, sort: sortQuery }),
  body: executionFilter,
  response: springPage(pipelineExecutionSummary),
} as const;

/** `sort`: one of `startTs`, `createdAt`, `endTs`, `name`, `status`, `runSequence`, with `,ASC` or `,DESC` behind. Pages end at 100,000 rows; `outline` goes further. */
export const listExecutions = defineRoute({
  ...list,
  id: 'listExecutions',
  path: '/pipeline/api/pipelines/execution/summary',
  summary: 'Executions of a project, newest first',
});
export const listExecutionSummaries = defineRoute({
  ...list,
  id: 'listExecutionSummaries',
  path: '/pipeline/api/pipelines/execution/executionSummary',
  summary: 'Executions of a project (other spelling)',
});

export const executionOutline = z.object({
  planExecutionId: z.string(),
  pipelineIdentifier: z.string(),
  name: z.string(),
  status: executionStatus,
  orgIdentifier: z.string(),
  projectIdentifier: z.string(),
  runSequence: z.number().int(),
  startTs: z.number().int(),
  endTs: z.number().int().optional(),
  createdAt: z.number().int(),
  executionTriggerInfo,
});
export type ExecutionOutline = z.infer<typeof executionOutline>;

/** Pages by cursor: send the last row's id and start time to get what comes after it. */
export const outlineExecutions = defineRoute({
  style: 'ng',
  method: 'POST',
  access,
  id: 'outlineExecutions',
  path: '/pipeline/api/pipelines/execution/summary/outline',
  summary: 'Executions of a project in short, page by page without totals',
  query: z.object({
    ...filterQuery,
    size: z.coerce.number().int().min(1).max(1000).default(20),
    lastSeenExecutionId: z.string().max(128).optional(),
    lastSeenStartTime: z.coerce.number().int().min(0).optional(),
  }),
  body: executionFilter,
  response: z.object({
    content: z.array(executionOutline),
    size: z.number().int(),
    numberOfElements: z.number().int(),
    empty: z.boolean(),
    last: z.boolean(),
    lastSeenExecutionId: z.string().nullable(),
    lastSeenStartTime: z.number().int().nullable(),
  }),
});

const nodeId = z.string().max(256).optional();
const detailQuery = z.object({
  ...projectQuery,
  renderFullBottomGraph: queryBoolean.optional(),
  stageNodeId: nodeId,
  stageNodeExecutionId: nodeId,
  childStageNodeExecutionId: nodeId,
});
const detail = {
  style: 'ng',
  method: 'GET',
  access,
  params: executionParams,
  query: detailQuery,
  response: executionDetail,
} as const;

/** The graph comes with `renderFullBottomGraph=true` (whole) or `stageNodeId` (that stage and what lies above it). */
export const getExecution = defineRoute({
  ...detail,
  id: 'getExecution',
  path: '/pipeline/api/pipelines/execution/v2/:planExecutionId',
  summary: 'An execution with its graph',
});
export const getExecutionLegacy = defineRoute({
  ...detail,
  id: 'getExecutionLegacy',
  path: '/pipeline/api/pipelines/execution/:planExecutionId',
  summary: 'An execution with its graph (older form)',
});

const inputsQuery = z.object({ ...projectQuery, resolveExpressions: queryBoolean.optional() });
export const getExecutionInputs = defineRoute({
  style: 'bare',
  method: 'GET',
  access,
  params: executionParams,
  query: inputsQuery,
  id: 'getExecutionInputs',
  path: '/pipeline/api/pipelines/execution/:planExecutionId/inputset',
  summary: 'Runtime input of an execution, as YAML text',
  response: z.string(),
});

const RESOLVE_TYPES = ['RESOLVE_ALL_EXPRESSIONS', 'RESOLVE_TRIGGER_EXPRESSIONS', 'UNKNOWN'] as const;

/** `resolvedYaml` holds the inputs with every expression replaced that had its value when the run began. */
export const getExecutionInputsV2 = defineRoute({
  style: 'ng',
  method: 'GET',
  access,
  params: executionParams,
  query: inputsQuery.extend({ resolveExpressionsType: z.enum(RESOLVE_TYPES).optional() }),
  id: 'getExecutionInputsV2',
  path: '/pipeline/api/pipelines/execution/:planExecutionId/inputsetV2',
  summary: 'Runtime input of an execution, with the template it filled',
  response: z.object({
    inputSetYaml: z.string().nullable(),
    inputSetTemplateYaml: z.string().nullable(),
    latestTemplateYaml: z.string().nullable(),
    resolvedYaml: z.string().nullable(),
    expressionValues: z.record(z.string(), z.string()),
    inputSetDetails: z.array(z.object({ identifier: z.string(), name: z.string() })),
    inputSetBranchName: z.string().nullable(),
  }),
});

const one = { style: 'ng', method: 'GET', access, params: executionParams, query: projectOnly } as const;

/** `triggerPayload` is null: no execution has been started by a trigger so far. */
export const getExecutionMetadata = defineRoute({
  ...one,
  id: 'getExecutionMetadata',
  path: '/pipeline/api/pipelines/execution/:planExecutionId/metadata',
  summary: 'What an execution ran: its YAML and inputs',
  response: z.object({
    planExecutionId: z.string(),
    executionYaml: z.string(),
    inputYaml: z.string().nullable(),
    resolvedYaml: z.string(),
    triggerPayload: z.unknown(),
    triggerJsonPayload: z.string().nullable(),
    stagesToRun: z.array(z.string()),
  }),
});
export const getPolicyEvaluation = defineRoute({
  ...one,
  id: 'getPolicyEvaluation',
  path: '/pipeline/api/pipelines/execution/:planExecutionId/policy-evaluation',
  summary: 'What policies said about an execution',
  response: governanceMetadata,
});
export const getExecutionGraph = defineRoute({
  ...one,
  id: 'getExecutionGraph',
  path: '/pipeline/api/pipelines/execution/getExecutionGraph/:planExecutionId',
  summary: 'The whole graph of an execution',
  response: executionGraph,
});
export const getExecutionSubGraph = defineRoute({
  ...one,
  id: 'getExecutionSubGraph',
  path: '/pipeline/api/pipelines/execution/subGraph/:planExecutionId/:nodeExecutionId',
  summary: 'The graph below one node',
  params: executionParams.extend({ nodeExecutionId: z.string().min(1).max(160) }),
  response: executionGraph,
});

/** A link for people, to the page of an execution or, without one, of the pipeline's executions. */
export const getExecutionUrl = defineRoute({
  style: 'ng',
  method: 'POST',
  access,
  id: 'getExecutionUrl',
  path: '/pipeline/api/pipelines/execution/url',
  summary: 'Address of the page of an execution',
  query: z.object({
    ...projectQuery,
    pipelineIdentifier: pathIdentifier,
    planExecutionId: z.string().max(128).optional(),
  }),
  body: z.looseObject({}).nullish(),
  response: z.string(),
});

/** A node of any execution of the project, by its id. */
export const getExecutionNode = defineRoute({
  style: 'ng',
  method: 'GET',
  access,
  id: 'getExecutionNode',
  path: '/pipeline/api/pipelines/getExecutionNode',
  summary: 'One node of an execution',
  query: z.object({ ...projectQuery, nodeExecutionId: z.string().min(1).max(160) }),
  response: executionNode,
});
