import type { AuditEventRecord } from '@sluice/api-conventions';
import { logTokenClaims } from '@sluice/log-api';
import { eventLoopDelayLimitMs } from '@sluice/config';
import { RouteClient, startHttpApp, type RunningApp } from '@sluice/http';
import { openDataSource } from '@sluice/persistence';
import { PIPELINE_ROUTES } from '@sluice/pipeline-api';
import { SecurityReporter, denialNoted } from '@sluice/security-events';
import { ServiceIdentity } from '@sluice/service-identity';
import { StepTypeRegistry } from '@sluice/step-types';
import { Metrics, Tracing, createLogger } from '@sluice/telemetry';
import { AppModule } from './app.module.js';
import { AuditTrail } from './audit/audit-trail.js';
import { parseConfig } from './config.js';
import { createPipelineDataSource } from './database/data-source.js';
import { Documents } from './documents/documents.js';
import { ProjectRemoval } from './project/project-removal.js';
import { References } from './reference/references.js';
import { DelegateTasks } from './run/delegate-tasks.js';
import { LostExecutions } from './run/lost-executions.js';
import { Messages } from './run/messages.js';
import { NgManager, OWN_CONTEXT } from './run/ng-manager.js';
import { RunActions, type RunServices } from './run/run-actions.js';
import { StepActions } from './run/step-actions.js';
import { Sweeper } from './run/sweeper.js';
import { TaskEvents } from './run/task-events.js';
import { Workflows } from './run/workflows.js';

/** Whoever makes a removed project again waits for this at the most before it is emptied. */
const LONGEST_HOLD_MS = 1_000;

/** Starts the pipeline service. At most one per process, because the durable engine is one per process. @throws Error with one clear text */
export async function bootstrap(env: NodeJS.ProcessEnv): Promise<RunningApp> {
  const config = parseConfig(env);
  const log = createLogger('pipeline', config.logLevel);
  const identity = await ServiceIdentity.load({
    service: 'pipeline',
    keyFile: config.serviceKeyFile,
    keysDir: config.serviceKeysDir,
  });
  const tracing = Tracing.create('pipeline', config.otlpEndpoint);
  const dataSource = await openDataSource(createPipelineDataSource(config.databaseUrl, config.databasePoolSize));
  const ngManager = new NgManager(
    new RouteClient({ target: 'ng-manager', baseUrl: config.ngManagerUrl, identity, ca: config.serviceCa }),
    config.reportTimeoutMs,
  );
  const tasks = new DelegateTasks(config.delegateServiceAddress, identity, config.serviceCa);
  const documents = new Documents({ size: config.documentWorkers, deadlineMs: config.documentDeadlineMs });
  const references = new References(dataSource, ngManager, documents, log, { waitMs: config.referencesWaitMs });
  const deliver = async (events: readonly AuditEventRecord[]): Promise<void> => {
    await ngManager.deliverAuditEvents(events);
    await references.settleChanged(OWN_CONTEXT, events);
  };
  const audit = new AuditTrail(dataSource, log, { holder: config.executorId, deliver, pollMs: config.sweepMs });
  const services: RunServices = {
    config,
    dataSource,
    audit,
    tasks,
    ngManager,
    messages: new Messages(),
    tracing,
    log,
    logToken: ({ accountId, orgId, projectId }, keyPrefix, ttlSeconds) =>
      identity.sign(
        'log+jwt',
        'log-service',
        logTokenClaims.parse({ kind: 'log', accountId, scope: { orgId, projectId }, keyPrefix, rights: ['write'] }),
        ttlSeconds,
      ),
  };
  const securityEvents = new SecurityReporter({ log, deliver: (noted) => ngManager.deliverSecurityEvents(noted) });
  const types = new StepTypeRegistry();
  const actions = new RunActions(services);
  const workflows = new Workflows(actions, types);
  const sweeper = new Sweeper(
    actions,
    workflows,
    new LostExecutions(actions, new StepActions(actions, types)),
    config.sweepMs,
  );
  const removal = new ProjectRemoval({
    audit,
    dataSource,
    documents,
    ngManager,
    sweeper,
    log,
    intervalMs: Math.min(config.sweepMs, LONGEST_HOLD_MS),
  });
  const metrics = new Metrics('pipeline');
  const events = new TaskEvents(actions, metrics);
  const stop = async (): Promise<void> => {
    await Promise.all([sweeper.stop(), removal.stop(), events.stop()]);
    await workflows.stop();
    await documents.stop();
    await Promise.all([audit.stop(), securityEvents.stop()]);
    tasks.close();
    await ngManager.close();
    await dataSource.destroy();
  };
  try {
    await workflows.launch(config);
    const app = await startHttpApp({
      service: 'pipeline',
      module: AppModule.with({ dataSource, types, workflows, sweeper, ngManager, audit, references, documents }),
      host: config.host,
      security: config.security,
      port: config.port,
      identity,
      log,
      tracing,
      metrics,
      routes: PIPELINE_ROUTES,
      errorStyle: () => 'ng',
      onDenied: ({ ctx, route, scope, permission, reason }) =>
        securityEvents.note(denialNoted({ ctx, route: route.id, scope, permission, reason })),
      eventLoopDelayLimitMs: eventLoopDelayLimitMs('pipeline', env),
      checkReady: async () => void (await dataSource.query('SELECT 1')),
      onClose: stop,
    });
    events.start();
    sweeper.start();
    removal.start();
    audit.start();
    return app;
  } catch (cause) {
    await stop().catch(() => undefined);
    throw cause;
  }
}
