import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { newId } from '@sluice/kernel';

/** The parts of `pat.<account>.<id>.<secret>` (a user's) or `sat.…` (a service account's). */
export interface ApiKeyParts {
  readonly kind: 'pat' | 'sat';
  readonly accountId: string;
  readonly tokenId: string;
  readonly secret: string;
}

/** Takes a key apart; undefined when it has another form. */
export function parseApiKey(text: string): ApiKeyParts | undefined {
  const match = /^(pat|sat)\.([A-Za-z0-9_-]{1,64})\.([A-Za-z0-9_-]{1,64})\.([A-Za-z0-9_-]{16,256})$/i.exec(text.trim());
  if (!match?.[1] || !match[2] || !match[3] || !match[4]) return undefined;
  return {
    kind: match[1].toLowerCase() === 'sat' ? 'sat' : 'pat',
    accountId: match[2],
    tokenId: match[3],
    secret: match[4],
  };
}

/** A new key of 32 random bytes. `text` is shown once; only `secretHash` is stored. */
export function newApiKey(
  accountId: string,
  kind: ApiKeyParts['kind'] = 'pat',
): { readonly text: string; readonly tokenId: string; readonly secretHash: Buffer } {
  const tokenId = newId();
  const secret = randomBytes(32).toString('base64url');
  return { text: `${kind}.${accountId}.${tokenId}.${secret}`, tokenId, secretHash: hashSecret(secret) };
}

/** SHA-256 is enough: the secret is random, so there is nothing to guess. */
export function hashSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** Constant-time comparison of a presented secret with a stored hash. */
export function isSecretOf(hash: Buffer, secret: string): boolean {
  const presented = hashSecret(secret);
  return hash.length === presented.length && timingSafeEqual(hash, presented);
}
