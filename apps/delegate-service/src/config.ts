import {
  leaseSettings,
  leaseTimes,
  listenerSecurity,
  parseEnvironment,
  secretFile,
  type LeaseTimes,
  type Environment,
  type ListenerSecurity,
} from '@sluice/config';
import { z } from 'zod';

const milliseconds = (fallback: number, min: number, max: number) =>
  z.coerce.number().int().min(min).max(max).default(fallback);

const schema = z
  .object({
    DELEGATE_SERVICE_HOST: z.string().min(1).default('127.0.0.1'),
    DELEGATE_SERVICE_PORT: z.coerce.number().int().min(0).max(65_535).default(9090),
    DELEGATE_SERVICE_GRPC_HOST: z.string().min(1).optional(),
    DELEGATE_SERVICE_GRPC_PORT: z.coerce.number().int().min(0).max(65_535).default(9091),
    DELEGATE_SERVICE_DATABASE_URL_FILE: secretFile(),
    DELEGATE_SERVICE_SERVICE_KEY_FILE: z.string().min(1),
    SERVICE_KEYS_DIR: z.string().min(1),
    ...leaseSettings,
    DELEGATE_SERVICE_HEARTBEAT_MS: milliseconds(10_000, 100, 120_000),
    DELEGATE_SERVICE_SCAN_MS: milliseconds(1_000, 50, 60_000),
    DELEGATE_SERVICE_REOFFER_MS: milliseconds(2_000, 100, 60_000),
    DELEGATE_SERVICE_ACCEPTS_PER_SECOND: z.coerce.number().int().min(1).max(10_000).default(100),
    DELEGATE_SERVICE_HANDSHAKE_MS: milliseconds(30_000, 100, 600_000),
    DELEGATE_SERVICE_STRANGERS_PER_ADDRESS: z.coerce.number().int().min(1).max(100_000).default(512),
    DELEGATE_SERVICE_MAX_CONNECTIONS: z.coerce.number().int().min(1).max(100_000).default(15_000),
    DELEGATE_SERVICE_MAX_CONNECTIONS_PER_ACCOUNT: z.coerce.number().int().min(1).max(100_000).default(5_000),
    DELEGATE_SERVICE_MESSAGES_PER_ACCOUNT: z.coerce.number().int().min(1).max(1_000).default(6),
    DELEGATE_SERVICE_UNHANDLED_MB_PER_ACCOUNT: z.coerce.number().int().min(1).max(65_536).default(256),
    DELEGATE_SERVICE_TASK_RETENTION_HOURS: z.coerce.number().int().min(1).max(8_760).default(96),
    DELEGATE_SERVICE_DEAD_LETTER_RETENTION_HOURS: z.coerce.number().int().min(1).max(87_600).default(2_160),
    OTEL_EXPORTER_OTLP_ENDPOINT: z.string().optional(),
    LOG_LEVEL: z.string().optional(),
  })
  .refine((env) => env.DELEGATE_SERVICE_HEARTBEAT_MS * 2 <= env.DELEGATE_SERVICE_LEASE_MS, {
    message:
      'DELEGATE_SERVICE_HEARTBEAT_MS must be at most half of DELEGATE_SERVICE_LEASE_MS, or one late heartbeat loses a lease',
  });

/** Everything the service can be told from outside. Times in milliseconds unless the name says otherwise. */
export interface DelegateServiceConfig extends LeaseTimes {
  readonly host: string;
  /** Who ends TLS; absent on loopback. */
  readonly security: ListenerSecurity | undefined;
  readonly port: number;
  readonly grpcHost: string;
  readonly grpcPort: number;
  readonly databaseUrl: string;
  readonly serviceKeyFile: string;
  readonly serviceKeysDir: string;
  readonly heartbeatMs: number;
  readonly scanMs: number;
  readonly reofferMs: number;
  /** New connections of one token. */
  readonly acceptsPerSecond: number;
  /** From the connection to a whole request, and from there to hello and the proof of the key. */
  readonly handshakeMs: number;
  /** Sockets of one address that have not brought a whole request yet. */
  readonly strangersPerAddress: number;
  readonly maxConnections: number;
  /** Of these, those of one account. */
  readonly connectionsPerAccount: number;
  /** Messages of delegates of one account that are worked on at the same time. */
  readonly messagesPerAccount: number;
  /** Bytes of messages that delegates of one account have begun or sent, and that are not handled yet. */
  readonly unhandledBytesPerAccount: number;
  readonly taskRetentionHours: number;
  /** How long an event that could not be handled is kept, its task and result with it. */
  readonly deadLetterRetentionHours: number;
  readonly otlpEndpoint: string | undefined;
  readonly logLevel: string | undefined;
}

/** @throws Error naming every bad variable */
export function parseConfig(env: Environment): DelegateServiceConfig {
  const parsed = parseEnvironment('delegate-service', schema, env);
  return Object.freeze({
    host: parsed.DELEGATE_SERVICE_HOST,
    security: listenerSecurity(
      'delegate-service',
      'DELEGATE_SERVICE',
      [parsed.DELEGATE_SERVICE_HOST, parsed.DELEGATE_SERVICE_GRPC_HOST ?? parsed.DELEGATE_SERVICE_HOST],
      env,
    ),
    port: parsed.DELEGATE_SERVICE_PORT,
    grpcHost: parsed.DELEGATE_SERVICE_GRPC_HOST ?? parsed.DELEGATE_SERVICE_HOST,
    grpcPort: parsed.DELEGATE_SERVICE_GRPC_PORT,
    databaseUrl: parsed.DELEGATE_SERVICE_DATABASE_URL_FILE,
    serviceKeyFile: parsed.DELEGATE_SERVICE_SERVICE_KEY_FILE,
    serviceKeysDir: parsed.SERVICE_KEYS_DIR,
    ...leaseTimes(parsed),
    heartbeatMs: parsed.DELEGATE_SERVICE_HEARTBEAT_MS,
    scanMs: parsed.DELEGATE_SERVICE_SCAN_MS,
    reofferMs: parsed.DELEGATE_SERVICE_REOFFER_MS,
    acceptsPerSecond: parsed.DELEGATE_SERVICE_ACCEPTS_PER_SECOND,
    handshakeMs: parsed.DELEGATE_SERVICE_HANDSHAKE_MS,
    strangersPerAddress: parsed.DELEGATE_SERVICE_STRANGERS_PER_ADDRESS,
    maxConnections: parsed.DELEGATE_SERVICE_MAX_CONNECTIONS,
    connectionsPerAccount: parsed.DELEGATE_SERVICE_MAX_CONNECTIONS_PER_ACCOUNT,
    messagesPerAccount: parsed.DELEGATE_SERVICE_MESSAGES_PER_ACCOUNT,
    unhandledBytesPerAccount: parsed.DELEGATE_SERVICE_UNHANDLED_MB_PER_ACCOUNT * 1024 * 1024,
    taskRetentionHours: parsed.DELEGATE_SERVICE_TASK_RETENTION_HOURS,
    deadLetterRetentionHours: parsed.DELEGATE_SERVICE_DEAD_LETTER_RETENTION_HOURS,
    otlpEndpoint: parsed.OTEL_EXPORTER_OTLP_ENDPOINT,
    logLevel: parsed.LOG_LEVEL,
  });
}

/** Provider token of {@link DelegateServiceConfig}. */
export const CONFIG = Symbol('delegate-service config');
/** Provider tokens of what the whole app shares. */
export const LOG = Symbol('delegate-service log');
export const TRACING = Symbol('delegate-service tracing');
export const IDENTITY = Symbol('delegate-service identity');
export const METRICS = Symbol('delegate-service metrics');
/** Random per process: tells replicas apart. */
export const REPLICA_ID = Symbol('delegate-service replica id');
