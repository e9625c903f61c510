import type { z } from 'zod';
import type { Permission } from './access.js';
import type { RawRequest, ScopeFrom } from './request-scope.js';

/** Services that may be named as callers of a route. */
type CallerName = 'gateway' | 'ng-manager' | 'pipeline' | 'dbdevops' | 'scm' | 'log-service' | 'delegate-service';

/**
 * How a success and an error look on the wire (api-contract 1.6, 1.7).
 * - `ng`: `{status, data, metaData, correlationId}`, errors with `code`
 * - `rest`: `{metaData, resource, responseMessages}`, errors as `ng`
 * - `bare`: the value itself; errors as `ng`
 * - `v1`: the value itself, errors `{message}` (DB DevOps)
 * - `log`: the value itself or nothing, errors `{error_msg, message}`: general clients read the second
 * - `internal`: between our services: the value itself, errors `{code, message, correlationId, details}`
 */
export type WireStyle = 'ng' | 'rest' | 'bare' | 'v1' | 'log' | 'internal';

/** What the request body is. `text` keeps it as a string whatever JSON or YAML type it was sent as. `multipart` is a form: an object of texts and `File`s. `raw` leaves request and reply to the handler. */
type BodyKind = 'json' | 'text' | 'bytes' | 'multipart' | 'raw';

/** A permission, checked at the request's scope before anything of the request is validated. */
export interface PermissionAccess {
  readonly permission: Permission;
  /** Where the scope stands; `scopeFromPathOrQuery` when absent. */
  readonly scopeFrom?: ScopeFrom;
  /** The permission anywhere inside the scope is enough: an org is shown to whoever may see one of its projects. */
  readonly orInside?: boolean;
  /** Id of the user whose own things the request is about: for that user no permission is needed. */
  readonly ownerFrom?: (raw: RawRequest) => string | undefined;
}

/**
 * Who may call a route: the holder of a permission, any signed-in principal (the answer holds only what their roles reach, or is their own), one of
 * our services, or nobody checks (health, webhooks with their own proof).
 */
export type RouteAccess = PermissionAccess | 'authenticated' | 'service' | 'public';

/**
 * One route as data: the only definition of its path, shapes and rights. Controllers implement it, typed clients call it, OpenAPI and
 * the conformance table are made from it. Scope comes from path `:org`, `:project` or query `orgIdentifier`, `projectIdentifier`, unless `access` says otherwise.
 */
export interface RouteDefinition<
  Params extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
  Response extends z.ZodType = z.ZodType,
> {
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH';
  /** Path with `:name` parameters, as the owning service serves it. */
  readonly path: string;
  readonly summary: string;
  readonly style: WireStyle;
  /** Success status; 200 when absent. */
  readonly status?: number;
  readonly access: RouteAccess;
  /** Services that may call it; the gateway when absent. */
  readonly callers?: readonly CallerName[];
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  readonly bodyKind?: BodyKind;
  /** Bytes of the body, where that is not what the service takes elsewhere. */
  readonly bodyBytes?: number;
  /** Milliseconds a calling service waits for the answer, where that is not what its client waits elsewhere. */
  readonly answerMs?: number;
  /** A list that answers with `X-Total-Elements`, `X-Page-Number`, `X-Page-Size`; the response schema is `paged(row)`. */
  readonly isPaged?: boolean;
  /** An object with one page of something inside: same headers; the response schema is `pagedObject(object)`. */
  readonly isPagedObject?: boolean;
  readonly response: Response;
}

/** Keeps the literal types of a route. */
export function defineRoute<
  const Params extends z.ZodType = z.ZodUndefined,
  const Query extends z.ZodType = z.ZodUndefined,
  const Body extends z.ZodType = z.ZodUndefined,
  const Response extends z.ZodType = z.ZodType,
>(route: RouteDefinition<Params, Query, Body, Response>): RouteDefinition<Params, Query, Body, Response> {
  return route;
}

/** What a handler is given: parsed by the route's schemas. */
export interface RouteInput<R extends RouteDefinition> {
  readonly params: R extends RouteDefinition<infer P, z.ZodType, z.ZodType, z.ZodType> ? z.output<P> : never;
  readonly query: R extends RouteDefinition<z.ZodType, infer Q, z.ZodType, z.ZodType> ? z.output<Q> : never;
  readonly body: R extends RouteDefinition<z.ZodType, z.ZodType, infer B, z.ZodType> ? z.output<B> : never;
}

/** What a caller passes. */
export interface RouteRequest<R extends RouteDefinition> {
  readonly params?: R extends RouteDefinition<infer P, z.ZodType, z.ZodType, z.ZodType> ? z.input<P> : never;
  readonly query?: R extends RouteDefinition<z.ZodType, infer Q, z.ZodType, z.ZodType> ? z.input<Q> : never;
  readonly body?: R extends RouteDefinition<z.ZodType, z.ZodType, infer B, z.ZodType> ? z.input<B> : never;
}

/** What a handler returns and a caller gets: the unwrapped value. */
export type RouteResult<R extends RouteDefinition> =
  R extends RouteDefinition<z.ZodType, z.ZodType, z.ZodType, infer O> ? z.output<O> : never;

/** A page of a v1 list before its headers are written. */
export interface Paged<T> {
  readonly items: readonly T[];
  readonly total: number;
  /** 0-based. */
  readonly page: number;
  readonly limit: number;
}
