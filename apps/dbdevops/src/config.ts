import {
  listenerSecurity,
  parseEnvironment,
  secretFile,
  type Environment,
  type ListenerSecurity,
} from '@sluice/config';
import { z } from 'zod';

const schema = z.object({
  DBDEVOPS_HOST: z.string().default('127.0.0.1'),
  DBDEVOPS_PORT: z.coerce.number().int().min(0).max(65_535).default(12_091),
  /** File with `postgres://user:password@host:port/database`. */
  DBDEVOPS_DATABASE_URL_FILE: secretFile(),
  DBDEVOPS_DATABASE_POOL_SIZE: z.coerce.number().int().min(1).max(100).default(10),
  DBDEVOPS_SERVICE_KEY_FILE: z.string().min(1),
  SERVICE_KEYS_DIR: z.string().min(1),
});

export interface DbDevopsConfig {
  readonly host: string;
  /** Who ends TLS; absent on loopback. */
  readonly security: ListenerSecurity | undefined;
  readonly port: number;
  readonly databaseUrl: string;
  readonly databasePoolSize: number;
  readonly serviceKeyFile: string;
  readonly serviceKeysDir: string;
}

/** The only reader of dbdevops' environment. @throws Error naming every wrong variable */
export function parseConfig(env: Environment): DbDevopsConfig {
  const parsed = parseEnvironment('dbdevops', schema, env);
  return Object.freeze({
    host: parsed.DBDEVOPS_HOST,
    security: listenerSecurity('dbdevops', 'DBDEVOPS', [parsed.DBDEVOPS_HOST], env),
    port: parsed.DBDEVOPS_PORT,
    databaseUrl: parsed.DBDEVOPS_DATABASE_URL_FILE,
    databasePoolSize: parsed.DBDEVOPS_DATABASE_POOL_SIZE,
    serviceKeyFile: parsed.DBDEVOPS_SERVICE_KEY_FILE,
    serviceKeysDir: parsed.SERVICE_KEYS_DIR,
  });
}
