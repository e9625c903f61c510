import { listenerSecurity, parseEnvironment, type Environment, type ListenerSecurity } from '@sluice/config';
import { z } from 'zod';

const schema = z.object({
  SCM_HOST: z.string().default('127.0.0.1'),
  SCM_PORT: z.coerce.number().int().min(0).max(65_535).default(8091),
  SCM_SERVICE_KEY_FILE: z.string().min(1),
  SERVICE_KEYS_DIR: z.string().min(1),
  /** Bare repositories; may be thrown away at any time. */
  SCM_CACHE_DIR: z.string().min(1),
  /** Repositories kept in the cache before the least recently used one goes. */
  SCM_CACHE_REPOSITORIES: z.coerce.number().int().min(1).max(100_000).default(200),
  /** Comma list of `host`, `host:port` or CIDR that may be dialled although they are not public addresses. */
  SCM_ALLOWED_HOSTS: z
    .string()
    .default('')
    .transform((text) =>
      text
        .split(',')
        .map((entry) => entry.trim())
        .filter((entry) => entry !== ''),
    ),
  /** Git processes at the same time. */
  SCM_MAX_PROCESSES: z.coerce.number().int().min(1).max(256).default(8),
  /** Of these, those of one account. */
  SCM_MAX_PROCESSES_PER_ACCOUNT: z.coerce.number().int().min(1).max(256).default(4),
  /** One repository in the cache, also while it is fetched. */
  SCM_REPOSITORY_MAX_MB: z.coerce.number().int().min(1).max(1_000_000).default(512),
});

export interface ScmConfig {
  readonly host: string;
  /** Who ends TLS; absent on loopback. */
  readonly security: ListenerSecurity | undefined;
  readonly port: number;
  readonly serviceKeyFile: string;
  readonly serviceKeysDir: string;
  readonly cacheDir: string;
  readonly cacheRepositories: number;
  readonly allowedHosts: readonly string[];
  readonly maxProcesses: number;
  readonly maxProcessesPerAccount: number;
  readonly repositoryBytes: number;
}

/** The only reader of scm's environment. @throws Error naming every wrong variable */
export function parseConfig(env: Environment): ScmConfig {
  const parsed = parseEnvironment('scm', schema, env);
  return Object.freeze({
    host: parsed.SCM_HOST,
    security: listenerSecurity('scm', 'SCM', [parsed.SCM_HOST], env),
    port: parsed.SCM_PORT,
    serviceKeyFile: parsed.SCM_SERVICE_KEY_FILE,
    serviceKeysDir: parsed.SERVICE_KEYS_DIR,
    cacheDir: parsed.SCM_CACHE_DIR,
    cacheRepositories: parsed.SCM_CACHE_REPOSITORIES,
    allowedHosts: parsed.SCM_ALLOWED_HOSTS,
    maxProcesses: parsed.SCM_MAX_PROCESSES,
    maxProcessesPerAccount: parsed.SCM_MAX_PROCESSES_PER_ACCOUNT,
    repositoryBytes: parsed.SCM_REPOSITORY_MAX_MB * 1024 * 1024,
  });
}
