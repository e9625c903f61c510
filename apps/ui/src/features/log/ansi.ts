import { CONTROLS, CSI, ESC, ESCAPES, plainText } from '@sluice/kernel';

export interface AnsiSegment {
  readonly text: string;
  /** CSS class names such as `ansi-red ansi-bold`; empty for plain text. */
  readonly className: string;
}

const COLORS = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'] as const;

/** Splits text by its colour codes. Every other escape is dropped, so log text can only ever be text. */
export function parseAnsi(text: string): readonly AnsiSegment[] {
  if (!text.includes(ESC) && !text.includes(CSI)) return [{ text: plainText(text), className: '' }];
  const segments: AnsiSegment[] = [];
  let style: AnsiStyle = PLAIN;
  let from = 0;
  const push = (until: number): void => {
    const part = text.slice(from, until).replace(CONTROLS, '');
    if (part) segments.push({ text: part, className: classNameOf(style) });
  };
  for (const match of text.matchAll(ESCAPES)) {
    push(match.index);
    from = match.index + match[0].length;
    if (match[2] === 'm') style = applySgr(style, match[1] ?? '');
  }
  push(text.length);
  return segments.length > 0 ? segments : [{ text: '', className: '' }];
}

interface AnsiStyle {
  readonly color: string | undefined;
  readonly isBold: boolean;
  readonly isDim: boolean;
  readonly isUnderlined: boolean;
}

const PLAIN: AnsiStyle = { color: undefined, isBold: false, isDim: false, isUnderlined: false };

function applySgr(style: AnsiStyle, parameters: string): AnsiStyle {
  const codes = parameters.split(/[;:]/).map((code) => Number(code || 0));
  let next = style;
  for (let index = 0; index < codes.length; index += 1) {
    const code = codes[index] ?? 0;
    // 38 and 48 carry a palette index or three colour parts that must not be read as codes of their own.
    if (code === 38 || code === 48) {
      index += codes[index + 1] === 5 ? 2 : 4;
      continue;
    }
    next = applyCode(next, code);
  }
  return next;
}

function applyCode(style: AnsiStyle, code: number): AnsiStyle {
  if (code === 0) return PLAIN;
  if (code === 1) return { ...style, isBold: true };
  if (code === 2) return { ...style, isDim: true };
  if (code === 4) return { ...style, isUnderlined: true };
  if (code === 22) return { ...style, isBold: false, isDim: false };
  if (code === 24) return { ...style, isUnderlined: false };
  if (code === 39) return { ...style, color: undefined };
  if (code >= 30 && code <= 37) return { ...style, color: COLORS[code - 30] };
  if (code >= 90 && code <= 97) return { ...style, color: COLORS[code - 90] };
  return style;
}

function classNameOf(style: AnsiStyle): string {
  return [
    style.color ? `ansi-${style.color}` : '',
    style.isBold ? 'ansi-bold' : '',
    style.isDim ? 'ansi-dim' : '',
    style.isUnderlined ? 'ansi-underline' : '',
  ]
    .filter(Boolean)
    .join(' ');
}
