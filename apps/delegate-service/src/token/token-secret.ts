import { createHash, timingSafeEqual } from 'node:crypto';
import { parseDelegateToken, type DelegateTokenValue } from '@sluice/delegate-protocol';
import { AppError } from '@sluice/kernel';

/** @throws AppError INVALID_REQUEST naming the form */
export function requireTokenValue(text: string): DelegateTokenValue {
  const value = parseDelegateToken(text);
  if (value) return value;
  throw new AppError(
    'INVALID_REQUEST',
    'value: a delegate token has the form <token id>.<secret>, with at least 8 and 20 letters, digits, "-" or "_"; base64 of it is taken too',
  );
}

/** A plain digest is enough: the secret is random and long, not a password. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** Takes the same time whatever the difference. */
export function secretMatches(secret: string, hash: string): boolean {
  return timingSafeEqual(Buffer.from(hashSecret(secret), 'hex'), Buffer.from(hash, 'hex'));
}
