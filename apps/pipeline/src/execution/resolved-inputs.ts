import { chooseStages, evaluate, inputTemplate, parseYaml, type Lookup, type Scalar } from '@sluice/pipeline-engine';
import { stringify } from 'yaml';

/** Inputs with every expression replaced that is known; others stay. @param known by what stands between `<+` and `>` @throws AppError INVALID_YAML_ERROR */
export function resolvedInputs(inputYaml: string, known: Readonly<Record<string, Scalar>>): string {
  if (inputYaml.trim() === '') return inputYaml;
  const lookup = (body: string): Lookup =>
    Object.hasOwn(known, body) ? { kind: 'value', value: known[body] as Scalar } : { kind: 'keep' };
  return stringify(evaluate(parseYaml(inputYaml, 'the runtime input').value, lookup).value);
}

/** Inputs of the pipeline as it is now; null also for one whose chosen stages are gone. */
export function templateNow(yaml: string, chosenStages: readonly string[] | null): string | null {
  if (chosenStages === null) return inputTemplate(yaml) ?? null;
  try {
    return inputTemplate(chooseStages(yaml, chosenStages).yaml) ?? null;
  } catch {
    return null;
  }
}
