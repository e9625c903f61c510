import { isAllowed } from '@sluice/api-conventions';
import { AppError, accountScope } from '@sluice/kernel';
import { denialNoted, type SecurityReporter } from '@sluice/security-events';
import type { FastifyRequest } from 'fastify';
import type { GatewayParts } from '../gateway-parts.js';
import { originOf, type ClientOrigin } from '../limits/client-address.js';
import { apiKeyOf } from './api-key.js';
import { KeySightings } from '../security/key-sightings.js';
import { isRefusal, type KeyAuthenticator, type Session } from './key-authenticator.js';

const MOST_USER_AGENT = 256;

/** Who a request comes from, by the API key it shows. Failures of an address are counted, whatever address of the gateway they are tried at. */
export class SignIn {
  private readonly sightings: KeySightings;

  constructor(
    private readonly keys: KeyAuthenticator,
    private readonly parts: Pick<GatewayParts, 'rateLimits' | 'trustedProxies' | 'log'>,
    private readonly securityEvents: Pick<SecurityReporter, 'note'>,
  ) {
    this.sightings = new KeySightings(securityEvents);
  }

  originOf(request: FastifyRequest): ClientOrigin {
    return originOf(request.raw, this.parts.trustedProxies);
  }

  /** Undefined when the request shows no key at all. @throws AppError INVALID_TOKEN, EXPIRED_TOKEN, REVOKED_TOKEN, TOO_MANY_REQUESTS, UPSTREAM_UNAVAILABLE */
  async sessionOf(request: FastifyRequest, origin: ClientOrigin): Promise<Session | undefined> {
    try {
      const apiKey = apiKeyOf(request.headers);
      if (apiKey === undefined) return undefined;
      const session = this.keys.known(apiKey) ?? (await this.ask(apiKey, request, origin));
      this.sightings.note(session, { clientAddress: origin.address, userAgent: userAgentOf(request) });
      return session;
    } catch (cause) {
      if (cause instanceof AppError && cause.httpStatus === 401)
        await this.parts.rateLimits.countFailure(origin.address);
      throw cause;
    }
  }

  /** Runs a check of what a signed-in request may do here; what it refuses is a security event too. @throws AppError as the check */
  denyingAloud(session: Session, request: FastifyRequest, route: string, check: () => void): void {
    try {
      check();
    } catch (cause) {
      if (cause instanceof AppError && cause.code === 'ACCESS_DENIED')
        this.tellDenied(session, request, route, cause.message);
      throw cause;
    }
  }

  /** Metrics and the like are for administrators of an account. @throws AppError as {@link sessionOf}, and ACCESS_DENIED */
  async assertAdministrator(request: FastifyRequest): Promise<void> {
    const session = await this.sessionOf(request, this.originOf(request));
    if (!session)
      throw new AppError('INVALID_TOKEN', 'send the API key of an account administrator in the header x-api-key');
    await this.parts.rateLimits.countCall(`key:${session.keyId}`);
    const { accountId, grants, principal } = session.identity;
    this.denyingAloud(session, request, 'inspect', () => {
      if (!isAllowed(accountId, grants, 'account.edit', accountScope(accountId)))
        throw new AppError('ACCESS_DENIED', `${principal.name} lacks account.edit in account ${accountId}`);
    });
  }

  private tellDenied({ identity, keyId }: Session, request: FastifyRequest, route: string, reason: string): void {
    const origin = { clientAddress: this.originOf(request).address, userAgent: userAgentOf(request), keyId };
    this.securityEvents.note(
      denialNoted({
        ctx: { principal: identity.principal, correlationId: request.id, origin },
        route,
        scope: accountScope(identity.accountId),
        reason,
      }),
    );
  }

  private async ask(apiKey: string, request: FastifyRequest, { address }: ClientOrigin): Promise<Session> {
    // Others behind the same address must not lock out a key that was good a while ago.
    if (!this.keys.wasGood(apiKey)) await this.parts.rateLimits.assertMayTry(address);
    try {
      return await this.keys.ask({
        apiKey,
        clientAddress: address,
        userAgent: userAgentOf(request),
        correlationId: request.id,
        traceparent: (request as { traceparent?: string }).traceparent,
      });
    } catch (cause) {
      if (cause instanceof AppError && isRefusal(cause))
        this.parts.log.info({ address, code: cause.code, correlationId: request.id }, 'sign-in refused');
      throw cause;
    }
  }
}

/** For the audit trail: what the client says of itself, cut to a length that does no harm. */
export function userAgentOf(request: FastifyRequest): string | undefined {
  return request.headers['user-agent']?.slice(0, MOST_USER_AGENT) || undefined;
}
