import {
  HttpCode,
  RequestMapping,
  RequestMethod,
  SetMetadata,
  applyDecorators,
  createParamDecorator,
  type ExecutionContext,
} from '@nestjs/common';
import type { RouteDefinition, RouteInput } from '@sluice/api-conventions';
import type { RequestContext, Scope } from '@sluice/kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';

export const ROUTE_METADATA = 'sluice:route';

/** Binds a controller method to a contract route: path, method, status, validation, access and wire style all come from it. */
export function Route(route: RouteDefinition): MethodDecorator {
  return applyDecorators(
    RequestMapping({ path: route.path, method: RequestMethod[route.method] }),
    HttpCode(route.status ?? 200),
    SetMetadata(ROUTE_METADATA, route),
  );
}

/** What the guard puts on a request once it is authenticated and parsed. */
export interface RouteCall<R extends RouteDefinition = RouteDefinition> extends RouteInput<R> {
  readonly ctx: RequestContext;
  /** Where the caller was found to be allowed; what is done must be done here. */
  readonly scope: Scope;
  readonly headers: FastifyRequest['headers'];
  /** The request and reply themselves, for streams and file bodies. */
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

export const callKey: unique symbol = Symbol('sluice.call');
export const askedKey: unique symbol = Symbol('sluice.asked');
export interface CarriesCall {
  [callKey]?: RouteCall;
  /** Who asked for what, and where: known before it is decided whether they may. */
  [askedKey]?: { readonly ctx: RequestContext; readonly route: RouteDefinition; readonly scope: Scope };
}

/** The parsed call: `handler(@Call() call: RouteCall<typeof getDbSchema>)`. */
export const Call = createParamDecorator((_: unknown, execution: ExecutionContext): RouteCall => {
  const call = execution.switchToHttp().getRequest<CarriesCall>()[callKey];
  if (!call) throw new Error('a handler with @Call() needs @Route()');
  return call;
});
