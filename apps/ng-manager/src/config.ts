import {
  listenerSecurity,
  parseEnvironment,
  secretFile,
  type Environment,
  type ListenerSecurity,
} from '@sluice/config';
import { z } from 'zod';
import type { TransitKey, VaultTransitOptions } from './encryption/vault-transit-client.js';

const schema = z
  .object({
    NG_MANAGER_HOST: z.string().default('127.0.0.1'),
    NG_MANAGER_PORT: z.coerce.number().int().min(0).max(65_535).default(7090),
    NG_MANAGER_SERVICE_KEY_FILE: z.string().min(1),
    SERVICE_KEYS_DIR: z.string().min(1),
    /** Authority (PEM) of the other services' certificates. */
    SERVICE_CA_FILE: secretFile().optional(),
    NG_MANAGER_DATABASE_URL_FILE: secretFile(),
    NG_MANAGER_DATABASE_POOL: z.coerce.number().int().min(2).max(200).default(10),
    NG_MANAGER_KEY_PROVIDER: z.enum(['local', 'vault-transit']).default('local'),
    NG_MANAGER_KEK_FILE: z.string().min(1).optional(),
    NG_MANAGER_VAULT_URL: z.url({ protocol: /^https?$/ }).optional(),
    NG_MANAGER_VAULT_TOKEN_FILE: z.string().min(1).optional(),
    NG_MANAGER_VAULT_NAMESPACE: z.string().min(1).optional(),
    NG_MANAGER_VAULT_TRANSIT_MOUNT: z
      .string()
      .regex(/^[\w.-]+(\/[\w.-]+)*$/, 'must be a path such as transit')
      .default('transit'),
    NG_MANAGER_VAULT_TRANSIT_KEY: z
      .string()
      .regex(/^[\w.-]+$/, 'must be the name of a key')
      .default('sluice'),
    NG_MANAGER_VAULT_TIMEOUT_MS: z.coerce.number().int().min(100).max(60_000).default(5_000),
    NG_MANAGER_DBDEVOPS_URL: z.url(),
    NG_MANAGER_SCM_URL: z.url(),
    NG_MANAGER_DELEGATE_SERVICE_ADDRESS: z
      .string()
      .regex(/^(https:\/\/)?([^:/]+|\[[0-9a-fA-F:]+\]):\d+$/, 'must be host:port, or https://host:port for TLS'),
    NG_MANAGER_SECURITY_EVENT_RETENTION_DAYS: z.coerce.number().int().min(1).max(3_650).default(90),
    NG_MANAGER_DELEGATE_ANSWER_MS: z.coerce.number().int().min(1_000).max(600_000).default(25_000),
    NG_MANAGER_BOOTSTRAP_FILE: z.string().min(1).optional(),
  })
  .superRefine((env, issues) => {
    const need = (
      name: 'NG_MANAGER_KEK_FILE' | 'NG_MANAGER_VAULT_URL' | 'NG_MANAGER_VAULT_TOKEN_FILE',
      why: string,
    ): void => {
      if (env[name] === undefined) issues.addIssue({ code: 'custom', path: [name], message: `is needed ${why}` });
    };
    if (env.NG_MANAGER_KEY_PROVIDER === 'local') need('NG_MANAGER_KEK_FILE', 'with NG_MANAGER_KEY_PROVIDER=local');
    else need('NG_MANAGER_VAULT_URL', 'with NG_MANAGER_KEY_PROVIDER=vault-transit');
    if (env.NG_MANAGER_VAULT_URL !== undefined) need('NG_MANAGER_VAULT_TOKEN_FILE', 'beside NG_MANAGER_VAULT_URL');
  });

export interface NgManagerConfig {
  readonly host: string;
  /** Who ends TLS; absent on loopback. */
  readonly security: ListenerSecurity | undefined;
  readonly port: number;
  readonly serviceKeyFile: string;
  readonly serviceKeysDir: string;
  /** PEM; absent when the other services are reached without TLS, or by an authority the system knows. */
  readonly serviceCa: string | undefined;
  readonly databaseUrl: string;
  readonly databasePool: number;
  readonly keyProvider: 'local' | 'vault-transit';
  /** Needed by `local`; beside `vault-transit` its keys still open what they wrapped. */
  readonly keyEncryptionKeyFile: string | undefined;
  /** Needed by `vault-transit`; beside `local` its key still opens what it wrapped. */
  readonly vaultTransit: (VaultTransitOptions & { readonly key: TransitKey }) | undefined;
  readonly dbdevopsUrl: string;
  readonly scmUrl: string;
  readonly delegateServiceAddress: string;
  /** How long security events are kept. */
  readonly securityEventRetentionDays: number;
  /** How long a connection test, or a question about a change log lock, waits for a delegate's answer. Milliseconds. */
  readonly delegateAnswerMs: number;
  readonly bootstrapFile: string | undefined;
}

/** The only reader of ng-manager's environment. @throws Error naming every wrong variable */
export function parseConfig(env: Environment): NgManagerConfig {
  const parsed = parseEnvironment('ng-manager', schema, env);
  return Object.freeze({
    host: parsed.NG_MANAGER_HOST,
    security: listenerSecurity('ng-manager', 'NG_MANAGER', [parsed.NG_MANAGER_HOST], env),
    port: parsed.NG_MANAGER_PORT,
    serviceKeyFile: parsed.NG_MANAGER_SERVICE_KEY_FILE,
    serviceKeysDir: parsed.SERVICE_KEYS_DIR,
    serviceCa: parsed.SERVICE_CA_FILE,
    databaseUrl: parsed.NG_MANAGER_DATABASE_URL_FILE,
    databasePool: parsed.NG_MANAGER_DATABASE_POOL,
    keyProvider: parsed.NG_MANAGER_KEY_PROVIDER,
    keyEncryptionKeyFile: parsed.NG_MANAGER_KEK_FILE,
    vaultTransit: vaultTransitOf(parsed),
    dbdevopsUrl: parsed.NG_MANAGER_DBDEVOPS_URL,
    scmUrl: parsed.NG_MANAGER_SCM_URL,
    delegateServiceAddress: parsed.NG_MANAGER_DELEGATE_SERVICE_ADDRESS,
    securityEventRetentionDays: parsed.NG_MANAGER_SECURITY_EVENT_RETENTION_DAYS,
    delegateAnswerMs: parsed.NG_MANAGER_DELEGATE_ANSWER_MS,
    bootstrapFile: parsed.NG_MANAGER_BOOTSTRAP_FILE,
  });
}

function vaultTransitOf(parsed: z.output<typeof schema>): NgManagerConfig['vaultTransit'] {
  const { NG_MANAGER_VAULT_URL: url, NG_MANAGER_VAULT_TOKEN_FILE: tokenFile } = parsed;
  if (url === undefined || tokenFile === undefined) return undefined;
  return {
    url,
    tokenFile,
    namespace: parsed.NG_MANAGER_VAULT_NAMESPACE,
    timeoutMs: parsed.NG_MANAGER_VAULT_TIMEOUT_MS,
    key: { mount: parsed.NG_MANAGER_VAULT_TRANSIT_MOUNT, name: parsed.NG_MANAGER_VAULT_TRANSIT_KEY },
  };
}
