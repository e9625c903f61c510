import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import {
  isAllowed,
  isAllowedInside,
  scopeFromPathOrQuery,
  type RawRequest,
  type RouteDefinition,
  type ScopeFrom,
} from '@sluice/api-conventions';
import {
  AppError,
  accountScope,
  formatScope,
  scopeOf,
  type FieldError,
  type RequestContext,
  type Scope,
} from '@sluice/kernel';
import type { ServiceIdentity } from '@sluice/service-identity';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { ROUTE_METADATA, askedKey, callKey, type CarriesCall, type RouteCall } from './route.decorator.js';
import { parseMultipart } from './multipart.js';
import { placeOfBrokenText } from './broken-text.js';
import { requestSignal } from './request-signal.js';
import { sayIssue } from './say-issue.js';

export const CORRELATION_HEADER = 'x-request-id';

/** Bodies as the content parsers left them. */
export interface ParsedBody {
  readonly text: string;
  readonly json?: unknown;
  /** Why text that was sent as JSON is none, or is not read: the rest of a sentence about the body. */
  readonly problem?: string;
}

/**
 * In front of every contract route, in this order: who calls (service token), at which scope, is it allowed there, and only then whether params, query
 * and body are what the route says. The only place that does any of it.
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
    const raw = { params: request.params, query: request.query, body: jsonOf(request.body) };
    request[askedKey] = { ctx, route, scope: accountScope(ctx.accountId) };
    const scope = scopeAsked(route, ctx, raw);
    request[askedKey] = { ctx, route, scope };
    requireRight(route, ctx, raw, scope);
    const params = parse(route.params, request.params, 'path');
    const query = parse(route.query, request.query, 'query');
    const body = route.bodyKind === 'raw' ? undefined : parse(route.body, await bodyOf(route, request), 'body');
    const call: RouteCall = {
      ctx,
      scope,
      params: params as never,
      query: query as never,
      body: body as never,
      headers: request.headers,
      request,
      reply,
    };
    request[callKey] = call;
    return true;
  }

  private async authenticate(
    route: RouteDefinition,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<RequestContext> {
    const base = {
      requestMethod: request.method,
      correlationId: request.id,
      traceparent: traceparentOf(request),
      signal: requestSignal(request, reply),
    };
    if (route.access === 'public')
      return { ...base, accountId: '', principal: { type: 'service', id: 'anonymous', name: 'anonymous' }, grants: [] };
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    if (!token)
      throw new AppError(
        'INVALID_TOKEN',
        'this address takes calls from Sluice services only; call the gateway with an x-api-key header',
      );
    const call = await this.identity.verifyCall(token, route.callers ?? ['gateway']);
    return {
      ...base,
      accountId: call.accountId,
      principal: call.principal,
      grants: call.grants,
      ...(call.origin ? { origin: call.origin } : {}),
    };
  }
}

/** The scope the request is about. @throws AppError ACCESS_DENIED for another account, INVALID_REQUEST for a scope that is none */
function scopeAsked(route: RouteDefinition, ctx: RequestContext, raw: RawRequest): Scope {
  const { access } = route;
  const { accountId, ...ids } = placeOf(
    ctx,
    raw,
    (typeof access === 'object' && access.scopeFrom) || scopeFromPathOrQuery,
  );
  if (access !== 'public' && accountId !== ctx.accountId)
    throw new AppError('ACCESS_DENIED', `the key belongs to account ${ctx.accountId}, not to ${accountId}`);
  return scopeOf({ accountId, ...ids });
}

/** @throws AppError ACCESS_DENIED */
function requireRight({ access }: RouteDefinition, ctx: RequestContext, raw: RawRequest, scope: Scope): void {
  if (typeof access === 'string') return;
  if (ctx.principal.type === 'user' && access.ownerFrom?.(raw) === ctx.principal.id) return;
  const isHeld = access.orInside ? isAllowedInside : isAllowed;
  if (isHeld(ctx.accountId, ctx.grants, access.permission, scope)) return;
  throw new AppError('ACCESS_DENIED', `${ctx.principal.name} lacks ${access.permission} in ${formatScope(scope)}`);
}

/** Scope of a request: path `:org`/`:project`, else the query's identifiers, else the account of the key. Where a route has a `scopeFrom`, `call.scope` is the one. */
export function scopeOfRequest(ctx: RequestContext, params: unknown, query: unknown): Scope {
  return scopeOf(placeOf(ctx, { params, query, body: undefined }, scopeFromPathOrQuery));
}

function placeOf(
  ctx: RequestContext,
  raw: RawRequest,
  scopeFrom: ScopeFrom,
): { accountId: string; orgId?: string | undefined; projectId?: string | undefined } {
  const query = asRecord(raw.query);
  for (const key of SCOPE_KEYS) {
    if (!Array.isArray(query[key])) continue;
    throw new AppError('INVALID_REQUEST', `${key} is given more than once; send it once`, {
      fields: [{ field: key, error: 'is given more than once' }],
    });
  }
  const accounts = [query['accountIdentifier'], query['accountID']].filter(
    (value): value is string => typeof value === 'string' && value !== '',
  );
  const accountId = accounts.find((account) => account !== ctx.accountId) ?? ctx.accountId;
  return { accountId, ...scopeFrom(raw) };
}

/** Which of two equal keys would count is nobody's guess. */
const SCOPE_KEYS = ['accountIdentifier', 'accountID', 'orgIdentifier', 'projectIdentifier'] as const;

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** What was sent as JSON, for the scope alone; everything else is nothing. */
function jsonOf(body: unknown): unknown {
  return Buffer.isBuffer(body) ? undefined : asRecord(body)['json'];
}

async function bodyOf(route: RouteDefinition, { body, headers }: FastifyRequest): Promise<unknown> {
  if (route.bodyKind === 'bytes') return body;
  if (route.bodyKind === 'multipart') return formOf(body, headers['content-type'] ?? '');
  const parsed = body as ParsedBody | undefined | null;
  if (parsed === undefined || parsed === null) return undefined;
  if (Buffer.isBuffer(parsed))
    throw new AppError('UNSUPPORTED_MEDIA_TYPE', 'this address takes no bytes and no form; send application/json');
  if (route.bodyKind === 'text') return parsed.text;
  if (parsed.text.trim() === '') return undefined;
  if (parsed.problem !== undefined) throw new AppError('INVALID_REQUEST', `the body ${parsed.problem}`);
  if (parsed.json === undefined) throw new AppError('UNSUPPORTED_MEDIA_TYPE', 'send the body as application/json');
  requireWellFormed(parsed);
  return parsed.json;
}

/** Half a surrogate pair is no character: it would be stored as another one, and the answer would not be what was sent. */
function requireWellFormed({ text, json }: ParsedBody): void {
  const place = SURROGATE_ESCAPE.test(text) ? placeOfBrokenText(json) : undefined;
  if (place === undefined) return;
  const field = place.slice(0, MOST_OF_A_PLACE);
  const error = 'holds half a surrogate pair, which is no character; remove it';
  throw new AppError('INVALID_REQUEST', `invalid body: ${field}: ${error}`, { fields: [{ field, error }] });
}

const MOST_OF_A_PLACE = 256;
/** The only way half a pair gets into JSON: bytes are decoded to whole characters. */
const SURROGATE_ESCAPE = /\\u[dD][89a-fA-F]/;

function formOf(body: unknown, contentType: string): Promise<unknown> {
  if (Buffer.isBuffer(body) && contentType.startsWith('multipart/')) return parseMultipart(body, contentType);
  throw new AppError('UNSUPPORTED_MEDIA_TYPE', 'send the body as multipart/form-data');
}

function parse(schema: z.ZodType | undefined, value: unknown, place: 'path' | 'query' | 'body'): unknown {
  if (!schema) return undefined;
  const parsed = schema.safeParse(value ?? (place === 'body' ? undefined : {}));
  if (parsed.success) return parsed.data;
  const fields: FieldError[] = parsed.error.issues
    .slice(0, 20)
    .map((issue) => ({ field: issue.path.join('.') || place, error: sayIssue(issue) }));
  const text = fields.map(({ field, error }) => `${field}: ${error}`).join('; ');
  throw new AppError('INVALID_REQUEST', `invalid ${place}: ${text}`, { fields });
}

function traceparentOf(request: FastifyRequest): string | undefined {
  const own = (request as { traceparent?: string }).traceparent;
  const header = request.headers['traceparent'];
  return own ?? (typeof header === 'string' ? header : undefined);
}
