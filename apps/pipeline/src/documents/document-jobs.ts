import {
  applyRuntimeInput,
  compilePlan,
  matchPattern,
  type PatternResult,
  type Plan,
  type PlanInput,
  type Problem,
} from '@sluice/pipeline-engine';
import type { PatternCheck } from '../approval/approval.js';
import {
  faultsOfSets,
  mergeSets,
  runInput,
  type Merged,
  type Merging,
  type StoredInput,
} from '../input-set/merging.js';
import { stableId } from '../run/identifiers.js';
import { readWith, types, type ReaderName } from './readers.js';

/** One piece of work on a document. Plain data, so that it can cross a thread. All but `read` run patterns and expressions of its author. */
export type DocumentJob =
  | { readonly kind: 'fill'; readonly yaml: string; readonly inputYaml: string }
  | { readonly kind: 'compile'; readonly input: CompileInput }
  | { readonly kind: 'faults'; readonly yaml: string; readonly sets: readonly string[] }
  | { readonly kind: 'merge'; readonly merging: Merging }
  | {
      readonly kind: 'runInput';
      readonly yaml: string;
      readonly sets: readonly StoredInput[];
      readonly inputYaml: string;
    }
  | { readonly kind: 'match'; readonly checks: readonly PatternCheck[] }
  | { readonly kind: 'read'; readonly name: ReaderName; readonly args: readonly unknown[] };

export type CompileInput = Omit<PlanInput, 'catalogue' | 'idOf'>;

/** What each kind of job gives. */
export interface DocumentResults {
  /** The pipeline with its inputs filled. */
  readonly fill: string;
  readonly compile: Plan;
  /** One list for each set, in their order. */
  readonly faults: readonly (readonly Problem[])[];
  readonly merge: Merged;
  readonly runInput: string;
  /** One for each check, in their order. */
  readonly match: readonly PatternResult[];
  /** As the reader of that name gives it. */
  readonly read: unknown;
}

export function runJob(job: DocumentJob): DocumentResults[DocumentJob['kind']] {
  switch (job.kind) {
    case 'fill':
      return applyRuntimeInput(job.yaml, job.inputYaml);
    case 'compile':
      return compilePlan({ ...job.input, catalogue: types, idOf: stableId });
    case 'faults':
      return faultsOfSets(job.yaml, job.sets);
    case 'merge':
      return mergeSets(job.merging);
    case 'runInput':
      return runInput(job.yaml, job.sets, job.inputYaml);
    case 'match':
      return job.checks.map(({ pattern, value }) => matchPattern(pattern, value));
    case 'read':
      return readWith(job.name, job.args);
  }
}
