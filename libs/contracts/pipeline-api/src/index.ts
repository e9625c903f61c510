import type { RouteDefinition } from '@sluice/api-conventions';
import * as approvals from './approvals.js';
import * as execute from './execute.js';
import * as executions from './executions.js';
import * as inputSets from './input-sets.js';
import * as pipelines from './pipelines.js';
import * as triggers from './triggers.js';
import * as v1 from './v1.js';

export {
  APPROVAL_ACTIONS, APPROVAL_STATUSES, APPROVAL_TYPES, addApprovalActivity, approvalInstance, approvalRow, approvalStatus, approvalType, getApproval, listApprovals,
  type ApprovalInstance, type ApprovalRow, type ApprovalStatus, type ApprovalType,
} from './approvals.js';
export { EXECUTION_STATUSES, executionStatus, type ExecutionStatus } from './common.js';
export {
  INTERRUPT_TYPES, executePipeline, executePipelineV2, executeWithInputSets, interruptExecution, interruptNode, interruptResult, planExecutionResponse, retryExecution, retryPipeline, type PlanExecutionResponse,
} from './execute.js';
export {
  executionDetail, executionGraph, executionNode, executionTriggerInfo, getExecution, getExecutionInputs, getExecutionInputsV2, getExecutionLegacy, layoutNode, listExecutions, pipelineExecutionSummary,
  type ExecutionDetail, type PipelineExecutionSummary,
} from './executions.js';
export {
  createInputSet, deleteInputSet, getInputSet, inputSetDetail, inputSetSummary, inputTemplate, listInputSets, mergeInputSets, mergedInputs, updateInputSet, type InputSetDetail,
} from './input-sets.js';
export {
  createPipeline, createPipelineLegacy, deletePipeline, getPipeline, getPipelineSummary, listPipelines, pipelineDetail, pipelineSummary, updatePipeline, updatePipelineLegacy, validatePipelineYaml, type PipelineSummary,
} from './pipelines.js';
export {
  createTrigger, deleteTrigger, getTrigger, getTriggerDetails, listTriggers, receiveCustomEvent, receiveCustomEventV2, receiveScmEvent, receiveTriggerEvent, triggerCatalog, triggerDetails, triggerProcessingDetails, triggerResponse, updateTrigger,
  type TriggerDetails, type TriggerResponse,
} from './triggers.js';
export {
  v1CreateInputSet, v1CreatePipeline, v1DeleteInputSet, v1DeletePipeline, v1ExecutePipeline, v1GetInputSet, v1GetPipeline, v1InputSet, v1ListInputSets, v1ListPipelines, v1PipelineListItem, v1UpdateInputSet, v1UpdatePipeline,
  type V1InputSet, type V1PipelineListItem,
} from './v1.js';

/** The whole contract of the pipeline service, in one list: for OpenAPI and the conformance table. */
export const PIPELINE_ROUTES: readonly RouteDefinition[] = [approvals, execute, executions, inputSets, pipelines, triggers, v1]
  .flatMap((module): unknown[] => Object.values(module))
  .filter((value): value is RouteDefinition => typeof value === 'object' && value !== null && 'method' in value && 'path' in value);
