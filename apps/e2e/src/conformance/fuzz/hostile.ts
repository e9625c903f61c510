import fc from 'fast-check';

/** Texts that have broken servers before. */
const HOSTILE_TEXTS: readonly string[] = [
  '',
  ' ',
  '\u0000',
  'a\u0000b',
  '\ud800',
  'a\udfffb',
  '\ufeff',
  '\u202e',
  '\r\nx-injected: 1',
  'x'.repeat(129),
  'x'.repeat(100_000),
  '𝕏'.repeat(300),
  '../../../etc/passwd',
  '..',
  '%00',
  '%2e%2e%2f',
  "'; DROP TABLE users; --",
  '" OR 1=1',
  "%'_",
  '<script>alert(1)</script>',
  '<+secrets.getValue("x")>',
  '${7*7}',
  '{{7*7}}',
  '__proto__',
  'constructor',
  'toString',
  'valueOf',
  'null',
  'undefined',
  'NaN',
  'true',
  '-1',
  '9'.repeat(40),
  '1e999',
  '0x10',
  '2026-13-45T99:99:99Z',
  'account.',
  'org..x',
  'a'.repeat(20) + '!'.repeat(20),
];

const nested = (depth: number, open: string, close: string, inside: string): string =>
  `${open.repeat(depth)}${inside}${close.repeat(depth)}`;

/** JSON texts of which no client ever means well, some of them none. */
const JSON_TEXTS: readonly string[] = [
  '',
  '{',
  '[',
  '"',
  '{"a":',
  '{"a":1,}',
  'nul',
  'NaN',
  '\u0000',
  '\ufeff{}',
  '{} {}',
  'null',
  'true',
  '0',
  '-0',
  '1e400',
  '""',
  '[]',
  '[[]]',
  '{}',
  '{"":{}}',
  '{"__proto__":{"isAdmin":true}}',
  '{"constructor":{"prototype":{"x":1}}}',
  '{"toString":1,"hasOwnProperty":1}',
  '{"a":"\\ud800"}',
  '{"a":"\\u0000"}',
  nested(5_000, '[', ']', ''),
  nested(5_000, '{"a":', '}', '1'),
  nested(60_000, '[', ']', ''),
  `[${'0,'.repeat(20_000)}0]`,
  `{${Array.from({ length: 2_000 }, (_, index) => `"k${index}":0`).join()}}`,
];

const LAUGHS = Array.from(
  { length: 12 },
  (_, level) =>
    `l${level}: &l${level} [${Array.from({ length: 9 }, () => (level === 0 ? 'lol' : `*l${level - 1}`)).join(', ')}]`,
).join('\n');

/** YAML texts: bombs, references to nothing, types of other languages, and what only looks like YAML. */
const YAML_TEXTS: readonly string[] = [
  '',
  '---',
  '...',
  '- ',
  ':',
  '{',
  '[',
  '"',
  "'",
  '|',
  '>',
  '*none',
  '&a *a',
  '&a [*a]',
  '!!js/function "x"',
  '!!python/object/apply:os.system ["id"]',
  '!!binary x',
  '? ',
  '<<: *x',
  '%YAML 9.9\n---\na: 1',
  '\ta: 1',
  'a: b: c',
  'a: 1\na: 2',
  '--- 1\n--- 2',
  '\u0000',
  '@',
  '`',
  'pipeline:',
  'pipeline: null',
  'pipeline: []',
  'pipeline: 7',
  'pipeline: {identifier: [], name: {}, stages: 7}',
  'pipeline: {identifier: a, name: a, stages: [null, 7, {}, {stage: null}, {parallel: {}}]}',
  'inputSet: []',
  'inputSet: {pipeline: {variables: 7, stages: {}}}',
  'trigger: []',
  'trigger: {source: {spec: {spec: []}}}',
  'secret: 7',
  `${LAUGHS}\npipeline: *l11`,
  nested(3_000, '[', ']', ''),
  nested(2_000, '{a: ', '}', '1'),
  `a: ${'x'.repeat(200_000)}`,
  '__proto__: {x: 1}',
  'pipeline: {__proto__: {x: 1}, constructor: 1}',
  '2026-13-45',
  '0b2',
  '1e999',
  '.nan',
  'pipeline: {identifier: .inf, name: 2001-12-14}',
  '<+input>',
  ...JSON_TEXTS.filter((text) => text.length < 20_000),
];

/** Types of bodies clients do not send here, and what is none. */
const CONTENT_TYPES: readonly string[] = [
  'application/json',
  'application/json; charset=utf-16',
  'application/json;',
  'application/yaml',
  'application/x-yaml',
  'text/plain',
  'text/html',
  'application/xml',
  'application/x-www-form-urlencoded',
  'multipart/form-data',
  'multipart/form-data; boundary=',
  'multipart/form-data; boundary=x',
  'multipart/mixed; boundary=x',
  'application/octet-stream',
  'application/x-ndjson',
  'application/vnd.x+json',
  'a/b; c=',
  'nonsense',
  '/',
  `application/${'x'.repeat(500)}`,
];

const hostileText: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...HOSTILE_TEXTS) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
);

/** Anything JSON can hold where something else is expected. */
export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  hostileText,
  fc.constantFrom<unknown>(
    null,
    true,
    false,
    0,
    -1,
    0.5,
    1e308,
    -1e308,
    2 ** 53,
    2 ** 31,
    [],
    {},
    [null],
    [[[]]],
    { a: { b: {} } },
    [{}],
    { '': '' },
  ),
  fc.jsonValue({ maxDepth: 3 }),
);

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.constantFrom(
    Uint8Array.of(0xff, 0xfe, 0x00),
    Uint8Array.of(0xc3, 0x28),
    Uint8Array.of(0xed, 0xa0, 0x80),
    new Uint8Array(70_000),
  ),
);
const part = (name: string, content: string, filename?: string): string =>
  `--x\r\ncontent-disposition: form-data; name="${name}"${filename === undefined ? '' : `; filename="${filename}"`}\r\n\r\n${content}\r\n`;
const FORMS: readonly string[] = [
  '',
  '--x',
  '--x--',
  '--x\r\n',
  `${part('spec', '{}')}--x--`,
  `${part('spec', '{"secret":')}--x--`,
  part('spec', '{}'),
  `${part('file', 'bytes', '../../x')}--x--`,
  `${part('', '')}--x--`,
  `${part('spec', '{}').repeat(50)}--x--`,
  `${part('__proto__', '1')}--x--`,
  '--x\r\nno-colon\r\n\r\n\r\n--x--',
  `--x\r\n${'a: b\r\n'.repeat(2_000)}\r\n--x--`,
];

export interface FuzzBody {
  readonly contentType: string | undefined;
  readonly bytes: Uint8Array;
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const as = (contentType: string, texts: readonly string[]): fc.Arbitrary<FuzzBody> =>
  fc.constantFrom(...texts).map((text) => ({ contentType, bytes: encode(text) }));

/** A whole body that is wrong: broken text of any of the forms a body takes, under any type. */
export const hostileBody: fc.Arbitrary<FuzzBody> = fc.oneof(
  { weight: 4, arbitrary: as('application/json', JSON_TEXTS) },
  { weight: 4, arbitrary: as('application/yaml', YAML_TEXTS) },
  { weight: 1, arbitrary: as('multipart/form-data; boundary=x', FORMS) },
  {
    weight: 2,
    arbitrary: fc.record({
      contentType: fc.option(fc.constantFrom(...CONTENT_TYPES), { nil: undefined }),
      bytes: fc.oneof(bytes, fc.constantFrom(...JSON_TEXTS.slice(0, 12), ...YAML_TEXTS.slice(0, 20)).map(encode)),
    }),
  },
);

/** Path segments as they go over the wire, encoded well or badly. */
export const hostileSegment: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: hostileText.filter((text) => text.length <= 5_000).map(encodeLoosely) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '%',
      '%z',
      '%zz',
      '%0',
      '%00',
      '%ff',
      '%c3%28',
      '%ed%a0%80',
      '%2e%2e',
      '..',
      '.',
      '%2f',
      '%5c',
      'a%2f..%2fb',
      '%25%30%30',
      '',
      '*',
      ':',
      '@',
      ';a=b',
      '?',
      '~',
      '%20',
      '%0d%0a',
      'x'.repeat(2_000),
    ),
  },
);

/** A query string's value, encoded well or badly. */
export const hostileQueryValue: fc.Arbitrary<string> = fc.oneof(
  hostileText.filter((text) => text.length <= 5_000).map(encodeLoosely),
  fc.constantFrom('%', '%zz', '%00', '%ff', '%ed%a0%80', '+', '&', '=', '[]', '%5B%5D'),
);

/** Half a surrogate pair has no encoding; U+FFFD stands in for it, as in every client. */
export function encodeLoosely(text: string): string {
  return encodeURIComponent(text.replaceAll(/\p{Surrogate}/gu, '\ufffd'));
}
