import { eventLoopDelayLimitMs } from '@sluice/config';
import { RouteClient, startHttpApp, type RunningApp } from '@sluice/http';
import { systemClock } from '@sluice/kernel';
import { receiveSecurityEvents } from '@sluice/ng-manager-api';
import { logRoutes } from '@sluice/log-api';
import { closeRedis, createRedis } from '@sluice/redis';
import { SecurityReporter } from '@sluice/security-events';
import { ServiceIdentity } from '@sluice/service-identity';
import { Metrics, Tracing, createLogger } from '@sluice/telemetry';
import type { FastifyInstance } from 'fastify';
import { KeyHolders, ownContext } from './access/key-holders.js';
import { LogAuthenticator } from './access/log-authenticator.js';
import { AppModule } from './app.module.js';
import { FileBlobStore } from './blob/file-blob-store.js';
import { BlobService } from './blob/blob.service.js';
import { serveUploads } from './blob/blob-upload.js';
import { parseConfig } from './config.js';
import { LogEvents } from './security/log-events.js';
import { StreamSignals } from './stream/stream-signals.js';
import { StreamStore } from './stream/stream-store.js';
import { TailRegistry } from './stream/tail-registry.js';

const DENIED = 403;

/** Starts the log service. @throws Error when configuration, keys or the blob folder are not usable; Redis may come later */
export async function bootstrap(env: NodeJS.ProcessEnv): Promise<RunningApp> {
  const config = parseConfig(env);
  const log = createLogger('log-service', env['LOG_LEVEL']);
  const identity = await ServiceIdentity.load({
    service: 'log-service',
    keyFile: config.serviceKeyFile,
    keysDir: config.serviceKeysDir,
  });
  const blobs = await FileBlobStore.at(config.blobDir);
  const redis = createRedis(config.redisUrl, log);
  // A connection that listens has no other traffic, and its subscriptions wait for Redis as long as it takes.
  const subscriber = createRedis(config.redisUrl, log, { maxRetriesPerRequest: null, commandTimeout: undefined });
  const ngManager = new RouteClient({
    target: 'ng-manager',
    baseUrl: config.ngManagerUrl,
    identity,
    ca: config.serviceCa,
    timeoutMs: 10_000,
  });
  const authenticator = new LogAuthenticator(identity, new KeyHolders(ngManager, systemClock), config.tokenSeconds);
  const reporter = new SecurityReporter({
    log,
    deliver: async (noted) =>
      void (await ngManager.call(
        ownContext(''),
        receiveSecurityEvents,
        { body: { events: [...noted] } },
        { idempotent: true },
      )),
  });
  const events = new LogEvents(reporter);
  const signals = new StreamSignals(subscriber);
  const metrics = new Metrics('log-service');
  const openTails = metrics.gauge('log_open_tails', 'Log tails open now');
  const tails = new TailRegistry(config.tail.perAccount, (total) => openTails.set(total));
  const app = await startHttpApp({
    service: 'log-service',
    module: AppModule.with({
      authenticator,
      streams: new StreamStore(redis, config.stream),
      signals,
      blobs,
      tails,
      limits: { tail: config.tail, publicUrl: config.publicUrl },
      events,
    }),
    host: config.host,
    security: config.security,
    port: config.port,
    identity,
    log,
    tracing: Tracing.create('log-service', env['OTEL_EXPORTER_OTLP_ENDPOINT']),
    metrics,
    routes: logRoutes,
    errorStyle: () => 'log',
    eventLoopDelayLimitMs: eventLoopDelayLimitMs('log-service', env),
    checkReady: async () => {
      await redis.ping();
    },
    configure: async (fastify, nest) => {
      takeLinesOfAnyType(fastify);
      tellDenied(fastify, authenticator, events);
      await serveUploads(fastify, authenticator, nest.get(BlobService));
    },
    onClose: async () => {
      signals.close();
      await reporter.stop();
      await Promise.all([closeRedis(redis), closeRedis(subscriber), ngManager.close()]);
    },
  });
  return {
    url: app.url,
    close: async () => {
      tails.stop();
      await app.close();
    },
  };
}

/** The routes find out themselves who asks, so what they refuse is seen in the answer. */
function tellDenied(fastify: FastifyInstance, { callers }: LogAuthenticator, events: LogEvents): void {
  fastify.addHook('onResponse', (request, reply, done) => {
    const caller = reply.statusCode === DENIED ? callers.of(request.headers) : undefined;
    if (caller)
      events.denied(
        caller,
        `${request.method} ${request.routeOptions.url ?? ''}`,
        'the log service refused it',
        request.id,
      );
    done();
  });
}

/** Writers in pods send their lines without saying that they are JSON, or as plain text. */
function takeLinesOfAnyType(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('*', { parseAs: 'string' }, (_request, text: string, done) => {
    try {
      done(null, { text, json: text.trim() === '' ? undefined : (JSON.parse(text) as unknown) });
    } catch {
      done(null, { text });
    }
  });
}
