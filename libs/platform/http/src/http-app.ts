import { LIMITS, messageOf } from '@sluice/kernel';
import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { DynamicModule, ForwardReference, Type } from '@nestjs/common';
import { NestFactory, Reflector } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { openApiDocument, type RouteDefinition, type WireStyle } from '@sluice/api-conventions';
import { assertMayListen, type ListenerSecurity } from '@sluice/config';
import type { ServiceIdentity, ServiceName } from '@sluice/service-identity';
import { EventLoopDelay, Tracing, type Logger, type Metrics } from '@sluice/telemetry';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ErrorFilter, LONGEST_PATH_PART, type DeniedRequest } from './error.filter.js';
import { MOST_JSON_LEVELS, MOST_JSON_PARTS, jsonShapeProblem } from './json-shape.js';
import { parseQuery } from './query.js';
import { CORRELATION_HEADER, RouteGuard, type ParsedBody } from './route.guard.js';
import { RouteInterceptor } from './route.interceptor.js';
import { cutStalledClients } from './stalled-clients.js';

export interface HttpAppOptions {
  readonly service: ServiceName;
  readonly module: Type | DynamicModule | ForwardReference;
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** Loopback when absent: an address beyond it is refused then. */
  readonly security?: ListenerSecurity | undefined;
  /** Asked before `/metrics` and `/openapi.json` are shown; shown to all callers when absent. @throws AppError to refuse */
  readonly assertMayInspect?: (request: FastifyRequest) => Promise<void>;
  readonly identity: ServiceIdentity;
  readonly log: Logger;
  readonly tracing: Tracing;
  readonly metrics: Metrics;
  /** The service's whole contract; served as OpenAPI under `/openapi.json`. */
  readonly routes: readonly RouteDefinition[];
  /** Error style of paths; `ng` where it answers undefined. */
  readonly errorStyle?: (path: string) => WireStyle | undefined;
  /** Hears of every request that is refused for want of a right (403), before it is answered. Must not throw. */
  readonly onDenied?: (denied: DeniedRequest) => void;
  /** Bytes; `LIMITS.bodyBytes` when absent. */
  readonly bodyLimit?: number;
  /** Answers whether the service can do its work (database, Redis). Throwing means no. */
  readonly checkReady: () => Promise<void>;
  /** Milliseconds; not ready while the event loop stood still for longer within the last ten seconds. 10,000 when absent. */
  readonly eventLoopDelayLimitMs?: number;
  /** Milliseconds; a client that takes nothing of its answer for so long is cut. 300,000 when absent. */
  readonly stalledClientMs?: number;
  /** Called on close after the server stopped taking requests. */
  readonly onClose?: () => Promise<void>;
  /** Anything the Fastify instance needs before it listens. */
  readonly configure?: (fastify: FastifyInstance, app: NestFastifyApplication) => Promise<void>;
}

/** A service that is up. `close` drains: stops listening, waits for requests under way, then lets go of its stores. */
export interface RunningApp {
  readonly url: string;
  close(): Promise<void>;
}

const DRAIN_MS = 10_000;
const EVENT_LOOP_DELAY_LIMIT_MS = 10_000;
/** Long: on its way to a slow client, some MiB lie in buffers of the system, and what moves there is not seen here. */
const STALLED_CLIENT_MS = 300_000;
const MOST_HEADER_BYTES = 64 * 1024;
const HSTS_SECONDS = 365 * 86_400;
const PROBES = ['/health/live', '/health/ready', '/metrics', '/openapi.json'];

/** Creates, wires and starts one Nest service on Fastify: guard, envelopes, error shapes, probes, metrics, traces. */
export async function startHttpApp(options: HttpAppOptions): Promise<RunningApp> {
  const { security } = options;
  assertMayListen(options.host, security);
  const filter = new ErrorFilter(options.log, (path) => options.errorStyle?.(path) ?? 'ng', options.onDenied);
  const adapter = new ServiceAdapter({
    // Addresses the router itself refuses never reach the error handler.
    frameworkErrors: (error: unknown, request: FastifyRequest, reply: FastifyReply) =>
      filter.send(error, request, reply),
    bodyLimit: options.bodyLimit ?? LIMITS.bodyBytes,
    genReqId: (request: IncomingMessage) => correlationIdOf(request) ?? randomUUID(),
    requestTimeout: 120_000,
    keepAliveTimeout: 75_000,
    // Service tokens carry the roles of the user, of whom some have hundreds.
    ...(security?.kind === 'tls'
      ? { https: { cert: security.cert, key: security.key, minVersion: 'TLSv1.2', maxHeaderSize: MOST_HEADER_BYTES } }
      : { http: { maxHeaderSize: MOST_HEADER_BYTES } }),
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: LONGEST_PATH_PART, ignoreTrailingSlash: true, querystringParser: parseQuery },
  });
  const app = await NestFactory.create<NestFastifyApplication>(options.module, adapter, {
    logger: false,
    bodyParser: false,
    abortOnError: false,
    forceCloseConnections: false,
  });
  const fastify = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
  cutStalledClients(fastify.server, options.stalledClientMs ?? STALLED_CLIENT_MS);
  acceptBodies(fastify);
  limitBodies(fastify, options.routes);
  const reflector = app.get(Reflector);
  app.useGlobalFilters(filter);
  app.useGlobalGuards(new RouteGuard(reflector, options.identity));
  app.useGlobalInterceptors(new RouteInterceptor(reflector));
  if (security?.kind === 'tls') demandTls(fastify);
  observe(fastify, options);
  const delay = new EventLoopDelay();
  fastify.addHook('onClose', () => delay.stop());
  serveProbes(fastify, options, delay);
  // Before configure: what is registered there inherits it.
  fastify.setErrorHandler((error, request, reply) => filter.send(error, request, reply));
  await options.configure?.(fastify, app);
  await app.init();
  await app.listen(options.port, options.host);
  const address = fastify.server.address() as AddressInfo;
  const url = `${security?.kind === 'tls' ? 'https' : 'http'}://${options.host.includes(':') ? `[${options.host}]` : options.host}:${address.port}`;
  options.log.info({ url }, 'listening');
  return { url, close: () => closeApp(app, options) };
}

/** Errors have one handler, ours; Nest's own would replace it and Fastify would warn at every start. */
class ServiceAdapter extends FastifyAdapter {
  override setErrorHandler(): ReturnType<FastifyAdapter['setErrorHandler']> {
    return this.getInstance();
  }
}

async function closeApp(app: NestFastifyApplication, options: HttpAppOptions): Promise<void> {
  const server = app.getHttpServer() as Server;
  const drained = app.close();
  // A connection that was busy when the server stopped listening turns idle later and would be kept for its keep-alive time.
  const idle = setInterval(() => server.closeIdleConnections(), 50);
  const timer = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
  await drained.finally(() => {
    clearInterval(idle);
    clearTimeout(timer);
  });
  await options.onClose?.();
  await options.tracing.close();
  options.log.info('stopped');
}

/** Routes whose bodies may be larger or smaller than the service's others. Called before the routes are made. */
function limitBodies(fastify: FastifyInstance, routes: readonly RouteDefinition[]): void {
  const limits = new Map<string, number>(
    routes.flatMap((route) =>
      route.bodyBytes === undefined ? [] : [[`${route.method} ${route.path}`, route.bodyBytes] as const],
    ),
  );
  fastify.addHook('onRoute', (made) => {
    const limit = limits.get(`${[made.method].flat()[0] ?? ''} ${made.url}`);
    if (limit !== undefined) made.bodyLimit = limit;
  });
}

/**
 * JSON keeps its text too, so that a route which wants YAML may be sent either; text that is no JSON, or too costly to read, is refused by the guard, after
 * rights are known. A route that takes more bytes than others takes what our own services report: as many parts as its bytes hold.
 */
function acceptBodies(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser(
    /^application\/([a-z.+-]+\+)?json/,
    { parseAs: 'string' },
    (request, text: string, done) => {
      if (text.trim() === '') return done(null, { text: '' } satisfies ParsedBody);
      const isReport = (request.routeOptions.bodyLimit ?? 0) > LIMITS.bodyBytes;
      const problem = jsonShapeProblem(text, {
        levels: MOST_JSON_LEVELS,
        parts: isReport ? Infinity : MOST_JSON_PARTS,
      });
      if (problem !== undefined) return done(null, { text, problem } satisfies ParsedBody);
      try {
        done(null, { text, json: JSON.parse(text) as unknown } satisfies ParsedBody);
      } catch (cause) {
        done(null, { text, problem: `is not valid JSON: ${messageOf(cause)}` } satisfies ParsedBody);
      }
    },
  );
  fastify.addContentTypeParser(
    /^(application\/(x-)?(yaml|ndjson)|text\/)/,
    { parseAs: 'string' },
    (_request, text: string, done) => done(null, { text } satisfies ParsedBody),
  );
  fastify.addContentTypeParser(
    /^(application\/octet-stream|multipart\/form-data)/,
    { parseAs: 'buffer' },
    (_request, bytes, done) => done(null, bytes),
  );
}

/** Set on the raw answer, so that answers that are passed on from elsewhere have it too. */
function demandTls(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (_request, reply, done) => {
    reply.raw.setHeader('strict-transport-security', `max-age=${HSTS_SECONDS}`);
    done();
  });
}

function observe(fastify: FastifyInstance, options: HttpAppOptions): void {
  const duration = options.metrics.histogram(
    'http_request_duration_seconds',
    'Time to answer a request',
    ['method', 'route', 'status'],
    [0.005, 0.025, 0.1, 0.5, 2, 10],
  );
  fastify.addHook('onRequest', (request, _reply, done) => {
    if (!PROBES.includes(request.url)) openSpan(request, options);
    done();
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    duration
      .labels(request.method, request.routeOptions.url ?? 'none', String(reply.statusCode))
      .observe(reply.elapsedTime / 1000);
    spans.get(request.raw)?.end(reply.statusCode >= 500 ? `status ${reply.statusCode}` : undefined);
    done();
  });
}

const spans = new WeakMap<object, ReturnType<Tracing['open']>>();

function openSpan(request: FastifyRequest, options: HttpAppOptions): void {
  const span = options.tracing.open(`${request.method} ${request.url.split('?', 1)[0] ?? ''}`, {
    kind: 'server',
    parent: headerText(request.headers['traceparent']),
    hop: { from: options.service === 'gateway' ? 'client' : callerOf(request), to: options.service, protocol: 'http' },
    attributes: { 'url.path': request.url.split('?', 1)[0] ?? '', 'http.request.method': request.method },
  });
  spans.set(request.raw, span);
  (request as { traceparent?: string }).traceparent = span.traceparent;
}

/** An id the client chose, when it is short and plain enough for logs and headers. */
function correlationIdOf(request: IncomingMessage): string | undefined {
  const given = headerText(request.headers[CORRELATION_HEADER]);
  return given && /^[\w.:-]{1,128}$/.test(given) ? given : undefined;
}

/** Name for the trace only; rights always come from the verified token. The gateway has clients, whatever they say of themselves. */
function callerOf(request: FastifyRequest): string {
  return headerText(request.headers['x-sluice-caller']) ?? 'client';
}

function serveProbes(fastify: FastifyInstance, options: HttpAppOptions, delay: EventLoopDelay): void {
  const limitMs = options.eventLoopDelayLimitMs ?? EVENT_LOOP_DELAY_LIMIT_MS;
  options.metrics.reading(
    'event_loop_delay_longest_seconds',
    'Longest pause of the event loop within the last ten seconds',
    () => delay.longestMs() / 1000,
  );
  const document = JSON.stringify(
    openApiDocument(
      options.service,
      '1',
      options.routes.filter((route) => route.style !== 'internal'),
    ),
  );
  fastify.get('/health/live', async () => ({ status: 'up' }));
  fastify.get('/health/ready', async (_request, reply) => {
    const eventLoopDelayMs = delay.longestMs();
    const notReady = (reason: string): FastifyReply => {
      options.log.warn({ error: reason, eventLoopDelayMs }, 'not ready');
      return reply.status(503).send({ status: 'notReady', eventLoopDelayMs });
    };
    if (eventLoopDelayMs > limitMs)
      return notReady(
        `the event loop stood still for ${eventLoopDelayMs} ms, more than EVENT_LOOP_DELAY_LIMIT_MS=${limitMs}`,
      );
    try {
      await options.checkReady();
      return { status: 'ready', eventLoopDelayMs };
    } catch (cause) {
      return notReady(cause instanceof Error ? cause.message : String(cause));
    }
  });
  const onRequest = async (request: FastifyRequest): Promise<void> => options.assertMayInspect?.(request);
  fastify.get('/metrics', { onRequest }, async (_request, reply) =>
    reply.header('content-type', options.metrics.registry.contentType).send(await options.metrics.registry.metrics()),
  );
  fastify.get('/openapi.json', { onRequest }, async (_request, reply) =>
    reply.header('content-type', 'application/json').send(document),
  );
}

function headerText(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' && value.length > 0 && value.length <= 256 ? value : undefined;
}
