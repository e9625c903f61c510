import {
  chooseStages,
  inputFitter,
  inputRoot,
  inputTemplate,
  mergeInputs,
  templateWith,
  type FittedInput,
  type Problem,
} from '@sluice/pipeline-engine';
import { stringify } from 'yaml';
import { inputOfSet } from './input-set-yaml.js';

/** A stored input set that is laid over others. */
export interface StoredInput {
  readonly identifier: string;
  readonly yaml: string;
}

export interface Merging {
  readonly pipelineYaml: string;
  /** Later ones count more. */
  readonly sets: readonly StoredInput[];
  /** Runtime input laid over the sets; empty for none. */
  readonly inputYaml: string;
  /** Stages whose inputs are kept; empty for all. */
  readonly stages: readonly string[];
  /** The inputs alone, or the whole template of the pipeline with them in it. */
  readonly form: 'input' | 'template';
  /** Also the pipeline with them in it. */
  readonly withPipeline: boolean;
}

/** What does not fit the pipeline, by the set that holds it. */
type SetProblem = Problem & { readonly set: string };

export interface Merged {
  /** YAML with root `pipeline`; null when nothing is left. */
  readonly yaml: string | null;
  /** YAML of the pipeline with its inputs; inputs without a value stay open. */
  readonly pipelineYaml: string | null;
  readonly problems: readonly SetProblem[];
}

/** What a pipeline, or some stages of it, ask for. */
export interface Asked {
  /** YAML with root `pipeline`; null for a pipeline without inputs. */
  readonly template: string | null;
  /** The same as a value. */
  readonly inputs: unknown;
  /** YAML of the pipeline it was made for: with the chosen stages only. */
  readonly pipelineYaml: string;
  /** What the chosen stages read from others. */
  readonly replacedExpressions: readonly string[];
  readonly replacedByStage: Readonly<Record<string, readonly string[]>>;
}

/** What of each set, given as YAML, does not fit a pipeline, in their order. @throws AppError INVALID_YAML_ERROR */
export function faultsOfSets(pipelineYaml: string, sets: readonly string[]): (readonly Problem[])[] {
  const fit = inputFitter(pipelineYaml);
  return sets.map((yaml) => fit(inputOfSet(yaml)).faults);
}

/** Stored sets and runtime input together, for all or some stages. @throws AppError INVALID_YAML_ERROR, INVALID_REQUEST for stages there are not */
export function mergeSets({ pipelineYaml, sets, inputYaml, stages, form, withPipeline }: Merging): Merged {
  const stored = mergeStored(pipelineYaml, sets);
  const given = inputFitter(pipelineYaml)(inputRoot(inputYaml));
  const all = mergeInputs([stored.input, given.kept]);
  const chosen = stages.length === 0 ? pipelineYaml : chooseStages(pipelineYaml, stages).yaml;
  const input = stages.length === 0 ? all : inputFitter(chosen)(all).kept;
  return {
    yaml: asDocument(form === 'input' ? input : templateWith(chosen, input)),
    pipelineYaml: withPipeline ? stringify({ pipeline: mergeInputs([inputRoot(chosen), input]) }) : null,
    problems: [...stored.problems, ...given.faults.map((problem) => ({ ...problem, set: 'runtimeInputYaml' }))],
  };
}

/** Runtime input of a run that names stored sets. @returns YAML with root `pipeline`; empty for none @throws AppError INVALID_YAML_ERROR, INVALID_REQUEST */
export function runInput(pipelineYaml: string, sets: readonly StoredInput[], inputYaml: string): string {
  return asDocument(mergeInputs([mergeStored(pipelineYaml, sets).input, inputRoot(inputYaml)])) ?? '';
}

/** The inputs of a pipeline, for all or some stages. @throws AppError INVALID_YAML_ERROR, INVALID_REQUEST for stages there are not */
export function askedOf(pipelineYaml: string, stages: readonly string[]): Asked {
  const chosen =
    stages.length > 0
      ? chooseStages(pipelineYaml, stages)
      : { yaml: pipelineYaml, openExpressions: [], openByStage: {} };
  const template = inputTemplate(chosen.yaml) ?? null;
  return {
    template,
    inputs: template === null ? undefined : inputRoot(template),
    pipelineYaml: chosen.yaml,
    replacedExpressions: chosen.openExpressions,
    replacedByStage: chosen.openByStage,
  };
}

function mergeStored(
  pipelineYaml: string,
  sets: readonly StoredInput[],
): { readonly input: unknown; readonly problems: readonly SetProblem[] } {
  const fit = inputFitter(pipelineYaml);
  const fitted = sets.map(({ identifier, yaml }): { readonly set: string } & FittedInput => ({
    set: identifier,
    ...fit(inputOfSet(yaml)),
  }));
  return {
    input: mergeInputs(fitted.map(({ kept }) => kept)),
    problems: fitted.flatMap(({ set, faults }) => faults.map((problem) => ({ ...problem, set }))),
  };
}

function asDocument(input: unknown): string | null {
  return input === undefined ? null : stringify({ pipeline: input });
}
