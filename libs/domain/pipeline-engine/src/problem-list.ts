import type { z } from 'zod';
import { hasExpression } from './expressions.js';
import { formatPath, showValue, type Path, type Problem } from './problems.js';
import type { YamlSource } from './yaml-source.js';

/** Collects problems of one document with their lines. */
export class ProblemList {
  readonly list: Problem[] = [];

  /** @param leavesExpressions complaints about values that are expressions are left to the run */
  constructor(
    private readonly source: YamlSource,
    private readonly leavesExpressions = true,
  ) {}

  add(path: Path, value: unknown, message: string, remedy: string): void {
    this.list.push({
      path: formatPath(path),
      line: this.source.lineOf(path),
      value: showValue(value),
      message,
      remedy,
    });
  }

  /** A Zod issue about `root`, which stands at `base`. */
  addIssue(base: Path, root: unknown, issue: z.core.$ZodIssue): void {
    const inner = pathOf(issue);
    const value = valueAt(root, inner);
    // A condition was tried with its expressions in place, so a complaint about it stands.
    if (this.leavesExpressions && hasExpression(value) && inner.at(-1) !== 'condition') return;
    if (issue.code === 'invalid_union' && issue.errors.length > 0) {
      this.add(
        [...base, ...inner],
        value,
        `must be ${[...new Set(issue.errors.flat().map(expectedType))].join(' or ')}`,
        'change it',
      );
      return;
    }
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys)
        this.add(
          [...base, ...inner, key],
          undefined,
          `the key "${key}" is not known here`,
          'remove it or check its spelling',
        );
      return;
    }
    const [message, remedy] = wording(issue, value);
    this.add([...base, ...inner], value, message, remedy);
  }
}

/** Where in what was parsed an issue is. */
export function pathOf(issue: z.core.$ZodIssue): Path {
  return issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
}

/** What stands at a path below `root`; undefined where the path does not lead. */
export function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (current, part) =>
      typeof current === 'object' && current !== null ? (current as Record<string | number, unknown>)[part] : undefined,
    root,
  );
}

function expectedType(issue: z.core.$ZodIssue): string {
  return issue.code === 'invalid_type' ? `a ${issue.expected}` : issue.message;
}

function wording(issue: z.core.$ZodIssue, value: unknown): readonly [string, string] {
  if (value === undefined && (issue.code === 'invalid_type' || issue.code === 'invalid_value'))
    return ['is missing', 'add it'];
  if (issue.code === 'invalid_type') {
    const needsQuotes = issue.expected === 'string' && typeof value !== 'object';
    return [`must be a ${issue.expected}`, needsQuotes ? 'put it in quotes' : 'change it'];
  }
  if (issue.code === 'invalid_value')
    return ['has a value that is not allowed', `use one of: ${issue.values.map(String).join(', ')}`];
  return [issue.message, 'change it'];
}
