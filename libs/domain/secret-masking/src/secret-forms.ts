/** Values shorter than this are not masked: they would black out ordinary text and tell a reader that they are secret. */
const MINIMUM_LENGTH = 4;

/** Words that are never masked, whatever secret holds them. */
const ORDINARY_WORDS = new Set(['true', 'false', 'null', 'none', 'undefined', 'yes', 'no', 'on', 'off', 'localhost', 'info', 'warn', 'error', 'debug', 'public', 'test']);

/** True when the masker would let this value pass. */
function isTooPlain(value: string): boolean {
  return value.trim().length < MINIMUM_LENGTH || ORDINARY_WORDS.has(value.trim().toLowerCase());
}

/**
 * Every form in which a secret may turn up in a log, an error or an output: raw, its single lines, base64 (standard and URL
 * alphabet, at the three alignments it can have inside longer data), URL-encoded, JSON-escaped, shell- and SQL-quoted, hexadecimal.
 */
export function secretForms(secret: string): string[] {
  const forms = new Set<string>();
  const lines = secret.split(/\r\n|\r|\n/).map((line) => line.trim());
  const parts = [secret, secret.trim(), ...lines];
  for (const part of parts) {
    if (isTooPlain(part)) continue;
    for (const form of [part, ...urlForms(part), ...jsonForms(part), part.replaceAll("'", `'\\''`), part.replaceAll("'", "''")]) forms.add(form);
  }
  for (const whole of new Set([secret, secret.trim()])) {
    if (isTooPlain(whole)) continue;
    const bytes = new TextEncoder().encode(whole);
    for (const form of [...base64Forms(bytes), ...hexForms(bytes)]) forms.add(form);
  }
  return [...forms].filter((form) => form.length >= MINIMUM_LENGTH);
}

function urlForms(text: string): string[] {
  const encoded = safeEncode(text);
  const strict = encoded.replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
  const upper = [encoded, strict, encoded.replaceAll('%20', '+'), strict.replaceAll('%20', '+')];
  return [...upper, ...upper.map((form) => form.replace(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase()))];
}

/** A lone surrogate cannot be encoded; nothing can emit it URL-encoded either. */
function safeEncode(text: string): string {
  return encodeURIComponent(text.replace(/[\ud800-\udfff]/gu, '\ufffd'));
}

function jsonForms(text: string): string[] {
  const escaped = JSON.stringify(text).slice(1, -1);
  const ascii = escaped.replace(/[\u0080-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return [escaped, ascii, escaped.replaceAll('/', '\\/')];
}

function hexForms(bytes: Uint8Array): string[] {
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return [hex, hex.toUpperCase()];
}

/**
 * Base64 text of data that contains the secret depends on what stands before it only by the number of bytes modulo three.
 * The characters that mix secret bits with a neighbour's are left out at both ends.
 */
function base64Forms(bytes: Uint8Array): string[] {
  const padded = base64(bytes);
  const forms = [padded, padded.replace(/=+$/, '')];
  for (const offset of [0, 1, 2]) {
    const shifted = new Uint8Array(offset + bytes.length);
    shifted.set(bytes, offset);
    forms.push(base64(shifted).slice(Math.ceil((offset * 8) / 6), Math.floor((shifted.length * 8) / 6)));
  }
  return forms.flatMap((form) => [form, form.replaceAll('+', '-').replaceAll('/', '_')]);
}

function base64(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}
