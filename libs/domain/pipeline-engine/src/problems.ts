import { AppError, type ErrorCode } from '@sluice/kernel';

/** One thing wrong with a YAML document: where it is, what stands there, what is wrong and what to do about it. */
export interface Problem {
  /** `pipeline.stages[0].stage.name` */
  readonly path: string;
  /** What people call the thing at this place, where a number in the path stands for it: `variable "tag"`. */
  readonly named?: string | undefined;
  /** 1-based; undefined when the document has no such place. */
  readonly line?: number | undefined;
  /** The value as found, shortened; undefined for something missing. */
  readonly value?: string | undefined;
  readonly message: string;
  readonly remedy: string;
}

export type Path = readonly (string | number)[];

const SHOWN = 20;
const VALUE_LENGTH = 80;

/** `['stages', 0, 'stage']` as `stages[0].stage`. */
export function formatPath(path: Path): string {
  return path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : text === '' ? part : `${text}.${part}`),
    '',
  );
}

/** A value as a short piece of text for a message. */
export function showValue(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > VALUE_LENGTH ? `${text.slice(0, VALUE_LENGTH - 1)}…` : text;
}

export function describeProblem(problem: Problem): string {
  const path = problem.named === undefined ? problem.path : `${problem.path} (${problem.named})`;
  const place = problem.line === undefined ? path : `line ${problem.line}, ${path}`;
  const found = problem.value === undefined ? '' : ` (found: ${problem.value})`;
  return `${place}: ${problem.message}${found}; ${problem.remedy}`;
}

/** All problems as one error; the first twenty are spelt out. */
export function problemsError(
  what: string,
  problems: readonly Problem[],
  code: ErrorCode = 'SCHEMA_VALIDATION_FAILED',
): AppError {
  const shown = problems.slice(0, SHOWN);
  const more = problems.length > SHOWN ? ` … and ${problems.length - SHOWN} more` : '';
  return new AppError(code, `${what} is not valid: ${shown.map(describeProblem).join(' | ')}${more}`, {
    fields: shown.map((problem) => ({ field: problem.path, error: describeProblem(problem) })),
  });
}
