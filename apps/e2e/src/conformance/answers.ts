import type { RouteDefinition, WireStyle } from '@sluice/api-conventions';
import type { Exchange } from './exchange.js';

/** A text of which only a part is known. */
export interface Containing {
  readonly containing: string;
}
export function partOf(containing: string): Containing {
  return { containing };
}

/** Error style of a route: what its clients read when something goes wrong (api-contract 1.7). */
export function errorStyleOf(route: Pick<RouteDefinition, 'style' | 'path'>): 'ng' | 'message' | 'log' {
  if (route.path.startsWith('/log-service')) return 'log';
  return route.style === 'v1' ? 'message' : 'ng';
}

/** What an answer holds without the envelope of its generation. */
export function contentOf(style: WireStyle, json: unknown): unknown {
  if (style === 'ng') return propertyOf(json, 'data');
  return style === 'rest' ? propertyOf(json, 'resource') : json;
}

/** What is wrong with an error's form: shape, content type, anything that belongs to us alone. Empty when nothing is. */
export function errorFormComplaints(exchange: Exchange, style: 'ng' | 'message' | 'log'): string[] {
  const { json, status } = exchange;
  const complaints = leaksIn(exchange.text);
  if (!exchange.headers.get('content-type')?.startsWith('application/json'))
    complaints.push(`an error is JSON, this one is ${exchange.headers.get('content-type') ?? 'without a type'}`);
  if (typeof json !== 'object' || json === null) return [...complaints, 'an error is a JSON object'];
  const texts = style === 'log' ? ['error_msg', 'message'] : ['message'];
  for (const key of texts)
    if (typeof propertyOf(json, key) !== 'string' || propertyOf(json, key) === '')
      complaints.push(`an error has a text in "${key}"`);
  if (style !== 'ng') {
    const more = Object.keys(json).filter((key) => !texts.includes(key));
    return more.length === 0
      ? complaints
      : [...complaints, `an error has ${texts.join(' and ')} alone, this one also ${more.join(', ')}`];
  }
  if (propertyOf(json, 'status') !== (status >= 500 ? 'ERROR' : 'FAILURE'))
    complaints.push(`"status" is ${JSON.stringify(propertyOf(json, 'status'))}`);
  for (const key of ['code', 'correlationId'])
    if (typeof propertyOf(json, key) !== 'string') complaints.push(`an error has a text in "${key}"`);
  return complaints;
}

/** Things of ours no client may ever see. */
const LEAKS: readonly (readonly [string, RegExp])[] = [
  ['a stack trace', /\n\s+at .+\(?.+:\d+:\d+\)?/],
  [
    'a path of this machine',
    /(?:file:\/\/)?\/(?:home|root|usr|tmp|work|var|opt)\/[\w.-]+\/[\w./-]+\.(?:js|ts|json|mjs|pem)/,
  ],
  ['a module', /node_modules|dist\/[\w-]+\.js/],
  [
    'SQL',
    /\b(?:SELECT .+ FROM|INSERT INTO|UPDATE .+ SET|DELETE FROM)\b|duplicate key value|violates .+ constraint|invalid input syntax|QueryFailedError/,
  ],
];

/** What a text gives away. */
export function leaksIn(text: string): string[] {
  return LEAKS.flatMap(([what, pattern]) =>
    pattern.test(text) ? [`shows ${what}: ${pattern.exec(text)?.[0].trim().slice(0, 120) ?? ''}`] : [],
  );
}

/** Places where an answer differs from what is known of it; lists must have as many entries, objects may have more keys. */
export function differences(actual: unknown, known: unknown, at = ''): string[] {
  if (known === undefined) return [];
  const here = at === '' ? 'the answer' : at;
  if (typeof known !== 'object' || known === null)
    return actual === known ? [] : [`${here} is ${short(actual)}, not ${short(known)}`];
  if ('containing' in known && typeof known.containing === 'string')
    return typeof actual === 'string' && actual.includes(known.containing)
      ? []
      : [`${here} is ${short(actual)}, which does not hold "${known.containing}"`];
  if (typeof actual !== 'object' || actual === null) return [`${here} is ${short(actual)}, not ${short(known)}`];
  if (Array.isArray(known)) {
    if (!Array.isArray(actual) || actual.length !== known.length)
      return [
        `${here} has ${Array.isArray(actual) ? actual.length : 'no'} entries, not ${known.length}: ${short(actual)}`,
      ];
    return known.flatMap((entry, place) => differences(actual[place], entry, `${at}[${place}]`));
  }
  return Object.entries(known).flatMap(([key, value]) =>
    differences(propertyOf(actual, key), value, at === '' ? key : `${at}.${key}`),
  );
}

/** True for a list with nothing in it, in any generation. */
export function isEmptyList(style: WireStyle, json: unknown): boolean {
  const content = contentOf(style, json);
  if (Array.isArray(content)) return content.length === 0;
  const rows = propertyOf(content, 'content');
  return Array.isArray(rows) && rows.length === 0;
}

export function propertyOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;
}

function short(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
