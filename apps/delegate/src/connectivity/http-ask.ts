import { request as requestHttp, type IncomingHttpHeaders } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { FailureType } from '@sluice/delegate-protocol';
import { AppError, messageOf } from '@sluice/kernel';

/** TLS material in PEM. Without a CA those of the machine are trusted. */
export interface TlsMaterial {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly passphrase?: string | undefined;
}

export interface Question {
  /** Who is asked, for messages: `the cluster`. */
  readonly whom: string;
  readonly url: string;
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly tls?: TlsMaterial;
  readonly signal: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

const LIMIT_MS = 10_000;
const LIMIT_BYTES = 256 * 1024;

/** One request, never redirected: credentials stay with whom they are for. @throws AppError UPSTREAM_UNAVAILABLE, INVALID_REQUEST with a reason for people */
export async function ask(question: Question): Promise<Answer> {
  const url = webUrl(question);
  const limit = AbortSignal.timeout(LIMIT_MS);
  try {
    return await send(url, question, AbortSignal.any([question.signal, limit]));
  } catch (cause) {
    question.signal.throwIfAborted();
    if (cause instanceof AppError) throw cause;
    throw connectionFailure(cause, url, question.whom, limit.aborted);
  }
}

export function failed(message: string, failureType: FailureType): AppError {
  return new AppError('UPSTREAM_UNAVAILABLE', message, { failureType });
}

/** The `code` of a system or driver error; empty when it has none. */
export function codeOf(cause: unknown): string {
  return typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : '';
}

/** No such host, or nobody listening there. @returns undefined for any other failure */
export function nobodyThere(cause: unknown, host: string, where: string): AppError | undefined {
  const code = codeOf(cause);
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return failed(`the host "${host}" cannot be found by the delegate (name resolution failed)`, 'Connectivity');
  return code === 'ECONNREFUSED'
    ? failed(`nothing listens at ${where} (connection refused)`, 'Connectivity')
    : undefined;
}

/** The body as an object; an empty one when it is none. */
export function jsonOf({ text }: Answer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : {};
  } catch {
    return {};
  }
}

export function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

function webUrl({ url, whom }: Question): URL {
  if (!URL.canParse(url)) throw failed(`the address of ${whom} is not a URL`, 'Unknown');
  const parsed = new URL(url);
  if (parsed.protocol !== 'https:' && parsed.protocol !== 'http:')
    throw failed(`the address of ${whom} must start with https:// or http://`, 'Unknown');
  return parsed;
}

function send(
  url: URL,
  { method = 'GET', headers = {}, body, tls = {}, whom }: Question,
  signal: AbortSignal,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = {
      method,
      signal,
      agent: false as const,
      headers: {
        accept: 'application/json',
        'user-agent': 'sluice-delegate',
        ...headers,
        ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
      },
    };
    const request = url.protocol === 'https:' ? requestHttps(url, { ...options, ...tls }) : requestHttp(url, options);
    request.once('error', reject);
    request.once('response', (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > LIMIT_BYTES)
          request.destroy(
            failed(
              `${whom} at ${url.host} answers with more than ${LIMIT_BYTES / 1024} KiB; is the address right?`,
              'Unknown',
            ),
          );
        else chunks.push(chunk);
      });
      response.once('error', reject);
      response.once('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(chunks).toString('utf8'),
        }),
      );
    });
    request.end(body);
  });
}

function connectionFailure(cause: unknown, { host, hostname }: URL, whom: string, isTimeout: boolean): AppError {
  if (isTimeout) return failed(`${whom} at ${host} does not answer within ${LIMIT_MS / 1000} s`, 'Timeout');
  const nobody = nobodyThere(cause, hostname, host);
  if (nobody) return nobody;
  const code = codeOf(cause);
  if (/^(ERR_TLS|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|ERR_SSL)/.test(code))
    return failed(`the TLS connection to ${whom} at ${host} fails: ${messageOf(cause)}`, 'Connectivity');
  if (/^ERR_OSSL|^ERR_CRYPTO/.test(code))
    return failed(`the certificate, key or CA for ${whom} cannot be read: ${messageOf(cause)}`, 'Authentication');
  return failed(`${whom} at ${host} cannot be reached from the delegate: ${messageOf(cause)}`, 'Connectivity');
}
