import { parseDuration } from '@sluice/kernel';
import type { ProjectRef } from './entities.js';
import { CONNECTION_OPTIONS, connectionFlags, parseOptions, UsageError, type ConnectionFlags } from './usage.js';

/** Commands about executions and deployments that exist. */
export type RunCommand = { readonly at: ProjectRef; readonly connection: ConnectionFlags } & (
  | { readonly kind: 'watch'; readonly planExecutionId: string; readonly timeoutMs: number }
  | { readonly kind: 'abort' | 'logs'; readonly planExecutionId: string }
  | { readonly kind: 'runs'; readonly limit: number }
  | { readonly kind: 'delete'; readonly name: string }
);

export const RUN_COMMANDS = ['watch', 'abort', 'logs', 'runs', 'delete'] as const;

const MOST_RUNS = 500;
const text = { type: 'string' } as const;
const PLACE = { org: text, project: text, ...CONNECTION_OPTIONS } as const;

/** @throws UsageError */
export function parseRunCommand(kind: (typeof RUN_COMMANDS)[number], args: readonly string[]): RunCommand {
  const { values, positionals } = parseOptions(
    args,
    { ...PLACE, timeout: text, limit: text, name: text } as const,
    true,
  );
  const common = {
    at: { org: values.org ?? 'default', project: values.project ?? 'deployments' },
    connection: connectionFlags(values),
  };
  const only = (allowed: readonly ('timeout' | 'limit' | 'name')[]): void => {
    const wrong = (['timeout', 'limit', 'name'] as const).find(
      (name) => values[name] !== undefined && !allowed.includes(name),
    );
    if (wrong) throw new UsageError(`${kind} takes no --${wrong}`);
  };
  if (kind === 'runs' || kind === 'delete') {
    only([kind === 'runs' ? 'limit' : 'name']);
    if (positionals.length > 0) throw new UsageError(`${kind} takes no "${positionals.join(' ')}"`);
    if (kind === 'runs') return { ...common, kind, limit: limitOf(values.limit ?? '20') };
    if (!values.name)
      throw new UsageError('--name is missing: the name given to deploy, or the identifier of its DB schema');
    return { ...common, kind, name: values.name };
  }
  only(kind === 'watch' ? ['timeout'] : []);
  const [planExecutionId, ...more] = positionals;
  if (planExecutionId === undefined || more.length > 0 || !/^[\w-]{1,128}$/.test(planExecutionId))
    throw new UsageError(`${kind} takes the id of one execution, as deploy and runs print it`);
  return kind === 'watch'
    ? { ...common, kind, planExecutionId, timeoutMs: durationOf('--timeout', values.timeout ?? '30m') }
    : { ...common, kind, planExecutionId };
}

/** The least time limit: a second. */
const LEAST_MS = 1_000;

/** Milliseconds of a time limit. @throws UsageError naming the option, the value and the least value */
export function durationOf(option: '--timeout' | '--step-timeout', value: string): number {
  const duration = parsed(option, value);
  if (duration < LEAST_MS) throw new UsageError(`${option} takes ${LEAST_MS / 1_000}s or more, not "${value}"`);
  return duration;
}

function parsed(option: string, value: string): number {
  try {
    return parseDuration(value);
  } catch (cause: unknown) {
    throw new UsageError(`${option}: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

function limitOf(value: string): number {
  const limit = /^\d+$/.test(value) ? Number(value) : 0;
  if (limit < 1 || limit > MOST_RUNS)
    throw new UsageError(`--limit takes a whole number from 1 to ${MOST_RUNS}, not "${value}"`);
  return limit;
}
