/** Values shorter than this are not masked: they would black out ordinary text and tell a reader that they are secret. */
const MINIMUM_LENGTH = 4;

/** Words that are never masked, whatever secret holds them. */
const ORDINARY_WORDS = new Set([
  'true',
  'false',
  'null',
  'none',
  'undefined',
  'yes',
  'no',
  'on',
  'off',
  'localhost',
  'info',
  'warn',
  'error',
  'debug',
  'public',
  'test',
]);

/** True when the masker would let this value pass. */
function isTooPlain(value: string): boolean {
  return value.trim().length < MINIMUM_LENGTH || ORDINARY_WORDS.has(value.trim().toLowerCase());
}

/** Longer secrets are files. They are masked in their plainer forms, so that the masker stays small. */
const LONGEST_THOROUGH = 4096;

/** Characters of all forms after which the secrets that are left are masked in their plainer forms: one secret can have hundreds. */
const THOROUGH_CHARACTERS = 1_500_000;

/** The forms of one secret, by how a text may hold them. */
export interface SecretForms {
  /** Only as they are. */
  readonly exact: readonly string[];
  /** Also with white space or semicolons anywhere between their characters: encoders break their lines, and dumps set bytes apart. */
  readonly spaced: readonly string[];
}

/** The forms of all `secrets`, the shortest first. When those together have {@link THOROUGH_CHARACTERS}, the longer ones have the plainer forms only. */
export function formsOf(secrets: Iterable<string>): SecretForms {
  const exact = new Set<string>();
  const spaced = new Set<string>();
  let characters = 0;
  for (const secret of [...new Set(secrets)].toSorted((a, b) => a.length - b.length)) {
    const forms = secretForms(secret, secret.length <= LONGEST_THOROUGH && characters < THOROUGH_CHARACTERS);
    for (const form of forms.exact) exact.add(form);
    for (const form of forms.spaced) spaced.add(form);
    characters = [...forms.exact, ...forms.spaced].reduce((sum, form) => sum + form.length, characters);
  }
  return { exact: [...exact], spaced: [...spaced] };
}

/**
 * Every form in which a secret may turn up in a log, an error or an output: raw, its single lines, base64 (standard and URL alphabet, at the
 * three alignments it can have inside longer data, also of UTF-16 and of base64), URL-encoded, JSON-escaped and HTML-escaped (once and twice),
 * shell- and SQL-quoted, hexadecimal. Base64 and hexadecimal may be spaced. One that is not `isThorough` has the first of each kind of escape only.
 */
function secretForms(secret: string, isThorough: boolean): SecretForms {
  const exact = new Set<string>();
  const spaced = new Set<string>();
  const add = (forms: Set<string>, more: readonly string[]): void => more.forEach((form) => forms.add(form));
  const lines = secret.split(/\r\n|\r|\n/).map((line) => line.trim());
  for (const part of new Set([secret, secret.trim(), ...lines])) {
    if (isTooPlain(part)) continue;
    add(exact, [part, part.replaceAll("'", `'\\''`), part.replaceAll("'", "''")]);
    for (const escapes of [URL_ESCAPES, JSON_ESCAPES, HTML_ESCAPES])
      add(exact, escaped(part, isThorough ? escapes : escapes.slice(0, 1)));
  }
  for (const whole of new Set([secret, secret.trim()])) {
    if (isTooPlain(whole)) continue;
    const bytes = new TextEncoder().encode(whole);
    const encoded = base64Forms(bytes);
    add(spaced, [...encoded, ...hexForms(bytes)]);
    if (!isThorough) continue;
    add(
      exact,
      encoded.flatMap((form) => URL_ESCAPES.slice(0, 2).map((escape) => escape(form))),
    );
    add(
      spaced,
      encoded.flatMap((form) => base64Forms(new TextEncoder().encode(form))),
    );
    for (const isLittle of [true, false]) add(spaced, base64Forms(utf16(whole, isLittle)));
  }
  return { exact: longEnough(exact), spaced: longEnough(spaced) };
}

function longEnough(forms: ReadonlySet<string>): string[] {
  return [...forms].filter((form) => form.length >= MINIMUM_LENGTH);
}

type Escape = (text: string) => string;

/** Each way of escaping applied once, and twice: by two programs one after the other. */
function escaped(text: string, escapes: readonly Escape[]): string[] {
  return [...new Set(escapes.flatMap((escape) => [escape(text), escape(escape(text))]))];
}

/** A lone surrogate cannot be encoded; nothing can emit it URL-encoded either. */
const encode: Escape = (text) => encodeURIComponent(text.replace(/[\ud800-\udfff]/gu, '\ufffd'));
const encodeStrictly: Escape = (text) =>
  encode(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
const UPPER_CASE_URL: readonly Escape[] = [encode, encodeStrictly].flatMap((escape): Escape[] => [
  escape,
  (text) => escape(text).replaceAll('%20', '+'),
]);
const URL_ESCAPES: readonly Escape[] = UPPER_CASE_URL.flatMap((escape): Escape[] => [
  escape,
  (text) => escape(text).replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
]);

const escapeJson: Escape = (text) => JSON.stringify(text).slice(1, -1);
const JSON_ESCAPES: readonly Escape[] = [
  escapeJson,
  (text) =>
    escapeJson(text).replace(/[\u0080-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`),
  (text) => escapeJson(text).replaceAll('/', '\\/'),
];

/** Escaping for HTML and XML, as the usual libraries do it: all five characters or those that matter where the text stands, the rest as it is or by number. */
const HTML_ESCAPES: readonly Escape[] = ['&quot;', '&#34;', '&#x22;', '"'].flatMap((quote) =>
  ['&#39;', '&#x27;', '&apos;', '&#039;', "'"].flatMap((apostrophe) =>
    ['&gt;', '>'].flatMap((greater) =>
      [
        undefined,
        (code: number) => `&#${code};`,
        (code: number) => `&#x${code.toString(16)};`,
        (code: number) => `&#x${code.toString(16).toUpperCase()};`,
      ].map((number): Escape => (text) => {
        const marked = text
          .replaceAll('&', '&amp;')
          .replaceAll('<', '&lt;')
          .replaceAll('"', quote)
          .replaceAll("'", apostrophe)
          .replaceAll('>', greater);
        return number ? marked.replace(/[\u0080-\u{10ffff}]/gu, (char) => number(char.codePointAt(0) ?? 0)) : marked;
      }),
    ),
  ),
);

function utf16(text: string, isLittle: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(text.length * 2));
  for (let index = 0; index < text.length; index += 1) view.setUint16(index * 2, text.charCodeAt(index), isLittle);
  return new Uint8Array(view.buffer);
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
