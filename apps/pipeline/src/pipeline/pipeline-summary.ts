import { parsePipeline, requireSupported, type Warning } from '@sluice/pipeline-engine';
import type { StepTypeRegistry } from '@sluice/step-types';
import type { PipelineFacts } from './pipeline.entity.js';
import { factsOf } from './pipeline-facts.js';

/** Org and project a pipeline must be written for, where it names them. */
export interface PipelinePlace {
  readonly orgId: string;
  readonly projectId: string;
}

/** Who a valid pipeline is. */
export interface PipelineHead {
  readonly identifier: string;
  /** Some of its stages may run alone. */
  readonly allowsStages: boolean;
}

/** What is kept of a pipeline beside its YAML, and what is said of it. */
export interface PipelineSummary extends PipelineHead {
  readonly name: string;
  readonly description: string | null;
  readonly tags: Readonly<Record<string, string>>;
  readonly stageNames: readonly string[];
  readonly filters: PipelineFacts;
  /** Fields that are taken and have no effect. */
  readonly warnings: readonly Warning[];
}

/** @throws AppError INVALID_YAML_ERROR, SCHEMA_VALIDATION_FAILED */
export function headOf(catalogue: StepTypeRegistry, yaml: string, place?: PipelinePlace): PipelineHead {
  const { pipeline } = parsePipeline(yaml, catalogue, place);
  return { identifier: pipeline.identifier, allowsStages: pipeline.allowStageExecutions === true };
}

/** @throws AppError INVALID_YAML_ERROR, SCHEMA_VALIDATION_FAILED, NOT_IMPLEMENTED for fields that would have to be obeyed and cannot be */
export function summaryOf(catalogue: StepTypeRegistry, yaml: string, place: PipelinePlace): PipelineSummary {
  const model = parsePipeline(yaml, catalogue, place);
  const warnings = requireSupported(model, catalogue.capabilities, false);
  const { identifier, name, description, tags, allowStageExecutions } = model.pipeline;
  return {
    identifier,
    name,
    description: description ?? null,
    tags: tags ?? {},
    allowsStages: allowStageExecutions === true,
    stageNames: model.stages.map((stage) => stage.name),
    filters: factsOf(model),
    warnings,
  };
}
