import type { Json, JsonObject } from './shared-schemas.js';

/** From this many uses on a parameter is said once. */
const WORTH_SHARING = 3;

/**
 * Moves parameters that many operations have in the same words out of them, and leaves references. Of several parameters of one name the most used is shared.
 * @returns `components/parameters`
 */
export function sharedParameters(operations: readonly JsonObject[]): JsonObject {
  const uses = new Map<string, number>();
  for (const parameter of operations.flatMap(parametersOf))
    uses.set(JSON.stringify(parameter), (uses.get(JSON.stringify(parameter)) ?? 0) + 1);
  const shared: JsonObject = {};
  const names = new Map<string, string>();
  for (const [text] of [...uses]
    .filter(([, count]) => count >= WORTH_SHARING)
    .sort(([a, more], [b, fewer]) => fewer - more || (a < b ? -1 : 1))) {
    const parameter = JSON.parse(text) as JsonObject;
    const name = `${String(parameter['name'])}${parameter['in'] === 'path' ? 'InPath' : ''}`.replace(
      /[^A-Za-z0-9_]/g,
      '_',
    );
    if (name in shared) continue;
    shared[name] = parameter;
    names.set(text, name);
  }
  for (const operation of operations) {
    operation['parameters'] = parametersOf(operation).map((parameter) => {
      const name = names.get(JSON.stringify(parameter));
      return name === undefined ? parameter : { $ref: `#/components/parameters/${name}` };
    });
  }
  return Object.fromEntries(Object.entries(shared).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function parametersOf(operation: JsonObject): Json[] {
  const { parameters } = operation;
  return Array.isArray(parameters) ? parameters : [];
}
