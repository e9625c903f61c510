import { findExpressions, type Lookup } from './expressions.js';

export type Condition =
  | { readonly kind: 'value'; readonly isTrue: boolean }
  | { readonly kind: 'invalid'; readonly reason: string };

type Value = string | number | boolean | null;
type Token = { readonly kind: 'operator'; readonly text: string } | { readonly kind: 'value'; readonly value: Value };

/**
 * Evaluates a `when.condition`: `==`, `!=`, `&&`, `||`, `!`, parentheses, quoted text, numbers, true, false, null, and `<+…>`
 * references. Comparison is by text, so that `"1" == 1`. Anything else is invalid, never silently false.
 */
export function evaluateCondition(text: string, lookup: (body: string) => Lookup): Condition {
  try {
    const parser = new Parser(tokens(text, lookup));
    const value = parser.or();
    parser.end();
    return { kind: 'value', isTrue: truth(value) };
  } catch (cause) {
    return { kind: 'invalid', reason: cause instanceof Error ? cause.message : String(cause) };
  }
}

/** Why a condition cannot be evaluated whatever its references are, or undefined. */
export function conditionFault(text: string): string | undefined {
  const result = evaluateCondition(text, () => ({ kind: 'value', value: true }));
  return result.kind === 'invalid' ? result.reason : undefined;
}

function tokens(text: string, lookup: (body: string) => Lookup): Token[] {
  const result: Token[] = [];
  const expressions = new Map(findExpressions(text).map((expression) => [expression.start, expression]));
  let at = 0;
  while (at < text.length) {
    const expression = expressions.get(at);
    if (expression) {
      result.push({ kind: 'value', value: valueOf(expression.body, lookup) });
      at += expression.text.length;
      continue;
    }
    const match = /^(?:(\s+)|(==|!=|&&|\|\||!|\(|\))|"([^"]*)"|'([^']*)'|(-?\d+(?:\.\d+)?)|(true|false|null)\b)/.exec(
      text.slice(at),
    );
    if (!match)
      throw new Error(
        `cannot read "${text.slice(at, at + 20)}"; use ==, !=, &&, ||, !, parentheses, quoted text and <+references>`,
      );
    at += match[0].length;
    if (match[2] !== undefined) result.push({ kind: 'operator', text: match[2] });
    else if (match[3] !== undefined || match[4] !== undefined)
      result.push({ kind: 'value', value: match[3] ?? match[4] ?? '' });
    else if (match[5] !== undefined) result.push({ kind: 'value', value: Number(match[5]) });
    else if (match[6] !== undefined)
      result.push({ kind: 'value', value: match[6] === 'null' ? null : match[6] === 'true' });
  }
  return result;
}

function valueOf(body: string, lookup: (body: string) => Lookup): Value {
  const answer = lookup(body);
  if (answer.kind === 'value') return answer.value;
  throw new Error(answer.kind === 'keep' ? `<+${body}> has no value here` : answer.reason);
}

const truth = (value: Value): boolean =>
  value !== null && value !== false && value !== '' && value !== 'false' && value !== 0;

class Parser {
  private at = 0;
  constructor(private readonly tokens: readonly Token[]) {}

  or(): Value {
    let left = this.and();
    while (this.take('||')) {
      const right = this.and();
      left = truth(left) || truth(right);
    }
    return left;
  }

  end(): void {
    if (this.at < this.tokens.length) throw new Error('something is left over at its end');
  }

  private and(): Value {
    let left = this.comparison();
    while (this.take('&&')) {
      const right = this.comparison();
      left = truth(left) && truth(right);
    }
    return left;
  }

  private comparison(): Value {
    const left = this.operand();
    if (this.take('==')) return String(left) === String(this.operand());
    if (this.take('!=')) return String(left) !== String(this.operand());
    return left;
  }

  private operand(): Value {
    if (this.take('!')) return !truth(this.operand());
    if (this.take('(')) {
      const inner = this.or();
      if (!this.take(')')) throw new Error('a closing parenthesis is missing');
      return inner;
    }
    const token = this.tokens[this.at];
    if (token?.kind !== 'value') throw new Error('a value is missing');
    this.at += 1;
    return token.value;
  }

  private take(operator: string): boolean {
    const token = this.tokens[this.at];
    if (token?.kind !== 'operator' || token.text !== operator) return false;
    this.at += 1;
    return true;
  }
}
