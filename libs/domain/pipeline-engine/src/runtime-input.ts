import { stringify } from 'yaml';
import { matchPattern } from './bounded-pattern.js';
import { hasExpression, inputExpression, type Expression } from './expressions.js';
import { modifierText } from './modifiers.js';
import { PIPELINE_PLACE, placed, within, type Place } from './place.js';
import { problemsError, showValue, type Problem } from './problems.js';
import { parseYaml } from './yaml-source.js';

/** Keys that tell list elements apart when two documents are laid over each other. */
const ELEMENT_WRAPPERS = ['stage', 'step', 'stepGroup'] as const;
export const KEPT_WITH_INPUTS = ['identifier', 'type', 'name'] as const;

type Json = Record<string, unknown>;
export const isRecord = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Lays runtime input over a pipeline: every `<+input>` is replaced by the value at the same place (stages, steps and groups are
 * matched by identifier, variables by name), then by its default. Whatever else the input holds is ignored, as documented.
 * @param inputText YAML with root `pipeline`, or empty
 * @returns the pipeline document as YAML text
 * @throws AppError INVALID_YAML_ERROR, or INVALID_REQUEST naming inputs without a value or with one that is not allowed
 */
export function applyRuntimeInput(pipelineText: string, inputText: string): string {
  const document = parseYaml(pipelineText, 'the pipeline').value;
  const problems: Problem[] = [];
  const filled = fill(
    isRecord(document) ? document['pipeline'] : undefined,
    inputRoot(inputText),
    PIPELINE_PLACE,
    problems,
  );
  if (problems.length > 0) throw problemsError('the runtime input', problems, 'INVALID_REQUEST');
  return stringify({ pipeline: filled });
}

/** The `pipeline` part of runtime input YAML, which may stand below `inputs`; undefined for empty text. @throws AppError INVALID_YAML_ERROR, INVALID_REQUEST */
export function inputRoot(inputText: string): unknown {
  if (inputText.trim() === '') return undefined;
  const whole = parseYaml(inputText, 'the runtime input').value;
  const document =
    isRecord(whole) && whole['pipeline'] === undefined && isRecord(whole['inputs']) ? whole['inputs'] : whole;
  if (
    document === null ||
    (isRecord(document) &&
      (document['pipeline'] !== undefined || Object.keys(document).every((key) => key.endsWith('Identifier'))))
  ) {
    return isRecord(document) ? document['pipeline'] : undefined;
  }
  const problem: Problem = {
    path: 'pipeline',
    value: showValue(document),
    message: 'runtime input has no root key "pipeline"',
    remedy: 'send "pipeline:" with only the parts that are inputs',
  };
  throw problemsError('the runtime input', [problem], 'INVALID_REQUEST');
}

/** Merges several runtime inputs, later ones over earlier ones. Undefined when all are empty. */
export function mergeInputs(inputs: readonly unknown[]): unknown {
  return inputs
    .filter((input) => input !== undefined && input !== null)
    .reduce<unknown>((merged, input) => (merged === undefined ? input : overlay(merged, input)), undefined);
}

/** The parts of a pipeline that are runtime inputs, as YAML with root `pipeline`; undefined when there are none. */
export function inputTemplate(pipelineText: string): string | undefined {
  const document = parseYaml(pipelineText, 'the pipeline').value;
  const template = isRecord(document) ? keepInputs(document['pipeline']) : undefined;
  return template === undefined ? undefined : stringify({ pipeline: template });
}

function fill(base: unknown, input: unknown, place: Place, problems: Problem[]): unknown {
  const expression = inputExpression(base);
  if (expression) return fillOne(expression, input, place, problems);
  if (Array.isArray(base))
    return base.map((element, index) =>
      fill(element, counterpart(element, index, input), within(place, index, element), problems),
    );
  if (!isRecord(base)) return base;
  const given = isRecord(input) ? input : {};
  return Object.fromEntries(
    Object.entries(base).flatMap(([key, value]) => {
      if (
        key === 'value' &&
        isOptionalVariable(base) &&
        inputExpression(value) &&
        valueOrUndefined(given[key]) === undefined
      )
        return [];
      return [[key, fill(value, given[key], within(place, key, value), problems)] as const];
    }),
  );
}

/** A variable may leave its value to its `default`, or be marked `required: false`. */
function isOptionalVariable(base: Json): boolean {
  return typeof base['name'] === 'string' && (base['default'] !== undefined || base['required'] === false);
}

function valueOrUndefined(input: unknown): unknown {
  return input === undefined || input === null || input === '' || inputExpression(input) ? undefined : input;
}

function fillOne(expression: Expression, input: unknown, place: Place, problems: Problem[]): unknown {
  const value = valueOrUndefined(input) ?? argumentsOf(expression, 'default')[0];
  if (value === undefined) {
    problems.push({
      ...placed(place),
      message: 'is a runtime input without a value',
      remedy: 'give it in the runtime input YAML or in an input set',
    });
    return expression.text;
  }
  problems.push(...problemsOfValue(expression, value, place));
  return value;
}

/**
 * What is wrong with a value for a runtime input: not among the allowed ones, or of another form. Nothing is when it is an input again. Each element of a
 * list is judged. A value with an expression under a pattern is refused: what the expression brings could not be checked.
 */
export function problemsOfValue(expression: Expression, value: unknown, place: Place): Problem[] {
  if (valueOrUndefined(value) === undefined) return [];
  const allowed = [...argumentsOf(expression, 'allowedValues'), ...argumentsOf(expression, 'selectOneFrom')].map(
    String,
  );
  const pattern = unquoted(modifierText(expression.modifiers, 'regex'));
  const found = { ...placed(place), value: showValue(value) };
  return (Array.isArray(value) ? value : [value]).flatMap((one: unknown) => [
    ...(allowed.length > 0 && !allowed.includes(textOf(one))
      ? [{ ...found, message: 'has a value that is not allowed', remedy: `use one of: ${allowed.join(', ')}` }]
      : []),
    ...(pattern === undefined ? [] : patternProblem(pattern, one).map((fault) => ({ ...found, ...fault }))),
  ]);
}

function patternProblem(pattern: string, value: unknown): Pick<Problem, 'message' | 'remedy'>[] {
  if (hasExpression(textOf(value)))
    return [
      { message: `holds an expression, which cannot be checked against ${pattern}`, remedy: 'write the value itself' },
    ];
  const message = `does not match ${pattern}`;
  const form = matchPattern(pattern, textOf(value));
  if (form === 'match') return [];
  return [
    {
      message,
      remedy:
        form === 'no match'
          ? 'give another value'
          : 'correct the pattern in the pipeline: it is no regular expression, or takes too long',
    },
  ];
}

/** A scalar as it is written; anything else as JSON, which is no allowed value and shows its expressions. */
function textOf(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** Arguments of one modifier: `.allowedValues(a, "b c")` gives `a` and `b c`; `true` and numbers keep their types. */
function argumentsOf(expression: Expression, modifier: string): (string | number | boolean)[] {
  const inner = modifierText(expression.modifiers, modifier) ?? '';
  return [...inner.matchAll(/"([^"]*)"|'([^']*)'|([^,]+)/g)]
    .map((part) => part[1] ?? part[2] ?? bare((part[3] ?? '').trim()))
    .filter((value) => value !== '');
}

/** A pattern may hold commas, so it is one argument as a whole. */
function unquoted(text: string | undefined): string | undefined {
  const trimmed = text?.trim();
  return trimmed === ''
    ? undefined
    : (/^"([^"]*)"$|^'([^']*)'$/
        .exec(trimmed ?? '')
        ?.slice(1)
        .find((part) => part !== undefined) ?? trimmed);
}

function bare(text: string): string | number | boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}

/** The element of `list` that stands for the same stage, step, group or variable. */
export function counterpart(element: unknown, index: number, list: unknown): unknown {
  if (!Array.isArray(list)) return undefined;
  const key = keyOf(element);
  return key === undefined ? (list[index] as unknown) : list.find((other) => keyOf(other) === key);
}

function keyOf(element: unknown): string | undefined {
  if (!isRecord(element)) return undefined;
  for (const wrapper of ELEMENT_WRAPPERS) {
    const inner = element[wrapper];
    if (isRecord(inner)) return `${wrapper}:${String(inner['identifier'])}`;
  }
  if (typeof element['identifier'] === 'string') return `identifier:${element['identifier']}`;
  return typeof element['name'] === 'string' ? `name:${element['name']}` : undefined;
}

function overlay(below: unknown, above: unknown): unknown {
  if (Array.isArray(below) && Array.isArray(above)) {
    const merged = below.map((element, index) => {
      const other = counterpart(element, index, above);
      return other === undefined ? element : overlay(element, other);
    });
    const known = new Set(below.map(keyOf));
    return [...merged, ...above.filter((element) => keyOf(element) !== undefined && !known.has(keyOf(element)))];
  }
  if (!isRecord(below) || !isRecord(above)) return valueOrUndefined(above) ?? below;
  return Object.fromEntries(
    [...new Set([...Object.keys(below), ...Object.keys(above)])].map((key) => [
      key,
      key in above ? (key in below ? overlay(below[key], above[key]) : above[key]) : below[key],
    ]),
  );
}

function keepInputs(value: unknown): unknown {
  if (inputExpression(value)) return value;
  if (Array.isArray(value)) {
    const kept = value.map(keepInputs).filter((element) => element !== undefined);
    return kept.length > 0 ? kept : undefined;
  }
  if (!isRecord(value)) return undefined;
  const kept = Object.entries(value).flatMap(([key, inner]) => {
    const template = keepInputs(inner);
    return template === undefined ? [] : [[key, template] as const];
  });
  if (kept.length === 0) return undefined;
  const marks = KEPT_WITH_INPUTS.filter((key) => key in value && !(key === 'name' && 'identifier' in value)).map(
    (key) => [key, value[key]] as const,
  );
  return Object.fromEntries([...marks, ...kept]);
}
