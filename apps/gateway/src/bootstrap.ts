import { eventLoopDelayLimitMs } from '@sluice/config';
import { RouteClient, startHttpApp, type RunningApp } from '@sluice/http';
import { AppError, systemClock } from '@sluice/kernel';
import { receiveSecurityEvents } from '@sluice/ng-manager-api';
import { closeRedis, createRedis } from '@sluice/redis';
import { SecurityReporter } from '@sluice/security-events';
import { ServiceIdentity } from '@sluice/service-identity';
import { Metrics, Tracing, createLogger } from '@sluice/telemetry';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AppModule } from './app.module.js';
import { GATEWAY, KeyAuthenticator } from './authentication/key-authenticator.js';
import { SignIn } from './authentication/sign-in.js';
import { parseConfig, type GatewayLimits } from './config.js';
import type { GatewayParts } from './gateway-parts.js';
import { Places } from './limits/places.js';
import { RateLimits } from './limits/rate-limits.js';
import { PagesService } from './pages/pages.service.js';
import { ProxyService } from './proxy/proxy.service.js';
import { UpstreamClient } from './proxy/upstream-client.js';
import { errorStyleOf, resolve } from './routing/resolve.js';
import type { Upstream } from './routing/routing-table.js';

/** Starts the gateway. @throws Error when configuration or keys are not usable; upstreams and Redis may come later */
export async function bootstrap(env: NodeJS.ProcessEnv): Promise<RunningApp> {
  const config = parseConfig(env);
  const log = createLogger('gateway', env['LOG_LEVEL']);
  const identity = await ServiceIdentity.load({
    service: 'gateway',
    keyFile: config.serviceKeyFile,
    keysDir: config.serviceKeysDir,
  });
  // Limits must not hold requests up: no waiting for Redis, the counter in memory stands in at once.
  const redis = config.redisUrl
    ? createRedis(config.redisUrl, log, { enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout: 250 })
    : undefined;
  const upstream = (name: Upstream): UpstreamClient =>
    new UpstreamClient(name, config.upstreams[name], config.limits, config.serviceCa);
  const metrics = new Metrics('gateway');
  const parts: GatewayParts = {
    limits: config.limits,
    trustedProxies: config.trustedProxies,
    rateLimits: new RateLimits(config.limits, redis),
    upstreams: {
      'ng-manager': upstream('ng-manager'),
      pipeline: upstream('pipeline'),
      'log-service': upstream('log-service'),
    },
    uiDir: config.uiDir,
    places: placesFor(config.limits, metrics),
    log,
  };
  const ngManager = new RouteClient({
    target: 'ng-manager',
    baseUrl: config.upstreams['ng-manager'],
    identity,
    ca: config.serviceCa,
    timeoutMs: 10_000,
  });
  const securityEvents = new SecurityReporter({
    log,
    deliver: async (noted) =>
      void (await ngManager.call(
        { ...GATEWAY, correlationId: 'background', traceparent: undefined },
        receiveSecurityEvents,
        { body: { events: [...noted] } },
        { idempotent: true },
      )),
  });
  const signIn = new SignIn(new KeyAuthenticator(ngManager, systemClock), parts, securityEvents);
  return startHttpApp({
    service: 'gateway',
    module: AppModule.with(parts, signIn, identity),
    host: config.host,
    security: config.security,
    port: config.port,
    identity,
    log,
    tracing: Tracing.create('gateway', env['OTEL_EXPORTER_OTLP_ENDPOINT']),
    metrics,
    routes: [],
    errorStyle: errorStyleOf,
    stalledClientMs: config.limits.stalledClientMs,
    eventLoopDelayLimitMs: eventLoopDelayLimitMs('gateway', env),
    assertMayInspect: (request) => signIn.assertAdministrator(request),
    // Without upstreams the gateway still has a clear answer for everybody; taking it out of rotation would replace that by a closed port.
    checkReady: async () => undefined,
    configure: async (fastify, app) => {
      await serveEverything(fastify, app.get(ProxyService), app.get(PagesService));
    },
    onClose: async () => {
      await securityEvents.stop();
      await Promise.all([ngManager.close(), ...Object.values(parts.upstreams).map((one) => one.close())]);
      if (redis) await closeRedis(redis);
    },
  });
}

function placesFor(
  { concurrentRequests, requestsPerAccount, requestsPerKey, streams }: GatewayLimits,
  metrics: Metrics,
): GatewayParts['places'] {
  const requests = metrics.gauge('gateway_active_requests', 'Requests under way to upstreams');
  const tails = metrics.gauge('gateway_open_streams', 'Log tails open to upstreams');
  return {
    requests: new Places(
      { inAll: concurrentRequests, perAccount: requestsPerAccount, perKey: requestsPerKey },
      'requests',
      (total) => requests.set(total),
    ),
    streams: new Places(streams, 'log tails', (total) => tails.set(total)),
  };
}

/** One handler behind the routing table, in a scope that leaves bodies as they come. */
async function serveEverything(fastify: FastifyInstance, proxy: ProxyService, pages: PagesService): Promise<void> {
  await fastify.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    scope.all('/*', async (request: FastifyRequest, reply: FastifyReply) => {
      void reply.header('x-request-id', request.id);
      const path = request.raw.url?.split('?', 1)[0] ?? '/';
      const target = resolve(path);
      void reply.header('x-content-type-options', 'nosniff');
      // Pages say themselves how long they may be kept; what the gateway answers in place of an upstream is kept nowhere.
      if (target.kind !== 'page') void reply.header('cache-control', 'no-store');
      switch (target.kind) {
        case 'forward':
          return proxy.forward(target, request, reply);
        case 'page':
          return pages.serve(target, request, reply);
        case 'malformed':
          throw new AppError('INVALID_REQUEST', target.why);
        case 'nothing':
          throw new AppError(
            'ROUTE_NOT_FOUND',
            `no matching operation was found: ${request.method} ${path.slice(0, 200)}`,
          );
      }
    });
  });
}
