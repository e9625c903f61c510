import { defineRoute, queryBoolean, springPage, springPageQuery } from '@sluice/api-conventions';
import { z } from 'zod';
import { executionStatus, gitDetails, governanceMetadata, projectOnly, projectQuery, statusFilter } from './common.js';

const access = { permission: 'pipeline.view' } as const;
const executionParams = z.object({ planExecutionId: z.string().min(1).max(128) });

const failureInfo = z.object({
  message: z.string(),
  failureTypeList: z.array(z.string()),
  responseMessages: z.array(z.object({ code: z.string(), level: z.string(), message: z.string(), exception: z.null(), failureTypes: z.array(z.string()) })),
});

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
  skipInfo: z.null(),
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
  logBaseKey: z.string(),
  unitProgresses: z.array(z.object({ unitName: z.string(), status: z.string(), startTime: z.number().int().optional(), endTime: z.number().int().optional() })),
  executableResponses: z.array(z.record(z.string(), z.unknown())),
  delegateInfoList: z.array(z.object({ id: z.string(), name: z.string(), taskId: z.string(), taskName: z.string() })),
  stepParameters: z.record(z.string(), z.unknown()).nullable(),
  outcomes: z.record(z.string(), z.unknown()),
  skipInfo: z.null(),
  nodeRunInfo: z.unknown(),
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

export const listExecutions = defineRoute({
  style: 'ng',
  id: 'listExecutions',
  method: 'POST',
  path: '/pipeline/api/pipelines/execution/summary',
  summary: 'Executions of a project, newest first',
  access,
  query: z.object({ ...projectQuery, ...springPageQuery, searchTerm: z.string().max(256).optional(), pipelineIdentifier: z.string().max(256).optional(), status: statusFilter, myDeployments: queryBoolean.optional() }),
  body: z.looseObject({ status: z.array(z.string()).optional(), pipelineName: z.string().optional(), timeRange: z.looseObject({ startTime: z.number().optional(), endTime: z.number().optional() }).nullish() }).nullish(),
  response: springPage(pipelineExecutionSummary),
});

const detailQuery = z.object({ ...projectQuery, renderFullBottomGraph: queryBoolean.optional(), stageNodeId: z.string().optional(), stageNodeExecutionId: z.string().optional() });
const detail = { style: 'ng', method: 'GET', access, params: executionParams, query: detailQuery, response: executionDetail } as const;

/** The graph comes with `renderFullBottomGraph=true` (whole) or `stageNodeId` (that stage and what lies above it). */
export const getExecution = defineRoute({ ...detail, id: 'getExecution', path: '/pipeline/api/pipelines/execution/v2/:planExecutionId', summary: 'An execution with its graph' });
export const getExecutionLegacy = defineRoute({ ...detail, id: 'getExecutionLegacy', path: '/pipeline/api/pipelines/execution/:planExecutionId', summary: 'An execution with its graph (older form)' });

export const getExecutionInputs = defineRoute({ style: 'bare', method: 'GET', access, params: executionParams, query: projectOnly, id: 'getExecutionInputs', path: '/pipeline/api/pipelines/execution/:planExecutionId/inputset', summary: 'Runtime input of an execution, as YAML text', response: z.string() });
export const getExecutionInputsV2 = defineRoute({
  style: 'ng',
  method: 'GET',
  access,
  params: executionParams,
  query: projectOnly,
  id: 'getExecutionInputsV2',
  path: '/pipeline/api/pipelines/execution/:planExecutionId/inputsetV2',
  summary: 'Runtime input of an execution, with the template it filled',
  response: z.object({
    inputSetYaml: z.string().nullable(),
    inputSetTemplateYaml: z.string().nullable(),
    latestTemplateYaml: z.string().nullable(),
    resolvedYaml: z.string(),
    expressionValues: z.record(z.string(), z.string()),
    inputSetDetails: z.array(z.object({ identifier: z.string(), name: z.string() })),
    inputSetBranchName: z.string().nullable(),
  }),
});
