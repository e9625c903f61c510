import { storable } from './storable.js';

/** What stands in the place of a secret. */
export const REDACTED = '[redacted]';
/** What stands in the place of something too deep or too much. */
export const LEFT_OUT = '[left out]';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

const MOST_TEXT = 65_536;
const MOST_DEPTH = 16;
const MOST_VALUES = 20_000;

/** A key whose own value is secret. Keys that point to a secret (`passwordRef`, `secretManagerIdentifier`, `tokenName`) end in another word. */
const SECRET_KEY =
  /(^pin|^otp|^salt|password|passwd|pwd|passphrase|passcode|secret|token|apikey|accesskey|secretkey|privatekey|signingkey|encryptionkey|sshkey|wrappedkey|keytab|hash|ciphertext|credential|authorization|cookie|bearer|jwt)s?(value|data|text|content|string|bytes|base64)?$/;
/** What holds the secret inside an object that stands for one: `secret: { value }`. */
const CONTENT_KEY = /^(value|data|text|content|key)$/;
const NAMING_KEYS = ['name', 'key', 'identifier'] as const;

const ENDING = '(?:password|passwd|pwd|passphrase|secret|token|api_?key|access_?key|private_?key)';
/** Secrets inside texts. Each pattern is bounded, so that no text takes long. */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|$)/g, REDACTED],
  [/\b(pat|sat)\.([\w-]{1,64})\.([\w-]{1,64})\.[\w-]{8,256}/gi, `$1.$2.$3.${REDACTED}`],
  [/\beyJ[\w-]{8,4096}\.[\w-]{8,4096}\.[\w-]{0,4096}/g, REDACTED],
  [/\b(gh[pousr]_|glpat-|xox[baprs]-)[\w-]{10,256}/g, REDACTED],
  [/\b(AKIA|ASIA)[A-Z0-9]{16}\b/g, REDACTED],
  [/\b(Bearer|Basic) {1,4}[A-Za-z0-9+/=._~-]{8,4096}/g, `$1 ${REDACTED}`],
  [/\b([a-z][\w+.-]{0,30}:\/\/)([^\s/:@]{0,256}):[^\s/@]{1,512}@/gi, `$1$2:${REDACTED}@`],
  [new RegExp(`([?&;,\\s][\\w.-]{0,64}?${ENDING}=)(?!<\\+)[^&;,\\s"']{1,4096}`, 'gi'), `$1${REDACTED}`],
  [
    new RegExp(
      `^([ \\t]{0,256}(?:-[ \\t]{1,16})?["']?[\\w.-]{0,64}?${ENDING}["']?[ \\t]{0,16}:[ \\t]{1,16})(?!["']?<\\+)[^\\s].{0,4096}$`,
      'gim',
    ),
    `$1${REDACTED}`,
  ],
];

/** Is something of this kind a secret itself: a token, a key? */
export function isSecretKind(name: string): boolean {
  return SECRET_KEY.test(name.replace(/[^A-Za-z0-9]/g, '').toLowerCase());
}

/**
 * A copy that may be stored for ever: secrets are replaced by {@link REDACTED}, by the name of their key and by their look; references to secrets and
 * expressions stay. Bounded in depth and size; what JSON or PostgreSQL cannot hold (NUL, half surrogate pairs, infinite numbers, bytes) is replaced.
 * @param isSecretItself the value stands for a secret, so that its own `value` is one
 */
export function redact(value: unknown, isSecretItself = false): Json {
  return copy(value, {
    depth: 0,
    isSecret: isSecretItself && typeof value === 'object',
    budget: { left: MOST_VALUES },
  });
}

interface Place {
  readonly depth: number;
  /** The key above names a secret. */
  readonly isSecret: boolean;
  readonly budget: { left: number };
}

function copy(value: unknown, place: Place): Json {
  if (value === null || value === undefined) return null;
  if ((place.budget.left -= 1) < 0 || place.depth > MOST_DEPTH) return LEFT_OUT;
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string') return place.isSecret && !isOnlyExpressions(value) ? REDACTED : safeText(value);
  // Minus zero is zero in JSON.
  if (typeof value === 'number') return place.isSecret ? REDACTED : Number.isFinite(value) ? value + 0 : null;
  if (typeof value === 'bigint') return place.isSecret ? REDACTED : value.toString();
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Uint8Array) return REDACTED;
  if (Array.isArray(value)) return value.map((item) => copy(item, { ...place, depth: place.depth + 1 }));
  if (typeof value === 'object') return copyObject(value as Readonly<Record<string, unknown>>, place);
  return null;
}

function copyObject(object: Readonly<Record<string, unknown>>, place: Place): Json {
  const isHolder = holdsSecret(object, place.isSecret);
  const entries: [string, Json][] = [];
  for (const [key, value] of Object.entries(object)) {
    if (value === undefined || typeof value === 'function') continue;
    const plain = key.replace(/[^A-Za-z0-9]/g, '').toLowerCase();
    const isSecret = SECRET_KEY.test(plain) || (isHolder && CONTENT_KEY.test(plain));
    entries.push([safeText(key), copy(value, { ...place, depth: place.depth + 1, isSecret })]);
  }
  return Object.fromEntries(entries);
}

/** Is `value` (or the like) of this object a secret? By what the object says of itself, by its name, or by the key it stands under. */
function holdsSecret(object: Readonly<Record<string, unknown>>, isUnderSecretKey: boolean): boolean {
  if (object['valueType'] === 'Reference') return false;
  if (object['valueType'] === 'Inline' || object['type'] === 'Secret') return true;
  if (isUnderSecretKey) return true;
  return NAMING_KEYS.some((key) => {
    const name = object[key];
    return (
      typeof name === 'string' && name.length <= 128 && SECRET_KEY.test(name.replace(/[^A-Za-z0-9]/g, '').toLowerCase())
    );
  });
}

/** `<+secrets.getValue("x")>` says where a secret is, not what it is. */
function isOnlyExpressions(text: string): boolean {
  return text.length <= 4096 && text.replace(/<\+[^<>]{1,1024}>/g, '').trim() === '';
}

/** The text without secrets it may hold, without what cannot be stored, and not longer than 64 KiB. */
export function safeText(text: string): string {
  const short = text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT)}… ${LEFT_OUT}` : text;
  return PATTERNS.reduce((known, [pattern, instead]) => known.replace(pattern, instead), storable(short));
}
