import type { RouteDefinition } from '@sluice/api-conventions';
import type { CaseRequest, RequestChange } from './route-case.js';

/** Who sends a request: the headers that say so, and the account it names in its query. */
export interface Sender {
  readonly headers: Readonly<Record<string, string>>;
}

/** An answer, read to its end. */
export interface Exchange {
  readonly request: string;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Undefined when the text is no JSON. */
  readonly json: unknown;
  readonly ms: number;
}

/** Longer than anything may take, so that a slow answer is reported as one. */
const GIVE_UP_MS = 120_000;
/** A tail goes on for as long as the log is open, and no case tails one that stays open. */
const TAIL_MS = 60_000;

/** The working request with one part of it changed. */
export function changed(request: CaseRequest, change: RequestChange): CaseRequest {
  const query = Object.fromEntries(
    Object.entries({ ...request.query, ...change.query }).filter(
      ([, value]) => !(Array.isArray(value) && value.length === 0),
    ),
  );
  const hasBody = 'json' in change || 'raw' in change || 'form' in change;
  const body = hasBody ? change : request;
  return {
    params: { ...request.params, ...change.params },
    query,
    headers: { ...request.headers, ...change.headers },
    ...('json' in body ? { json: body.json } : {}),
    ...(body.raw ? { raw: body.raw } : {}),
    ...(body.form ? { form: body.form } : {}),
  };
}

/** Path and query of a request as a client writes them, behind `/gateway`. */
function addressOf(path: string, request: CaseRequest): string {
  const place = path.replace(/:([A-Za-z]+)/g, (_, name: string) =>
    encodeURIComponent(request.params?.[name] ?? `missing-${name}`),
  );
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(request.query ?? {}))
    for (const one of Array.isArray(value) ? value : [value]) search.append(key, String(one));
  return search.size > 0 ? `/gateway${place}?${search}` : `/gateway${place}`;
}

/** Sends a request to the gateway and reads the answer, whatever it is. @throws Error when none comes */
export async function send(
  gatewayUrl: string,
  route: Pick<RouteDefinition, 'method' | 'path'>,
  request: CaseRequest,
  sender: Sender,
): Promise<Exchange> {
  const address = addressOf(route.path, request);
  const { body, contentType } = encoded(request);
  const startedAt = performance.now();
  const response = await fetch(new URL(address, gatewayUrl), {
    method: route.method,
    headers: { ...sender.headers, ...(contentType ? { 'content-type': contentType } : {}), ...request.headers },
    ...(body === undefined ? {} : { body }),
    redirect: 'manual',
    signal: AbortSignal.timeout(GIVE_UP_MS),
  });
  const text = await textOf(response);
  return {
    request: `${route.method} ${address}`,
    status: response.status,
    headers: response.headers,
    text,
    json: parsed(text),
    ms: performance.now() - startedAt,
  };
}

function encoded(request: CaseRequest): {
  readonly body?: string | Uint8Array<ArrayBuffer> | FormData;
  readonly contentType?: string;
} {
  if (request.raw) return request.raw;
  if (request.form) {
    const form = new FormData();
    for (const [name, value] of Object.entries(request.form))
      form.append(
        name,
        typeof value === 'string' ? value : new Blob([value]),
        ...(typeof value === 'string' ? [] : ['file.bin']),
      );
    return { body: form };
  }
  return request.json === undefined ? {} : { body: JSON.stringify(request.json), contentType: 'application/json' };
}

async function textOf(response: Response): Promise<string> {
  if (!response.headers.get('content-type')?.startsWith('text/event-stream') || !response.body) return response.text();
  const reader = response.body.getReader();
  const end = setTimeout(() => void reader.cancel(), TAIL_MS);
  const chunks: Uint8Array[] = [];
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) chunks.push(piece.value);
  clearTimeout(end);
  return Buffer.concat(chunks).toString('utf8');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
