import type { WireStyle } from '@sluice/api-conventions';
import { ROUTING_TABLE, type Page, type RoutingRow, type Upstream } from './routing-table.js';

export interface ForwardTarget {
  readonly kind: 'forward';
  readonly to: Upstream;
  /** Path as the upstream serves it, encoded, without query. */
  readonly path: string;
  readonly errors: WireStyle;
  readonly bodyBytes: number | undefined;
  /** GET answers a stream that lasts for minutes. */
  readonly isStream: boolean;
  readonly ownProof: { readonly header: string; readonly query: string } | undefined;
}

export type Target =
  | ForwardTarget
  | {
      readonly kind: 'page';
      readonly page: Page;
      /** Below the page's own path, without leading slash. */ readonly below: string;
      readonly hasGatewayPrefix: boolean;
    }
  /** No such operation. */
  | { readonly kind: 'nothing' }
  /** The path tries to be something else than it looks. */
  | { readonly kind: 'malformed'; readonly why: string };

const PREFIX = '/gateway';
/** Paths that mean what they say; a dot may stand inside a segment only. */
const PLAIN = /^(?!.*\/\.{1,2}(\/|$))[\w\-./~:@!$&'()*+,;=]*$/;

/** Where a request path (encoded, without query) goes. Pure; what is matched is exactly what is forwarded. */
export function resolve(rawPath: string, table: readonly RoutingRow[] = ROUTING_TABLE): Target {
  const decoded = decodePath(rawPath);
  if (!decoded)
    return { kind: 'malformed', why: 'the path holds a dot segment, a control character or a broken percent sign' };
  const { path, hasGatewayPrefix } = withoutPrefix(decoded);
  return lookUp(path, hasGatewayPrefix, table);
}

function withoutPrefix(path: string): { readonly path: string; readonly hasGatewayPrefix: boolean } {
  const hasGatewayPrefix = path === PREFIX || path.startsWith(`${PREFIX}/`);
  return { path: hasGatewayPrefix ? path.slice(PREFIX.length) || '/' : path, hasGatewayPrefix };
}

/** Error style of a path, for errors that happen before or outside of forwarding. A malformed path has the style of the place it looks like. */
export function errorStyleOf(rawPath: string): WireStyle {
  const target = resolve(rawPath);
  if (target.kind === 'malformed') return styleOfRow(withoutPrefix(rawPath).path);
  return target.kind === 'forward' ? target.errors : 'ng';
}

function styleOfRow(path: string): WireStyle {
  const row = ROUTING_TABLE.find((candidate) => candidate.path.test(path));
  if (row && 'sameAs' in row) return styleOfRow(path.replace(row.path, row.sameAs));
  return row && 'errors' in row ? row.errors : 'ng';
}

function lookUp(path: string, hasGatewayPrefix: boolean, table: readonly RoutingRow[]): Target {
  const row = table.find((candidate) => candidate.path.test(path));
  if (!row) return { kind: 'nothing' };
  if ('page' in row)
    return { kind: 'page', page: row.page, below: path.replace(row.path, '').replace(/^\//, ''), hasGatewayPrefix };
  if ('sameAs' in row) return lookUp(path.replace(row.path, row.sameAs), hasGatewayPrefix, table);
  if (row.to === 'nobody') return { kind: 'nothing' };
  return {
    kind: 'forward',
    to: row.to,
    path: encodePath(path),
    errors: row.errors,
    bodyBytes: row.bodyBytes,
    isStream: row.isStream ?? false,
    ownProof: row.ownProof,
  };
}

/** Decoded segments, an encoded slash inside a segment staying encoded. Undefined for what no client sends in good faith. */
function decodePath(rawPath: string): string | undefined {
  if (PLAIN.test(rawPath)) return rawPath;
  const segments: string[] = [];
  for (const raw of rawPath.split('/')) {
    const segment = decodeSegment(raw);
    if (segment === undefined || /(^|\/)\.{1,2}(\/|$)|[\u0000-\u001f\u007f\\]/.test(segment)) return undefined;
    segments.push(segment.replaceAll('%', '%25').replaceAll('/', '%2F'));
  }
  return segments.join('/');
}

function decodeSegment(raw: string): string | undefined {
  try {
    return decodeURIComponent(raw);
  } catch {
    return undefined;
  }
}

/** The reverse of {@link decodePath}. */
function encodePath(path: string): string {
  if (PLAIN.test(path)) return path;
  return path
    .split('/')
    .map((segment) => encodeURIComponent(decodeURIComponent(segment)))
    .join('/');
}
