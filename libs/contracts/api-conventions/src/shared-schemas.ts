type Json = { [key: string]: Json } | Json[] | string | number | boolean | null;

/** Schemas shorter than this stay where they are: a reference would be harder to read than the schema. */
const WORTH_SHARING = 400;

/**
 * Moves schemas that stand in a document more than once into `components/schemas` and leaves references. Names come from the place a
 * schema is first met, so that the same document always gives the same text.
 */
export function shareSchemas(paths: Record<string, Json>, nameOf: (path: readonly string[]) => string): { readonly paths: Json; readonly schemas: Record<string, Json> } {
  const seen = new Map<string, number>();
  count(paths, seen);
  const names = new Map<string, string>();
  const schemas: Record<string, Json> = {};
  const replace = (value: Json, path: readonly string[]): Json => {
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map((item, index) => replace(item, [...path, String(index)]));
    const text = isSchema(value) ? JSON.stringify(value) : '';
    if (text.length < WORTH_SHARING || (seen.get(text) ?? 0) < 2) return inside(value, path);
    const known = names.get(text);
    if (known) return { $ref: `#/components/schemas/${known}` };
    const name = freeName(nameOf(path), schemas);
    names.set(text, name);
    schemas[name] = {};
    schemas[name] = inside(value, [name]);
    return { $ref: `#/components/schemas/${name}` };
  };
  const inside = (value: { [key: string]: Json }, path: readonly string[]): Json => Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replace(item, [...path, key])]));
  return { paths: replace(paths, []), schemas };
}

function isSchema(value: { [key: string]: Json }): boolean {
  return typeof value['type'] === 'string' || Array.isArray(value['anyOf']) || Array.isArray(value['oneOf']) || Array.isArray(value['allOf']);
}

function count(value: Json, seen: Map<string, number>): void {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value) && isSchema(value)) {
    const text = JSON.stringify(value);
    if (text.length >= WORTH_SHARING) seen.set(text, (seen.get(text) ?? 0) + 1);
  }
  for (const item of Object.values(value)) count(item, seen);
}

function freeName(wanted: string, taken: Readonly<Record<string, Json>>): string {
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? wanted : `${wanted}${number}`;
    if (!(name in taken)) return name;
  }
}
