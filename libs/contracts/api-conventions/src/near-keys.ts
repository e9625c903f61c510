import { z } from 'zod';

/** A key that is no field of its object and all but spelt like one. */
export interface NearKey {
  readonly path: readonly (string | number)[];
  readonly value: unknown;
  /** The field that was probably meant. */
  readonly meant: string;
}

interface Manners {
  /** Keys that clients send along and that are not read, at any level: they are never taken for a mistake. */
  readonly alsoSent?: readonly string[];
  /** False where a value may be a secret: it is not repeated then. */
  readonly showsValues: boolean;
}

/**
 * The schema of a body in which a misspelt field is refused instead of dropped. Clients may send further fields, which are dropped as before: only a key that
 * is all but spelt like a field of its object is taken for a mistake.
 */
export function refusingNearKeys<Schema extends z.ZodType>(schema: Schema, { alsoSent = [], showsValues }: Manners) {
  return z.preprocess((input, issues) => {
    for (const near of nearKeys(schema, input, alsoSent))
      issues.addIssue({ code: 'custom', path: [...near.path], message: sayNearKey(near, showsValues) });
    return input;
  }, schema);
}

const MOST_SHOWN = 80;
/** Unknown keys of one body that are compared with fields: a person misspells a few, and a body of unknown keys alone must not hold up the service. */
const MOST_COMPARED = 200;

function sayNearKey({ value, meant }: NearKey, showsValue: boolean): string {
  const given = showsValue
    ? ` and its value ${(JSON.stringify(value) ?? 'undefined').slice(0, MOST_SHOWN)} would be dropped`
    : ' and its value would be dropped';
  return `is no field${given}; write ${meant} if that is meant, or leave it out`;
}

/**
 * The misspelt fields of a value, at every level of a schema. Pure. Objects that take any key (records, loose objects) have none.
 * @param alsoSent keys that are never mistakes
 */
export function nearKeys(
  schema: z.core.$ZodType,
  value: unknown,
  alsoSent: readonly string[] = [],
): readonly NearKey[] {
  return within(schema as z.core.$ZodTypes, value, {
    accepted: new Set(alsoSent),
    budget: { left: MOST_COMPARED },
    path: [],
  });
}

interface Place {
  readonly accepted: ReadonlySet<string>;
  readonly budget: { left: number };
  readonly path: readonly (string | number)[];
}

function within(schema: z.core.$ZodTypes, value: unknown, at: Place): readonly NearKey[] {
  const { def } = schema._zod;
  switch (def.type) {
    case 'object':
      return inObject(def, value, at);
    case 'array':
      return Array.isArray(value)
        ? value.flatMap((item: unknown, index) => within(def.element as z.core.$ZodTypes, item, below(at, index)))
        : [];
    case 'record':
      return isRecord(value)
        ? Object.entries(value).flatMap(([key, item]) =>
            within(def.valueType as z.core.$ZodTypes, item, below(at, key)),
          )
        : [];
    case 'union':
      return inUnion(def.options as readonly z.core.$ZodTypes[], value, at);
    case 'pipe':
      return within((def.in._zod.def.type === 'transform' ? def.out : def.in) as z.core.$ZodTypes, value, at);
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
    case 'nonoptional':
    case 'readonly':
      return within(def.innerType as z.core.$ZodTypes, value, at);
    default:
      return [];
  }
}

function inObject({ shape, catchall }: z.core.$ZodObjectDef, value: unknown, at: Place): readonly NearKey[] {
  if (!isRecord(value)) return [];
  const known = Object.keys(shape);
  const takesAny = catchall !== undefined && catchall._zod.def.type !== 'never';
  return Object.entries(value).flatMap(([key, item]) => {
    const field = Object.hasOwn(shape, key) ? shape[key] : undefined;
    if (field) return within(field as z.core.$ZodTypes, item, below(at, key));
    if (takesAny || at.accepted.has(key) || at.budget.left === 0) return [];
    at.budget.left -= 1;
    const meant = nearestField(key, known);
    return meant === undefined ? [] : [{ path: [...at.path, key], value: item, meant }];
  });
}

/** The alternative whose fixed fields (`type`) the value has; where none or several fit, a key is a mistake only if it is one in each of them. */
function inUnion(options: readonly z.core.$ZodTypes[], value: unknown, at: Place): readonly NearKey[] {
  const fitting = isRecord(value) ? options.filter((option) => fits(option, value)) : [];
  const [first = [], ...others] = fitting.map((option) => within(option, value, at));
  const isIn = (found: readonly NearKey[], { path }: NearKey): boolean =>
    found.some((one) => one.path.join('.') === path.join('.'));
  return first.filter((near) => others.every((found) => isIn(found, near)));
}

function fits(option: z.core.$ZodTypes, value: Readonly<Record<string, unknown>>): boolean {
  const fixed = Object.entries(option._zod.propValues ?? {});
  return (
    option._zod.def.type !== 'null' && fixed.every(([key, values]) => values.has(value[key] as z.core.util.Primitive))
  );
}

const below = (at: Place, key: string | number): Place => ({ ...at, path: [...at.path, key] });

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Most changes of a letter that make one word of the other, and of a word so short that two of them would make it another word. */
const MOST_CHANGES = 2;
const MOST_CHANGES_OF_SHORT = 1;
const SHORT = 4;

/** The field that a key is all but spelt like, whatever its case, its `_` and `-`, and whether it is written as one or many; undefined when there is none. Pure. */
export function nearestField(key: string, fields: readonly string[]): string | undefined {
  const word = wordOf(key);
  const ranked = fields
    .map((field) => ({ field, word: wordOf(field) }))
    .map(({ field, word: other }) => ({
      field,
      changes: changesBetween(word, other),
      most: Math.min(word.length, other.length) <= SHORT ? MOST_CHANGES_OF_SHORT : MOST_CHANGES,
    }))
    .filter(({ changes, most }) => changes <= most)
    .sort((a, b) => a.changes - b.changes);
  return ranked[0]?.field;
}

function wordOf(key: string): string {
  return key
    .toLowerCase()
    .replace(/[_-]/g, '')
    .replace(/ies$/, 'y')
    .replace(/(ss|x|ch|sh)es$/, '$1')
    .replace(/(?<!s)s$/, '');
}

/** How many letters are put in, left out, changed, or change places with the next. More than {@link MOST_CHANGES} by length alone is not counted out. */
function changesBetween(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > MOST_CHANGES) return MOST_CHANGES + 1;
  let beforeLast: readonly number[] = [];
  let last: readonly number[] = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const isSame = a[row - 1] === b[column - 1];
      const changed = (last[column - 1] ?? 0) + (isSame ? 0 : 1);
      const swaps = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      const swapped = swaps ? (beforeLast[column - 2] ?? 0) + 1 : Infinity;
      current.push(Math.min(changed, swapped, (last[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length] ?? 0;
}
