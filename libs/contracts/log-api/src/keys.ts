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
  return [
    parts.accountId,
    'pipeline',
    parts.pipelineId,
    String(parts.runSequence),
    `-${parts.planExecutionId}`,
    ...parts.path,
  ].join('/');
}

/** Whose logs a key or key prefix names. `base` is the run: the first four segments, above which nothing is ever listed or closed. */
export interface LogOwner {
  readonly accountId: string;
  readonly orgId: string | undefined;
  readonly projectId: string | undefined;
  readonly base: string;
}

const SIMPLIFIED = /^([\w.$-]+)\/pipeline\/[\w.$-]+\/\d+(?=\/|$)/;
const STANDARD =
  /^accountId:([\w.$-]+)\/orgId:([\w.$-]+)\/projectId:([\w.$-]+)\/pipelineId:[\w.$-]+\/runSequence:\d+(?=\/|$)/;

/**
 * Reads the owner from a key or a prefix in either documented layout (api-contract 5.4). Undefined when it names no run, holds a
 * character keys do not have, a segment longer than 200 characters, or tries to leave its place (`..`).
 */
export function ownerOfLog(keyOrPrefix: string): LogOwner | undefined {
  const key = keyOrPrefix.endsWith('/') ? keyOrPrefix.slice(0, -1) : keyOrPrefix;
  if (!/^[\w.:/$-]{1,900}$/.test(key)) return undefined;
  if (key.split('/').some((part) => part === '' || part === '.' || part === '..' || part.length > 200))
    return undefined;
  const simplified = SIMPLIFIED.exec(key);
  if (simplified?.[1]) return { accountId: simplified[1], orgId: undefined, projectId: undefined, base: simplified[0] };
  const standard = STANDARD.exec(key);
  if (standard?.[1]) return { accountId: standard[1], orgId: standard[2], projectId: standard[3], base: standard[0] };
  return undefined;
}

/**
 * Claims of a log token; good only for keys below the prefix. A pod's is signed by the pipeline service. One for an API key's account is signed by the
 * log service, names the key, and is worth no more than the key is at the moment.
 */
export const logTokenClaims = z.object({
  kind: z.literal('log'),
  accountId: z.string(),
  /** The key itself, a prefix that ends where a path segment ends, or the account's id for all its logs in either layout. */
  keyPrefix: z.string(),
  rights: z.array(z.enum(['read', 'write'])),
  /** Where the pipeline of these logs lives. Kept with every log opened by this token, so that reads are checked at that scope. */
  scope: z.object({ orgId: z.string().optional(), projectId: z.string().optional() }).optional(),
  /** Id of this token, for the record of who got it. */
  jti: z.string().optional(),
  /** The API key it was given for. */
  keyId: z.string().optional(),
});
export type LogTokenClaims = z.infer<typeof logTokenClaims>;

/** What follows the key of a step in the keys of its command units. */
export const COMMAND_UNIT = '-commandUnit:';

/** True when `key` is `prefix`, lies below it or is one of its command units: run 1 does not match run 12. */
export function isBelow(key: string, prefix: string): boolean {
  if (prefix.endsWith('/')) return key.startsWith(prefix);
  return key === prefix || key.startsWith(`${prefix}/`) || key.startsWith(`${prefix}${COMMAND_UNIT}`);
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
