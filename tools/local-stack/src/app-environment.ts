import { join } from 'node:path';
import type { DataFolder } from './data-folder.js';
import type { GeneratedSecrets, PlatformDatabase } from './generated-secrets.js';
import type { Ports } from './ports.js';

/** Apps of the control plane, in the order they are started; they stop in reverse. */
export const CONTROL_PLANE_APPS = ['scm', 'log-service', 'dbdevops', 'ng-manager', 'delegate-service', 'pipeline', 'gateway'] as const;
export type ControlPlaneApp = (typeof CONTROL_PLANE_APPS)[number];
export type AppName = ControlPlaneApp | 'delegate';
export type AppEnvironments = Readonly<Record<AppName, Readonly<Record<string, string>>>>;

export interface EnvironmentInput {
  readonly data: DataFolder;
  readonly ports: Ports;
  readonly secrets: GeneratedSecrets;
  readonly redisUrl: string;
  readonly databaseUrl: (database: PlatformDatabase) => string;
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
      GATEWAY_REDIS_URL: input.redisUrl,
      GATEWAY_UI_DIR: join(input.repositoryRoot, 'apps/ui/dist'),
    },
    'ng-manager': {
      ...identity('ng-manager'),
      NG_MANAGER_DATABASE_URL: input.databaseUrl('ng_manager'),
      NG_MANAGER_DBDEVOPS_URL: url('dbdevops'),
      NG_MANAGER_SCM_URL: url('scm'),
      NG_MANAGER_DELEGATE_SERVICE_ADDRESS: `127.0.0.1:${ports['delegate-service gRPC']}`,
      NG_MANAGER_KEY_ENCRYPTION_KEY_FILE: secrets.keyEncryptionKeyFile,
      NG_MANAGER_BOOTSTRAP_FILE: input.bootstrapFile,
    },
    pipeline: {
      ...identity('pipeline'),
      PIPELINE_DATABASE_URL: input.databaseUrl('pipeline'),
      PIPELINE_NG_MANAGER_URL: url('ng-manager'),
      PIPELINE_DELEGATE_SERVICE_ADDRESS: `127.0.0.1:${ports['delegate-service gRPC']}`,
      PIPELINE_LOG_SERVICE_URL: url('log-service'),
    },
    dbdevops: { ...identity('dbdevops'), DBDEVOPS_DATABASE_URL: input.databaseUrl('dbdevops') },
    scm: { ...identity('scm'), SCM_CACHE_DIR: data.scm, SCM_ALLOW_PRIVATE_ADDRESSES: 'true' },
    'log-service': { ...identity('log-service'), LOG_SERVICE_REDIS_URL: input.redisUrl, LOG_SERVICE_BLOB_DIR: data.blobs },
    'delegate-service': {
      ...identity('delegate-service'),
      DELEGATE_SERVICE_GRPC_PORT: String(ports['delegate-service gRPC']),
      DELEGATE_SERVICE_DATABASE_URL: input.databaseUrl('delegate_service'),
      DELEGATE_SERVICE_NG_MANAGER_URL: url('ng-manager'),
      DELEGATE_SERVICE_REDIS_URL: input.redisUrl,
    },
    delegate: {
      DELEGATE_PORT: String(ports.delegate),
      DELEGATE_NAME: 'local',
      DELEGATE_TOKEN_FILE: secrets.delegateTokenFile,
      DELEGATE_SERVICE_URL: `ws://127.0.0.1:${ports['delegate-service']}`,
      DELEGATE_WORK_DIR: data.delegate,
      OTEL_EXPORTER_OTLP_ENDPOINT: input.traceEndpoint,
    },
  };
}

function prefixOf(app: string): string {
  return app.toUpperCase().replaceAll('-', '_');
}
