import { newId } from '@sluice/kernel';

/** A delegate token as its holder knows it, `<token id>.<secret>`: the id is stored in the clear and finds the row, of the secret the delegate service keeps a hash only. */
export interface DelegateTokenValue {
  readonly id: string;
  readonly secret: string;
}

const FORM = /^([A-Za-z0-9_-]{8,64})\.([A-Za-z0-9_-]{20,256})$/;
const BASE64 = /^([A-Za-z0-9+/]+)={0,2}$/;
const MOST_TEXT = 1024;

export function newDelegateToken(): DelegateTokenValue {
  return { id: newId(), secret: newId() + newId() };
}

export function formatDelegateToken({ id, secret }: DelegateTokenValue): string {
  return `${id}.${secret}`;
}

/** Reads a token as it is, or in base64 as the public API gives it; line breaks do no harm. Undefined for anything else. */
export function parseDelegateToken(text: string): DelegateTokenValue | undefined {
  if (text.length > MOST_TEXT) return undefined;
  return parsePlain(text) ?? parsePlain(decode(text));
}

function parsePlain(text: string): DelegateTokenValue | undefined {
  const match = FORM.exec(text.trim());
  return match?.[1] && match[2] ? { id: match[1], secret: match[2] } : undefined;
}

/** A plain token has a dot, which base64 has not: nothing can be read both ways. */
function decode(text: string): string {
  const digits = BASE64.exec(text.replace(/\s/g, ''))?.[1] ?? '';
  return digits.length % 4 === 1 ? '' : atob(digits);
}
