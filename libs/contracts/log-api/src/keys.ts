import { z } from 'zod';

/**
 * Simplified log key (api-contract 5.4): `ACC/pipeline/PIPELINE/RUN/-PLANEXECUTION[/stage[/group]/step]`. The dash before the execution id is literal.
 */
export interface LogKeyParts {
  readonly accountId: string;
  readonly pipelineId: string;
  readonly runSequence: number;
  readonly planExecutionId: string;
  /** Identifiers below the execution: stage, step group, step. */
  readonly path: readonly string[];
}

export function logKey(parts: LogKeyParts): string {
  return [parts.accountId, 'pipeline', parts.pipelineId, String(parts.runSequence), `-${parts.planExecutionId}`, ...parts.path].join('/');
}

/** The account a key belongs to, or undefined when it has not the documented form. Rights follow the key, never the query. */
export function parseLogKey(key: string): { readonly accountId: string; readonly pipelineId: string; readonly planExecutionId: string; readonly path: readonly string[] } | undefined {
  const [accountId, word, pipelineId, run, execution, ...path] = key.split('/');
  if (!accountId || word !== 'pipeline' || !pipelineId || !/^\d+$/.test(run ?? '') || !execution?.startsWith('-') || execution.length < 2) return undefined;
  if (!/^[\w.:/$-]{1,900}$/.test(key) || path.some((part) => part === '' || part === '.' || part === '..')) return undefined;
  return { accountId, pipelineId, planExecutionId: execution.slice(1), path };
}

/** Claims of the token a pod writes with. Signed by the pipeline service for the log service; good only for keys below the prefix. */
export const logTokenClaims = z.object({
  kind: z.literal('log'),
  accountId: z.string(),
  /** The key itself or a prefix that ends where a path segment ends. */
  keyPrefix: z.string(),
  rights: z.array(z.enum(['read', 'write'])),
});
export type LogTokenClaims = z.infer<typeof logTokenClaims>;

/** True when `key` is `prefix` or lies below it: run 1 does not match run 12. */
export function isBelow(key: string, prefix: string): boolean {
  return key === prefix || key.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`);
}

/** A line on the wire (api-contract 5.2). `pos` is its 0-based index within the key. */
export const wireLogLine = z.object({
  level: z.string(),
  pos: z.number().int().min(0),
  out: z.string(),
  time: z.string(),
  args: z.record(z.string(), z.string()).nullable().optional(),
});
export type WireLogLine = z.infer<typeof wireLogLine>;
