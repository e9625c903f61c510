import { AppError } from '@sluice/kernel';
import { stringify } from 'yaml';
import { findExpressions } from './expressions.js';
import { isRecord } from './runtime-input.js';
import { parseYaml } from './yaml-source.js';

/** A stage as somebody who wants to run it alone sees it. */
export interface StageNeeds {
  readonly identifier: string;
  readonly name: string;
  /** Other stages whose outputs or variables it reads. */
  readonly requires: readonly string[];
}

export interface ChosenStages {
  /** The pipeline with only the chosen stages. */
  readonly yaml: string;
  /** Expressions that read from stages which are left out, and for which no value was given. */
  readonly openExpressions: readonly string[];
  /** The same by the chosen stage they stand in; only stages that have some. */
  readonly openByStage: Readonly<Record<string, readonly string[]>>;
  /** Names by identifier, in the order of the pipeline. */
  readonly names: Readonly<Record<string, string>>;
}

type Json = Record<string, unknown>;

/** The stages of a pipeline in order, with what each reads from others. @throws AppError INVALID_YAML_ERROR */
export function stageNeeds(pipelineText: string): StageNeeds[] {
  const stages = stagesOf(pipelineOf(pipelineText)['stages']);
  const known = new Set(stages.map(({ identifier }) => identifier));
  return stages.map(({ identifier, name, value }) => ({
    identifier,
    name,
    requires: [...new Set(expressionsIn(value).flatMap(stagesNamedIn))].filter(
      (other) => other !== identifier && known.has(other),
    ),
  }));
}

/**
 * Keeps some stages of a pipeline; a fork keeps those of its branches.
 * @param values replace expressions that read from stages which are left out, by the whole expression `<+…>`
 * @throws AppError INVALID_REQUEST naming stages there are not
 */
export function chooseStages(
  pipelineText: string,
  identifiers: readonly string[],
  values: Readonly<Record<string, string>> = {},
): ChosenStages {
  const pipeline = pipelineOf(pipelineText);
  const stages = stagesOf(pipeline['stages']);
  const unknown = identifiers.find((identifier) => !stages.some((stage) => stage.identifier === identifier));
  if (unknown !== undefined) {
    throw new AppError(
      'INVALID_REQUEST',
      `the pipeline has no stage "${unknown}"; it has ${stages.map((stage) => stage.identifier).join(', ')}`,
      { fields: [{ field: 'stageIdentifiers', error: `there is no stage "${unknown}"` }] },
    );
  }
  const chosen = new Set(identifiers);
  const filled = withValues({ ...pipeline, stages: kept(pipeline['stages'], chosen) }, values, chosen);
  const openIn = (value: unknown): string[] => [
    ...new Set(expressionsIn(value).filter((text) => stagesNamedIn(text).some((name) => !chosen.has(name)))),
  ];
  return {
    yaml: stringify({ pipeline: filled }),
    openExpressions: openIn(filled),
    openByStage: Object.fromEntries(
      stagesOf(filled['stages'])
        .map(({ identifier, value }) => [identifier, openIn(value)] as const)
        .filter(([, open]) => open.length > 0),
    ),
    names: Object.fromEntries(
      stages.filter(({ identifier }) => chosen.has(identifier)).map(({ identifier, name }) => [identifier, name]),
    ),
  };
}

function pipelineOf(text: string): Json {
  const document = parseYaml(text, 'the pipeline').value;
  const pipeline = isRecord(document) ? document['pipeline'] : undefined;
  return isRecord(pipeline) ? pipeline : {};
}

function stagesOf(items: unknown): { readonly identifier: string; readonly name: string; readonly value: Json }[] {
  if (!Array.isArray(items)) return [];
  return items.flatMap((item: unknown) => {
    if (!isRecord(item)) return [];
    const { stage } = item;
    return isRecord(stage)
      ? [{ identifier: String(stage['identifier']), name: String(stage['name'] ?? stage['identifier']), value: stage }]
      : stagesOf(item['parallel']);
  });
}

function kept(items: unknown, chosen: ReadonlySet<string>): unknown[] {
  if (!Array.isArray(items)) return [];
  return items.flatMap((item: unknown) => {
    if (!isRecord(item)) return [];
    const { stage } = item;
    if (isRecord(stage)) return chosen.has(String(stage['identifier'])) ? [item] : [];
    const branches = kept(item['parallel'], chosen);
    return branches.length > 0 ? [{ parallel: branches }] : [];
  });
}

function expressionsIn(value: unknown): string[] {
  if (typeof value === 'string') return value.includes('<+') ? findExpressions(value).map(({ text }) => text) : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(expressionsIn);
}

function stagesNamedIn(expression: string): string[] {
  return [...expression.matchAll(/\bpipeline\.stages\.(\w+)\./g)].map((match) => match[1] ?? '');
}

function withValues(value: Json, values: Readonly<Record<string, string>>, chosen: ReadonlySet<string>): Json;
function withValues(value: unknown, values: Readonly<Record<string, string>>, chosen: ReadonlySet<string>): unknown;
function withValues(value: unknown, values: Readonly<Record<string, string>>, chosen: ReadonlySet<string>): unknown {
  if (typeof value === 'string') {
    if (!value.includes('<+')) return value;
    return findExpressions(value).reduceRight((text, expression) => {
      const isOpen = stagesNamedIn(expression.text).some((name) => !chosen.has(name));
      const given = isOpen && Object.hasOwn(values, expression.text) ? values[expression.text] : undefined;
      return given === undefined
        ? text
        : text.slice(0, expression.start) + given + text.slice(expression.start + expression.text.length);
    }, value);
  }
  if (Array.isArray(value)) return value.map((item) => withValues(item, values, chosen));
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withValues(item, values, chosen)]));
}
