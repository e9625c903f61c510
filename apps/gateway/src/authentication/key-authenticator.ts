import { createHash } from 'node:crypto';
import type { RouteClient } from '@sluice/http';
import { AppError, type Clock } from '@sluice/kernel';
import { authenticateKey, type SignedIn } from '@sluice/ng-manager-api';
import type { CallIdentity } from '@sluice/service-identity';

/** A checked key: whose it is, in the form that travels on. */
export interface Session {
  readonly identity: CallIdentity;
  readonly keyId: string;
}

export interface SignInAttempt {
  readonly apiKey: string;
  readonly clientAddress: string;
  readonly userAgent?: string | undefined;
  readonly correlationId: string;
  readonly traceparent: string | undefined;
}

type Remembered =
  | { readonly until: number; readonly session: Session }
  | { readonly until: number; readonly refusal: AppError };

const REFUSAL_MS = 5_000;
const GOOD_MS = 600_000;
const MOST_REMEMBERED = 10_000;
/** The gateway itself, which belongs to no account. */
export const GATEWAY: CallIdentity = {
  accountId: '',
  principal: { type: 'service', id: 'gateway', name: 'gateway' },
  grants: [],
};

/**
 * Asks ng-manager who a key belongs to and remembers the answer by the key's hash for as long as ng-manager allows, refusals for five
 * seconds. Requests that bring the same unknown key at the same time share one question.
 */
export class KeyAuthenticator {
  private readonly remembered = new Map<string, Remembered>();
  private readonly asking = new Map<string, Promise<Session>>();
  /** Hash of a key that was good → until when that counts. */
  private readonly good = new Map<string, number>();

  constructor(
    private readonly client: Pick<RouteClient, 'call'>,
    private readonly clock: Clock,
  ) {}

  /** The session of a key that was checked lately; undefined when ng-manager must be asked. @throws AppError the remembered refusal */
  known(apiKey: string): Session | undefined {
    const hash = hashOf(apiKey);
    const found = this.remembered.get(hash);
    if (!found) return undefined;
    if (found.until <= this.clock.now()) {
      this.remembered.delete(hash);
      return undefined;
    }
    if ('refusal' in found) throw found.refusal;
    return found.session;
  }

  /** True for a key that was good within the last ten minutes and has not been refused since. It must still be checked again. */
  wasGood(apiKey: string): boolean {
    return (this.good.get(hashOf(apiKey)) ?? 0) > this.clock.now();
  }

  /** @throws AppError INVALID_TOKEN, EXPIRED_TOKEN, REVOKED_TOKEN, ACCESS_DENIED, UPSTREAM_UNAVAILABLE */
  async ask(attempt: SignInAttempt): Promise<Session> {
    // The caller may have waited (for the rate limit) since it looked: somebody else's answer may be here by now.
    const session = this.known(attempt.apiKey);
    if (session) return session;
    const hash = hashOf(attempt.apiKey);
    const under = this.asking.get(hash);
    if (under) return under;
    const asked = this.askNow(hash, attempt).finally(() => this.asking.delete(hash));
    this.asking.set(hash, asked);
    return asked;
  }

  private async askNow(
    hash: string,
    { apiKey, clientAddress, userAgent, correlationId, traceparent }: SignInAttempt,
  ): Promise<Session> {
    try {
      const answer = await this.client.call(
        { ...GATEWAY, correlationId, traceparent },
        authenticateKey,
        { body: { apiKey, clientAddress, userAgent } },
        { idempotent: true },
      );
      const session = toSession(answer);
      this.remember(hash, { until: this.clock.now() + answer.cacheMs, session });
      if (this.good.size >= MOST_REMEMBERED) this.good.clear();
      this.good.set(hash, this.clock.now() + GOOD_MS);
      return session;
    } catch (cause) {
      if (cause instanceof AppError && isRefusal(cause)) {
        this.good.delete(hash);
        this.remember(hash, { until: this.clock.now() + REFUSAL_MS, refusal: cause });
      }
      throw cause;
    }
  }

  private remember(hash: string, answer: Remembered): void {
    this.remembered.delete(hash);
    if (this.remembered.size >= MOST_REMEMBERED) {
      const oldest = this.remembered.keys().next();
      if (!oldest.done) this.remembered.delete(oldest.value);
    }
    this.remembered.set(hash, answer);
  }
}

/** True for answers about the key itself, false for trouble on the way to them. */
export function isRefusal(error: AppError): boolean {
  return error.httpStatus === 401 || error.httpStatus === 403;
}

function toSession({ accountId, principal, grants, keyId }: SignedIn): Session {
  return { identity: { accountId, principal, grants }, keyId };
}

function hashOf(apiKey: string): string {
  return createHash('sha256').update(apiKey).digest('base64');
}
