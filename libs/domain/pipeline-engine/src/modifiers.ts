/** `.name(arguments)` behind `<+input>`. */
interface Modifier {
  readonly name: string;
  /** What stands between the parentheses. */
  readonly inner: string;
  /** Where the text behind it begins. */
  readonly end: number;
}

const NAME = /\.([a-zA-Z]+)\(/y;

/** Where the modifiers that begin at `from` end; `from` when there are none. Each character is looked at once, whatever the text is. */
export function modifiersEnd(text: string, from: number): number {
  return readModifiers(text, from).at(-1)?.end ?? from;
}

/** What stands between the parentheses of a modifier, `a, "b c"` of `.allowedValues(a, "b c")`; undefined when it is not there. */
export function modifierText(modifiers: string, name: string): string | undefined {
  return readModifiers(modifiers, 0).find((modifier) => modifier.name === name)?.inner;
}

function readModifiers(text: string, from: number): Modifier[] {
  const found: Modifier[] = [];
  const lastParenthesis = text.lastIndexOf(')');
  for (let at = from; ;) {
    NAME.lastIndex = at;
    const name = NAME.exec(text);
    if (!name) return found;
    const start = at + name[0].length;
    const close = closingParenthesis(text, start, lastParenthesis);
    if (close < 0) return found;
    found.push({ name: name[1] ?? '', inner: text.slice(start, close), end: close + 1 });
    at = close + 1;
  }
}

/** Parentheses in quotes do not count. A quote that is not closed in front of the last parenthesis is a character like others. */
function closingParenthesis(text: string, from: number, lastParenthesis: number): number {
  for (let at = from; at <= lastParenthesis; at += 1) {
    const character = text[at];
    if (character === ')') return at;
    if (character === '(') return -1;
    if (character !== '"' && character !== "'") continue;
    const close = text.indexOf(character, at + 1);
    if (close >= 0 && close < lastParenthesis) at = close;
  }
  return -1;
}
