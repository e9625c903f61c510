import { Readable } from 'node:stream';
import { request } from 'undici';
import { AppError, messageOf } from '@sluice/kernel';
import { LOG_TOKEN_HEADER, NEXT_INDEX_HEADER, type WireLogLine } from '@sluice/log-api';
import type { Tracing } from '@sluice/telemetry';
import type { LogContent } from './log-content.js';

export interface LogTarget {
  readonly baseUrl: string;
  readonly accountId: string;
  /** May write below the stage's log prefix, nothing else. */
  readonly token: string;
}

const TIMEOUT_MS = 10_000;
const UPLOAD_TIMEOUT_MS = 60_000;

/** One log key at the log service. Errors are AppError: retryable ones mean "try again", the others that trying again is no use. */
export class LogClient {
  constructor(
    private readonly target: LogTarget,
    private readonly tracing: Tracing,
    private readonly key: string,
    private readonly traceparent: string | undefined,
    private readonly sender: 'lite-engine' | 'delegate',
  ) {}

  /** Creates the stream when it is absent. */
  async open(): Promise<void> {
    await this.call('POST', 'stream');
  }

  /** Appends lines whose first has index `from`. Repeats do no harm. @returns the index the next line must have */
  async append(from: number, lines: readonly WireLogLine[]): Promise<number> {
    const next = await this.call('PUT', 'stream', {
      query: { from: String(from) },
      body: JSON.stringify(lines),
      contentType: 'application/json',
    });
    return next ?? from + lines.length;
  }

  /** Stores the whole log, from the disk: it is never in memory as a whole. */
  async upload({ sizeBytes, open }: LogContent): Promise<void> {
    await this.call('POST', 'blob', {
      body: Readable.from(open()),
      sizeBytes,
      contentType: 'application/x-ndjson',
      timeoutMs: UPLOAD_TIMEOUT_MS,
    });
  }

  /** Ends the live stream; what it held is in the stored log. */
  async close(): Promise<void> {
    await this.call('DELETE', 'stream', { query: { snapshot: 'false' } });
  }

  private call(
    method: 'POST' | 'PUT' | 'DELETE',
    what: 'stream' | 'blob',
    options: CallOptions = {},
  ): Promise<number | undefined> {
    const hop = { from: this.sender, to: 'log-service', protocol: 'http' } as const;
    return this.tracing.run(
      `${method} /log-service/${what}`,
      { kind: 'client', parent: this.traceparent, hop },
      (span) => this.send(method, what, options, span.traceparent),
    );
  }

  private async send(
    method: 'POST' | 'PUT' | 'DELETE',
    what: string,
    options: CallOptions,
    traceparent: string,
  ): Promise<number | undefined> {
    const url = new URL(`${this.target.baseUrl.replace(/\/(log-service\/?)?$/, '')}/log-service/${what}`);
    for (const [name, value] of Object.entries({ accountID: this.target.accountId, key: this.key, ...options.query }))
      url.searchParams.set(name, value);
    const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
    try {
      const response = await request(url, {
        method,
        headers: {
          [LOG_TOKEN_HEADER]: this.target.token,
          'x-sluice-caller': this.sender,
          traceparent,
          ...(options.contentType ? { 'content-type': options.contentType } : {}),
          ...(options.sizeBytes === undefined ? {} : { 'content-length': String(options.sizeBytes) }),
        },
        body: options.body ?? null,
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
        signal: AbortSignal.timeout(timeoutMs),
      });
      const text = await response.body.text();
      if (response.statusCode < 300) return nextIndex(response.headers[NEXT_INDEX_HEADER]);
      throw refusal(
        response.statusCode,
        `log service answered ${response.statusCode} to ${method} ${what}: ${text.slice(0, 300)}`,
        nextIndex(response.headers[NEXT_INDEX_HEADER]),
      );
    } catch (cause) {
      if (cause instanceof AppError) throw cause;
      throw new AppError(
        'UPSTREAM_UNAVAILABLE',
        `the log service cannot be reached: ${messageOf(cause)}`,
        {},
        { cause },
      );
    }
  }
}

interface CallOptions {
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: string | Readable;
  /** Of a body that is a stream. */
  readonly sizeBytes?: number;
  readonly contentType?: string;
  readonly timeoutMs?: number;
}

function nextIndex(header: string | string[] | undefined): number | undefined {
  return typeof header === 'string' && /^\d+$/.test(header) ? Number(header) : undefined;
}

function refusal(status: number, message: string, nextIndexSeen: number | undefined): AppError {
  const details = nextIndexSeen === undefined ? {} : { nextIndex: nextIndexSeen };
  if (status === 404) return new AppError('STREAM_NOT_FOUND', message, details);
  if (status === 409) return new AppError('CONFLICT', message, details);
  if (status === 429 || status >= 500) return new AppError('UPSTREAM_UNAVAILABLE', message, details);
  return new AppError('INVALID_REQUEST', message, details);
}
