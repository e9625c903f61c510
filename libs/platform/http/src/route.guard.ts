import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { isAllowed, type RouteDefinition } from '@sluice/api-conventions';
import { AppError, formatScope, scopeOf, type FieldError, type RequestContext, type Scope } from '@sluice/kernel';
import type { ServiceIdentity } from '@sluice/service-identity';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { ROUTE_METADATA, callKey, type CarriesCall, type RouteCall } from './route.decorator.js';
import { requestSignal } from './request-signal.js';

export const CORRELATION_HEADER = 'x-request-id';

/** Bodies as the content parsers left them. */
export interface ParsedBody {
  readonly text: string;
  readonly json?: unknown;
}

/**
 * In front of every contract route: who calls (service token), is it allowed (permission at the request's scope), and are params,
 * query and body what the route says. The only place that does any of the three.
 */
@Injectable()
export class RouteGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly identity: ServiceIdentity,
  ) {}

  async canActivate(execution: ExecutionContext): Promise<boolean> {
    const route = this.reflector.get<RouteDefinition | undefined>(ROUTE_METADATA, execution.getHandler());
    if (!route) return true;
    const http = execution.switchToHttp();
    const request = http.getRequest<FastifyRequest & CarriesCall>();
    const reply = http.getResponse<FastifyReply>();
    const ctx = await this.authenticate(route, request, reply);
    const params = parse(route.params, request.params, 'path');
    const query = parse(route.query, request.query, 'query');
    this.authorise(route, ctx, params, query);
    const body = route.bodyKind === 'raw' ? undefined : parse(route.body, bodyOf(route, request.body), 'body');
    const call: RouteCall = { ctx, params: params as never, query: query as never, body: body as never, headers: request.headers, request, reply };
    request[callKey] = call;
    return true;
  }

  private async authenticate(route: RouteDefinition, request: FastifyRequest, reply: FastifyReply): Promise<RequestContext> {
    const base = { correlationId: request.id, traceparent: traceparentOf(request), signal: requestSignal(request, reply) };
    if (route.access === 'public') return { ...base, accountId: '', principal: { type: 'service', id: 'anonymous', name: 'anonymous' }, grants: [] };
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    if (!token) throw new AppError('INVALID_TOKEN', 'this address takes calls from Sluice services only; call the gateway with an x-api-key header');
    const call = await this.identity.verifyCall(token, route.callers ?? ['gateway']);
    return { ...base, accountId: call.accountId, principal: call.principal, grants: call.grants };
  }

  private authorise(route: RouteDefinition, ctx: RequestContext, params: unknown, query: unknown): void {
    const scope = scopeOfRequest(ctx, params, query);
    if (scope.accountId !== ctx.accountId && route.access !== 'public') {
      throw new AppError('ACCESS_DENIED', `the key belongs to account ${ctx.accountId}, not to ${scope.accountId}`);
    }
    if (typeof route.access === 'string') return;
    if (isAllowed(ctx.accountId, ctx.grants, route.access.permission, scope)) return;
    throw new AppError('ACCESS_DENIED', `${ctx.principal.name} lacks ${route.access.permission} in ${formatScope(scope)}`);
  }
}

/** Scope of a request: path `:org`/`:project` first, then the query's identifiers, then the account of the key. */
export function scopeOfRequest(ctx: RequestContext, params: unknown, query: unknown): Scope {
  const [path, search] = [asRecord(params), asRecord(query)];
  const pick = (...values: unknown[]): string | undefined => values.find((value): value is string => typeof value === 'string' && value !== '');
  return scopeOf({
    accountId: pick(search['accountIdentifier'], search['accountID']) ?? ctx.accountId,
    orgId: pick(path['org'], search['orgIdentifier']),
    projectId: pick(path['project'], search['projectIdentifier']),
  });
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function bodyOf(route: RouteDefinition, body: unknown): unknown {
  if (route.bodyKind === 'bytes') return body;
  const parsed = body as ParsedBody | undefined | null;
  if (parsed === undefined || parsed === null) return undefined;
  if (Buffer.isBuffer(parsed)) throw new AppError('UNSUPPORTED_MEDIA_TYPE', 'this address takes no application/octet-stream body');
  if (route.bodyKind === 'text') return parsed.text;
  if (parsed.text.trim() === '') return undefined;
  if (parsed.json === undefined) throw new AppError('UNSUPPORTED_MEDIA_TYPE', 'send the body as application/json');
  return parsed.json;
}

function parse(schema: z.ZodType | undefined, value: unknown, place: 'path' | 'query' | 'body'): unknown {
  if (!schema) return undefined;
  const parsed = schema.safeParse(value ?? (place === 'body' ? undefined : {}));
  if (parsed.success) return parsed.data;
  const fields: FieldError[] = parsed.error.issues.slice(0, 20).map((issue) => ({ field: issue.path.join('.') || place, error: issue.message }));
  const text = fields.map(({ field, error }) => `${field}: ${error}`).join('; ');
  throw new AppError('INVALID_REQUEST', `invalid ${place}: ${text}`, { fields });
}

function traceparentOf(request: FastifyRequest): string | undefined {
  const own = (request as { traceparent?: string }).traceparent;
  const header = request.headers['traceparent'];
  return own ?? (typeof header === 'string' ? header : undefined);
}
