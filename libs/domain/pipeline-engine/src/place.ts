import { formatPath, showValue, type Path, type Problem } from './problems.js';

/** Where a value stands in a pipeline document, and what people call the thing that holds it. */
export interface Place {
  readonly path: Path;
  /** `variable "tag" of stage "one"`; undefined above everything that has a name. */
  readonly named: string | undefined;
}

export const PIPELINE_PLACE: Place = { path: ['pipeline'], named: undefined };

/** Elements of lists are told apart by what they wrap. */
const LABELS = [
  ['stage', 'stage'],
  ['stepGroup', 'step group'],
  ['step', 'step'],
] as const;

/** The place of `value`, which stands at `key` of `place`. */
export function within(place: Place, key: string | number, value: unknown): Place {
  return {
    path: [...place.path, key],
    named: (typeof key === 'number' ? nameOf(place, value) : undefined) ?? place.named,
  };
}

/** Path and name of a place, as a problem tells them. */
export function placed({ path, named }: Place): Pick<Problem, 'path' | 'named'> {
  return named === undefined ? { path: formatPath(path) } : { path: formatPath(path), named };
}

function nameOf({ path, named }: Place, element: unknown): string | undefined {
  if (typeof element !== 'object' || element === null) return undefined;
  const wrapped: Readonly<Record<string, unknown>> = { ...element };
  for (const [key, label] of LABELS) {
    const inner = wrapped[key];
    if (typeof inner === 'object' && inner !== null && 'identifier' in inner)
      return `${label} "${showValue(inner.identifier) ?? ''}"`;
  }
  if (path.at(-1) !== 'variables' || !('name' in element)) return undefined;
  return `variable "${showValue(element.name) ?? ''}"${named === undefined ? '' : ` of ${named}`}`;
}
