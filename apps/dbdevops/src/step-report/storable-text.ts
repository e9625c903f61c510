/** What PostgreSQL cannot store: NUL, and half a surrogate pair such as a cut-off text ends with. */
const UNSTORABLE = /[\0\p{Surrogate}]/gu;

/**
 * The same value with U+FFFD in place of characters that cannot be stored. Reports go through it: a stray character in a database's error text must
 * not keep the state of an instance from being recorded.
 */
export function storable<T>(value: T): T {
  return clean(value) as T;
}

function clean(value: unknown): unknown {
  if (typeof value === 'string') return value.replace(UNSTORABLE, '\ufffd');
  if (Array.isArray(value)) return value.map(clean);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, clean(entry)]));
}
