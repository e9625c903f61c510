import { randomBytes } from 'node:crypto';

/** Where Sluice answers and as whom to ask. */
export interface GatewayConnection {
  /** `http://host:port`, with or without `/gateway`. */
  readonly url: string;
  /** `pat.<account>.<id>.<secret>` or `sat.…`. */
  readonly apiKey: string;
  /** How long an answer is waited for; 30 s when absent. */
  readonly requestTimeoutMs?: number;
}

/** The gateway said no, or could not be reached. The message is meant for people. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';

  constructor(
    message: string,
    /** HTTP status; undefined when there was no answer. */
    readonly status: number | undefined,
    readonly code: string | undefined,
    options?: { readonly cause?: unknown },
  ) {
    super(message, options);
  }
}

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface GatewayRequest {
  readonly query?: Query;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as `application/yaml` instead of `body`; may be empty. */
  readonly yaml?: string;
  readonly signal?: AbortSignal | undefined;
}

const REQUEST_TIMEOUT_MS = 30_000;

/** The account a key belongs to. @throws GatewayError when the key has not the documented form */
export function accountOf(apiKey: string): string {
  const [kind, accountId, , secret] = apiKey.split('.');
  if (!/^[ps]at$/i.test(kind ?? '') || !accountId || !secret) {
    throw new GatewayError(
      'the API key does not have the form pat.<account>.<id>.<secret>; copy it again from where it was shown',
      undefined,
      undefined,
    );
  }
  return accountId;
}

/** A client of the public gateway API and nothing else. All its requests share one trace, so that a deployment can be followed as one. */
export class GatewayClient {
  readonly baseUrl: string;
  readonly accountId: string;
  readonly traceId = randomBytes(16).toString('hex');
  private readonly apiKey: string;
  private readonly requestTimeoutMs: number;

  constructor(connection: GatewayConnection) {
    this.baseUrl = baseOf(connection.url);
    this.apiKey = connection.apiKey;
    this.accountId = accountOf(connection.apiKey);
    this.requestTimeoutMs = connection.requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
  }

  /** Whether this client speaks to the Sluice at that address. */
  isAt(url: string): boolean {
    return this.baseUrl === baseOf(url);
  }

  /** The parsed JSON of a successful answer; undefined when it has no body. @throws GatewayError */
  async call(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, request: GatewayRequest = {}): Promise<unknown> {
    const timeout = AbortSignal.timeout(this.requestTimeoutMs);
    const response = await this.fetch(method, path, {
      ...request,
      signal: request.signal ? AbortSignal.any([request.signal, timeout]) : timeout,
    });
    const text = await response.text().catch((cause: unknown) => this.noAnswer(cause));
    if (!response.ok) throw failureOf(method, path, response, text);
    return text === '' ? undefined : parseJson(text, `${method} ${path}`);
  }

  /** As {@link call}, with undefined for 404. */
  async find(path: string, request: GatewayRequest = {}): Promise<unknown> {
    try {
      return await this.call('GET', path, request);
    } catch (cause: unknown) {
      if (cause instanceof GatewayError && cause.status === 404) return undefined;
      throw cause;
    }
  }

  /** The raw answer, whatever its status; for streams. @throws GatewayError when the gateway cannot be reached */
  async fetch(
    method: string,
    path: string,
    request: GatewayRequest & { readonly headers?: Readonly<Record<string, string>> } = {},
  ): Promise<Response> {
    const url = new URL(`/gateway${path}`, this.baseUrl);
    for (const [name, value] of Object.entries(request.query ?? {}))
      if (value !== undefined) url.searchParams.set(name, String(value));
    const content: { type?: string; body?: string } =
      request.yaml !== undefined
        ? { type: 'application/yaml', body: request.yaml }
        : request.body !== undefined
          ? { type: 'application/json', body: JSON.stringify(request.body) }
          : {};
    try {
      return await fetch(url, {
        method,
        headers: {
          'x-api-key': this.apiKey,
          traceparent: `00-${this.traceId}-${randomBytes(8).toString('hex')}-01`,
          ...(content.type ? { 'content-type': content.type } : {}),
          ...request.headers,
        },
        ...(content.body === undefined ? {} : { body: content.body }),
        ...(request.signal ? { signal: request.signal } : {}),
      });
    } catch (cause: unknown) {
      return this.noAnswer(cause);
    }
  }

  /** For an answer that did not begin, or broke off. */
  private noAnswer(cause: unknown): never {
    if (cause instanceof Error && cause.name === 'AbortError') throw cause;
    const reason =
      cause instanceof Error ? (cause.cause instanceof Error ? cause.cause.message : cause.message) : String(cause);
    throw new GatewayError(
      `Sluice does not answer at ${this.baseUrl} (${reason}); is it running?`,
      undefined,
      undefined,
      { cause },
    );
  }
}

function baseOf(url: string): string {
  return url.replace(/\/+$/, '').replace(/\/gateway$/, '');
}

function failureOf(method: string, path: string, response: Response, text: string): GatewayError {
  const { message, code, correlationId } = errorBody(text);
  const what = message ?? `${method} ${path} was refused: ${response.status} ${response.statusText}`;
  const trace = correlationId ? ` (correlation id ${correlationId})` : '';
  return new GatewayError(`${what}${trace}`, response.status, code);
}

function errorBody(text: string): { message?: string; code?: string; correlationId?: string } {
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body !== 'object' || body === null) return {};
    const field = (name: string): string | undefined => {
      const value: unknown = Reflect.get(body, name);
      return typeof value === 'string' && value !== '' ? value : undefined;
    };
    const [message, code, correlationId] = [
      field('message') ?? field('error_msg'),
      field('code'),
      field('correlationId'),
    ];
    return { ...(message ? { message } : {}), ...(code ? { code } : {}), ...(correlationId ? { correlationId } : {}) };
  } catch {
    return {};
  }
}

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause: unknown) {
    throw new GatewayError(
      `${what} answered something that is not JSON; is there a proxy in between?`,
      undefined,
      undefined,
      { cause },
    );
  }
}
