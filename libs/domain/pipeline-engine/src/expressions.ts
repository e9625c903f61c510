/** One `<+…>` found in a text. */
export interface Expression {
  /** Everything from `<+` to the end, modifiers included: `<+input>.default("a")`. */
  readonly text: string;
  /** What stands between `<+` and `>`, trimmed. */
  readonly body: string;
  /** `.default("a")` and the like behind the closing bracket; only after `<+input>`. */
  readonly modifiers: string;
  readonly start: number;
}

/** What a reference stands for. `keep` leaves the expression as it is (secrets, values of a later moment). */
export type Lookup = { readonly kind: 'value'; readonly value: string | number | boolean } | { readonly kind: 'keep' } | { readonly kind: 'unknown'; readonly reason: string };

export interface Unresolved {
  readonly expression: string;
  readonly reason: string;
}

export interface Evaluated {
  readonly value: unknown;
  readonly unresolved: readonly Unresolved[];
}

const MAX_ROUNDS = 10;

/** Expressions of a text, outermost only, left to right. Quotes and nested expressions inside are respected. */
export function findExpressions(text: string): Expression[] {
  const found: Expression[] = [];
  let from = 0;
  for (;;) {
    const start = text.indexOf('<+', from);
    if (start < 0) return found;
    const end = closingBracket(text, start + 2);
    if (end < 0) return found;
    const body = text.slice(start + 2, end).trim();
    const modifiers = body === 'input' ? (/^(?:\.[a-zA-Z]+\((?:"[^"]*"|'[^']*'|[^()])*\))+/.exec(text.slice(end + 1))?.[0] ?? '') : '';
    const stop = end + 1 + modifiers.length;
    found.push({ text: text.slice(start, stop), body, modifiers, start });
    from = stop;
  }
}

export function hasExpression(value: unknown): value is string {
  return typeof value === 'string' && value.includes('<+') && findExpressions(value).length > 0;
}

/** `<+input>`, alone or with `.default(…)`, `.allowedValues(…)` and the like. */
export function inputExpression(value: unknown): Expression | undefined {
  if (typeof value !== 'string') return undefined;
  const [only, ...more] = findExpressions(value.trim());
  return only && more.length === 0 && only.body === 'input' && only.text === value.trim() ? only : undefined;
}

/** True for `<+secrets.…>`: only the delegate ever sees what it stands for. */
function isSecretExpression(body: string): boolean {
  return body.startsWith('secrets.');
}

/**
 * Replaces references in every string of a value (objects and lists are walked). A string that is one expression takes the type of
 * its value; otherwise the value is written into the text. Values may hold expressions themselves, up to ten rounds.
 * @param quotedKeys keys whose text is code: values are written into it as quoted literals
 */
export function evaluate(value: unknown, lookup: (body: string) => Lookup, quotedKeys: readonly string[] = []): Evaluated {
  const unresolved: Unresolved[] = [];
  const walk = (current: unknown): unknown => {
    if (typeof current === 'string') return current.includes('<+') ? evaluateText(current, lookup, unresolved, 0) : current;
    if (Array.isArray(current)) return current.map(walk);
    if (typeof current === 'object' && current !== null) return Object.fromEntries(Object.entries(current).map(([key, inner]) => [key, quotedKeys.includes(key) && typeof inner === 'string' ? writeLiterals(inner, lookup, unresolved) : walk(inner)]));
    return current;
  };
  return { value: walk(value), unresolved };
}

function evaluateText(text: string, lookup: (body: string) => Lookup, unresolved: Unresolved[], round: number): unknown {
  const expressions = findExpressions(text);
  const [only] = expressions;
  if (!only) return text;
  if (round >= MAX_ROUNDS) {
    unresolved.push({ expression: text, reason: 'it refers to itself' });
    return text;
  }
  if (expressions.length === 1 && only.text === text.trim()) {
    const answer = ask(only, lookup, unresolved);
    if (answer === undefined) return text;
    return typeof answer === 'string' && answer.includes('<+') ? evaluateText(answer, lookup, unresolved, round + 1) : answer;
  }
  let result = '';
  let from = 0;
  for (const expression of expressions) {
    const answer = ask(expression, lookup, unresolved);
    const inner = typeof answer === 'string' && answer.includes('<+') ? evaluateText(answer, lookup, unresolved, round + 1) : answer;
    result += text.slice(from, expression.start) + (inner === undefined ? expression.text : String(inner));
    from = expression.start + expression.text.length;
  }
  return result + text.slice(from);
}

/** Writes values into code such as a condition: text in quotes, numbers and booleans bare. */
function writeLiterals(text: string, lookup: (body: string) => Lookup, unresolved: Unresolved[]): string {
  let result = '';
  let from = 0;
  for (const expression of findExpressions(text)) {
    const answer = evaluateText(expression.text, lookup, unresolved, 0);
    result += text.slice(from, expression.start) + literal(answer, expression, unresolved);
    from = expression.start + expression.text.length;
  }
  return result + text.slice(from);
}

function literal(answer: unknown, expression: Expression, unresolved: Unresolved[]): string {
  if (typeof answer !== 'string') return String(answer);
  if (answer === expression.text) return answer;
  if (!answer.includes('"')) return `"${answer}"`;
  if (!answer.includes("'")) return `'${answer}'`;
  unresolved.push({ expression: expression.text, reason: 'its value holds both kinds of quotes, which a condition cannot' });
  return expression.text;
}

function ask(expression: Expression, lookup: (body: string) => Lookup, unresolved: Unresolved[]): string | number | boolean | undefined {
  if (isSecretExpression(expression.body)) return undefined;
  const answer = lookup(expression.body);
  if (answer.kind === 'value') return answer.value;
  if (answer.kind === 'unknown') unresolved.push({ expression: expression.text, reason: answer.reason });
  return undefined;
}

function closingBracket(text: string, from: number): number {
  let depth = 1;
  let quote = '';
  for (let at = from; at < text.length; at += 1) {
    const character = text[at];
    if (quote !== '') {
      if (character === quote) quote = '';
    } else if (character === '"' || character === "'") quote = character;
    else if (character === '<' && text[at + 1] === '+') depth += 1;
    else if (character === '>' && (depth -= 1) === 0) return at;
  }
  return -1;
}
