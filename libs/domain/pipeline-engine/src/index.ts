export {
  ineffective,
  requireSupported,
  shownWarnings,
  type Capability,
  type CapabilityPlace,
  type Warning,
} from './capabilities.js';
export { compilePlan, type PlanInput } from './compile-plan.js';
export {
  executionGraph,
  firstFailure,
  stageCounts,
  stageLayout,
  stepOfPart,
  type ExecutionGraph,
  type GraphNode,
  type LayoutNode,
  type ResourceHoldUp,
} from './execution-graph.js';
export {
  MAX_EXPRESSIONS,
  MAX_EXPRESSION_CHARACTERS,
  MAX_EXPRESSION_DEPTH,
  evaluate,
  hasExpression,
  type Lookup,
} from './expressions.js';
export { inputFitter, templateWith, type FittedInput } from './input-fit.js';
export { NEW_NODE, reduceNode, type NodeEvent, type NodeFailure, type NodeState } from './node-state.js';
export { outputLookup, resolveOutputs } from './outputs.js';
export { parsePipeline, type PipelineModel } from './pipeline-model.js';
export { FAILURE_ACTIONS, FAILURE_TYPES, YAML_FIELDS, pipelineYaml, type StepItemYaml } from './pipeline-schema.js';
export {
  nodeOf,
  planOutline,
  stepsBelow,
  subtree,
  type Plan,
  type PlanNode,
  type PlanOutline,
  type Scalar,
} from './plan.js';
export { parseFitted } from './fitted-spec.js';
export { ProblemList } from './problem-list.js';
export { describeProblem, problemsError, type Problem } from './problems.js';
export { decideFailure, decideRun, podSelectors, type RunDecision, type Surroundings } from './run-rules.js';
export { matchPattern, type PatternResult } from './bounded-pattern.js';
export { referencesIn, type Reference } from './references.js';
export { applyRuntimeInput, inputRoot, inputTemplate, mergeInputs } from './runtime-input.js';
export { FINAL_STATUSES, isBroken, isFinal, statusOfParent, type EndStatus, type Status } from './status.js';
export { parseYaml, type YamlSource } from './yaml-source.js';
export { chooseStages, stageNeeds } from './stage-selection.js';
export {
  NO_STORED_VARIABLES,
  storedVariablesIn,
  type StoredVariableNames,
  type StoredVariables,
} from './stored-variables.js';
export { variableMap } from './variable-map.js';
