import 'reflect-metadata';
import { mkdir } from 'node:fs/promises';
import { NestFactory } from '@nestjs/core';
import { messageOf, newId } from '@sluice/kernel';
import { generateSealingKeyPair } from '@sluice/sealed-secrets';
import { Tracing, createLogger } from '@sluice/telemetry';
import { AppModule } from './app.module.js';
import { parseConfig } from './config.js';
import { ServiceConnection } from './connection/service-connection.js';
import { HealthServer } from './health/health-server.js';
import { LogOutbox } from './logs/log-outbox.js';
import { POD_RUNTIME, type Leftover, type PodRuntime } from './pod/pod-runtime.js';
import { stepWithoutResult } from './pod/step-outcomes.js';
import { TaskAgent } from './task/task-agent.js';

/** A running delegate. `close` drains: it takes nothing new, lets what runs end, then removes its pods. */
export interface RunningDelegate {
  /** Where `/health` is served; undefined when no port is configured. */
  readonly url: string | undefined;
  readonly isConnected: boolean;
  close(): Promise<void>;
  /** Stops what runs at once; for a second signal to end. */
  hurry(): void;
}

/** Starts the delegate; it connects by itself. @param options.runtime for tests: where pods run instead of processes */
export async function bootstrap(
  env: NodeJS.ProcessEnv,
  options: { readonly runtime?: PodRuntime } = {},
): Promise<RunningDelegate> {
  const config = parseConfig(env);
  const log = createLogger('delegate', config.logLevel);
  const tracing = Tracing.create('delegate', config.otlpEndpoint);
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 });
  const app = await NestFactory.createApplicationContext(
    AppModule.with({
      config,
      log,
      tracing,
      keyPair: await generateSealingKeyPair(),
      instanceId: newId(),
      runtime: options.runtime,
    }),
    { logger: false, abortOnError: false },
  );
  const agent = app.get(TaskAgent);
  const runtime = app.get<PodRuntime>(POD_RUNTIME);
  const health = app.get(HealthServer);
  const connection = app.get(ServiceConnection);
  const logs = app.get(LogOutbox);
  const url = await health.listen();
  await logs.open();
  await agent.start();
  // The line is open meanwhile: leases an earlier process held are kept alive by nobody, so its results should come soon.
  const reaped = runtime
    .reap((leftover) => agent.deliver(reportOf(leftover)))
    .catch((cause: unknown) => log.error({ error: messageOf(cause) }, 'left-over pods could not be removed'));
  log.info({ url, dataDir: config.dataDir, name: config.name, tags: config.tags }, 'delegate started');
  return {
    url,
    get isConnected() {
      return connection.isConnected;
    },
    hurry: () => agent.hurry(),
    close: async () => {
      await agent.drain(config.drainMs);
      await reaped;
      await runtime.close();
      await logs.close();
      await health.close();
      await app.close();
      await tracing.close();
      log.info('stopped');
    },
  };
}

function reportOf({ taskId, epoch, result }: Leftover): Parameters<TaskAgent['deliver']>[0] {
  const outcome =
    result ??
    stepWithoutResult(
      'failed',
      'the delegate was restarted while the step ran, and its engine left no result; what was applied is in the database’s own history',
      'DelegateRestart',
      Date.now(),
    );
  return { taskId, epoch, result: { kind: 'execute-step', outcome } };
}
