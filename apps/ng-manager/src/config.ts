import { parseEnvironment, secretFile, type Environment } from '@sluice/config';
import { z } from 'zod';

const schema = z.object({
  NG_MANAGER_HOST: z.string().default('127.0.0.1'),
  NG_MANAGER_PORT: z.coerce.number().int().min(0).max(65_535).default(7090),
  NG_MANAGER_SERVICE_KEY_FILE: z.string().min(1),
  SERVICE_KEYS_DIR: z.string().min(1),
  NG_MANAGER_DATABASE_URL_FILE: secretFile(),
  NG_MANAGER_DATABASE_POOL: z.coerce.number().int().min(2).max(200).default(10),
  NG_MANAGER_KEK_FILE: z.string().min(1),
  NG_MANAGER_DBDEVOPS_URL: z.url(),
  NG_MANAGER_SCM_URL: z.url(),
  NG_MANAGER_DELEGATE_SERVICE_ADDRESS: z.string().regex(/^[^:/]+:\d+$|^\[[0-9a-fA-F:]+\]:\d+$/, 'must be host:port'),
  NG_MANAGER_BOOTSTRAP_FILE: z.string().min(1).optional(),
});

export interface NgManagerConfig {
  readonly host: string;
  readonly port: number;
  readonly serviceKeyFile: string;
  readonly serviceKeysDir: string;
  readonly databaseUrl: string;
  readonly databasePool: number;
  readonly keyEncryptionKeyFile: string;
  readonly dbdevopsUrl: string;
  readonly scmUrl: string;
  readonly delegateServiceAddress: string;
  readonly bootstrapFile: string | undefined;
}

/** The only reader of ng-manager's environment. @throws Error naming every wrong variable */
export function parseConfig(env: Environment): NgManagerConfig {
  const parsed = parseEnvironment('ng-manager', schema, env);
  return Object.freeze({
    host: parsed.NG_MANAGER_HOST,
    port: parsed.NG_MANAGER_PORT,
    serviceKeyFile: parsed.NG_MANAGER_SERVICE_KEY_FILE,
    serviceKeysDir: parsed.SERVICE_KEYS_DIR,
    databaseUrl: parsed.NG_MANAGER_DATABASE_URL_FILE,
    databasePool: parsed.NG_MANAGER_DATABASE_POOL,
    keyEncryptionKeyFile: parsed.NG_MANAGER_KEK_FILE,
    dbdevopsUrl: parsed.NG_MANAGER_DBDEVOPS_URL,
    scmUrl: parsed.NG_MANAGER_SCM_URL,
    delegateServiceAddress: parsed.NG_MANAGER_DELEGATE_SERVICE_ADDRESS,
    bootstrapFile: parsed.NG_MANAGER_BOOTSTRAP_FILE,
  });
}
