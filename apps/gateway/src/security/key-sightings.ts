import { SecurityReporter, signInNoted } from '@sluice/security-events';
import type { Session } from '../authentication/key-authenticator.js';

const MOST_REMEMBERED = 10_000;

/**
 * Tells of the first use of a key from an address since this process began, also when the key itself is remembered and nobody is asked about it. NG manager
 * knows which of them are first indeed.
 */
export class KeySightings {
  private readonly seen = new Set<string>();

  constructor(private readonly reporter: Pick<SecurityReporter, 'note'>) {}

  note(
    { identity, keyId }: Session,
    from: { readonly clientAddress: string; readonly userAgent?: string | undefined },
  ): void {
    const sighting = `${identity.accountId} ${keyId} ${from.clientAddress}`;
    if (this.seen.has(sighting)) return;
    if (this.seen.size >= MOST_REMEMBERED) this.seen.clear();
    this.seen.add(sighting);
    this.reporter.note(signInNoted(identity.principal, { accountId: identity.accountId, keyId }, from));
  }
}
