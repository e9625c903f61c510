import { parseFitted } from './fitted-spec.js';
import type { StepTypeCatalogue } from './pipeline-model.js';
import type { StageItemYaml, StepGroupYaml, StepItemYaml, StepYaml } from './pipeline-schema.js';
import { pathOf, valueAt, type ProblemList } from './problem-list.js';
import type { Path } from './problems.js';

type Strategies = StepYaml['failureStrategies'];

/**
 * Judges the specs of steps once more, when the expressions in them have their values: a run does not begin that is bound to fail at a later step.
 * Left to the run is what a run that goes well may never come to, or goes on after: rollback steps, steps below a condition or for another outcome than
 * Success, and steps whose failure is ignored. So are values that are expressions still.
 */
export function checkResolvedSteps(
  stages: readonly StageItemYaml[],
  catalogue: StepTypeCatalogue,
  problems: ProblemList,
): void {
  const checkStep = ({ type, spec = {} }: StepYaml, path: Path): void => {
    const schema = catalogue.specOf(type);
    for (const issue of (schema && parseFitted(schema, spec).error?.issues) ?? []) {
      const value = valueAt(spec, pathOf(issue));
      if (issue.code === 'invalid_type' && issue.expected === 'string' && typeof value === 'number')
        problems.add(
          [...path, 'spec', ...pathOf(issue)],
          value,
          'must be a text, and the expression here is a number',
          'give the variable its value in quotes, or put the expression into a text, such as "v<+pipeline.sequenceId>"',
        );
      else problems.addIssue([...path, 'spec'], spec, issue);
    }
  };
  const checkSteps = (items: readonly StepItemYaml[], path: Path): void =>
    items.forEach(({ step, stepGroup, parallel }, index) => {
      if (step && isCertain(step)) checkStep(step, [...path, index, 'step']);
      if (stepGroup && isCertain(stepGroup)) checkSteps(stepGroup.steps, [...path, index, 'stepGroup', 'steps']);
      if (parallel) checkSteps(parallel, [...path, index, 'parallel']);
    });
  const checkStages = (items: readonly StageItemYaml[], path: Path): void =>
    items.forEach(({ stage, parallel }, index) => {
      if (parallel) checkStages(parallel, [...path, index, 'parallel']);
      if (!stage || (stage.when && !isAlways(stage.when.pipelineStatus, stage.when.condition))) return;
      if (isIgnored(stage.failureStrategies)) return;
      checkSteps(stage.spec.execution.steps, [...path, index, 'stage', 'spec', 'execution', 'steps']);
    });
  checkStages(stages, ['pipeline', 'stages']);
}

/** Whether a run that goes well comes to it, and does not go on after its failure. */
function isCertain({ when, failureStrategies }: Pick<StepYaml | StepGroupYaml, 'when' | 'failureStrategies'>): boolean {
  return (!when || isAlways(when.stageStatus, when.condition)) && !isIgnored(failureStrategies);
}

function isAlways(outcome: string, condition: string | undefined): boolean {
  return outcome !== 'Failure' && !condition;
}

function isIgnored(strategies: Strategies): boolean {
  return (strategies ?? []).some(({ onFailure }) => ['Ignore', 'MarkAsSuccess'].includes(onFailure.action.type));
}
