import { partOf } from '../answers.js';
import type { RouteCases } from '../route-case.js';
import type { World } from '../world.js';

const LISTS = { none: 'a list has nothing that could be missing' };
const yaml = (body: string) => ({ contentType: 'application/yaml', body });
const noAccount = { change: { query: { accountIdentifier: [] } }, field: 'accountIdentifier' };
const missing = { change: { params: { planExecutionId: 'nowhere' } } };
const noPipeline = { change: { params: { pipelineIdentifier: 'nowhere' } } };
const started = { planExecution: { status: 'Running', metadata: { runSequence: 1 } } };
const inScope = ({ orgIdentifier, projectIdentifier }: World['scope']) => ({ orgIdentifier, projectIdentifier });
const longTime = {
  change: { query: { notesForPipelineExecution: 'x'.repeat(4097) } },
  field: 'notesForPipelineExecution',
};
const badInterrupt = { change: { query: { interruptType: 'Explode' } }, field: 'interruptType' };

/** Running, retrying and interrupting pipelines, and reading what ran (api-contract 4.3, 4.4). */
export const executionCases: RouteCases = {
  executePipeline: {
    request: async ({ scope, make }) => ({
      query: { ...scope, moduleType: 'DBOPS' },
      params: { pipelineIdentifier: await make.pipeline() },
      raw: yaml(''),
    }),
    answers: started,
    invalid: longTime,
    missing: noPipeline,
  },
  executePipelineV2: {
    request: async ({ scope, make }) => ({
      query: { ...scope, module: 'DBOPS' },
      params: { pipelineIdentifier: await make.pipeline() },
      raw: yaml(''),
    }),
    answers: started,
    invalid: longTime,
    missing: noPipeline,
  },
  executeWithInputSets: {
    request: async ({ scope, make }) => ({
      query: scope,
      params: { pipelineIdentifier: await make.pipeline() },
      json: { inputSetReferences: [] },
    }),
    answers: started,
    invalid: { change: { json: { inputSetReferences: 'one' } }, field: 'inputSetReferences' },
    missing: noPipeline,
  },
  v1ExecutePipeline: {
    request: async ({ path, make }) => ({ params: { ...path, pipeline: await make.pipeline() }, json: {} }),
    answers: { execution_details: { status: 'RUNNING' } },
    invalid: { change: { json: { inputs_yaml: 7 } }, field: 'inputs_yaml' },
    missing: { change: { params: { pipeline: 'nowhere' } } },
  },
  retryExecution: {
    request: ({ scope, failed }) => ({ query: scope, params: { planExecutionId: failed.id }, json: inScope(scope) }),
    answers: { planExecution: { metadata: { retryInfo: { isRetry: true } } } },
    invalid: noAccount,
    missing,
  },
  retryPipeline: {
    request: ({ scope, failed }) => ({
      query: { ...scope, planExecutionId: failed.id, retryStages: ['database'] },
      params: { pipelineIdentifier: failed.pipeline },
      raw: yaml(''),
    }),
    answers: { planExecution: { metadata: { retryInfo: { isRetry: true } } } },
    invalid: { change: { query: { planExecutionId: [] } }, field: 'planExecutionId' },
    missing: { change: { query: { planExecutionId: 'nowhere' } } },
  },
  interruptExecution: {
    request: async ({ scope, make }) => ({
      query: { ...scope, interruptType: 'AbortAll' },
      params: { planExecutionId: (await make.runningExecution()).planExecutionId },
      json: inScope(scope),
    }),
    answers: (_, { params }) => ({ type: 'AbortAll', planExecutionId: params?.['planExecutionId'] }),
    invalid: badInterrupt,
    missing,
  },
  interruptNode: {
    request: async ({ scope, make }) => ({
      query: { ...scope, interruptType: 'Abort' },
      params: await make.runningExecution(),
    }),
    answers: (_, { params }) => ({ type: 'Abort', planExecutionId: params?.['planExecutionId'] }),
    invalid: badInterrupt,
    missing,
  },
  listExecutions: {
    request: ({ scope, finished }) => ({
      query: { ...scope, pipelineIdentifier: finished.pipeline, status: ['Success'], page: 0, size: 10 },
      json: { filterType: 'PipelineExecution', ...inScope(scope) },
    }),
    answers: ({ finished }) => ({
      totalElements: 1,
      content: [
        {
          planExecutionId: finished.id,
          status: 'Success',
          runSequence: 1,
          successfulStagesCount: 1,
          totalStagesCount: 1,
          executionTriggerInfo: { triggerType: 'MANUAL' },
        },
      ],
    }),
    invalid: { change: { query: { size: '0' } }, field: 'size' },
    missing: LISTS,
  },
  getExecution: {
    request: ({ scope, failed }) => ({
      query: { ...scope, renderFullBottomGraph: true },
      params: { planExecutionId: failed.id },
    }),
    answers: ({ failed, org, project }) => ({
      pipelineExecutionSummary: {
        planExecutionId: failed.id,
        pipelineIdentifier: failed.pipeline,
        status: 'Failed',
        orgIdentifier: org,
        projectIdentifier: project,
        shouldUseSimplifiedKey: true,
      },
      executionGraph: {
        nodeMap: {
          [failed.stepNode]: {
            identifier: 'apply',
            status: 'Failed',
            logBaseKey: failed.logKey,
            failureInfo: { message: partOf('absent') },
          },
        },
      },
    }),
    invalid: { change: { query: { renderFullBottomGraph: 'perhaps' } }, field: 'renderFullBottomGraph' },
    missing,
  },
  getExecutionLegacy: {
    request: ({ scope, finished }) => ({
      query: { ...scope, stageNodeId: finished.stageNode },
      params: { planExecutionId: finished.id },
    }),
    answers: ({ finished }) => ({ pipelineExecutionSummary: { planExecutionId: finished.id, status: 'Success' } }),
    invalid: noAccount,
    missing,
  },
  getExecutionInputs: {
    request: ({ scope, finished }) => ({ query: scope, params: { planExecutionId: finished.id } }),
    invalid: noAccount,
    missing,
  },
  getExecutionInputsV2: {
    request: ({ scope, finished }) => ({
      query: { ...scope, resolveExpressions: true, resolveExpressionsType: 'RESOLVE_ALL_EXPRESSIONS' },
      params: { planExecutionId: finished.id },
    }),
    answers: { inputSetDetails: [] },
    invalid: noAccount,
    missing,
  },
};
