import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Permission, RouteDefinition, WireStyle } from '@sluice/api-conventions';
import { AppError, messageOf, noSpace, unstorableText, type RequestContext, type Scope } from '@sluice/kernel';
import type { Logger } from '@sluice/telemetry';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { askedKey, callKey, type CarriesCall } from './route.decorator.js';
import { ERROR_FORMAT_HEADER, toWireError } from './wire-errors.js';

/** Characters of one path segment the router takes; identifiers are far shorter, and routes say how long. */
export const LONGEST_PATH_PART = 1024;

/** A request of somebody who is known that was refused for want of a right. */
export interface DeniedRequest {
  readonly ctx: RequestContext;
  readonly route: RouteDefinition;
  /** Where they asked; their account when they asked for another one. */
  readonly scope: Scope;
  /** What the route takes; undefined when they have that and lack a further right. */
  readonly permission: Permission | undefined;
  readonly reason: string;
}

/** One translation of errors for HTTP. The style comes from the path, since an error may precede any handler. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  constructor(
    private readonly log: Logger,
    private readonly styleOf: (path: string) => WireStyle,
    private readonly onDenied?: (denied: DeniedRequest) => void,
  ) {}

  catch(cause: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    this.send(cause, request, reply);
  }

  /** Also used for errors Fastify finds itself (body too large, malformed JSON, no route). */
  send(cause: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const known = asAppError(cause, request);
    const path = request.url.split('?', 1)[0] ?? '/';
    const style = request.headers[ERROR_FORMAT_HEADER] === 'internal' ? 'internal' : this.styleOf(path);
    const wire = toWireError(known, style, request.id);
    if (wire.status >= 500)
      this.log.error(
        {
          correlationId: request.id,
          method: request.method,
          path,
          error: messageOf(cause),
          stack: cause instanceof Error ? cause.stack : undefined,
        },
        'request failed',
      );
    if (known instanceof AppError && known.code === 'ACCESS_DENIED') this.tellDenied(known, request);
    if (reply.sent || reply.raw.headersSent) {
      reply.raw.destroy();
      return;
    }
    if (known instanceof AppError && typeof known.details['allow'] === 'string')
      void reply.header('allow', known.details['allow']);
    void reply
      .status(wire.status)
      .header('content-type', 'application/json; charset=utf-8')
      .send(JSON.stringify(wire.body));
  }

  private tellDenied({ message }: AppError, request: FastifyRequest & CarriesCall): void {
    const asked = request[askedKey];
    if (!asked) return;
    const { access } = asked.route;
    this.onDenied?.({
      ...asked,
      permission: typeof access === 'object' && !request[callKey] ? access.permission : undefined,
      reason: message,
    });
  }
}

/** What the router refuses before any route is known, by its code. Its own messages repeat the whole address. */
const REFUSED_ADDRESSES: Readonly<Record<string, string>> = {
  FST_ERR_BAD_URL: 'the path holds a broken percent sign; encode it as UTF-8',
  FST_ERR_MAX_PARAM_LENGTH: `a part of the path is longer than ${LONGEST_PATH_PART} characters; no identifier is`,
};

function asAppError(cause: unknown, request: FastifyRequest): unknown {
  if (cause instanceof AppError) return cause;
  const status = cause instanceof HttpException ? cause.getStatus() : statusCodeOf(cause);
  const code = codeOf(cause);
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE' || status === 413)
    return new AppError(
      'PAYLOAD_TOO_LARGE',
      `the body is larger than this address takes (${request.routeOptions.bodyLimit ?? 0} bytes); send less at a time`,
    );
  const address = code === undefined ? undefined : REFUSED_ADDRESSES[code];
  if (address !== undefined) return new AppError('INVALID_REQUEST', address);
  const unstorable = unstorableText(cause);
  if (unstorable) return unstorable;
  const full = noSpace(cause);
  if (full) return full;
  if (status === 404)
    return new AppError(
      'ROUTE_NOT_FOUND',
      `no matching operation was found: ${request.method} ${request.url.split('?', 1)[0] ?? ''}`,
    );
  if (status === 415)
    return new AppError(
      'UNSUPPORTED_MEDIA_TYPE',
      `content-type "${request.headers['content-type'] ?? ''}" is not taken here; send application/json or application/yaml`,
    );
  if (status !== undefined && status >= 400 && status < 500) return new AppError('INVALID_REQUEST', messageOf(cause));
  return cause;
}

function statusCodeOf(cause: unknown): number | undefined {
  return typeof cause === 'object' && cause !== null && 'statusCode' in cause && typeof cause.statusCode === 'number'
    ? cause.statusCode
    : undefined;
}

function codeOf(cause: unknown): string | undefined {
  return typeof cause === 'object' && cause !== null && 'code' in cause && typeof cause.code === 'string'
    ? cause.code
    : undefined;
}
