import { inputExpression } from './expressions.js';
import { PIPELINE_PLACE, placed, within, type Place } from './place.js';
import { showValue, type Problem } from './problems.js';
import {
  counterpart,
  inputTemplate,
  isRecord,
  KEPT_WITH_INPUTS,
  mergeInputs,
  problemsOfValue,
} from './runtime-input.js';
import { parseYaml } from './yaml-source.js';

/** Runtime input split into what a pipeline asks for and what it does not (any more). */
export interface FittedInput {
  /** Without the parts that do not fit; undefined when nothing is left. */
  readonly kept: unknown;
  readonly faults: readonly Problem[];
}

/**
 * Compares runtime input with the inputs of a pipeline. A value for something that is not `<+input>`, for a stage or step that is not there, or one that
 * is not allowed is a fault; inputs without a value are none, since a run may still bring them.
 * @param input the `pipeline` part of an input set @throws AppError INVALID_YAML_ERROR
 */
export function fitInput(pipelineText: string, input: unknown): FittedInput {
  return inputFitter(pipelineText)(input);
}

/** As {@link fitInput}, for many inputs of one pipeline. */
export function inputFitter(pipelineText: string): (input: unknown) => FittedInput {
  const document = parseYaml(pipelineText, 'the pipeline').value;
  const pipeline = isRecord(document) ? document['pipeline'] : undefined;
  return (input) => {
    const faults: Problem[] = [];
    return { kept: fit(pipeline, input, PIPELINE_PLACE, faults), faults };
  };
}

/** The pipeline's input template with the given values in it; what has none stays `<+input>`. Undefined for a pipeline without inputs. */
export function templateWith(pipelineText: string, input: unknown): unknown {
  const template = inputTemplate(pipelineText);
  if (template === undefined) return undefined;
  const document = parseYaml(template, 'the template').value;
  return mergeInputs([isRecord(document) ? document['pipeline'] : undefined, input]);
}

function fit(base: unknown, input: unknown, place: Place, faults: Problem[]): unknown {
  if (input === undefined || input === null) return undefined;
  const expression = inputExpression(base);
  if (expression) {
    const problems = problemsOfValue(expression, input, place);
    faults.push(...problems);
    return problems.length === 0 ? input : undefined;
  }
  if (Array.isArray(input)) return fitList(base, input, place, faults);
  if (isRecord(input)) return isRecord(base) ? fitRecord(base, input, place, faults) : missing(place, faults);
  if (input === base || inputExpression(input)) return undefined;
  faults.push({
    ...placed(place),
    value: showValue(input),
    message: 'is not a runtime input of the pipeline',
    remedy: 'remove it, or make it <+input> in the pipeline',
  });
  return undefined;
}

function fitList(base: unknown, input: readonly unknown[], place: Place, faults: Problem[]): unknown {
  const kept = input.flatMap((element, index) => {
    const other = counterpart(element, index, base);
    const at = within(place, index, element);
    const value = other === undefined ? missing(at, faults) : fit(other, element, at, faults);
    return value === undefined ? [] : [value];
  });
  return kept.length > 0 ? kept : undefined;
}

function fitRecord(
  base: Record<string, unknown>,
  input: Record<string, unknown>,
  place: Place,
  faults: Problem[],
): unknown {
  const isMark = (key: string): boolean => KEPT_WITH_INPUTS.some((mark) => mark === key) && !inputExpression(base[key]);
  const kept = Object.entries(input).flatMap(([key, value]) => {
    if (isMark(key)) return [];
    const at = within(place, key, value);
    const inner = key in base ? fit(base[key], value, at, faults) : missing(at, faults);
    return inner === undefined ? [] : [[key, inner] as const];
  });
  if (kept.length === 0) return undefined;
  const marks = Object.entries(input).filter(([key]) => isMark(key));
  return Object.fromEntries([...marks, ...kept]);
}

function missing(place: Place, faults: Problem[]): undefined {
  faults.push({ ...placed(place), message: 'stands for nothing in the pipeline', remedy: 'remove it' });
  return undefined;
}
