import { AppError } from '@sluice/kernel';
import { modifiersEnd } from './modifiers.js';

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
export type Lookup =
  | { readonly kind: 'value'; readonly value: string | number | boolean }
  | { readonly kind: 'keep' }
  | { readonly kind: 'unknown'; readonly reason: string };

export interface Unresolved {
  readonly expression: string;
  readonly reason: string;
}

export interface Evaluated {
  readonly value: unknown;
  readonly unresolved: readonly Unresolved[];
}

/** Expressions replaced in one document at most; each place where one stands counts. */
export const MAX_EXPRESSIONS = 20_000;
/** Characters that expressions may bring into one document at most. */
export const MAX_EXPRESSION_CHARACTERS = 4_194_304;
/** How many references may stand behind one another: a value that refers to a value that refers to … */
export const MAX_EXPRESSION_DEPTH = 100;
const SHOWN_OF_CYCLE = 8;

/** What the expressions of one document may cost. One budget is shared by every part of the document. */
export class ExpressionBudget {
  private expressions = 0;
  private characters = 0;

  /** @throws AppError INVALID_REQUEST above {@link MAX_EXPRESSIONS} */
  takeExpression(): void {
    this.expressions += 1;
    if (this.expressions > MAX_EXPRESSIONS)
      throw new AppError(
        'INVALID_REQUEST',
        `the document holds more than ${MAX_EXPRESSIONS} expressions, counted with those in the values of variables; write values out, or split the pipeline`,
      );
  }

  /** @throws AppError INVALID_REQUEST above {@link MAX_EXPRESSION_CHARACTERS} */
  takeCharacters(count: number): void {
    this.characters += count;
    if (this.characters > MAX_EXPRESSION_CHARACTERS)
      throw new AppError(
        'INVALID_REQUEST',
        `expressions bring more than ${MAX_EXPRESSION_CHARACTERS} characters into the document; shorten the values of its variables, or refer to them less often`,
      );
  }
}

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
    const stop = body === 'input' ? modifiersEnd(text, end + 1) : end + 1;
    const modifiers = text.slice(end + 1, stop);
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

type Scalar = string | number | boolean;

/**
 * Replaces references in every string of a value (objects and lists are walked). A string that is one expression takes the type of
 * its value; otherwise the value is written into the text. Values may hold expressions themselves. Each name is looked up once.
 * A name that refers to itself, on whatever way, is unresolved.
 * @param quotedKeys keys whose text is code: values are written into it as quoted literals
 * @param budget to be shared when the parts of one document are evaluated one by one
 * @throws AppError INVALID_REQUEST when the budget is used up
 */
export function evaluate(
  value: unknown,
  lookup: (body: string) => Lookup,
  quotedKeys: readonly string[] = [],
  budget = new ExpressionBudget(),
): Evaluated {
  const evaluation = new Evaluation(lookup, budget);
  const walk = (current: unknown): unknown => {
    if (typeof current === 'string') return current.includes('<+') ? evaluation.text(current) : current;
    if (Array.isArray(current)) return current.map(walk);
    if (typeof current === 'object' && current !== null)
      return Object.fromEntries(
        Object.entries(current).map(([key, inner]) => [
          key,
          quotedKeys.includes(key) && typeof inner === 'string' ? evaluation.code(inner) : walk(inner),
        ]),
      );
    return current;
  };
  return { value: walk(value), unresolved: evaluation.unresolved };
}

class Evaluation {
  readonly unresolved: Unresolved[] = [];
  /** Undefined for what stays an expression. */
  private readonly answers = new Map<string, Scalar | undefined>();
  private readonly cycles = new Set<string>();
  /** Names being resolved, outermost first. */
  private readonly open: string[] = [];

  constructor(
    private readonly lookup: (body: string) => Lookup,
    private readonly budget: ExpressionBudget,
  ) {}

  text(text: string): Scalar {
    const expressions = findExpressions(text);
    const [only] = expressions;
    if (!only) return text;
    if (expressions.length === 1 && only.text === text.trim()) return this.answer(only) ?? text;
    return replaced(text, expressions, (expression) => String(this.answer(expression) ?? expression.text));
  }

  /** Writes values into code such as a condition: text in quotes, numbers and booleans bare. */
  code(text: string): string {
    return replaced(text, findExpressions(text), (expression) => this.literal(this.answer(expression), expression));
  }

  private literal(answer: Scalar | undefined, { text }: Expression): string {
    if (answer === undefined) return text;
    if (typeof answer !== 'string') return String(answer);
    if (!answer.includes('"')) return `"${answer}"`;
    if (!answer.includes("'")) return `'${answer}'`;
    this.unresolved.push({
      expression: text,
      reason: 'its value holds both kinds of quotes, which a condition cannot',
    });
    return text;
  }

  private answer({ body, text }: Expression): Scalar | undefined {
    this.budget.takeExpression();
    if (isSecretExpression(body)) return undefined;
    const value = this.answers.has(body) ? this.answers.get(body) : this.resolve(body, text);
    this.budget.takeCharacters(typeof value === 'string' ? value.length : 0);
    return value;
  }

  private resolve(body: string, text: string): Scalar | undefined {
    const at = this.open.indexOf(body);
    if (at >= 0) return this.cycle(this.open.slice(at));
    if (this.open.length > MAX_EXPRESSION_DEPTH) {
      this.unresolved.push({
        expression: text,
        reason: `it is the end of a chain of more than ${MAX_EXPRESSION_DEPTH} references; write some of the values out`,
      });
      return undefined;
    }
    const found = this.lookup(body);
    if (found.kind === 'unknown') this.unresolved.push({ expression: text, reason: found.reason });
    let value = found.kind === 'value' ? found.value : undefined;
    if (typeof value === 'string' && value.includes('<+')) {
      this.budget.takeCharacters(value.length);
      this.open.push(body);
      value = this.text(value);
      this.open.pop();
    }
    this.answers.set(body, value);
    return value;
  }

  private cycle(names: readonly string[]): undefined {
    const [first = '', ...others] = names.map((name) => `<+${name}>`);
    const shown = others.length < SHOWN_OF_CYCLE ? others : [...others.slice(0, SHOWN_OF_CYCLE), '…'];
    const cycle = [first, ...shown, first].join(' → ');
    if (this.cycles.has(cycle)) return;
    this.cycles.add(cycle);
    this.unresolved.push({ expression: cycle, reason: 'it refers to itself' });
  }
}

function replaced(text: string, expressions: readonly Expression[], by: (expression: Expression) => string): string {
  const parts: string[] = [];
  let from = 0;
  for (const expression of expressions) {
    parts.push(text.slice(from, expression.start), by(expression));
    from = expression.start + expression.text.length;
  }
  return parts.join('') + text.slice(from);
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
