import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Paged, RouteDefinition } from '@sluice/api-conventions';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { map, type Observable } from 'rxjs';
import { PassedOn } from './passed-on.js';
import { ROUTE_METADATA } from './route.decorator.js';

/** Wraps what a handler returns in the envelope of its route's style. */
@Injectable()
export class RouteInterceptor implements NestInterceptor {
  constructor(private readonly reflector: Reflector) {}

  intercept(execution: ExecutionContext, next: CallHandler): Observable<unknown> {
    const route = this.reflector.get<RouteDefinition | undefined>(ROUTE_METADATA, execution.getHandler());
    if (!route || route.bodyKind === 'raw') return next.handle();
    const http = execution.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    return next.handle().pipe(map((value: unknown) => wrap(route, value, request, reply)));
  }
}

function wrap(route: RouteDefinition, value: unknown, request: FastifyRequest, reply: FastifyReply): unknown {
  if (route.status === 204) return undefined;
  if (value instanceof PassedOn) {
    void reply.headers(value.headers);
    return value.bytes;
  }
  if (route.isPaged || route.isPagedObject) {
    const page = value as Paged<unknown> & { readonly body: unknown };
    void reply
      .header('x-total-elements', String(page.total))
      .header('x-page-number', String(page.page))
      .header('x-page-size', String(page.limit));
    return route.isPaged ? page.items : page.body;
  }
  if (route.style === 'ng')
    return { status: 'SUCCESS', data: value ?? null, metaData: null, correlationId: request.id };
  if (route.style === 'rest') return { metaData: {}, resource: value ?? null, responseMessages: [] };
  return value;
}
