import type { IncomingHttpHeaders } from 'node:http';
import { finished } from 'node:stream';
import { AppError, messageOf } from '@sluice/kernel';
import type { FastifyReply } from 'fastify';
import { Pool, errors, type Dispatcher } from 'undici';
import type { GatewayLimits } from '../config.js';
import type { Upstream } from '../routing/routing-table.js';
import { responseHeaders } from './forward-headers.js';
import type { ForwardBody } from './request-body.js';

export interface ForwardedRequest {
  readonly method: string;
  /** With query. */
  readonly path: string;
  readonly headers: Record<string, string | string[]>;
  readonly body: ForwardBody;
  readonly requestId: string;
}

/** Connections to one upstream. Answers flow to the client piece by piece, at the client's pace. */
export class UpstreamClient {
  private readonly pool: Pool;

  constructor(
    readonly name: Upstream,
    url: string,
    private readonly limits: Pick<GatewayLimits, 'requestMs' | 'idleMs'>,
    ca: string | undefined,
  ) {
    // No limit of connections here: a tail holds one for minutes. The gateway's cap of concurrent requests is the limit.
    this.pool = new Pool(url, { connections: null, pipelining: 1, connect: { timeout: 3_000, ...(ca ? { ca } : {}) } });
  }

  /** Resolves when the client has the whole answer, or is gone. @throws AppError UPSTREAM_UNAVAILABLE, REQUEST_TIMEOUT, as long as nothing was sent to the client */
  async forward(request: ForwardedRequest, reply: FastifyReply): Promise<void> {
    try {
      await this.send(request, reply);
    } catch (cause) {
      // A kept connection that the upstream closed at this moment says nothing about the upstream.
      if (request.body !== null || request.method !== 'GET' || !wasCutOff(cause) || reply.raw.headersSent)
        throw this.explain(cause);
      await this.send(request, reply).catch((again: unknown) => {
        throw this.explain(again);
      });
    }
  }

  /** A small document of the upstream's own, such as its OpenAPI. @throws AppError as {@link forward} */
  async text(path: string): Promise<string> {
    try {
      const response = await this.pool.request({
        method: 'GET',
        path,
        headers: { 'x-sluice-caller': 'gateway' },
        headersTimeout: 5_000,
        bodyTimeout: 5_000,
      });
      const text = await response.body.text();
      if (response.statusCode === 200) return text;
      throw new AppError('UPSTREAM_UNAVAILABLE', `${this.name} answered ${response.statusCode} for ${path}`);
    } catch (cause) {
      throw this.explain(cause);
    }
  }

  async close(): Promise<void> {
    await this.pool.destroy();
  }

  private send(request: ForwardedRequest, reply: FastifyReply): Promise<void> {
    const { method, path, headers, body } = request;
    return new Promise((resolve, reject) => {
      const options = {
        method: method as Dispatcher.HttpMethod,
        path,
        headers,
        body,
        headersTimeout: this.limits.requestMs,
        bodyTimeout: this.limits.idleMs,
      };
      this.pool.dispatch(options as Dispatcher.DispatchOptions, new Relay(reply, request.requestId, resolve, reject));
    });
  }

  private explain(cause: unknown): unknown {
    if (cause instanceof AppError || cause instanceof ClientGone) return cause;
    if (cause instanceof errors.HeadersTimeoutError) {
      return new AppError(
        'REQUEST_TIMEOUT',
        `${this.name} did not begin to answer within ${this.limits.requestMs / 1_000} s`,
        {},
        { cause },
      );
    }
    return new AppError(
      'UPSTREAM_UNAVAILABLE',
      `${this.name} cannot be reached (${messageOf(cause)}); try again in a moment`,
      { retryAfterSeconds: 2 },
      { cause },
    );
  }
}

/** The client hung up before the answer began. Nobody is left to tell. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone';
}

/** Hands one answer on, keeping the pace of the slower side and stopping when either side goes. */
class Relay implements Dispatcher.DispatchHandler {
  private controller: Dispatcher.DispatchController | undefined;
  private isDone = false;

  constructor(
    private readonly reply: FastifyReply,
    private readonly requestId: string,
    private readonly resolve: () => void,
    private readonly reject: (cause: unknown) => void,
  ) {
    reply.raw.once('close', this.onClose);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.reply.raw.destroyed) this.onClose();
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return;
    const { raw } = this.reply;
    this.reply.hijack();
    raw.on('drain', () => controller.resume());
    raw.writeHead(status, responseHeaders(headers, this.requestId));
    // A stream's first line may be long in coming; its headers should not wait for it.
    if (headers['content-length'] === undefined) raw.flushHeaders();
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.reply.raw.write(chunk)) controller.pause();
  }

  /** The client may be far behind: what it has not taken yet still holds memory, and so its place. */
  onResponseEnd(): void {
    this.finish();
    const { raw } = this.reply;
    finished(raw, () => this.resolve());
    raw.end();
  }

  onResponseError(_controller: Dispatcher.DispatchController, cause: Error): void {
    this.finish();
    if (!this.reply.raw.headersSent) return this.reject(cause);
    // Half an answer must not look whole.
    this.reply.raw.destroy();
    this.resolve();
  }

  private readonly onClose = (): void => {
    if (!this.isDone) this.controller?.abort(new ClientGone('the client went away'));
  };

  private finish(): void {
    this.isDone = true;
    this.reply.raw.removeListener('close', this.onClose);
  }
}

function wasCutOff(cause: unknown): boolean {
  if (cause instanceof errors.SocketError) return true;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return code === 'ECONNRESET' || code === 'EPIPE';
}
