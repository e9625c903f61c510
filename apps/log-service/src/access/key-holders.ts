import type { CallContext, RouteClient } from '@sluice/http';
import { newUuid, type Clock } from '@sluice/kernel';
import { holderOfKey, type SignedIn } from '@sluice/ng-manager-api';

const MOST_REMEMBERED = 10_000;

/**
 * Asks ng-manager who holds an API key now, and remembers a good answer for as long as ng-manager allows (seconds). A log token that was given for the key
 * ends with it: revoked, expired, its user disabled or without the right.
 */
export class KeyHolders {
  private readonly remembered = new Map<string, { readonly until: number; readonly holder: SignedIn }>();
  private readonly asking = new Map<string, Promise<SignedIn>>();

  constructor(
    private readonly client: Pick<RouteClient, 'call'>,
    private readonly clock: Clock,
  ) {}

  /** @throws AppError INVALID_TOKEN, EXPIRED_TOKEN, REVOKED_TOKEN, UPSTREAM_UNAVAILABLE, REQUEST_TIMEOUT */
  async holderOf(accountId: string, keyId: string): Promise<SignedIn> {
    const place = `${accountId} ${keyId}`;
    const known = this.remembered.get(place);
    if (known && known.until > this.clock.now()) return known.holder;
    const under = this.asking.get(place);
    if (under) return under;
    const asked = this.ask(place, accountId, keyId).finally(() => this.asking.delete(place));
    this.asking.set(place, asked);
    return asked;
  }

  private async ask(place: string, accountId: string, keyId: string): Promise<SignedIn> {
    this.remembered.delete(place);
    const holder = await this.client.call(ownContext(accountId), holderOfKey, { params: { keyId } });
    if (this.remembered.size >= MOST_REMEMBERED) this.remembered.clear();
    this.remembered.set(place, { until: this.clock.now() + holder.cacheMs, holder });
    return holder;
  }
}

/** Who the log service is when it asks for itself. @param accountId of what it asks about; empty for none */
export function ownContext(accountId: string): CallContext {
  return {
    accountId,
    principal: { type: 'service', id: 'log-service', name: 'log-service' },
    grants: [],
    correlationId: newUuid(),
    traceparent: undefined,
  };
}
