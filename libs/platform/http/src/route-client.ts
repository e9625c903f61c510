import type { RouteDefinition, RouteRequest, RouteResult } from '@sluice/api-conventions';
import {
  AppError,
  backoffMs,
  isErrorCode,
  messageOf,
  pause,
  type ErrorDetails,
  type RequestContext,
} from '@sluice/kernel';
import type { CallIdentity, ServiceIdentity, ServiceName } from '@sluice/service-identity';
import { Pool, type Dispatcher } from 'undici';
import { ZodError } from 'zod';
import { PassedOn, headersOfBody } from './passed-on.js';
import { CORRELATION_HEADER } from './route.guard.js';
import { ERROR_FORMAT_HEADER } from './wire-errors.js';

interface RouteClientOptions {
  /** The service that is called: audience of the token. */
  readonly target: ServiceName;
  readonly baseUrl: string;
  readonly identity: ServiceIdentity;
  /** PEM of the authority that an https address must prove itself by; the system's authorities and NODE_EXTRA_CA_CERTS when absent. */
  readonly ca?: string | undefined;
  readonly timeoutMs?: number;
  readonly connections?: number;
}

/** The part of a request context a call needs; background work builds one without a request. */
export type CallContext = CallIdentity &
  Pick<RequestContext, 'correlationId' | 'traceparent'> & { readonly signal?: AbortSignal };

const IDEMPOTENT = new Set(['GET', 'PUT', 'DELETE']);
const ATTEMPTS = 3;

/** Typed caller of another service's contract routes: signs, sends, retries what is safe to retry, parses the answer. */
export class RouteClient {
  private readonly pool: Pool;

  constructor(private readonly options: RouteClientOptions) {
    this.pool = new Pool(options.baseUrl, {
      connections: options.connections ?? 32,
      pipelining: 1,
      connect: { timeout: 3_000, ...(options.ca ? { ca: options.ca } : {}) },
    });
  }

  /**
   * Calls `route` and returns its unwrapped, parsed value (a `Paged` for paged routes, undefined for 204).
   * @param options.idempotent lets a POST be repeated after a transport failure, when its body carries a key that makes it safe
   * @throws AppError the callee's own error, or UPSTREAM_UNAVAILABLE / REQUEST_TIMEOUT
   */
  async call<R extends RouteDefinition>(
    ctx: CallContext,
    route: R,
    request: RouteRequest<R>,
    options: { readonly idempotent?: boolean } = {},
  ): Promise<RouteResult<R>> {
    return this.repeated(ctx, route, options, () =>
      this.send(
        ctx,
        route,
        request,
        async ({ body, headers }) => resultOf(route, await body.text(), headers) as RouteResult<R>,
      ),
    );
  }

  /** Calls `route` and hands on what it answers, unread. @throws as {@link call} */
  async passOn<R extends RouteDefinition>(ctx: CallContext, route: R, request: RouteRequest<R>): Promise<PassedOn> {
    return this.repeated(ctx, route, {}, () =>
      this.send(
        ctx,
        route,
        request,
        async ({ body, headers }) => new PassedOn(Buffer.from(await body.arrayBuffer()), headersOfBody(headers)),
      ),
    );
  }

  private async repeated<T>(
    ctx: CallContext,
    route: RouteDefinition,
    options: { readonly idempotent?: boolean },
    send: () => Promise<T>,
  ): Promise<T> {
    const maySendAgain = options.idempotent ?? IDEMPOTENT.has(route.method);
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await send();
      } catch (cause) {
        if (
          !(cause instanceof AppError) ||
          cause.code !== 'UPSTREAM_UNAVAILABLE' ||
          !maySendAgain ||
          attempt + 1 >= ATTEMPTS
        )
          throw cause;
        await pause(backoffMs(attempt, { baseMs: 50, maxMs: 1_000 }), ctx.signal);
      }
    }
  }

  async close(): Promise<void> {
    await this.pool.close();
  }

  private async send<R extends RouteDefinition, T>(
    ctx: CallContext,
    route: R,
    request: RouteRequest<R>,
    read: (response: Dispatcher.ResponseData) => Promise<T>,
  ): Promise<T> {
    const token = await this.options.identity.tokenFor(this.options.target, ctx);
    const timeoutMs = route.answerMs ?? this.options.timeoutMs ?? 15_000;
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      const response = await this.pool.request({
        method: route.method,
        path: pathOf(route, request),
        headers: {
          authorization: `Bearer ${token}`,
          'x-sluice-caller': this.options.identity.service,
          [CORRELATION_HEADER]: ctx.correlationId,
          [ERROR_FORMAT_HEADER]: 'internal',
          ...(ctx.traceparent ? { traceparent: ctx.traceparent } : {}),
          ...(request.body === undefined
            ? {}
            : { 'content-type': route.bodyKind === 'text' ? 'application/yaml' : 'application/json' }),
        },
        body:
          request.body === undefined
            ? null
            : route.bodyKind === 'text'
              ? String(request.body)
              : JSON.stringify(request.body),
        signal: ctx.signal ? AbortSignal.any([ctx.signal, timeout]) : timeout,
      });
      if (response.statusCode >= 400)
        throw errorOf(this.options.target, response.statusCode, await response.body.text());
      return await read(response);
    } catch (cause) {
      if (cause instanceof AppError) throw cause;
      if (cause instanceof ZodError)
        throw new AppError(
          'UPSTREAM_UNAVAILABLE',
          `${this.options.target} answered in another shape than its contract has`,
          {},
          { cause },
        );
      if (timeout.aborted)
        throw new AppError(
          'REQUEST_TIMEOUT',
          `${this.options.target} did not answer within ${timeoutMs} ms`,
          {},
          { cause },
        );
      ctx.signal?.throwIfAborted();
      throw new AppError(
        'UPSTREAM_UNAVAILABLE',
        `${this.options.target} cannot be reached: ${messageOf(cause)}`,
        {},
        { cause },
      );
    }
  }
}

function pathOf(route: RouteDefinition, request: { readonly params?: unknown; readonly query?: unknown }): string {
  const params = (request.params ?? {}) as Record<string, string>;
  const path = route.path.replace(/:([A-Za-z]+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries((request.query ?? {}) as Record<string, unknown>)) {
    for (const one of Array.isArray(value) ? value : [value])
      if (one !== undefined && one !== null) search.append(key, String(one));
  }
  const text = search.toString();
  return text ? `${path}?${text}` : path;
}

function errorOf(target: string, status: number, text: string): AppError {
  try {
    const body = JSON.parse(text) as { code?: unknown; message?: unknown; details?: ErrorDetails };
    if (isErrorCode(body.code)) return new AppError(body.code, String(body.message), body.details ?? {});
  } catch {
    // Not ours: a proxy's page, or a cut-off body. The status says what there is to say.
  }
  return new AppError(
    status >= 500 ? 'UPSTREAM_UNAVAILABLE' : 'INVALID_REQUEST',
    `${target} answered with status ${status}`,
  );
}

function resultOf(
  route: RouteDefinition,
  text: string,
  headers: Record<string, string | string[] | undefined>,
): unknown {
  if (route.status === 204 || (text === '' && route.style !== 'v1')) return undefined;
  const json = JSON.parse(text) as unknown;
  if (route.isPaged || route.isPagedObject) {
    return route.response.parse({
      [route.isPaged ? 'items' : 'body']: json,
      total: Number(headers['x-total-elements']),
      page: Number(headers['x-page-number']),
      limit: Number(headers['x-page-size']),
    });
  }
  if (route.style === 'ng') return route.response.parse((json as { data: unknown }).data);
  if (route.style === 'rest') return route.response.parse((json as { resource: unknown }).resource);
  return route.response.parse(json);
}
