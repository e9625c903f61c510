import {
  acknowledgeAuditEvents,
  atDbdevops,
  claimAuditEvents,
  publicDbDevopsRoutes,
  recordStep,
  stepSchemaAndInstances,
  usesOfEntity,
} from '@sluice/dbdevops-api';
import { eventLoopDelayLimitMs } from '@sluice/config';
import { startHttpApp, type RunningApp } from '@sluice/http';
import { LIMITS } from '@sluice/kernel';
import { openDataSource } from '@sluice/persistence';
import { ServiceIdentity } from '@sluice/service-identity';
import { Metrics, Tracing, createLogger } from '@sluice/telemetry';
import { AppModule } from './app.module.js';
import { parseConfig } from './config.js';
import { createDbDevopsDataSource } from './database/data-source.js';

/** Starts dbdevops and brings its database up to date. @throws Error when configuration, keys or database are not usable */
export async function bootstrap(env: NodeJS.ProcessEnv): Promise<RunningApp> {
  const config = parseConfig(env);
  const log = createLogger('dbdevops', env['LOG_LEVEL']);
  const identity = await ServiceIdentity.load({
    service: 'dbdevops',
    keyFile: config.serviceKeyFile,
    keysDir: config.serviceKeysDir,
  });
  const dataSource = await openDataSource(createDbDevopsDataSource(config.databaseUrl, config.databasePoolSize));
  try {
    return await startHttpApp({
      service: 'dbdevops',
      module: AppModule.with(dataSource),
      host: config.host,
      security: config.security,
      port: config.port,
      identity,
      log,
      tracing: Tracing.create('dbdevops', env['OTEL_EXPORTER_OTLP_ENDPOINT']),
      metrics: new Metrics('dbdevops'),
      routes: [
        ...publicDbDevopsRoutes.map(atDbdevops),
        stepSchemaAndInstances,
        recordStep,
        usesOfEntity,
        claimAuditEvents,
        acknowledgeAuditEvents,
      ],
      errorStyle: (path) => (path.startsWith('/dbdevops/v1/') ? 'v1' : 'internal'),
      // A report holds everything pending, too: about 1 KiB per changeset.
      bodyLimit: LIMITS.reportBodyBytes,
      eventLoopDelayLimitMs: eventLoopDelayLimitMs('dbdevops', env),
      checkReady: async () => void (await dataSource.query('SELECT 1')),
      onClose: () => dataSource.destroy(),
    });
  } catch (cause) {
    await dataSource.destroy();
    throw cause;
  }
}
