import './schema-names.js';
import type { RouteDefinition } from '@sluice/api-conventions';
import * as approvals from './approvals.js';
import * as execute from './execute.js';
import * as executions from './executions.js';
import * as filters from './filters.js';
import * as inputSets from './input-sets.js';
import * as pipelines from './pipelines.js';
import * as triggers from './triggers.js';
import * as v1 from './v1.js';

export {
  addApprovalActivity,
  getApproval,
  listApprovals,
  type ApprovalInstance,
  type ApprovalRow,
  type ApprovalStatus,
  type ApprovalType,
} from './approvals.js';
export {
  executePipeline,
  executePipelineV2,
  executeStages,
  executeWithInputSets,
  getPreflightCheck,
  interruptExecution,
  interruptNode,
  interruptResult,
  latestExecutionId,
  manualIntervention,
  planExecutionResponse,
  preflightCheck,
  rerunPipeline,
  rerunPipelineV2,
  rerunStages,
  rerunWithInputSets,
  retryExecution,
  retryHistory,
  retryPipeline,
  retryStages,
  stagesExecutionList,
  type PlanExecutionResponse,
  type PreflightResult,
} from './execute.js';
export {
  executionDetail,
  executionGraph,
  executionNode,
  executionTriggerInfo,
  getExecution,
  getExecutionGraph,
  getExecutionInputs,
  getExecutionInputsV2,
  getExecutionLegacy,
  getExecutionMetadata,
  getExecutionNode,
  getExecutionSubGraph,
  getExecutionUrl,
  getPolicyEvaluation,
  layoutNode,
  listExecutionSummaries,
  listExecutions,
  outlineExecutions,
  pipelineExecutionSummary,
  resourceHolder,
  type ExecutionDetail,
  type ExecutionOutline,
  type PipelineExecutionSummary,
  type ResourceHolder,
} from './executions.js';
export {
  createFilter,
  deleteFilter,
  filterProperties,
  filterVisibility,
  getFilter,
  listFilters,
  updateFilter,
  type FilterProperties,
  type FilterType,
  type StoredFilter,
} from './filters.js';
export {
  createInputSet,
  createOverlayInputSet,
  deleteInputSet,
  deleteOverlayInputSet,
  getInputSet,
  getOverlayInputSet,
  inputSetErrorWrapper,
  inputTemplate,
  listInputSets,
  mergeInputSets,
  mergeWithTemplateYaml,
  updateInputSet,
  updateOverlayInputSet,
  type InputSetDetail,
  type InputSetErrorWrapper,
  type InputSetSummary,
  type OverlayInputSetDetail,
} from './input-sets.js';
export {
  createPipeline,
  createPipelineLegacy,
  deletePipeline,
  expandedPipelineJson,
  getPipeline,
  getPipelineSummary,
  importPipeline,
  importPipelineAs,
  listPipelines,
  pipelineDetail,
  pipelineSummary,
  pipelineVariables,
  updatePipeline,
  updatePipelineGitMetadata,
  updatePipelineLegacy,
  validatePipelineYaml,
  validateStoredPipeline,
  variableMap,
  type PipelineSummary,
} from './pipelines.js';
export {
  createTrigger,
  deleteTrigger,
  getTrigger,
  getTriggerDetails,
  listTriggers,
  receiveCustomEvent,
  receiveCustomEventV2,
  receiveScmEvent,
  receiveTriggerEvent,
  triggerCatalog,
  triggerProcessingDetails,
  updateTrigger,
  type TriggerDetails,
  type TriggerResponse,
} from './triggers.js';
export {
  v1CreateInputSet,
  v1CreatePipeline,
  v1DeleteInputSet,
  v1DeletePipeline,
  v1ExecuteDynamic,
  v1ExecutePipeline,
  v1GetInputSet,
  v1GetPipeline,
  v1GetPipelineValidation,
  v1ImportPipeline,
  v1ListInputSets,
  v1ListPipelines,
  v1MovePipeline,
  v1PipelineGitMetadata,
  v1PipelineInputs,
  v1UpdateInputSet,
  v1UpdatePipeline,
  v1ValidatePipeline,
  type V1InputSet,
  type V1PipelineListItem,
} from './v1.js';

/** The whole contract of the pipeline service, in one list: for OpenAPI and the conformance table. */
export const PIPELINE_ROUTES: readonly RouteDefinition[] = [
  approvals,
  execute,
  executions,
  filters,
  inputSets,
  pipelines,
  triggers,
  v1,
]
  .flatMap((module): unknown[] => Object.values(module))
  .filter(
    (value): value is RouteDefinition =>
      typeof value === 'object' && value !== null && 'method' in value && 'path' in value,
  );
