import { LIMITS } from '@sluice/kernel';
import { mkdir } from 'node:fs/promises';
import { eventLoopDelayLimitMs } from '@sluice/config';
import { startHttpApp, type RunningApp } from '@sluice/http';
import { scmRoutes } from '@sluice/scm-api';
import { ServiceIdentity } from '@sluice/service-identity';
import { Metrics, Tracing, createLogger } from '@sluice/telemetry';
import { AppModule } from './app.module.js';
import { parseConfig } from './config.js';
import { AddressPolicy } from './git/address-policy.js';
import { GitProcesses } from './git/git-process.js';
import { RepositoryCache } from './git/repository-cache.js';

/** Starts scm. @throws Error when configuration, cache folder or git are not usable */
export async function bootstrap(env: NodeJS.ProcessEnv): Promise<RunningApp> {
  const config = parseConfig(env);
  const log = createLogger('scm', env['LOG_LEVEL']);
  const identity = await ServiceIdentity.load({
    service: 'scm',
    keyFile: config.serviceKeyFile,
    keysDir: config.serviceKeysDir,
  });
  await mkdir(config.cacheDir, { recursive: true, mode: 0o700 });
  const processes = new GitProcesses(config.maxProcesses, config.maxProcessesPerAccount);
  await processes.checkVersion();
  const cache = new RepositoryCache(
    config.cacheDir,
    { repositories: config.cacheRepositories, repositoryBytes: config.repositoryBytes },
    processes,
  );
  return startHttpApp({
    service: 'scm',
    module: AppModule.with({ cache, policy: new AddressPolicy(config.allowedHosts), processes }),
    host: config.host,
    security: config.security,
    port: config.port,
    identity,
    log,
    tracing: Tracing.create('scm', env['OTEL_EXPORTER_OTLP_ENDPOINT']),
    metrics: new Metrics('scm'),
    routes: scmRoutes,
    errorStyle: () => 'internal',
    bodyLimit: LIMITS.gitRequestBytes,
    eventLoopDelayLimitMs: eventLoopDelayLimitMs('scm', env),
    checkReady: () => processes.checkVersion(),
  });
}
