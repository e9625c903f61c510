import { hasExpression, type PipelineModel, type StepItemYaml } from '@sluice/pipeline-engine';
import { MODULE } from '../database/list-query.js';
import type { PipelineFacts } from './pipeline.entity.js';

/** What a pipeline works on, as far as its YAML says it before a run. */
export function factsOf({ stages }: PipelineModel): PipelineFacts {
  const steps = stages.flatMap(({ spec: { execution } }) => [
    ...stepsOf(execution?.steps ?? []),
    ...stepsOf(execution?.rollbackSteps ?? []),
  ]);
  const named = (key: 'dbSchema' | 'dbInstance'): string[] =>
    unique(
      steps
        .map(({ spec }) => spec?.[key])
        .filter((value): value is string => typeof value === 'string' && !hasExpression(value)),
    );
  return {
    [MODULE]: {
      stepTypes: unique(steps.map(({ type }) => type)),
      dbSchemas: named('dbSchema'),
      dbInstances: named('dbInstance'),
    },
  };
}

function stepsOf(items: readonly StepItemYaml[]): NonNullable<StepItemYaml['step']>[] {
  return items.flatMap(({ step, stepGroup, parallel }) => [
    ...(step ? [step] : []),
    ...stepsOf(stepGroup?.steps ?? []),
    ...stepsOf(parallel ?? []),
  ]);
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)].sort();
}
