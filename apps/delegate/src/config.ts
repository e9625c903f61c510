import { homedir, hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseEnvironment, type Environment } from '@sluice/config';
import { DEFAULT_DATABASE_CERTS_DIR } from '@sluice/db-migration';
import { HELLO_LIMITS } from '@sluice/delegate-protocol';
import { z } from 'zod';
import type { RefusedLimits } from './outbox/refused-files.js';

const count = (fallback: number, min: number, max: number) =>
  z.coerce.number().int().min(min).max(max).default(fallback);

const tagsOf = (text: string): string[] =>
  text
    .split(',')
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '');

const schema = z.object({
  DELEGATE_SERVICE_URL: z.string().regex(/^wss?:\/\/[^\s?#]+$/, 'must look like ws://host:port or wss://host'),
  DELEGATE_TOKEN_FILE: z.string().min(1),
  DELEGATE_NAME: z.string().min(1).max(128).optional(),
  DELEGATE_TAGS: z
    .string()
    .default('')
    .refine(
      (text) => tagsOf(text).length <= HELLO_LIMITS.tags && tagsOf(text).every((tag) => tag.length <= HELLO_LIMITS.tag),
      `may name at most ${HELLO_LIMITS.tags} tags of at most ${HELLO_LIMITS.tag} characters; remove some or shorten them`,
    ),
  DELEGATE_DATA_DIR: z.string().min(1).default('.sluice/delegate'),
  DELEGATE_HOST: z.string().min(1).default('127.0.0.1'),
  DELEGATE_PORT: z.coerce.number().int().min(0).max(65_535).optional(),
  DELEGATE_POOL_SIZE: count(1, 0, 32),
  DELEGATE_POOL_REFILL_MS: count(3_000, 0, 600_000),
  DELEGATE_MAX_TASKS: count(8, 1, 1_000),
  DELEGATE_DRAIN_MS: count(20_000, 0, 3_600_000),
  DELEGATE_STOP_GRACE_MS: count(10_000, 0, 600_000),
  DELEGATE_POD_UNUSED_MS: count(600_000, 1_000, 86_400_000),
  DELEGATE_WATCHDOG_MS: count(15_000, 500, 600_000),
  DELEGATE_ENGINE_SILENCE_MS: count(120_000, 1_000, 3_600_000),
  DELEGATE_GIT_TIMEOUT_MS: count(300_000, 1_000, 3_600_000),
  DELEGATE_GIT_MAX_MB: count(2_048, 1, 1_000_000),
  DELEGATE_TREE_MAX_ENTRIES: count(100_000, 1, 10_000_000),
  DELEGATE_TREE_MAX_MB: count(1_024, 1, 1_000_000),
  DELEGATE_GIT_STOP_GRACE_MS: count(5_000, 0, 600_000),
  DELEGATE_GIT_UNUSED_HOURS: count(720, 1, 87_600),
  DELEGATE_GIT_MIRRORS_MAX_MB: count(20_480, 1, 100_000_000),
  DELEGATE_LOG_OUTBOX_MB: count(1_024, 1, 1_000_000),
  DELEGATE_REFUSED_RESULTS_HOURS: count(2_160, 1, 87_600),
  DELEGATE_REFUSED_RESULTS_MB: count(256, 1, 1_000_000),
  DELEGATE_SSH_KNOWN_HOSTS_FILE: z.string().min(1).optional(),
  DELEGATE_DATABASE_CERTS_DIR: z.string().startsWith('/', 'must be an absolute path').optional(),
  DELEGATE_KUBERNETES_ACCOUNT_DIR: z.string().min(1).default('/var/run/secrets/kubernetes.io/serviceaccount'),
  KUBERNETES_SERVICE_HOST: z.string().optional(),
  KUBERNETES_SERVICE_PORT: z.string().optional(),
  DELEGATE_LITE_ENGINE_MAIN: z.string().min(1).optional(),
  DELEGATE_STEP_RUNNER_MAIN: z.string().min(1).optional(),
  STEP_RUNNER_ENGINE_DIR: z.string().min(1).optional(),
  STEP_RUNNER_HEAP_MB: z.string().optional(),
  STEP_RUNNER_RECOVERY_S: z.string().optional(),
  STEP_RUNNER_ALLOW_SHELL_COMMANDS: z.string().optional(),
  STEP_RUNNER_EXTENSIONS_DIR: z.string().optional(),
  XDG_CACHE_HOME: z.string().optional(),
  PATH: z.string().default('/usr/local/bin:/usr/bin:/bin'),
  JAVA_HOME: z.string().optional(),
  LANG: z.string().default('C.UTF-8'),
  TZ: z.string().optional(),
  HTTPS_PROXY: z.string().optional(),
  HTTP_PROXY: z.string().optional(),
  NO_PROXY: z.string().optional(),
  GIT_SSL_CAINFO: z.string().optional(),
  NODE_EXTRA_CA_CERTS: z.string().optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.string().optional(),
  LOG_LEVEL: z.string().optional(),
});

type Variables = Readonly<Record<string, string>>;

/** Everything the delegate can be told from outside. Times in milliseconds. */
export interface DelegateConfig {
  /** WebSocket base URL of the delegate service. */
  readonly serviceUrl: string;
  readonly tokenFile: string;
  readonly name: string;
  readonly hostName: string;
  readonly tags: readonly string[];
  readonly dataDir: string;
  /** Where `/health` is served; undefined for nowhere. */
  readonly health: { readonly host: string; readonly port: number } | undefined;
  readonly maxTasks: number;
  readonly drainMs: number;
  readonly git: {
    /** Of one fetch. */
    readonly timeoutMs: number;
    /** Of one repository. */
    readonly maxBytes: number;
    /** Between asking a git process to end and ending it by force. */
    readonly stopGraceMs: number;
    /** How long a mirror is kept that nothing asks for. */
    readonly unusedMs: number;
    /** Of all mirrors together; those used longest ago go first. */
    readonly mirrorsMaxBytes: number;
    /** Of the tree a pod gets. */
    readonly tree: { readonly maxEntries: number; readonly maxBytes: number };
    readonly environment: Variables;
    readonly knownHostsFile: string | undefined;
  };
  /** The folder whose files the URL of a database may name: certificates and keys. Absolute. */
  readonly databaseCertsDir: string;
  /** Of the logs that wait for the log service. */
  readonly logOutboxMaxBytes: number;
  /** Of the results that were set aside because no service takes them. */
  readonly refusedResults: RefusedLimits;
  /** The cluster the delegate runs in and the folder with its own token and CA; undefined outside one. */
  readonly cluster: { readonly url: string; readonly accountDir: string } | undefined;
  readonly pods: {
    readonly poolSize: number;
    readonly refillMs: number;
    readonly stopGraceMs: number;
    readonly watchdogMs: number;
    /** How long a pod may stand after its last possible step, in milliseconds, before the delegate removes it without a clean-up task. */
    readonly unusedMs: number;
    /** How long a living engine may leave pings unanswered before it counts as hung. */
    readonly engineSilenceMs: number;
    readonly liteEngineMain: string;
    readonly stepRunnerMain: string;
    /** The whole environment of a pod's processes: never more than this. */
    readonly environment: Variables;
  };
  readonly otlpEndpoint: string | undefined;
  readonly logLevel: string | undefined;
}

/** @throws Error naming every bad variable */
export function parseConfig(env: Environment): DelegateConfig {
  const parsed = parseEnvironment('delegate', schema, env);
  const common = given({ PATH: parsed.PATH, LANG: parsed.LANG, TZ: parsed.TZ });
  const dataDir = resolve(parsed.DELEGATE_DATA_DIR);
  return Object.freeze({
    serviceUrl: parsed.DELEGATE_SERVICE_URL.replace(/\/+$/, ''),
    tokenFile: parsed.DELEGATE_TOKEN_FILE,
    name: parsed.DELEGATE_NAME ?? hostname(),
    hostName: hostname(),
    tags: tagsOf(parsed.DELEGATE_TAGS),
    dataDir,
    health: parsed.DELEGATE_PORT === undefined ? undefined : { host: parsed.DELEGATE_HOST, port: parsed.DELEGATE_PORT },
    maxTasks: parsed.DELEGATE_MAX_TASKS,
    drainMs: parsed.DELEGATE_DRAIN_MS,
    databaseCertsDir: resolve(parsed.DELEGATE_DATABASE_CERTS_DIR ?? DEFAULT_DATABASE_CERTS_DIR),
    logOutboxMaxBytes: parsed.DELEGATE_LOG_OUTBOX_MB * 1024 * 1024,
    refusedResults: {
      maxAgeMs: parsed.DELEGATE_REFUSED_RESULTS_HOURS * 3_600_000,
      maxBytes: parsed.DELEGATE_REFUSED_RESULTS_MB * 1024 * 1024,
    },
    git: {
      timeoutMs: parsed.DELEGATE_GIT_TIMEOUT_MS,
      maxBytes: parsed.DELEGATE_GIT_MAX_MB * 1024 * 1024,
      tree: { maxEntries: parsed.DELEGATE_TREE_MAX_ENTRIES, maxBytes: parsed.DELEGATE_TREE_MAX_MB * 1024 * 1024 },
      stopGraceMs: parsed.DELEGATE_GIT_STOP_GRACE_MS,
      unusedMs: parsed.DELEGATE_GIT_UNUSED_HOURS * 3_600_000,
      mirrorsMaxBytes: parsed.DELEGATE_GIT_MIRRORS_MAX_MB * 1024 * 1024,
      knownHostsFile:
        parsed.DELEGATE_SSH_KNOWN_HOSTS_FILE === undefined ? undefined : resolve(parsed.DELEGATE_SSH_KNOWN_HOSTS_FILE),
      environment: given({
        ...common,
        HTTPS_PROXY: parsed.HTTPS_PROXY,
        HTTP_PROXY: parsed.HTTP_PROXY,
        NO_PROXY: parsed.NO_PROXY,
        GIT_SSL_CAINFO: parsed.GIT_SSL_CAINFO,
      }),
    },
    cluster: clusterOf(parsed),
    pods: {
      poolSize: parsed.DELEGATE_POOL_SIZE,
      refillMs: parsed.DELEGATE_POOL_REFILL_MS,
      stopGraceMs: parsed.DELEGATE_STOP_GRACE_MS,
      watchdogMs: parsed.DELEGATE_WATCHDOG_MS,
      unusedMs: parsed.DELEGATE_POD_UNUSED_MS,
      engineSilenceMs: parsed.DELEGATE_ENGINE_SILENCE_MS,
      liteEngineMain: parsed.DELEGATE_LITE_ENGINE_MAIN ?? mainOf('lite-engine'),
      stepRunnerMain: parsed.DELEGATE_STEP_RUNNER_MAIN ?? mainOf('step-runner'),
      environment: given({
        ...common,
        JAVA_HOME: parsed.JAVA_HOME,
        STEP_RUNNER_ENGINE_DIR:
          parsed.STEP_RUNNER_ENGINE_DIR ??
          join(parsed.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'sluice', 'change-engine'),
        STEP_RUNNER_HEAP_MB: parsed.STEP_RUNNER_HEAP_MB,
        STEP_RUNNER_RECOVERY_S: parsed.STEP_RUNNER_RECOVERY_S,
        STEP_RUNNER_ALLOW_SHELL_COMMANDS: parsed.STEP_RUNNER_ALLOW_SHELL_COMMANDS,
        STEP_RUNNER_EXTENSIONS_DIR: parsed.STEP_RUNNER_EXTENSIONS_DIR,
        STEP_RUNNER_DATABASE_CERTS_DIR:
          parsed.DELEGATE_DATABASE_CERTS_DIR === undefined ? undefined : resolve(parsed.DELEGATE_DATABASE_CERTS_DIR),
        NODE_EXTRA_CA_CERTS: parsed.NODE_EXTRA_CA_CERTS === undefined ? undefined : resolve(parsed.NODE_EXTRA_CA_CERTS),
        OTEL_EXPORTER_OTLP_ENDPOINT: parsed.OTEL_EXPORTER_OTLP_ENDPOINT,
        LOG_LEVEL: parsed.LOG_LEVEL,
      }),
    },
    otlpEndpoint: parsed.OTEL_EXPORTER_OTLP_ENDPOINT,
    logLevel: parsed.LOG_LEVEL,
  });
}

function clusterOf({
  KUBERNETES_SERVICE_HOST: host,
  KUBERNETES_SERVICE_PORT: port,
  DELEGATE_KUBERNETES_ACCOUNT_DIR: accountDir,
}: z.output<typeof schema>): DelegateConfig['cluster'] {
  if (!host) return undefined;
  return { url: `https://${host.includes(':') ? `[${host}]` : host}:${port ?? '443'}`, accountDir };
}

/** The built program of a sibling app: the same place beside `src` and beside `dist`. */
function mainOf(app: string): string {
  return fileURLToPath(new URL(`../../${app}/dist/main.js`, import.meta.url));
}

function given(values: Readonly<Record<string, string | undefined>>): Variables {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/** Provider tokens of what the whole app shares. */
export const CONFIG = Symbol('delegate config');
export const LOG = Symbol('delegate log');
export const TRACING = Symbol('delegate tracing');
export const KEY_PAIR = Symbol('delegate key pair');
/** Random per process: the idempotency key of acquire. */
export const INSTANCE_ID = Symbol('delegate instance id');
