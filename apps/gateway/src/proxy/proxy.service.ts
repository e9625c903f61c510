import { Inject, Injectable } from '@nestjs/common';
import { AppError } from '@sluice/kernel';
import { ServiceIdentity } from '@sluice/service-identity';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { assertOneAccount } from '../authentication/api-key.js';
import type { Session } from '../authentication/key-authenticator.js';
import { SignIn, userAgentOf } from '../authentication/sign-in.js';
import { PARTS, type GatewayParts } from '../gateway-parts.js';
import type { ClientOrigin } from '../limits/client-address.js';
import type { Place } from '../limits/places.js';
import type { ForwardTarget } from '../routing/resolve.js';
import { requestHeaders, type GatewaySays } from './forward-headers.js';
import { bodyOf, discardBody } from './request-body.js';
import { ClientGone } from './upstream-client.js';

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']);

/** One request on its way to an upstream: who is it, may it, and off it goes. */
@Injectable()
export class ProxyService {
  constructor(
    @Inject(PARTS) private readonly parts: GatewayParts,
    private readonly signIn: SignIn,
    private readonly identity: ServiceIdentity,
  ) {}

  /** @throws AppError in the order of the checks: method, load, key, account, rate, places of the key, size, upstream */
  async forward(target: ForwardTarget, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    if (!METHODS.has(request.method))
      throw new AppError('METHOD_NOT_ALLOWED', `${request.method} is not used here`, {
        allow: [...METHODS].join(', '),
      });
    try {
      await this.inPlace(target, request, reply);
    } catch (cause) {
      if (cause instanceof ClientGone) return void reply.hijack().raw.destroy();
      if (cause instanceof AppError) await tellClient(cause, request, reply);
      throw cause;
    }
  }

  private async inPlace(target: ForwardTarget, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const place = this.parts.places[target.isStream && request.method === 'GET' ? 'streams' : 'requests'].enter();
    try {
      await this.pass(target, request, reply, place);
    } finally {
      place.leave();
    }
  }

  private async pass(target: ForwardTarget, request: FastifyRequest, reply: FastifyReply, place: Place): Promise<void> {
    const { raw } = request;
    const origin = this.signIn.originOf(request);
    const query = queryOf(raw.url ?? '');
    const session = await this.sessionOf(target, request, origin, query);
    place.holdFor(
      session
        ? { key: `key:${session.keyId}`, accountId: session.identity.accountId }
        : { key: `address:${origin.address}` },
    );
    const says: GatewaySays = {
      authorization: session
        ? `Bearer ${await this.identity.tokenFor(target.to, { ...session.identity, origin: { clientAddress: origin.address, userAgent: userAgentOf(request), keyId: session.keyId } })}`
        : undefined,
      requestId: request.id,
      traceparent: (request as { traceparent?: string }).traceparent,
      clientAddress: origin.address,
      host: raw.headers.host,
      protocol: origin.protocol,
      ownProof: session ? undefined : proofHeader(target, request),
    };
    const body = await bodyOf(raw, target.bodyBytes ?? this.parts.limits.bodyBytes, this.parts.limits.bodyMs);
    const headers = requestHeaders(raw.headers, says);
    if (body === null) delete headers['content-length'];
    await this.parts.upstreams[target.to].forward(
      {
        method: request.method,
        path: query === '' ? target.path : `${target.path}?${query}`,
        headers,
        body,
        requestId: request.id,
      },
      reply,
    );
  }

  /** Undefined for a request without key that shows the upstream's own proof. */
  private async sessionOf(
    target: ForwardTarget,
    request: FastifyRequest,
    origin: ClientOrigin,
    query: string,
  ): Promise<Session | undefined> {
    const session = await this.signIn.sessionOf(request, origin);
    if (session) {
      this.signIn.denyingAloud(session, request, 'anotherAccount', () =>
        assertOneAccount(session.identity.accountId, request.headers, query),
      );
      await this.parts.rateLimits.countCall(`key:${session.keyId}`);
      return session;
    }
    // A request without any key guesses nothing; it is refused, not counted.
    if (!showsOwnProof(target, request, query))
      throw new AppError('INVALID_TOKEN', 'send an API key in the header x-api-key');
    await this.parts.rateLimits.countCall(`address:${origin.address}`);
    return undefined;
  }
}

async function tellClient(error: AppError, { raw }: FastifyRequest, reply: FastifyReply): Promise<void> {
  const { retryAfterSeconds } = error.details;
  if (typeof retryAfterSeconds === 'number') void reply.header('retry-after', String(retryAfterSeconds));
  if (error.code !== 'BODY_TOO_SLOW') await discardBody(raw);
  // The rest of a body is not read, so the connection cannot be used again, and must not be kept for as long as the client cares to drip.
  if (!raw.complete) void reply.header('connection', 'close');
}

function queryOf(url: string): string {
  const at = url.indexOf('?');
  return at < 0 ? '' : url.slice(at + 1);
}

function showsOwnProof(target: ForwardTarget, request: FastifyRequest, query: string): boolean {
  if (!target.ownProof) return false;
  return proofHeader(target, request) !== undefined || new URLSearchParams(query).get(target.ownProof.query) !== null;
}

function proofHeader({ ownProof }: ForwardTarget, request: FastifyRequest): GatewaySays['ownProof'] {
  const value = ownProof && request.headers[ownProof.header];
  return ownProof && typeof value === 'string' && value !== '' ? { header: ownProof.header, value } : undefined;
}
