import { parseFitted } from './fitted-spec.js';
import type { StepTypeCatalogue } from './pipeline-model.js';
import type { StageItemYaml, StepItemYaml, StepYaml } from './pipeline-schema.js';
import type { ProblemList } from './problem-list.js';
import type { Path } from './problems.js';

/**
 * Judges the specs of steps once more, when the expressions in them have their values: a run does not begin that is bound to fail at a later step.
 * Left to the run are steps below a condition, which may be there to leave them out, and values that are expressions still.
 */
export function checkResolvedSteps(
  stages: readonly StageItemYaml[],
  catalogue: StepTypeCatalogue,
  problems: ProblemList,
): void {
  const checkStep = ({ type, spec = {} }: StepYaml, path: Path): void => {
    const schema = catalogue.specOf(type);
    for (const issue of (schema && parseFitted(schema, spec).error?.issues) ?? [])
      problems.addIssue([...path, 'spec'], spec, issue);
  };
  const checkSteps = (items: readonly StepItemYaml[], path: Path): void =>
    items.forEach(({ step, stepGroup, parallel }, index) => {
      if (step && !step.when?.condition) checkStep(step, [...path, index, 'step']);
      if (stepGroup && !stepGroup.when?.condition) checkSteps(stepGroup.steps, [...path, index, 'stepGroup', 'steps']);
      if (parallel) checkSteps(parallel, [...path, index, 'parallel']);
    });
  const checkStages = (items: readonly StageItemYaml[], path: Path): void =>
    items.forEach(({ stage, parallel }, index) => {
      if (parallel) checkStages(parallel, [...path, index, 'parallel']);
      if (!stage || stage.when?.condition) return;
      const execution = [...path, index, 'stage', 'spec', 'execution'];
      checkSteps(stage.spec.execution.steps, [...execution, 'steps']);
      checkSteps(stage.spec.execution.rollbackSteps ?? [], [...execution, 'rollbackSteps']);
    });
  checkStages(stages, ['pipeline', 'stages']);
}
