import {
  listenerSecurity,
  parseEnvironment,
  secretFile,
  type Environment,
  type ListenerSecurity,
} from '@sluice/config';
import { LIMITS } from '@sluice/kernel';
import { z } from 'zod';

const seconds = (fallback: number, max: number) =>
  z.coerce
    .number()
    .int()
    .min(1)
    .max(max)
    .default(fallback)
    .transform((value) => value * 1_000);

const schema = z
  .object({
    LOG_SERVICE_HOST: z.string().default('127.0.0.1'),
    LOG_SERVICE_PORT: z.coerce.number().int().min(0).max(65_535).default(8079),
    LOG_SERVICE_SERVICE_KEY_FILE: z.string().min(1),
    SERVICE_KEYS_DIR: z.string().min(1),
    /** Authority (PEM) of the other services' certificates. */
    SERVICE_CA_FILE: secretFile().optional(),
    /** For a Redis without a password; otherwise LOG_SERVICE_REDIS_URL_FILE. */
    LOG_SERVICE_REDIS_URL: z.string().min(1).optional(),
    LOG_SERVICE_REDIS_URL_FILE: secretFile().optional(),
    LOG_SERVICE_NG_MANAGER_URL: z.url().default('http://127.0.0.1:7090'),
    LOG_SERVICE_BLOB_DIR: z.string().min(1),
    /** Scheme, host and path that links start with; from the request when absent. */
    LOG_SERVICE_PUBLIC_URL: z.url().optional(),
    /** Life of a log token that is given for an API key. */
    LOG_SERVICE_TOKEN_SECONDS: z.coerce.number().int().min(30).max(3_600).default(600),
    LOG_SERVICE_STREAM_TTL_SECONDS: seconds(86_400, 30 * 86_400),
    LOG_SERVICE_STREAM_MAX_LINES: z.coerce.number().int().min(100).max(5_000_000).default(200_000),
    LOG_SERVICE_STREAM_MAX_BYTES: z.coerce.number().int().min(100_000).max(1_000_000_000).default(LIMITS.liveLogBytes),
    LOG_SERVICE_TAILS_PER_ACCOUNT: z.coerce.number().int().min(1).max(10_000).default(500),
    LOG_SERVICE_TAIL_SECONDS: seconds(600, 3_600),
    LOG_SERVICE_TAIL_OPEN_WAIT_SECONDS: seconds(30, 600),
    LOG_SERVICE_PING_SECONDS: seconds(15, 60),
  })
  .transform((env, issue) => {
    const redisUrl = env.LOG_SERVICE_REDIS_URL_FILE ?? env.LOG_SERVICE_REDIS_URL;
    if (redisUrl) return { ...env, redisUrl };
    issue.addIssue({
      code: 'custom',
      path: ['LOG_SERVICE_REDIS_URL_FILE'],
      message: 'name the file that holds the Redis address',
    });
    return z.NEVER;
  });

export interface StreamLimits {
  readonly ttlMs: number;
  /** Newest lines and bytes kept live per stream. */
  readonly maxLines: number;
  readonly maxBytes: number;
}

export interface TailLimits {
  readonly perAccount: number;
  /** After this a tail ends without end marker, and the client resumes. */
  readonly maxMs: number;
  /** How long a tail waits for a stream nobody has opened yet. */
  readonly openWaitMs: number;
  readonly pingMs: number;
}

export interface LogServiceConfig {
  readonly host: string;
  /** Who ends TLS; absent on loopback. */
  readonly security: ListenerSecurity | undefined;
  readonly port: number;
  readonly serviceKeyFile: string;
  readonly serviceKeysDir: string;
  /** PEM; absent when the other services are reached without TLS, or by an authority the system knows. */
  readonly serviceCa: string | undefined;
  readonly redisUrl: string;
  /** Where the holders of API keys are asked after. */
  readonly ngManagerUrl: string;
  readonly tokenSeconds: number;
  readonly blobDir: string;
  readonly publicUrl: string | undefined;
  readonly stream: StreamLimits;
  readonly tail: TailLimits;
}

/** The only reader of the log service's environment. @throws Error naming every wrong variable */
export function parseConfig(env: Environment): LogServiceConfig {
  const parsed = parseEnvironment('log-service', schema, env);
  return Object.freeze({
    host: parsed.LOG_SERVICE_HOST,
    security: listenerSecurity('log-service', 'LOG_SERVICE', [parsed.LOG_SERVICE_HOST], env),
    port: parsed.LOG_SERVICE_PORT,
    serviceKeyFile: parsed.LOG_SERVICE_SERVICE_KEY_FILE,
    serviceKeysDir: parsed.SERVICE_KEYS_DIR,
    serviceCa: parsed.SERVICE_CA_FILE,
    redisUrl: parsed.redisUrl,
    ngManagerUrl: parsed.LOG_SERVICE_NG_MANAGER_URL,
    tokenSeconds: parsed.LOG_SERVICE_TOKEN_SECONDS,
    blobDir: parsed.LOG_SERVICE_BLOB_DIR,
    publicUrl: parsed.LOG_SERVICE_PUBLIC_URL?.replace(/\/$/, ''),
    stream: {
      ttlMs: parsed.LOG_SERVICE_STREAM_TTL_SECONDS,
      maxLines: parsed.LOG_SERVICE_STREAM_MAX_LINES,
      maxBytes: parsed.LOG_SERVICE_STREAM_MAX_BYTES,
    },
    tail: {
      perAccount: parsed.LOG_SERVICE_TAILS_PER_ACCOUNT,
      maxMs: parsed.LOG_SERVICE_TAIL_SECONDS,
      openWaitMs: parsed.LOG_SERVICE_TAIL_OPEN_WAIT_SECONDS,
      pingMs: parsed.LOG_SERVICE_PING_SECONDS,
    },
  });
}
