/** Deeper JSON is nobody's request; parsing five million levels takes seconds, in which the process answers no other request. */
export const MOST_JSON_LEVELS = 500;
/** Objects, lists and members of objects. Their number is what parsing costs, far more than their bytes. */
export const MOST_JSON_PARTS = 500_000;

const [QUOTE, BACKSLASH, COLON, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [
  0x22, 0x5c, 0x3a, 0x5b, 0x5d, 0x7b, 0x7d,
];

/**
 * Why a JSON text is not worth parsing, as the rest of a sentence about it; undefined when it is. One pass over the text, without a parser's objects:
 * a few hundredths of a second for 10 MiB.
 */
export function jsonShapeProblem(
  text: string,
  most: { readonly levels: number; readonly parts: number },
): string | undefined {
  let level = 0;
  let parts = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(text, at);
    } else if (code === OPEN_LIST || code === OPEN_OBJECT) {
      level += 1;
      parts += 1;
      if (level > most.levels) return `nests deeper than ${most.levels} levels; send a flatter one`;
    } else if (code === COLON) {
      parts += 1;
    } else if (code === CLOSE_LIST || code === CLOSE_OBJECT) {
      level -= 1;
    }
    if (parts > most.parts) return `has more than ${most.parts} objects, lists and members; send it in smaller pieces`;
  }
  return undefined;
}

/** Where the string that begins at `start` ends: its closing quote, or the end of the text. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end !== -1 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end === -1 ? text.length : end;
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes += 1;
  return backslashes % 2 === 1;
}
