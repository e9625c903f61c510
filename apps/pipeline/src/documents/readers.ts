import { chooseStages, inputTemplate, parseYaml, stageNeeds, variableMap } from '@sluice/pipeline-engine';
import { StepTypeRegistry } from '@sluice/step-types';
import { documentStates } from '../audit/audited-state.js';
import { resolvedInputs, templateNow } from '../execution/resolved-inputs.js';
import { readInputSet } from '../input-set/input-set-yaml.js';
import { askedOf } from '../input-set/merging.js';
import {
  headOf,
  summaryOf,
  type PipelineHead,
  type PipelinePlace,
  type PipelineSummary,
} from '../pipeline/pipeline-summary.js';
import { referencesOf } from '../reference/stored-document.js';
import { namedInInput } from '../reference/usable.js';
import { stableId } from '../run/identifiers.js';
import { inputFault, readTrigger } from '../trigger/trigger-yaml.js';

export const types = new StepTypeRegistry();

/** What is read out of documents without patterns of their authors, in a time that grows with their size. Pure; arguments and results are plain data, so that they can cross a thread. */
const READERS = {
  pipeline: (yaml: string, place: PipelinePlace): PipelineSummary => summaryOf(types, yaml, place),
  pipelineHead: (yaml: string, place?: PipelinePlace): PipelineHead => headOf(types, yaml, place),
  inputSet: readInputSet,
  trigger: readTrigger,
  inputFault,
  references: referencesOf,
  named: namedInInput,
  states: documentStates,
  inputTemplate: (yaml: string): string | null => inputTemplate(yaml) ?? null,
  asked: askedOf,
  chosenStages: chooseStages,
  stageNeeds,
  templateNow,
  resolvedInputs,
  variables: (yaml: string) => variableMap(yaml, stableId),
  json: (yaml: string): string => JSON.stringify(parseYaml(yaml, 'the pipeline').value),
};

export type ReaderName = keyof typeof READERS;
export type ReaderArguments<Name extends ReaderName> = Parameters<(typeof READERS)[Name]>;
export type ReaderResult<Name extends ReaderName> = ReturnType<(typeof READERS)[Name]>;

/** Runs a reader by its name. @throws AppError as that reader */
export function readWith(name: ReaderName, args: readonly unknown[]): unknown {
  const read = READERS[name] as (...given: readonly unknown[]) => unknown;
  return read(...args);
}
