import { applyRuntimeInput, compilePlan, inputFitter, type FittedInput, type PlanInput } from '@sluice/pipeline-engine';
import { StepTypeRegistry } from '@sluice/step-types';
import { stableId } from '../run/identifiers.js';

const types = new StepTypeRegistry();

/** Everything about a document that runs what its author wrote: patterns and expressions. Plain data in and out, so that it can cross a thread. */
export const DOCUMENT_JOBS = {
  /** @returns the pipeline with its inputs filled */
  fill: ({ yaml, inputYaml }: { readonly yaml: string; readonly inputYaml: string }) => applyRuntimeInput(yaml, inputYaml),
  compile: (input: Omit<PlanInput, 'catalogue' | 'idOf'>) => compilePlan({ ...input, catalogue: types, idOf: stableId }),
  fit: ({ yaml, input }: { readonly yaml: string; readonly input: unknown }): FittedInput => inputFitter(yaml)(input),
} as const;

export type DocumentJobs = typeof DOCUMENT_JOBS;

/** One call of a job, as it is sent to the worker. */
export type DocumentJob = { readonly [Name in keyof DocumentJobs]: { readonly name: Name; readonly argument: Parameters<DocumentJobs[Name]>[0] } }[keyof DocumentJobs];

export function runJob({ name, argument }: DocumentJob): unknown {
  const work: (argument: never) => unknown = DOCUMENT_JOBS[name];
  return work(argument as never);
}
