import { eventLoopDelayLimitMs } from '@sluice/config';
import { startHttpApp, type RunningApp } from '@sluice/http';
import { newId } from '@sluice/kernel';
import { ServiceIdentity } from '@sluice/service-identity';
import { Metrics, Tracing, createLogger } from '@sluice/telemetry';
import { DataSource } from 'typeorm';
import { AppModule } from './app.module.js';
import { parseConfig } from './config.js';
import { DelegateGateway } from './connection/delegate-gateway.js';
import { RpcServer } from './rpc/rpc-server.js';

/** A running delegate service: the HTTP port carries the WebSocket and the probes, `grpcAddress` the control plane's calls. */
export interface RunningDelegateService extends RunningApp {
  /** `host:port`. */
  readonly grpcAddress: string;
}

/** Starts the service. @throws Error with one clear text when configuration, keys or database do not allow it */
export async function bootstrap(env: NodeJS.ProcessEnv): Promise<RunningDelegateService> {
  const config = parseConfig(env);
  const log = createLogger('delegate-service', config.logLevel);
  const identity = await ServiceIdentity.load({
    service: 'delegate-service',
    keyFile: config.serviceKeyFile,
    keysDir: config.serviceKeysDir,
  });
  const tracing = Tracing.create('delegate-service', config.otlpEndpoint);
  const metrics = new Metrics('delegate-service');
  const started: { database?: DataSource; rpc?: RpcServer } = {};
  const app = await startHttpApp({
    service: 'delegate-service',
    module: AppModule.with({ config, identity, log, tracing, metrics, replicaId: newId() }),
    host: config.host,
    security: config.security,
    port: config.port,
    identity,
    log,
    tracing,
    metrics,
    routes: [],
    eventLoopDelayLimitMs: eventLoopDelayLimitMs('delegate-service', env),
    checkReady: async () => void (await started.database?.query('SELECT 1')),
    onClose: async () => started.database?.destroy(),
    configure: async (fastify, nest) => {
      started.database = nest.get(DataSource);
      nest.get(DelegateGateway).attach(fastify.server);
      const rpc = nest.get(RpcServer);
      await rpc.listen();
      started.rpc = rpc;
    },
  });
  return { url: app.url, grpcAddress: started.rpc?.address ?? '', close: () => app.close() };
}
