import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { DEFAULT_DATABASE_CERTS_DIR } from '@sluice/db-migration';
import { parseEnvironment, type Environment } from '@sluice/config';
import { stepRunnerIdentity, type StepRunnerIdentity } from '@sluice/runner-rpc';

/** Settings that do not depend on the pod: known before the process is told who it is. */
const engineSchema = z.object({
  STEP_RUNNER_ENGINE_DIR: z.string().min(1).optional(),
  STEP_RUNNER_HEAP_MB: z.coerce.number().int().min(48).max(8192).default(1024),
  STEP_RUNNER_EXTENSIONS_DIR: z.string().startsWith('/', 'must be an absolute path').optional(),
  STEP_RUNNER_DATABASE_CERTS_DIR: z
    .string()
    .startsWith('/', 'must be an absolute path')
    .default(DEFAULT_DATABASE_CERTS_DIR),
  STEP_RUNNER_ALLOW_SHELL_COMMANDS: z.enum(['true', 'false']).default('false'),
  STEP_RUNNER_RECOVERY_S: z.coerce.number().int().min(1).max(3600).default(120),
});

export interface EngineConfig {
  readonly directory: string;
  readonly heapMb: number;
  /** Folder with jars of custom changes, preconditions, parsers and other extensions. */
  readonly extensionsDir: string | undefined;
  /** Folder whose files the URL of a database may name: certificates and keys. */
  readonly databaseCertsDir: string;
  /** Lets changelogs run programs of the operating system (`executeCommand`). */
  readonly allowShellCommands: boolean;
  /** How long a step that lost its database session tries to reach the database again, to free the change log lock and to read what is deployed. */
  readonly recoveryMs: number;
}

export function parseEngineConfig(env: Environment): EngineConfig {
  const parsed = parseEnvironment('step-runner', engineSchema, env);
  return {
    directory: parsed.STEP_RUNNER_ENGINE_DIR ?? defaultEngineDirectory(env),
    heapMb: parsed.STEP_RUNNER_HEAP_MB,
    extensionsDir: parsed.STEP_RUNNER_EXTENSIONS_DIR,
    databaseCertsDir: parsed.STEP_RUNNER_DATABASE_CERTS_DIR,
    allowShellCommands: parsed.STEP_RUNNER_ALLOW_SHELL_COMMANDS === 'true',
    recoveryMs: parsed.STEP_RUNNER_RECOVERY_S * 1000,
  };
}

export function defaultEngineDirectory(env: Environment): string {
  return (
    env['STEP_RUNNER_ENGINE_DIR'] ?? join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'sluice', 'change-engine')
  );
}

const identitySchema = z.object({
  STEP_RUNNER_LISTEN: z.string(),
  STEP_RUNNER_TLS_CA_FILE: z.string(),
  STEP_RUNNER_TLS_CERT_FILE: z.string(),
  STEP_RUNNER_TLS_KEY_FILE: z.string(),
});

/** Who this process is, when it was not started parked. */
export function identityFromEnvironment(env: Environment): StepRunnerIdentity {
  const parsed = parseEnvironment('step-runner', identitySchema, env);
  return stepRunnerIdentity.parse({
    listen: parsed.STEP_RUNNER_LISTEN,
    tls: {
      ca: parsed.STEP_RUNNER_TLS_CA_FILE,
      cert: parsed.STEP_RUNNER_TLS_CERT_FILE,
      key: parsed.STEP_RUNNER_TLS_KEY_FILE,
    },
  });
}
