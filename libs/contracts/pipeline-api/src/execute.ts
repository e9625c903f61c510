import { defineRoute, queryBoolean, queryList } from '@sluice/api-conventions';
import { z } from 'zod';
import {
  executionStatus,
  gitDetails,
  gitQuery,
  governanceMetadata,
  ignoredBody,
  pathIdentifier,
  projectQuery,
  yamlBody,
  yamlWarnings,
} from './common.js';

const access = { permission: 'pipeline.execute' } as const;
const view = { permission: 'pipeline.view' } as const;
const root = '/pipeline/api/pipeline/execute';
const id128 = z.string().min(1).max(128);
const pipelineParams = z.object({ pipelineIdentifier: pathIdentifier });
const executionParams = z.object({ planExecutionId: id128 });
const rerunParams = z.object({ originalExecutionId: id128, pipelineIdentifier: pathIdentifier });
const nodeParams = executionParams.extend({ nodeExecutionId: id128 });
const executeQuery = z.object({
  ...projectQuery,
  ...gitQuery,
  inputSetIdentifiers: queryList.optional(),
  notesForPipelineExecution: z.string().max(4096).optional(),
  moduleType: z.string().max(64).optional(),
  module: z.string().max(64).optional(),
  pipelineBranchName: z.string().max(256).optional(),
  pipelineRepoID: z.string().max(256).optional(),
  useFQNIfError: z.string().max(16).optional(),
});

export const planExecutionResponse = z.object({
  planExecution: z.object({
    uuid: z.string(),
    createdAt: z.number().int(),
    planId: z.string(),
    setupAbstractions: z.object({ accountId: z.string(), orgIdentifier: z.string(), projectIdentifier: z.string() }),
    validUntil: z.number().int(),
    status: executionStatus,
    startTs: z.number().int(),
    endTs: z.number().int().nullable(),
    metadata: z.object({
      runSequence: z.number().int(),
      triggerInfo: z.unknown(),
      pipelineIdentifier: z.string(),
      executionUuid: z.string(),
      principalInfo: z.object({ principal: z.string(), principalType: z.string() }),
      moduleType: z.string().nullable(),
      retryInfo: z.object({
        isRetry: z.boolean(),
        rootExecutionId: z.string().nullable(),
        parentRetryId: z.string().nullable(),
      }),
    }),
    governanceMetadata,
    version: z.number().int(),
    nodeType: z.string(),
  }),
  gitDetails,
  warnings: yamlWarnings,
});
export type PlanExecutionResponse = z.infer<typeof planExecutionResponse>;

const common = { style: 'ng', access, response: planExecutionResponse } as const;
const text = {
  ...common,
  method: 'POST',
  params: pipelineParams,
  query: executeQuery,
  bodyKind: 'text',
  body: yamlBody,
} as const;
const references = z.looseObject({
  inputSetReferences: z.array(z.string().max(256)).max(100).nullish(),
  withMergedPipelineYaml: z.boolean().nullish(),
  stageIdentifiers: z.array(z.string().max(256)).max(256).nullish(),
});
const chosenStages = z.looseObject({
  runtimeInputYaml: z.string().max(1_048_576, 'must be at most 1 MiB').nullish(),
  stageIdentifiers: z.array(z.string().max(256)).min(1, 'must name at least one stage').max(256),
  /** Values for what chosen stages read from stages that do not run, by expression. */
  expressionValues: z.record(z.string().max(1024), z.string().max(65_536)).nullish(),
});

/** Body: runtime-input YAML with root `pipeline`, or empty. Errors: INVALID_REQUEST naming inputs without a value, PLAN_CREATION_ERROR. */
export const executePipeline = defineRoute({
  ...text,
  id: 'executePipeline',
  path: `${root}/:pipelineIdentifier`,
  summary: 'Run a pipeline',
});
export const executePipelineV2 = defineRoute({
  ...text,
  id: 'executePipelineV2',
  path: `${root}/:pipelineIdentifier/v2`,
  summary: 'Run a pipeline',
});
export const executeWithInputSets = defineRoute({
  ...common,
  method: 'POST',
  id: 'executeWithInputSets',
  path: `${root}/:pipelineIdentifier/inputSetList`,
  summary: 'Run a pipeline with stored input sets',
  params: pipelineParams,
  query: executeQuery,
  body: references,
});

/** INVALID_REQUEST when the pipeline has no `allowStageExecutions: true`. */
export const executeStages = defineRoute({
  ...common,
  method: 'POST',
  id: 'executeStages',
  path: `${root}/:pipelineIdentifier/stages`,
  summary: 'Run chosen stages of a pipeline',
  params: pipelineParams,
  query: executeQuery,
  body: chosenStages,
});

const rerun = { ...text, params: rerunParams } as const;
/** A new run of the pipeline as it is now. An empty body takes the inputs of the earlier run. */
export const rerunPipeline = defineRoute({
  ...rerun,
  id: 'rerunPipeline',
  path: `${root}/rerun/:originalExecutionId/:pipelineIdentifier`,
  summary: 'Run a pipeline again',
});
export const rerunPipelineV2 = defineRoute({
  ...rerun,
  id: 'rerunPipelineV2',
  path: `${root}/rerun/v2/:originalExecutionId/:pipelineIdentifier`,
  summary: 'Run a pipeline again',
});
export const rerunStages = defineRoute({
  ...common,
  method: 'POST',
  id: 'rerunStages',
  path: `${root}/rerun/:originalExecutionId/:pipelineIdentifier/stages`,
  summary: 'Run chosen stages again',
  params: rerunParams,
  query: executeQuery,
  body: chosenStages,
});
export const rerunWithInputSets = defineRoute({
  ...common,
  method: 'POST',
  id: 'rerunWithInputSets',
  path: `${root}/rerun/:originalExecutionId/:pipelineIdentifier/inputSetList`,
  summary: 'Run a pipeline again with stored input sets',
  params: rerunParams,
  query: executeQuery,
  body: references,
});

/** Runs again what failed: stages that succeeded are taken over from the earlier execution. CONFLICT while it is still running. */
export const retryExecution = defineRoute({
  ...common,
  method: 'PUT',
  id: 'retryExecution',
  path: `${root}/retry/:planExecutionId`,
  summary: 'Retry an execution from its failed stage',
  params: executionParams,
  query: z.object({ ...projectQuery, module: z.string().max(64).optional() }),
  body: ignoredBody,
});
export const retryPipeline = defineRoute({
  ...text,
  id: 'retryPipeline',
  path: `${root}/retry/:pipelineIdentifier`,
  summary: 'Retry an execution from given stages',
  query: executeQuery.extend({
    planExecutionId: id128,
    retryStages: queryList.optional(),
    /** Of stages that run side by side: run those that succeeded again too. Default true. */
    runAllStages: queryBoolean.optional(),
  }),
});

const ofPipeline = z.object({ ...projectQuery, pipelineIdentifier: pathIdentifier.optional() });
const retryStage = z.object({
  name: z.string(),
  identifier: z.string(),
  status: executionStatus,
  createdAt: z.number().int().nullable(),
  parentId: z.string().nullable(),
  nextId: z.string().nullable(),
});

export const retryStages = defineRoute({
  style: 'ng',
  access: view,
  method: 'GET',
  id: 'retryStages',
  path: `${root}/:planExecutionId/retryStages`,
  summary: 'Stages from which an execution can be retried',
  params: executionParams,
  query: ofPipeline,
  response: z.object({
    isResumable: z.boolean(),
    errorMessage: z.string().nullable(),
    groups: z.array(z.object({ info: z.array(retryStage) })),
  }),
});

export const retryHistory = defineRoute({
  style: 'ng',
  access: view,
  method: 'GET',
  id: 'retryHistory',
  path: `${root}/retryHistory/:planExecutionId`,
  summary: 'An execution and its retries, newest first',
  params: executionParams,
  query: ofPipeline,
  response: z.object({
    errorMessage: z.string().nullable(),
    latestExecutionId: z.string(),
    executionInfos: z.array(
      z.object({
        uuid: z.string(),
        startTs: z.number().int(),
        endTs: z.number().int().nullable(),
        status: executionStatus,
      }),
    ),
  }),
});
export const latestExecutionId = defineRoute({
  style: 'ng',
  access: view,
  method: 'GET',
  id: 'latestExecutionId',
  path: `${root}/latestExecutionId/:planExecutionId`,
  summary: 'The newest retry of an execution',
  params: executionParams,
  query: ofPipeline,
  response: z.object({ errorMessage: z.string().nullable(), latestExecutionId: z.string() }),
});

export const INTERRUPT_TYPES = [
  'AbortAll',
  'Abort',
  'Pause',
  'Resume',
  'StageRollback',
  'ExpireAll',
  'Retry',
  'UserMarkedFailure',
] as const;
const interruptQuery = z.object({ ...projectQuery, interruptType: z.enum(INTERRUPT_TYPES) });
export const interruptResult = z.object({ id: z.string(), type: z.enum(INTERRUPT_TYPES), planExecutionId: z.string() });

/** AbortAll and Abort stop the execution; the others answer INVALID_REQUEST. Safe to repeat. */
export const interruptExecution = defineRoute({
  style: 'ng',
  access,
  method: 'PUT',
  id: 'interruptExecution',
  path: `${root}/interrupt/:planExecutionId`,
  summary: 'Interrupt an execution',
  params: executionParams,
  query: interruptQuery,
  body: ignoredBody,
  response: interruptResult,
});
export const interruptNode = defineRoute({
  style: 'ng',
  access,
  method: 'PUT',
  id: 'interruptNode',
  path: `${root}/interrupt/:planExecutionId/:nodeExecutionId`,
  summary: 'Interrupt an execution from one of its nodes',
  params: nodeParams,
  query: interruptQuery,
  body: ignoredBody,
  response: interruptResult,
});

export const INTERVENTION_TYPES = ['Ignore', 'Abort', 'MarkAsSuccess', 'Retry'] as const;

/** INVALID_REQUEST unless the node waits for an intervention, which no step does so far. */
export const manualIntervention = defineRoute({
  style: 'ng',
  access,
  method: 'PUT',
  id: 'manualIntervention',
  path: `${root}/manualIntervention/interrupt/:planExecutionId/:nodeExecutionId`,
  summary: 'Decide about a node that waits for a person',
  params: nodeParams,
  query: z.object({ ...projectQuery, interruptType: z.enum(INTERVENTION_TYPES) }),
  body: ignoredBody,
  response: z.object({ id: z.string(), type: z.enum(INTERVENTION_TYPES), planExecutionId: z.string() }),
});

export const stagesExecutionList = defineRoute({
  style: 'ng',
  access: view,
  method: 'GET',
  id: 'stagesExecutionList',
  path: `${root}/stagesExecutionList`,
  summary: 'Stages of a pipeline, with what each needs to run alone',
  query: z.object({ ...projectQuery, ...gitQuery, pipelineIdentifier: pathIdentifier }),
  response: z.array(
    z.object({
      stageIdentifier: z.string(),
      stageName: z.string(),
      message: z.string().nullable(),
      stagesRequired: z.array(z.string()),
      isToBeBlocked: z.boolean(),
      toBeBlocked: z.boolean(),
    }),
  ),
});

const PREFLIGHT_STATUSES = ['SUCCESS', 'FAILURE'] as const;
const preflightStatus = z.enum(PREFLIGHT_STATUSES);
const preflightError = z
  .object({
    count: z.number().int(),
    summary: z.string(),
    description: z.string(),
    causes: z.array(z.object({ cause: z.string() })),
    resolution: z.array(z.object({ resolution: z.string() })),
  })
  .nullable();
const preflightPlace = { fqn: z.string(), stageName: z.string().nullable(), stepName: z.string().nullable() };

export const preflightResult = z.object({
  status: preflightStatus,
  pipelineInputWrapperResponse: z.object({
    label: z.string(),
    status: preflightStatus,
    pipelineInputResponse: z.array(z.object({ ...preflightPlace, success: z.boolean(), errorInfo: preflightError })),
  }),
  connectorWrapperResponse: z.object({
    label: z.string(),
    status: preflightStatus,
    checkResponses: z.array(
      z.object({
        ...preflightPlace,
        connectorIdentifier: z.string(),
        connectorName: z.string(),
        status: preflightStatus,
        errorInfo: preflightError,
      }),
    ),
  }),
  errorInfo: preflightError,
});
export type PreflightResult = z.infer<typeof preflightResult>;

/** Checks that inputs are complete and that schemas, instances and their connectors exist, and the connectors of images and clusters. `data` is the id of the check. */
export const preflightCheck = defineRoute({
  style: 'ng',
  access,
  method: 'POST',
  id: 'preflightCheck',
  path: `${root}/preflightCheck`,
  summary: 'Check whether a pipeline could run',
  query: z.object({ ...projectQuery, ...gitQuery, pipelineIdentifier: pathIdentifier }),
  bodyKind: 'text',
  body: yamlBody,
  response: z.string(),
});
export const getPreflightCheck = defineRoute({
  style: 'ng',
  access: view,
  method: 'GET',
  id: 'getPreflightCheck',
  path: `${root}/getPreflightCheckResponse`,
  summary: 'Result of a preflight check',
  query: z.object({ ...projectQuery, preflightCheckId: id128 }),
  response: preflightResult,
});
