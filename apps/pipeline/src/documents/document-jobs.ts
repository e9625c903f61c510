import { applyRuntimeInput, compilePlan, inputFitter, matchPattern, type FittedInput, type PatternResult, type Plan, type PlanInput } from '@sluice/pipeline-engine';
import { StepTypeRegistry } from '@sluice/step-types';
import type { PatternCheck } from '../approval/approval.js';
import { stableId } from '../run/identifiers.js';

/** One piece of work on a document: what runs patterns and expressions of its author. Plain data, so that it can cross a thread. */
export type DocumentJob =
  | { readonly kind: 'fill'; readonly yaml: string; readonly inputYaml: string }
  | { readonly kind: 'compile'; readonly input: CompileInput }
  | { readonly kind: 'fit'; readonly yaml: string; readonly inputs: readonly unknown[] }
  | { readonly kind: 'match'; readonly checks: readonly PatternCheck[] };

export type CompileInput = Omit<PlanInput, 'catalogue' | 'idOf'>;

/** What each kind of job gives. */
export interface DocumentResults {
  /** The pipeline with its inputs filled. */
  readonly fill: string;
  readonly compile: Plan;
  /** One for each input, in their order. */
  readonly fit: readonly FittedInput[];
  /** One for each check, in their order. */
  readonly match: readonly PatternResult[];
}

const types = new StepTypeRegistry();

export function runJob(job: DocumentJob): DocumentResults[DocumentJob['kind']] {
  switch (job.kind) {
    case 'fill':
      return applyRuntimeInput(job.yaml, job.inputYaml);
    case 'compile':
      return compilePlan({ ...job.input, catalogue: types, idOf: stableId });
    case 'fit':
      return job.inputs.map(inputFitter(job.yaml));
    case 'match':
      return job.checks.map(({ pattern, value }) => matchPattern(pattern, value));
  }
}
