import { join } from 'node:path';
import type { DataFolder } from './data-folder.js';
import type { GeneratedSecrets, PlatformDatabase } from './generated-secrets.js';
import type { Ports } from './ports.js';

/** Apps of the control plane, in the order they are started; they stop in reverse. */
export const CONTROL_PLANE_APPS = [
  'scm',
  'log-service',
  'dbdevops',
  'ng-manager',
  'delegate-service',
  'pipeline',
  'gateway',
] as const;
export type ControlPlaneApp = (typeof CONTROL_PLANE_APPS)[number];
export const APP_NAMES = [...CONTROL_PLANE_APPS, 'delegate'] as const;
export type AppName = (typeof APP_NAMES)[number];
export type AppEnvironments = Readonly<Record<AppName, Readonly<Record<string, string>>>>;

export interface EnvironmentInput {
  readonly data: DataFolder;
  readonly ports: Ports;
  readonly secrets: GeneratedSecrets;
  /** Files (0600) with connection URLs: they hold passwords, so they travel in no variable. */
  readonly redisUrlFile: string;
  readonly databaseUrlFile: (database: PlatformDatabase) => string;
  readonly bootstrapFile: string;
  readonly traceEndpoint: string;
  readonly repositoryRoot: string;
}

/** The whole configuration of every app, in one place. Each app's README explains its own variables. */
export function appEnvironments(input: EnvironmentInput): AppEnvironments {
  const { data, ports, secrets } = input;
  const url = (app: ControlPlaneApp): string => `http://127.0.0.1:${ports[app]}`;
  const identity = (app: ControlPlaneApp): Record<string, string> => ({
    [`${prefixOf(app)}_PORT`]: String(ports[app]),
    [`${prefixOf(app)}_HOST`]: '127.0.0.1',
    [`${prefixOf(app)}_SERVICE_KEY_FILE`]: join(data.keys, `${app}.key`),
    SERVICE_KEYS_DIR: data.keys,
    OTEL_EXPORTER_OTLP_ENDPOINT: input.traceEndpoint,
  });
  return {
    gateway: {
      ...identity('gateway'),
      GATEWAY_NG_MANAGER_URL: url('ng-manager'),
      GATEWAY_PIPELINE_URL: url('pipeline'),
      GATEWAY_LOG_SERVICE_URL: url('log-service'),
      GATEWAY_REDIS_URL_FILE: input.redisUrlFile,
      GATEWAY_UI_DIR: join(input.repositoryRoot, 'apps/ui/dist'),
    },
    'ng-manager': {
      ...identity('ng-manager'),
      NG_MANAGER_DATABASE_URL_FILE: input.databaseUrlFile('ng_manager'),
      NG_MANAGER_DBDEVOPS_URL: url('dbdevops'),
      NG_MANAGER_SCM_URL: url('scm'),
      NG_MANAGER_DELEGATE_SERVICE_ADDRESS: `127.0.0.1:${ports['delegate-service gRPC']}`,
      NG_MANAGER_KEK_FILE: secrets.keyEncryptionKeyFile,
      NG_MANAGER_BOOTSTRAP_FILE: input.bootstrapFile,
    },
    pipeline: {
      ...identity('pipeline'),
      PIPELINE_DATABASE_URL_FILE: input.databaseUrlFile('pipeline'),
      PIPELINE_NG_MANAGER_URL: url('ng-manager'),
      PIPELINE_DELEGATE_SERVICE_ADDRESS: `127.0.0.1:${ports['delegate-service gRPC']}`,
      PIPELINE_POD_LOG_SERVICE_URL: url('log-service'),
    },
    dbdevops: { ...identity('dbdevops'), DBDEVOPS_DATABASE_URL_FILE: input.databaseUrlFile('dbdevops') },
    scm: { ...identity('scm'), SCM_CACHE_DIR: data.scm, SCM_ALLOWED_HOSTS: `127.0.0.1:${ports.git}` },
    'log-service': {
      ...identity('log-service'),
      LOG_SERVICE_REDIS_URL_FILE: input.redisUrlFile,
      LOG_SERVICE_NG_MANAGER_URL: url('ng-manager'),
      LOG_SERVICE_BLOB_DIR: data.blobs,
    },
    'delegate-service': {
      ...identity('delegate-service'),
      DELEGATE_SERVICE_GRPC_PORT: String(ports['delegate-service gRPC']),
      DELEGATE_SERVICE_DATABASE_URL_FILE: input.databaseUrlFile('delegate_service'),
    },
    delegate: {
      DELEGATE_PORT: String(ports.delegate),
      DELEGATE_NAME: 'local',
      DELEGATE_TOKEN_FILE: secrets.delegateTokenFile,
      DELEGATE_SERVICE_URL: `ws://127.0.0.1:${ports['delegate-service']}`,
      DELEGATE_DATA_DIR: data.delegate,
      OTEL_EXPORTER_OTLP_ENDPOINT: input.traceEndpoint,
    },
  };
}

function prefixOf(app: string): string {
  return app.toUpperCase().replaceAll('-', '_');
}
