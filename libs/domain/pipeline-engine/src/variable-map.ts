import { stringify } from 'yaml';
import { problemsError } from './problems.js';
import { isRecord } from './runtime-input.js';
import { parseYaml } from './yaml-source.js';

/** How a value of a pipeline is referred to. */
interface YamlProperties {
  readonly fqn: string;
  /** Inside its own step or stage. */
  readonly localName: string;
  readonly variableName: string;
  readonly visible: boolean;
}

export interface VariableMap {
  /** The document with a key of the map in place of every value. */
  readonly yaml: string;
  readonly metadataMap: Readonly<
    Record<string, { readonly yamlProperties: YamlProperties; readonly yamlOutputProperties: null }>
  >;
}

interface Place {
  readonly fqn: string;
  readonly local: string;
}

const WRAPPERS = ['stage', 'step', 'stepGroup'] as const;

/**
 * Every value of a pipeline with the name expressions may use for it: `pipeline.stages.db.spec.execution.steps.grp.steps.apply.spec.tag`.
 * @param idOf gives a key for a name: the same name, the same key @throws AppError INVALID_YAML_ERROR, SCHEMA_VALIDATION_FAILED for another document
 */
export function variableMap(pipelineText: string, idOf: (fqn: string) => string): VariableMap {
  const document = parseYaml(pipelineText, 'the pipeline').value;
  const metadataMap: Record<string, { yamlProperties: YamlProperties; yamlOutputProperties: null }> = {};
  const leaf = (place: Place, name: string): string => {
    const id = idOf(place.fqn);
    metadataMap[id] = {
      yamlProperties: { fqn: place.fqn, localName: place.local, variableName: name, visible: true },
      yamlOutputProperties: null,
    };
    return id;
  };
  const walk = (value: unknown, place: Place, name: string): unknown => {
    if (Array.isArray(value)) return value.map((item: unknown, index) => element(item, index, place));
    if (!isRecord(value)) return leaf(place, name);
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, walk(inner, at(place, key), key)]));
  };
  const element = (item: unknown, index: number, place: Place): unknown => {
    if (!isRecord(item))
      return walk(item, { fqn: `${place.fqn}[${index}]`, local: `${place.local}[${index}]` }, String(index));
    if (Array.isArray(item['parallel']))
      return { parallel: item['parallel'].map((inner: unknown, branch) => element(inner, branch, place)) };
    const wrapper = WRAPPERS.find((one) => isRecord(item[one]));
    if (wrapper) {
      const inner = item[wrapper];
      return { [wrapper]: walk(inner, { fqn: `${place.fqn}.${identifierOf(inner)}`, local: wrapper }, wrapper) };
    }
    // A variable is referred to by its name alone.
    if (typeof item['name'] === 'string') {
      const variable = at(place, item['name']);
      const key = 'value' in item ? 'value' : 'default' in item ? 'default' : undefined;
      return key === undefined ? item : { ...item, [key]: leaf(variable, item['name']) };
    }
    return walk(item, { fqn: `${place.fqn}[${index}]`, local: `${place.local}[${index}]` }, String(index));
  };
  const pipeline = isRecord(document) ? document['pipeline'] : undefined;
  if (!isRecord(pipeline))
    throw problemsError('the pipeline', [
      {
        path: 'pipeline',
        message: 'the document has no root key "pipeline"',
        remedy: 'put everything below one key "pipeline:"',
      },
    ]);
  return {
    yaml: stringify({ pipeline: walk(pipeline, { fqn: 'pipeline', local: 'pipeline' }, 'pipeline') }),
    metadataMap,
  };
}

function at({ fqn, local }: Place, key: string): Place {
  return { fqn: `${fqn}.${key}`, local: `${local}.${key}` };
}

function identifierOf(value: unknown): string {
  return isRecord(value) ? String(value['identifier']) : '';
}
