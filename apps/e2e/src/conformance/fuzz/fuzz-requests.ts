import type { RouteDefinition } from '@sluice/api-conventions';
import fc from 'fast-check';
import type { CaseRequest } from '../route-case.js';
import {
  hostileBody,
  hostileQueryValue,
  hostileSegment,
  hostileValue,
  encodeLoosely,
  type FuzzBody,
} from './hostile.js';
import { keysOf, valuesOf, valuesOfKey } from './from-schema.js';

/** A request as it goes over the wire. */
export interface FuzzRequest {
  readonly method: string;
  /** Path and query, encoded as they are sent. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: FuzzBody | undefined;
}

/** Requests to a route that start from one that works: some parts of its schemas' shape, some broken, most of them as they were. */
export function fuzzRequests(route: RouteDefinition, base: CaseRequest): fc.Arbitrary<FuzzRequest> {
  const [path, query, body] = [paths(route, base), queries(route, base), bodies(route, base)];
  const own = {
    path: fc.constant(ownPath(route, base)),
    query: fc.constant(ownQuery(base)),
    body: fc.constant(bodyOf(base)),
  };
  // Most requests are wrong in one part alone, so that they get as far as that part is looked at.
  const parts = fc.oneof(
    { weight: isWritten(route) ? 5 : 1, arbitrary: fc.tuple(own.path, own.query, body) },
    { weight: 3, arbitrary: fc.tuple(own.path, query, own.body) },
    { weight: route.path.includes(':') ? 2 : 0, arbitrary: fc.tuple(path, own.query, own.body) },
    { weight: 2, arbitrary: fc.tuple(path, query, body) },
  );
  return fc
    .tuple(parts, fc.constantFrom('/gateway', ''))
    .map(([[path, query, body], prefix]) => ({
      method: route.method,
      target: `${prefix}${path}${query === '' ? '' : `?${query}`}`,
      headers: { ...base.headers },
      body,
    }));
}

function paths(route: RouteDefinition, base: CaseRequest): fc.Arbitrary<string> {
  const segments = route.path.split('/').map((segment): fc.Arbitrary<string> => {
    if (!segment.startsWith(':')) return fc.constant(segment);
    const name = segment.slice(1);
    const own = ownSegment(base, name);
    const shaped = route.params
      ? valuesOfKey(route.params, name).map((value) => encodeLoosely(String(value)))
      : fc.constant(own);
    return fc.oneof(
      { weight: 3, arbitrary: fc.constant(own) },
      { weight: 1, arbitrary: shaped },
      { weight: 2, arbitrary: hostileSegment },
    );
  });
  return fc.tuple(...segments).map((parts) => parts.join('/'));
}

function queries(route: RouteDefinition, base: CaseRequest): fc.Arbitrary<string> {
  const names = [...new Set([...Object.keys(base.query ?? {}), ...keysOf(route.query)])];
  const bent = names.map((name): fc.Arbitrary<string> => {
    const working = ownPair(base, name);
    const shaped = route.query
      ? valuesOfKey(route.query, name).map(
          (value) => `${name}=${encodeLoosely(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))}`,
        )
      : fc.constant(working);
    return fc.oneof(
      { weight: 3, arbitrary: shaped },
      { weight: 2, arbitrary: hostileQueryValue.map((value) => `${name}=${value}`) },
      { weight: 1, arbitrary: hostileQueryValue.map((value) => `${working}&${name}=${value}`) },
      { weight: 1, arbitrary: fc.constant(`${name}[]=a&${name}[x]=b&${name}`) },
    );
  });
  // Two keys at most are bent, the others are as they work.
  const chosen = fc.tuple(fc.nat(), fc.nat());
  const unknown = fc.oneof(
    { weight: 4, arbitrary: fc.constant('') },
    { weight: 1, arbitrary: fc.tuple(hostileQueryValue, hostileQueryValue).map(([name, value]) => `${name}=${value}`) },
  );
  return fc
    .tuple(unknown, chosen, ...bent)
    .map(([more, [one, another], ...parts]) =>
      [
        more,
        ...names.map((name, index) =>
          index === one % names.length || index === another % names.length ? (parts[index] ?? '') : ownPair(base, name),
        ),
      ]
        .filter((part) => part !== '')
        .join('&'),
    );
}

function ownPath(route: RouteDefinition, base: CaseRequest): string {
  return route.path.replace(/:([A-Za-z]+)/g, (_, name: string) => ownSegment(base, name));
}

function ownSegment(base: CaseRequest, name: string): string {
  return encodeURIComponent(base.params?.[name] ?? 'x');
}

function ownQuery(base: CaseRequest): string {
  return Object.keys(base.query ?? {})
    .map((name) => ownPair(base, name))
    .filter((part) => part !== '')
    .join('&');
}

function ownPair(base: CaseRequest, name: string): string {
  const own = base.query?.[name];
  const values: readonly unknown[] = own === undefined ? [] : Array.isArray(own) ? own : [own];
  return values.map((value) => `${name}=${encodeURIComponent(String(value))}`).join('&');
}

function isWritten(route: RouteDefinition): boolean {
  return route.body !== undefined || route.bodyKind !== undefined || route.method === 'POST' || route.method === 'PUT';
}

function bodies(route: RouteDefinition, base: CaseRequest): fc.Arbitrary<FuzzBody | undefined> {
  const own = fc.constant(bodyOf(base));
  if (!isWritten(route)) return fc.oneof({ weight: 1, arbitrary: own }, { weight: 1, arbitrary: hostileBody });
  const shaped = route.body && (route.bodyKind ?? 'json') === 'json' ? valuesOf(route.body).map(json) : own;
  const changed = base.json === undefined ? own : replacedIn(base.json).map(json);
  return fc.oneof(
    { weight: 4, arbitrary: shaped },
    { weight: 6, arbitrary: changed },
    { weight: 4, arbitrary: hostileBody },
  );
}

/** The value with one thing in it replaced, added or taken away. */
function replacedIn(value: unknown): fc.Arbitrary<unknown> {
  const places = placesIn(value);
  return fc
    .tuple(fc.constantFrom(...places), hostileValue, fc.boolean())
    .map(([place, hostile, isAdded]) => replaced(value, place, hostile, isAdded));
}

type Place = readonly (string | number)[];

function placesIn(value: unknown, at: Place = []): readonly Place[] {
  if (typeof value !== 'object' || value === null) return [at];
  return [
    at,
    ...Object.entries(value).flatMap(([key, item]) =>
      placesIn(item, [...at, Array.isArray(value) ? Number(key) : key]),
    ),
  ];
}

function replaced(value: unknown, [first, ...rest]: Place, hostile: unknown, isAdded: boolean): unknown {
  if (first === undefined)
    return isAdded && typeof value === 'object' && value !== null && !Array.isArray(value)
      ? { ...value, unknownKey: hostile }
      : hostile;
  if (Array.isArray(value))
    return value.map((item: unknown, index) => (index === first ? replaced(item, rest, hostile, isAdded) : item));
  return Object.fromEntries(
    Object.entries(value as object).map(([key, item]: [string, unknown]) => [
      key,
      key === first ? replaced(item, rest, hostile, isAdded) : item,
    ]),
  );
}

function json(value: unknown): FuzzBody | undefined {
  const text = JSON.stringify(value);
  return text === undefined ? undefined : { contentType: 'application/json', bytes: new TextEncoder().encode(text) };
}

function bodyOf(base: CaseRequest): FuzzBody | undefined {
  if (base.raw)
    return {
      contentType: base.raw.contentType,
      bytes: typeof base.raw.body === 'string' ? new TextEncoder().encode(base.raw.body) : base.raw.body,
    };
  if (!base.form) return base.json === undefined ? undefined : json(base.json);
  const parts = Object.entries(base.form).map(
    ([name, value]) =>
      `--x\r\ncontent-disposition: form-data; name="${name}"${typeof value === 'string' ? '' : '; filename="f"'}\r\n\r\n${typeof value === 'string' ? value : new TextDecoder().decode(value)}\r\n`,
  );
  return {
    contentType: 'multipart/form-data; boundary=x',
    bytes: new TextEncoder().encode(`${parts.join('')}--x--\r\n`),
  };
}
