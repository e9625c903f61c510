const BROKEN = /\p{Surrogate}/u;

/**
 * Where in a JSON value a text, or a key, holds half a surrogate pair: `name`, `tags.team`, `0.field`; `body` for the value itself. Undefined when all is
 * well. Takes any depth.
 */
export function placeOfBrokenText(json: unknown): string | undefined {
  const open: [value: unknown, place: string][] = [[json, '']];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [value, place] = next;
    if (typeof value === 'string' && BROKEN.test(value)) return place || 'body';
    if (typeof value !== 'object' || value === null) continue;
    for (const [key, entry] of Object.entries(value)) {
      if (BROKEN.test(key)) return place || 'body';
      open.push([entry, place === '' ? key : `${place}.${key}`]);
    }
  }
  return undefined;
}
