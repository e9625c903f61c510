import type { IncomingHttpHeaders } from 'node:http';

/** Belong to one connection (RFC 9110 7.6.1), so they never travel on. */
const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

/** Said by the client, but only the gateway may say them; or of no use behind it. */
const OURS = [
  'host',
  'expect',
  'authorization',
  'x-api-key',
  'cookie',
  'forwarded',
  'x-real-ip',
  'x-request-id',
  'traceparent',
  'x-harness-token',
];

const NOT_SENT = new Set([...HOP_BY_HOP, ...OURS]);
const NOT_RETURNED = new Set([...HOP_BY_HOP, 'set-cookie', 'x-powered-by', 'server']);

/** What the gateway itself says about a request. */
export interface GatewaySays {
  readonly authorization: string | undefined;
  readonly requestId: string;
  readonly traceparent: string | undefined;
  readonly clientAddress: string;
  readonly host: string | undefined;
  readonly protocol: 'http' | 'https';
  /** A log token that the upstream checks itself. */
  readonly ownProof: { readonly header: string; readonly value: string } | undefined;
}

type Headers = Record<string, string | string[]>;

/** Headers for the upstream: the client's without connection matters, credentials and anything that would speak for the gateway. */
export function requestHeaders(client: IncomingHttpHeaders, says: GatewaySays): Headers {
  const headers = withoutConnectionHeaders(
    client,
    (name) => NOT_SENT.has(name) || name.startsWith('x-sluice-') || name.startsWith('x-forwarded-'),
  );
  if (says.authorization) headers['authorization'] = says.authorization;
  headers['x-request-id'] = says.requestId;
  if (says.traceparent) headers['traceparent'] = says.traceparent;
  headers['x-sluice-caller'] = 'gateway';
  headers['x-forwarded-for'] = says.clientAddress;
  headers['x-forwarded-proto'] = says.protocol;
  if (says.host) headers['x-forwarded-host'] = says.host;
  if (says.ownProof) headers[says.ownProof.header] = says.ownProof.value;
  return headers;
}

/** Headers for the client. What holds somebody's data is not kept by caches unless the upstream says so. */
export function responseHeaders(upstream: IncomingHttpHeaders, requestId: string): Headers {
  const headers = withoutConnectionHeaders(upstream, (name) => NOT_RETURNED.has(name));
  headers['x-request-id'] = requestId;
  headers['x-content-type-options'] = 'nosniff';
  headers['cache-control'] ??= 'no-store';
  return headers;
}

function withoutConnectionHeaders(source: IncomingHttpHeaders, isDropped: (name: string) => boolean): Headers {
  const named = source.connection
    ? new Set(
        source.connection
          .toLowerCase()
          .split(',')
          .map((name) => name.trim()),
      )
    : undefined;
  const headers: Headers = {};
  for (const name in source) {
    const value = source[name];
    if (value !== undefined && !isDropped(name) && !named?.has(name)) headers[name] = value;
  }
  return headers;
}
