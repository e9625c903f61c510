import type { WireStyle } from '@sluice/api-conventions';
import { publicDbDevopsRoutes } from '@sluice/dbdevops-api';
import {
  DELEGATE_ADMIN_SERVICE,
  DELEGATE_TASKS_SERVICE,
  type DelegateAdminMethods,
  type DelegateTasksMethods,
} from '@sluice/delegate-rpc';
import { ServiceClient } from '@sluice/grpc';
import { eventLoopDelayLimitMs } from '@sluice/config';
import { RouteClient, startHttpApp, type RunningApp } from '@sluice/http';
import { ngManagerRoutes } from '@sluice/ng-manager-api';
import { ServiceIdentity } from '@sluice/service-identity';
import { Metrics, Tracing, createLogger } from '@sluice/telemetry';
import { seedAccounts, seedDelegateTokens, seedsFrom } from './account/seeding.js';
import { AppModule } from './app.module.js';
import { AuditCollector } from './audit/audit-collector.js';
import { parseConfig } from './config.js';
import { openDatabase } from './database.js';
import { answerLimits } from './delegate/answer-limits.js';
import { DelegateTokenValues } from './delegate/delegate-token-values.js';
import { DelegateServiceClient } from './delegate/delegate-service-client.js';
import { TaskEvents } from './delegate/task-events.js';
import { DataKeys } from './encryption/data-keys.js';
import { openKeyProvider, warnOfForeignKeys } from './encryption/open-key-provider.js';
import { UnitOfWork } from './persistence/unit-of-work.js';
import { DelegateSecurityEvents } from './security-event/delegate-security-events.js';
import { SecurityEvents } from './security-event/security-events.js';

/** scm itself takes up to 20 s for a repository. */
const SCM_TIMEOUT_MS = 25_000;
const MOST_KEYS_NAMED = 100;

/** Starts NG manager. @throws Error when configuration, keys, bootstrap file or database are not usable */
export async function bootstrap(env: NodeJS.ProcessEnv): Promise<RunningApp> {
  const config = parseConfig(env);
  const log = createLogger('ng-manager', env['LOG_LEVEL']);
  const identity = await ServiceIdentity.load({
    service: 'ng-manager',
    keyFile: config.serviceKeyFile,
    keysDir: config.serviceKeysDir,
  });
  const keys = await openKeyProvider(config, log);
  const dataSource = await openDatabase(config.databaseUrl, config.databasePool);
  const unitOfWork = new UnitOfWork(dataSource);
  const seeds = await seedsFrom(config.bootstrapFile, unitOfWork, log);
  await seedAccounts(unitOfWork, seeds);
  warnOfForeignKeys(keys, await unitOfWork.read.accounts.keyEncryptionKeyIds(MOST_KEYS_NAMED), log);

  const dbdevops = new RouteClient({ target: 'dbdevops', baseUrl: config.dbdevopsUrl, identity, ca: config.serviceCa });
  const scm = new RouteClient({
    target: 'scm',
    baseUrl: config.scmUrl,
    identity,
    ca: config.serviceCa,
    timeoutMs: SCM_TIMEOUT_MS,
  });
  const delegateService = {
    address: config.delegateServiceAddress,
    target: 'delegate-service',
    identity,
    ca: config.serviceCa,
  } as const;
  const delegateAdmin = new ServiceClient<DelegateAdminMethods>({
    ...delegateService,
    service: DELEGATE_ADMIN_SERVICE,
  });
  const delegateTasks = new ServiceClient<DelegateTasksMethods>({
    ...delegateService,
    service: DELEGATE_TASKS_SERVICE,
  });
  const metrics = new Metrics('ng-manager');
  const stopping = new AbortController();
  let events: TaskEvents | undefined;
  let auditCollector: AuditCollector | undefined;
  let securityEvents: SecurityEvents | undefined;
  let delegateSecurityEvents: DelegateSecurityEvents | undefined;
  const seeding = seedDelegateTokens(
    new DelegateServiceClient(delegateAdmin, delegateTasks),
    new DelegateTokenValues(unitOfWork, new DataKeys(unitOfWork, keys)),
    seeds,
    log,
    stopping.signal,
  );

  return startHttpApp({
    service: 'ng-manager',
    module: AppModule.with({
      dataSource,
      keys,
      dbdevops,
      scm,
      delegateAdmin,
      delegateTasks,
      log,
      metrics,
      securityEventRetentionDays: config.securityEventRetentionDays,
      answerLimits: answerLimits(config.delegateAnswerMs),
    }),
    host: config.host,
    security: config.security,
    port: config.port,
    identity,
    log,
    tracing: Tracing.create('ng-manager', env['OTEL_EXPORTER_OTLP_ENDPOINT']),
    metrics,
    routes: [...ngManagerRoutes, ...publicDbDevopsRoutes],
    errorStyle,
    onDenied: (denied) => securityEvents?.denied(denied),
    eventLoopDelayLimitMs: eventLoopDelayLimitMs('ng-manager', env),
    checkReady: async () => void (await dataSource.query('SELECT 1')),
    configure: async (_fastify, app) => {
      securityEvents = app.get(SecurityEvents);
      const following = app.get(TaskEvents);
      following.start();
      events = following;
      const collecting = app.get(AuditCollector);
      collecting.start();
      auditCollector = collecting;
      const fetching = app.get(DelegateSecurityEvents);
      fetching.start();
      delegateSecurityEvents = fetching;
    },
    onClose: async () => {
      stopping.abort(new Error('the service is shutting down'));
      await Promise.all([
        events?.stop(),
        auditCollector?.stop(),
        delegateSecurityEvents?.stop(),
        securityEvents?.stop(),
        seeding,
      ]);
      delegateAdmin.close();
      delegateTasks.close();
      await Promise.all([dbdevops.close(), scm.close(), keys.close(), dataSource.destroy()]);
    },
  });
}

/** Error style of a path: DB DevOps routes have their own, calls between services another, the rest is `ng`. */
function errorStyle(path: string): WireStyle | undefined {
  if (path.startsWith('/ng-manager/') || path.startsWith('/ng/api/internal/')) return 'internal';
  if (/^\/v1\/(dbops|step)(\/|$)/.test(path)) return 'v1';
  const below = /^\/v1\/orgs\/[^/]+\/projects\/[^/]+\/([^/]+)/.exec(path)?.[1];
  return below && !['connectors', 'secrets'].includes(below) ? 'v1' : undefined;
}
