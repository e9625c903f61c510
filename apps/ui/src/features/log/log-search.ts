import type { LogRow } from './log-buffer.js';

/** More hits than this help nobody and would make every keystroke slow. */
export const MAX_HITS = 10_000;

/** Positions of the rows that contain the text, ignoring case, in order. */
export function findRows(rows: readonly LogRow[], searchText: string): readonly number[] {
  const needle = searchText.toLowerCase();
  if (needle === '') return [];
  const hits: number[] = [];
  for (let position = 0; position < rows.length && hits.length < MAX_HITS; position += 1) {
    if (rows[position]?.plain.toLowerCase().includes(needle)) hits.push(position);
  }
  return hits;
}

/** Splits text at the occurrences of `searchText`, which come as `isHit` parts. */
export function markHits(
  text: string,
  searchText: string,
): readonly { readonly text: string; readonly isHit: boolean }[] {
  const needle = searchText.toLowerCase();
  if (needle === '') return [{ text, isHit: false }];
  const haystack = text.toLowerCase();
  // Lower-casing may change the length of a few letters; positions would then be wrong.
  if (haystack.length !== text.length) return [{ text, isHit: false }];
  const parts: { text: string; isHit: boolean }[] = [];
  let from = 0;
  for (let at = haystack.indexOf(needle); at >= 0; at = haystack.indexOf(needle, from)) {
    if (at > from) parts.push({ text: text.slice(from, at), isHit: false });
    parts.push({ text: text.slice(at, at + needle.length), isHit: true });
    from = at + needle.length;
  }
  if (from < text.length || parts.length === 0) parts.push({ text: text.slice(from), isHit: false });
  return parts;
}
