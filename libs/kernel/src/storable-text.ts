/** What PostgreSQL, Redis and JSON readers cannot hold: NUL, and half a surrogate pair such as a cut-off text ends with. */
const UNSTORABLE = /[\0\p{Surrogate}]/gu;
/** Tells most texts apart without the slower rule above: half pairs are in this range, and so are whole ones. */
const SUSPECT = /[\0\ud800-\udfff]/;

/** The same text with U+FFFD in place of each character that cannot be stored. */
export function storableText(text: string): string {
  return SUSPECT.test(text) ? text.replace(UNSTORABLE, '\ufffd') : text;
}

/**
 * The same value with {@link storableText} done to every text in it, names of fields too. What comes from a database, a changelog, Git or a delegate
 * goes through it where it enters: one stray character must not keep a result, a log line or a state from being stored. Values of classes are not for it.
 */
export function storable<T>(value: T): T {
  return clean(value) as T;
}

function clean(value: unknown): unknown {
  if (typeof value === 'string') return storableText(value);
  if (Array.isArray(value)) return value.map(clean);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [storableText(name), clean(entry)]));
}
