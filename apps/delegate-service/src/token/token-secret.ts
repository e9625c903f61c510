import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { AppError, newId } from '@sluice/kernel';

/** A delegate token as its holder knows it: `<token id>.<secret>`. The id is stored in the clear and finds the row; of the secret only a hash is kept. */
export interface TokenValue {
  readonly id: string;
  readonly secret: string;
}

const FORM = /^([A-Za-z0-9_-]{8,64})\.([A-Za-z0-9_-]{20,256})$/;
const SECRET_BYTES = 32;

export function newTokenValue(): TokenValue {
  return { id: newId(), secret: randomBytes(SECRET_BYTES).toString('base64url') };
}

/** Undefined for anything that has not the form of a token. */
export function parseTokenValue(text: string): TokenValue | undefined {
  const match = FORM.exec(text.trim());
  return match?.[1] && match[2] ? { id: match[1], secret: match[2] } : undefined;
}

/** @throws AppError INVALID_REQUEST naming the form */
export function requireTokenValue(text: string): TokenValue {
  const value = parseTokenValue(text);
  if (value) return value;
  throw new AppError('INVALID_REQUEST', 'value: a delegate token has the form <token id>.<secret>, with at least 8 and 20 letters, digits, "-" or "_"');
}

/** A plain digest is enough: the secret is random and long, not a password. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** Takes the same time whatever the difference. */
export function secretMatches(secret: string, hash: string): boolean {
  return timingSafeEqual(Buffer.from(hashSecret(secret), 'hex'), Buffer.from(hash, 'hex'));
}
