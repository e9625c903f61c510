/** Half a surrogate pair: Unicode has no such character, and PostgreSQL stores none. */
const LONE_SURROGATE = /\p{Surrogate}/gu;

/** The text as PostgreSQL can hold it in JSON: NUL and halves of surrogate pairs become U+FFFD. */
export function storable(text: string): string {
  return text.replaceAll('\u0000', '\uFFFD').replace(LONE_SURROGATE, '\uFFFD');
}
