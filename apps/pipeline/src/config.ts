import {
  leaseSettings,
  leaseTimes,
  listenerSecurity,
  parseEnvironment,
  secretFile,
  type Environment,
  type ListenerSecurity,
} from '@sluice/config';
import { z } from 'zod';

const milliseconds = (fallback: number, min: number, max: number) =>
  z.coerce.number().int().min(min).max(max).default(fallback);

const schema = z
  .object({
    PIPELINE_HOST: z.string().min(1).default('127.0.0.1'),
    PIPELINE_PORT: z.coerce.number().int().min(0).max(65_535).default(12_001),
    PIPELINE_DATABASE_URL_FILE: secretFile(),
    PIPELINE_DATABASE_POOL_SIZE: z.coerce.number().int().min(2).max(200).default(20),
    PIPELINE_SERVICE_KEY_FILE: z.string().min(1),
    SERVICE_KEYS_DIR: z.string().min(1),
    /** Authority (PEM) of the other services' certificates. */
    SERVICE_CA_FILE: secretFile().optional(),
    PIPELINE_NG_MANAGER_URL: z.url(),
    PIPELINE_DELEGATE_SERVICE_ADDRESS: z
      .string()
      .regex(/^(https:\/\/)?[^/\s]+:\d+$/, 'must be host:port, or https://host:port for TLS'),
    /** How a pod reaches the log service. */
    PIPELINE_POD_LOG_SERVICE_URL: z.url().optional(),
    PIPELINE_LOG_SERVICE_URL: z.url().optional(),
    PIPELINE_EXECUTOR_ID: z
      .string()
      .regex(/^[\w.-]{1,64}$/, 'must be 1 to 64 letters, digits, ".", "_" or "-"')
      .default('pipeline-0'),
    PIPELINE_TASK_QUEUE_TIMEOUT_MS: milliseconds(120_000, 100, 3_600_000),
    ...leaseSettings,
    PIPELINE_ABORT_TIMEOUT_MS: z.coerce.number().int().min(100).max(3_600_000).optional(),
    PIPELINE_REPORT_TIMEOUT_MS: milliseconds(120_000, 100, 3_600_000),
    /** How long after the time limit of its run a pod may still ship what it logged. */
    PIPELINE_LOG_SHIPPING_SECONDS: z.coerce.number().int().min(60).max(604_800).default(3_600),
    PIPELINE_SWEEP_MS: milliseconds(5_000, 100, 600_000),
    PIPELINE_START_GRACE_MS: milliseconds(600_000, 1_000, 86_400_000),
    PIPELINE_REFERENCES_WAIT_MS: milliseconds(5_000, 100, 60_000),
    PIPELINE_DOCUMENT_WORKERS: z.coerce.number().int().min(1).max(32).default(2),
    PIPELINE_DOCUMENT_DEADLINE_MS: milliseconds(30_000, 100, 600_000),
    OTEL_EXPORTER_OTLP_ENDPOINT: z.string().optional(),
    LOG_LEVEL: z.string().optional(),
  })
  .superRefine((env, problems) => {
    const { leaseMs, fenceMs } = leaseTimes(env);
    const abortMs = env.PIPELINE_ABORT_TIMEOUT_MS;
    if (abortMs === undefined || abortMs > leaseMs + fenceMs) return;
    const message = `PIPELINE_ABORT_TIMEOUT_MS (${abortMs}) must be greater than DELEGATE_SERVICE_LEASE_MS (${leaseMs}) and DELEGATE_SERVICE_FENCE_MS (${fenceMs}) together, or the instance of an aborted run is free while its step may still write; raise it above ${leaseMs + fenceMs}, or leave it out to have it derived`;
    problems.addIssue({ code: 'custom', message });
  })
  .refine((env) => env.PIPELINE_POD_LOG_SERVICE_URL ?? env.PIPELINE_LOG_SERVICE_URL, {
    path: ['PIPELINE_POD_LOG_SERVICE_URL'],
    message: 'is required: the address under which pods reach the log service',
  });

/** Everything the service can be told from outside. Times in milliseconds. */
export interface PipelineConfig {
  readonly host: string;
  /** Who ends TLS; absent on loopback. */
  readonly security: ListenerSecurity | undefined;
  readonly port: number;
  readonly databaseUrl: string;
  readonly databasePoolSize: number;
  readonly serviceKeyFile: string;
  readonly serviceKeysDir: string;
  /** PEM; absent when the other services are reached without TLS, or by an authority the system knows. */
  readonly serviceCa: string | undefined;
  readonly ngManagerUrl: string;
  readonly delegateServiceAddress: string;
  readonly podLogServiceUrl: string;
  /** Name under which workflows are recovered after a crash: the same after every restart of this replica. */
  readonly executorId: string;
  /** How long a task may wait for a delegate. */
  readonly taskQueueTimeoutMs: number;
  /** How long an abort waits until the step is really stopped: longer than a delegate that cannot be told works on. */
  readonly abortTimeoutMs: number;
  /** How long NG manager may be away before a finished step counts as not recorded. */
  readonly reportTimeoutMs: number;
  /** Seconds that a pod's log token outlives the time limit of its run, for lines and logs that could not be shipped before. */
  readonly logShippingSeconds: number;
  readonly sweepMs: number;
  /** How long after its time limit an execution that could never be started is still tried. */
  readonly startGraceMs: number;
  /** How long the answer to a save or a deletion waits, once it is stored, until NG manager knows what documents refer to now. */
  readonly referencesWaitMs: number;
  /** Threads that read documents; one account has all but one of them at most. */
  readonly documentWorkers: number;
  /** Milliseconds one document may take to be read; the largest ones (1 MiB, 1,000 steps) take seconds on a busy machine. */
  readonly documentDeadlineMs: number;
  readonly otlpEndpoint: string | undefined;
  readonly logLevel: string | undefined;
}

/** @throws Error naming every bad variable */
export function parseConfig(env: Environment): PipelineConfig {
  const parsed = parseEnvironment('pipeline', schema, env);
  const { leaseMs, fenceMs } = leaseTimes(parsed);
  return Object.freeze({
    host: parsed.PIPELINE_HOST,
    security: listenerSecurity('pipeline', 'PIPELINE', [parsed.PIPELINE_HOST], env),
    port: parsed.PIPELINE_PORT,
    databaseUrl: parsed.PIPELINE_DATABASE_URL_FILE,
    databasePoolSize: parsed.PIPELINE_DATABASE_POOL_SIZE,
    serviceKeyFile: parsed.PIPELINE_SERVICE_KEY_FILE,
    serviceKeysDir: parsed.SERVICE_KEYS_DIR,
    serviceCa: parsed.SERVICE_CA_FILE,
    ngManagerUrl: parsed.PIPELINE_NG_MANAGER_URL,
    delegateServiceAddress: parsed.PIPELINE_DELEGATE_SERVICE_ADDRESS,
    podLogServiceUrl: parsed.PIPELINE_POD_LOG_SERVICE_URL ?? parsed.PIPELINE_LOG_SERVICE_URL ?? '',
    executorId: parsed.PIPELINE_EXECUTOR_ID,
    taskQueueTimeoutMs: parsed.PIPELINE_TASK_QUEUE_TIMEOUT_MS,
    abortTimeoutMs: parsed.PIPELINE_ABORT_TIMEOUT_MS ?? abortTimeoutFor(leaseMs + fenceMs),
    reportTimeoutMs: parsed.PIPELINE_REPORT_TIMEOUT_MS,
    logShippingSeconds: parsed.PIPELINE_LOG_SHIPPING_SECONDS,
    sweepMs: parsed.PIPELINE_SWEEP_MS,
    startGraceMs: parsed.PIPELINE_START_GRACE_MS,
    referencesWaitMs: parsed.PIPELINE_REFERENCES_WAIT_MS,
    documentWorkers: parsed.PIPELINE_DOCUMENT_WORKERS,
    documentDeadlineMs: parsed.PIPELINE_DOCUMENT_DEADLINE_MS,
    otlpEndpoint: parsed.OTEL_EXPORTER_OTLP_ENDPOINT,
    logLevel: parsed.LOG_LEVEL,
  });
}

/** A third more than a delegate that cannot be told works on: for the delegate service to notice and to say so. @param stopsWithinMs lease and fence together */
export function abortTimeoutFor(stopsWithinMs: number): number {
  return Math.ceil((stopsWithinMs * 4) / 3);
}
