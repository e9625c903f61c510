/**
 * Text that anybody may have written (changelogs, databases, Git servers) and that a terminal or a browser is going to show.
 * Used by everything that prints, so that such text can only ever be text.
 */

const character = (code: number): string => String.fromCodePoint(code);
const range = (from: number, to: number): string => `${character(from)}-${character(to)}`;
export const ESC = character(0x1b);
export const CSI = character(0x9b);
const BELL = character(0x07);

/** Controls that could move, erase or reorder what the reader sees: C0 but tab and line feed, C1, marks and overrides of direction, line separators. */
const CONTROL_CLASS = `${range(0x00, 0x08)}${range(0x0b, 0x1f)}${range(0x7f, 0x9f)}${character(0x061c)}${range(0x200e, 0x200f)}${range(0x2028, 0x202e)}${range(0x2066, 0x2069)}`;
export const CONTROLS = new RegExp(`[${CONTROL_CLASS}]`, 'g');
const HAS_CONTROLS = new RegExp(`[${CONTROL_CLASS}]`);

// OSC (titles, links) up to its terminator; CSI (colours, cursor), its parameters and final byte captured; other short escapes.
export const ESCAPES = new RegExp(
  [
    `${ESC}\\][^${BELL}${ESC}]*(?:${BELL}|${ESC}\\\\)?`,
    `(?:${ESC}\\[|${CSI})([0-9;:?]*)[ -/]*([@-~])`,
    `${ESC}[ -/]*[0-~]?`,
  ].join('|'),
  'g',
);

/** Text without terminal escapes and control characters; tabs and line feeds stay. What is printed, shown, searched, copied and downloaded. */
export function plainText(text: string): string {
  return HAS_CONTROLS.test(text) ? text.replace(ESCAPES, '').replace(CONTROLS, '') : text;
}
