import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import type { FuzzRequest } from './fuzz-requests.js';

export interface WireAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
  readonly ms: number;
}

/** A tail goes on; what has come by then is enough. */
const TAIL_MS = 700;

/** Sends paths and headers as they are, which `fetch` would put in order first. @throws Error when no answer comes within `limitMs` */
export function exchangeOverWire(
  gatewayUrl: string,
  { method, target, headers, body }: FuzzRequest,
  agent: Agent,
  limitMs: number,
): Promise<WireAnswer> {
  const { hostname, port } = new URL(gatewayUrl);
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const outgoing = request({
      hostname,
      port,
      method,
      path: target,
      agent,
      headers: {
        ...headers,
        ...(body?.contentType === undefined ? {} : { 'content-type': body.contentType }),
        ...(body ? { 'content-length': body.bytes.length } : {}),
      },
    });
    const giveUp = setTimeout(() => outgoing.destroy(new Error(`no answer within ${limitMs} ms`)), limitMs);
    outgoing.once('error', (cause) => {
      clearTimeout(giveUp);
      reject(cause);
    });
    outgoing.once('response', (incoming) => {
      const chunks: Buffer[] = [];
      const contentType = incoming.headers['content-type'] ?? '';
      const done = (): void => {
        clearTimeout(giveUp);
        resolve({
          status: incoming.statusCode ?? 0,
          contentType,
          text: Buffer.concat(chunks).toString('utf8'),
          ms: performance.now() - startedAt,
        });
      };
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.once('end', done);
      if (contentType.startsWith('text/event-stream'))
        setTimeout(() => {
          done();
          incoming.destroy();
        }, TAIL_MS);
    });
    outgoing.end(body?.bytes);
  });
}

/** Writes bytes to the gateway's port and answers what comes back until it closes, or until nothing came for a while. */
export function exchangeOverSocket(gatewayUrl: string, bytes: string, quietMs = 2_000): Promise<string> {
  const { hostname, port } = new URL(gatewayUrl);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let text = '';
    socket.setTimeout(quietMs, () => socket.destroy());
    socket.on('data', (chunk) => (text += chunk.toString('latin1')));
    socket.once('close', () => resolve(text));
    socket.once('error', (cause: NodeJS.ErrnoException) =>
      cause.code === 'ECONNRESET' || cause.code === 'EPIPE' ? resolve(text) : reject(cause),
    );
    socket.once('connect', () => socket.write(bytes, 'latin1'));
  });
}
