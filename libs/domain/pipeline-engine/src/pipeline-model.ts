import type { z } from 'zod';
import type { Capability } from './capabilities.js';
import {
  pipelineYaml,
  STAGE_TYPES,
  type PipelineYaml,
  type StageItemYaml,
  type StageYaml,
  type StepItemYaml,
  type StepYaml,
} from './pipeline-schema.js';
import { ProblemList } from './problem-list.js';
import { formatPath, problemsError, type Path } from './problems.js';
import { parseYaml, type YamlSource } from './yaml-source.js';

/** What the engine needs to know of the step types there are; `libs/domain/step-types` gives it. */
export interface StepTypeCatalogue {
  readonly names: readonly string[];
  /** Schema of the step's `spec`, or undefined for a type that does not exist. */
  specOf(type: string): z.ZodType | undefined;
  /** Must the step sit in a containerised step group? */
  needsStepGroup(type: string): boolean;
  /** What becomes of each field, of the pipeline itself too. */
  readonly capabilities: readonly Capability[];
}

/** A pipeline that passed validation. */
export interface PipelineModel {
  readonly pipeline: PipelineYaml;
  readonly stages: readonly StageYaml[];
  readonly source: YamlSource;
}

export interface ExpectedScope {
  readonly orgId: string;
  readonly projectId: string;
}

const MAX_STEPS = 1_000;

/**
 * Reads and validates pipeline YAML (or JSON). Other root keys than `pipeline` are ignored, since clients send them.
 * @param expected when given, org and project of the document must agree with it
 * @throws AppError INVALID_YAML_ERROR or SCHEMA_VALIDATION_FAILED; each problem with path, line, value and remedy
 */
export function parsePipeline(text: string, catalogue: StepTypeCatalogue, expected?: ExpectedScope): PipelineModel {
  const source = parseYaml(text, 'the pipeline');
  const problems = new ProblemList(source);
  const document = source.value;
  if (typeof document !== 'object' || document === null || !('pipeline' in document)) {
    problems.add(
      ['pipeline'],
      document ?? undefined,
      'the document has no root key "pipeline"',
      'put everything below one key "pipeline:"',
    );
    throw problemsError('the pipeline', problems.list);
  }
  const parsed = pipelineYaml.safeParse(document.pipeline);
  if (!parsed.success)
    for (const issue of parsed.error.issues) problems.addIssue(['pipeline'], document.pipeline, issue);
  if (problems.list.length > 0) throw problemsError('the pipeline', problems.list);
  // What is left over after the filter are expressions in places of other types: the shape is right.
  const pipeline = parsed.success ? parsed.data : (document.pipeline as PipelineYaml);
  checkScope(pipeline, expected, problems);
  const stages = checkStages(pipeline, catalogue, problems);
  if (problems.list.length > 0) throw problemsError('the pipeline', problems.list);
  return { pipeline, stages, source };
}

function checkScope(pipeline: PipelineYaml, expected: ExpectedScope | undefined, problems: ProblemList): void {
  if (!expected) return;
  for (const [key, wanted] of [
    ['orgIdentifier', expected.orgId],
    ['projectIdentifier', expected.projectId],
  ] as const) {
    const found = pipeline[key];
    if (found !== undefined && found !== wanted)
      problems.add(
        ['pipeline', key],
        found,
        `differs from the ${key} of the request, "${wanted}"`,
        'make both the same',
      );
  }
}

function checkStages(pipeline: PipelineYaml, catalogue: StepTypeCatalogue, problems: ProblemList): StageYaml[] {
  const found: { stage: StageYaml; path: Path }[] = [];
  const walk = (items: readonly StageItemYaml[], path: Path): void =>
    items.forEach((item, index) => {
      if (item.stage) found.push({ stage: item.stage, path: [...path, index, 'stage'] });
      if (item.parallel) walk(item.parallel, [...path, index, 'parallel']);
    });
  walk(pipeline.stages, ['pipeline', 'stages']);
  const seen = new Map<string, string>();
  let steps = 0;
  for (const { stage, path } of found) {
    unique(seen, stage.identifier, path, 'stage', problems);
    if (!STAGE_TYPES.some((type) => type === stage.type)) {
      problems.add(
        [...path, 'type'],
        stage.type,
        `stage type "${stage.type}" is not known`,
        `use one of: ${STAGE_TYPES.join(', ')}`,
      );
    }
    const execution = [...path, 'spec', 'execution'];
    steps += checkSteps(stage.spec.execution.steps, [...execution, 'steps'], catalogue, problems);
    steps += checkSteps(stage.spec.execution.rollbackSteps ?? [], [...execution, 'rollbackSteps'], catalogue, problems);
  }
  if (steps > MAX_STEPS)
    problems.add(
      ['pipeline', 'stages'],
      undefined,
      `it has ${steps} steps; at most ${MAX_STEPS} are taken`,
      'split it into several pipelines',
    );
  return found.map(({ stage }) => stage);
}

/** Checks a list of steps and everything below; returns how many steps there are. */
function checkSteps(
  items: readonly StepItemYaml[],
  base: Path,
  catalogue: StepTypeCatalogue,
  problems: ProblemList,
  isInGroup = false,
): number {
  const seen = new Map<string, string>();
  let steps = 0;
  const walk = (list: readonly StepItemYaml[], path: Path): void =>
    list.forEach((item, index) => {
      if (item.step) {
        steps += 1;
        unique(seen, item.step.identifier, [...path, index, 'step'], 'step', problems);
        checkStep(item.step, [...path, index, 'step'], catalogue, problems, isInGroup);
      }
      if (item.stepGroup) {
        unique(seen, item.stepGroup.identifier, [...path, index, 'stepGroup'], 'step group', problems);
        steps += checkSteps(item.stepGroup.steps, [...path, index, 'stepGroup', 'steps'], catalogue, problems, true);
      }
      if (item.parallel) walk(item.parallel, [...path, index, 'parallel']);
    });
  walk(items, base);
  return steps;
}

function checkStep(
  step: StepYaml,
  path: Path,
  catalogue: StepTypeCatalogue,
  problems: ProblemList,
  isInGroup: boolean,
): void {
  const schema = catalogue.specOf(step.type);
  if (!schema) {
    problems.add(
      [...path, 'type'],
      step.type,
      `step type "${step.type}" is not known`,
      `use one of: ${catalogue.names.join(', ')}`,
    );
    return;
  }
  if (!isInGroup && catalogue.needsStepGroup(step.type)) {
    problems.add(
      path,
      step.identifier,
      `a ${step.type} step must sit in a step group`,
      'put it below "stepGroup: { identifier, name, stepGroupInfra, steps: […] }"',
    );
  }
  const parsed = schema.safeParse(step.spec ?? {});
  if (parsed.success) return;
  for (const issue of parsed.error.issues) problems.addIssue([...path, 'spec'], step.spec ?? {}, issue);
}

function unique(seen: Map<string, string>, identifier: string, path: Path, what: string, problems: ProblemList): void {
  const first = seen.get(identifier);
  if (first !== undefined)
    problems.add(
      [...path, 'identifier'],
      identifier,
      `${what} identifier "${identifier}" is used twice, first at ${first}`,
      'give each its own identifier',
    );
  else seen.set(identifier, formatPath(path));
}
