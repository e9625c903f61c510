import { AppError } from '@sluice/kernel';
import { hasExpression } from './expressions.js';
import { describeProblem, formatPath, showValue, type Path, type Problem } from './problems.js';
import type {
  FailureStrategyYaml,
  PipelineYaml,
  StageItemYaml,
  StageYaml,
  StepItemYaml,
  StepYaml,
} from './pipeline-schema.js';
import type { YamlSource } from './yaml-source.js';

/** Where a field stands: in the pipeline, a stage, a step group, a step, one failure strategy, or the `spec` of the step type named. */
export type CapabilityPlace =
  | 'pipeline'
  | 'stage'
  | 'stepGroup'
  | 'step'
  | 'failureStrategy'
  | { readonly stepType: string };

/** What Sluice does with one field of pipeline YAML. */
export interface Capability {
  readonly place: CapabilityPlace;
  /** Key, with those above it inside the place: `spec.environment`. */
  readonly field: string;
  /** `warned`: taken, and has no effect. `refused`: neither saved nor run, because without it other things would happen in the database. */
  readonly support: 'supported' | 'warned' | 'refused';
  /** Supported: what it does. Warned: what happens instead. Refused: what to write instead. */
  readonly text: string;
  /** The values the row is about; every value when absent. */
  readonly values?: readonly string[];
}

/** A field that is taken and has no effect. */
export interface Warning {
  readonly field: string;
  readonly message: string;
}

interface PipelineDocument {
  readonly pipeline: PipelineYaml;
  readonly source: YamlSource;
}

interface Finding {
  readonly row: Capability;
  readonly path: Path;
  readonly value: unknown;
}

interface Checked {
  readonly place: CapabilityPlace;
  readonly path: Path;
  readonly holder: unknown;
}

const SHOWN_PROBLEMS = 20;
const SHOWN_WARNINGS = 50;

/**
 * Refuses a pipeline that asks for what is not built and would change which SQL runs, when, or what a failure leads to.
 * @param isFilled its expressions are replaced: one that is left counts as a value; before that it is left to the run
 * @returns what is taken and has no effect @throws AppError NOT_IMPLEMENTED naming every such field and what to write instead
 */
export function requireSupported(
  { pipeline, source }: PipelineDocument,
  table: readonly Capability[],
  isFilled: boolean,
): Warning[] {
  const findings = everyPlace(pipeline).flatMap((place) => findingsAt(place, table, isFilled));
  const problemOf = ({ row, path, value }: Finding, message: string): Problem => ({
    path: formatPath(path),
    line: source.lineOf(path),
    value: showValue(value),
    message,
    remedy: row.text,
  });
  const refused = findings
    .filter(({ row }) => row.support === 'refused')
    .map((finding) => problemOf(finding, 'is not supported'));
  if (refused.length > 0) throw notSupported(refused);
  return shownWarnings(
    findings
      .filter(({ row }) => row.support === 'warned')
      .map((finding) => ({
        field: formatPath(finding.path),
        message: describeProblem(problemOf(finding, 'has no effect')),
      })),
  );
}

/** What one part of a pipeline holds that has no effect, in a sentence for each reason: `image, resources: not applied by …`. */
export function ineffective(place: CapabilityPlace, holder: unknown, table: readonly Capability[]): string[] {
  const byReason = new Map<string, string[]>();
  for (const { row } of findingsAt({ place, path: [], holder }, table, true)) {
    if (row.support === 'warned') byReason.set(row.text, [...(byReason.get(row.text) ?? []), row.field]);
  }
  return [...byReason].map(([reason, fields]) => `${fields.join(', ')}: ${reason}`);
}

/** At most {@link SHOWN_WARNINGS}, with the number of those left out. */
export function shownWarnings(warnings: readonly Warning[]): Warning[] {
  if (warnings.length <= SHOWN_WARNINGS) return [...warnings];
  return [
    ...warnings.slice(0, SHOWN_WARNINGS),
    { field: 'pipeline', message: `${warnings.length - SHOWN_WARNINGS} more fields have no effect` },
  ];
}

function notSupported(problems: readonly Problem[]): AppError {
  const shown = problems.slice(0, SHOWN_PROBLEMS);
  const more = problems.length > SHOWN_PROBLEMS ? ` … and ${problems.length - SHOWN_PROBLEMS} more` : '';
  return new AppError(
    'NOT_IMPLEMENTED',
    `the pipeline asks for what Sluice does not do: ${shown.map(describeProblem).join(' | ')}${more}`,
    { fields: shown.map((problem) => ({ field: problem.path, error: describeProblem(problem) })) },
  );
}

function findingsAt({ place, path, holder }: Checked, table: readonly Capability[], isFilled: boolean): Finding[] {
  return table
    .filter((row) => row.support !== 'supported' && isSamePlace(row.place, place))
    .flatMap((row) => {
      const keys = row.field.split('.');
      const value = keys.reduce<unknown>(
        (current, key) =>
          typeof current === 'object' && current !== null ? (current as Record<string, unknown>)[key] : undefined,
        holder,
      );
      if (!asksForSomething(value) || (!isFilled && hasExpression(value))) return [];
      if (row.values && !hasExpression(value) && !row.values.some((one) => one === value)) return [];
      return [{ row, path: [...path, ...keys], value }];
    });
}

function isSamePlace(one: CapabilityPlace, other: CapabilityPlace): boolean {
  return typeof one === 'object' && typeof other === 'object' ? one.stepType === other.stepType : one === other;
}

/** `false`, an empty text, list or object ask for nothing. */
function asksForSomething(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === '') return false;
  return typeof value !== 'object' || Object.values(value).some(asksForSomething);
}

function everyPlace(pipeline: PipelineYaml): Checked[] {
  return [
    { place: 'pipeline', path: ['pipeline'], holder: pipeline },
    ...stagePlaces(pipeline.stages, ['pipeline', 'stages']),
  ];
}

function stagePlaces(items: readonly StageItemYaml[], path: Path): Checked[] {
  return items.flatMap((item, index) => [
    ...(item.stage ? inStage(item.stage, [...path, index, 'stage']) : []),
    ...(item.parallel ? stagePlaces(item.parallel, [...path, index, 'parallel']) : []),
  ]);
}

function inStage(stage: StageYaml, path: Path): Checked[] {
  const execution = [...path, 'spec', 'execution'];
  return [
    { place: 'stage', path, holder: stage },
    ...strategies(stage.failureStrategies, path),
    ...stepPlaces(stage.spec.execution.steps, [...execution, 'steps']),
    ...stepPlaces(stage.spec.execution.rollbackSteps ?? [], [...execution, 'rollbackSteps']),
  ];
}

function stepPlaces(items: readonly StepItemYaml[], path: Path): Checked[] {
  return items.flatMap((item, index) => {
    const group = [...path, index, 'stepGroup'];
    return [
      ...(item.step ? inStep(item.step, [...path, index, 'step']) : []),
      ...(item.stepGroup
        ? [
            { place: 'stepGroup', path: group, holder: item.stepGroup } as const,
            ...strategies(item.stepGroup.failureStrategies, group),
            ...stepPlaces(item.stepGroup.steps, [...group, 'steps']),
          ]
        : []),
      ...(item.parallel ? stepPlaces(item.parallel, [...path, index, 'parallel']) : []),
    ];
  });
}

function inStep(step: StepYaml, path: Path): Checked[] {
  return [
    { place: 'step', path, holder: step },
    { place: { stepType: step.type }, path: [...path, 'spec'], holder: step.spec },
    ...strategies(step.failureStrategies, path),
  ];
}

/** An expression may stand where a list is meant; the engine replaces it before the pipeline runs. */
function strategies(list: readonly FailureStrategyYaml[] | undefined, path: Path): Checked[] {
  if (!Array.isArray(list)) return [];
  return list.map((strategy: FailureStrategyYaml, index) => ({
    place: 'failureStrategy',
    path: [...path, 'failureStrategies', index, 'onFailure'],
    holder: strategy.onFailure,
  }));
}
