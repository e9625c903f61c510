import type { z } from 'zod';

import { GatewayError, errorFromResponse } from './gateway-error.js';

type QueryValue = string | number | boolean | undefined | readonly string[];

export interface GatewayRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Path below `/gateway`, each segment already encoded (see {@link segment}). */
  readonly path: string;
  /** Arrays are repeated (`status=A&status=B`), undefined is left out. */
  readonly query?: Readonly<Record<string, QueryValue>>;
  readonly body?: unknown;
  /** Sent as it is instead of `body`. */
  readonly rawBody?: { readonly contentType: string; readonly text: string };
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

export interface GatewayResponse<T> {
  readonly data: T;
  readonly headers: Headers;
}

export interface GatewayCredentials {
  readonly apiKey: string;
  readonly accountId: string;
}

export interface GatewayClientOptions {
  readonly credentials: () => GatewayCredentials | undefined;
  /** Called when the gateway answers 401: the key is no longer good. */
  readonly onUnauthorized: () => void;
  readonly fetch?: typeof fetch;
  readonly baseUrl?: string;
  readonly timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 30_000;

/** Encodes one path segment. */
export function segment(value: string): string {
  return encodeURIComponent(value);
}

/** The only way of the UI to the server: adds the key, limits the time, parses what comes back. */
export class GatewayClient {
  readonly #options: GatewayClientOptions;

  constructor(options: GatewayClientOptions) {
    this.#options = options;
  }

  /** The account every request is for. @throws GatewayError 401 when nobody is signed in. */
  get accountId(): string {
    return this.#credentials().accountId;
  }

  /** Sends a request and parses the JSON answer with `schema`. @throws GatewayError */
  async json<S extends z.ZodType>(schema: S, request: GatewayRequest): Promise<GatewayResponse<z.output<S>>> {
    const timeout = AbortSignal.timeout(this.#options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    const signal = request.signal ? AbortSignal.any([request.signal, timeout]) : timeout;
    const response = await this.raw({ ...request, signal });
    const text = await readText(response, request);
    const parsed = schema.safeParse(parseBody(text, response, request));
    if (parsed.success) return { data: parsed.data, headers: response.headers };
    const issue = parsed.error.issues[0];
    throw new GatewayError(
      `The answer of ${describe(request)} does not have the expected shape (${issue?.path.join('.') || 'body'}: ${issue?.message ?? 'invalid'}).`,
      { kind: 'shape', status: response.status, correlationId: correlationIdOf(response) },
      { cause: parsed.error },
    );
  }

  /**
   * Sends a request and gives back the response unread, for streams. There is no time limit but the caller's signal.
   * @throws GatewayError for every status that is not 2xx.
   */
  async raw(request: GatewayRequest): Promise<Response> {
    const credentials = this.#credentials();
    const send = this.#options.fetch ?? globalThis.fetch;
    const init = requestInit(request, credentials);
    let response: Response;
    try {
      response = await send(`${this.#options.baseUrl ?? '/gateway'}${request.path}${queryString(request.query)}`, init);
    } catch (cause: unknown) {
      throw asTransportError(cause, request);
    }
    if (response.ok) return response;
    const error = errorFromResponse(
      response.status,
      await response.text().catch(() => ''),
      correlationIdOf(response) ?? null,
    );
    if (response.status === 401) this.#options.onUnauthorized();
    throw error;
  }

  #credentials(): GatewayCredentials {
    const credentials = this.#options.credentials();
    if (credentials) return credentials;
    throw new GatewayError('Nobody is signed in.', { kind: 'http', status: 401 });
  }
}

function requestInit(request: GatewayRequest, credentials: GatewayCredentials): RequestInit {
  const headers = new Headers({ accept: 'application/json', ...request.headers });
  headers.set('x-api-key', credentials.apiKey);
  headers.set('harness-account', credentials.accountId);
  const init: RequestInit = {
    method: request.method ?? 'GET',
    headers,
    cache: 'no-store',
    credentials: 'omit',
    redirect: 'error',
  };
  if (request.signal) init.signal = request.signal;
  if (request.rawBody) {
    headers.set('content-type', request.rawBody.contentType);
    init.body = request.rawBody.text;
  } else if (request.body !== undefined) {
    headers.set('content-type', 'application/json');
    init.body = JSON.stringify(request.body);
  }
  return init;
}

function queryString(query: GatewayRequest['query']): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value === undefined) continue;
    if (typeof value === 'object') for (const item of value) params.append(name, item);
    else params.append(name, String(value));
  }
  const text = params.toString();
  return text ? `?${text}` : '';
}

async function readText(response: Response, request: GatewayRequest): Promise<string> {
  try {
    return await response.text();
  } catch (cause: unknown) {
    throw asTransportError(cause, request);
  }
}

function parseBody(text: string, response: Response, request: GatewayRequest): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (cause: unknown) {
    throw new GatewayError(
      `The answer of ${describe(request)} is not JSON; something between this page and Sluice may have replaced it.`,
      { kind: 'shape', status: response.status, correlationId: correlationIdOf(response) },
      { cause },
    );
  }
}

function asTransportError(cause: unknown, request: GatewayRequest): unknown {
  if (cause instanceof DOMException && cause.name === 'TimeoutError') {
    return new GatewayError(`${describe(request)} did not answer in time.`, { kind: 'timeout', status: 0 }, { cause });
  }
  // The caller cancelled: not an error to show, so it keeps its own identity.
  if (request.signal?.aborted) return cause;
  return new GatewayError(
    'The gateway cannot be reached. Check the network connection and that Sluice is running.',
    { kind: 'network', status: 0 },
    { cause },
  );
}

function correlationIdOf(response: Response): string | undefined {
  return response.headers.get('x-correlation-id') ?? response.headers.get('x-request-id') ?? undefined;
}

function describe(request: GatewayRequest): string {
  return `${request.method ?? 'GET'} ${request.path}`;
}
