import type { IncomingMessage } from 'node:http';
import { AppError } from '@sluice/kernel';

const SMALL = 65_536;
/** What is read and thrown away of a body that is refused, and for how long. */
const REFUSED_BYTES = 1_048_576;
const REFUSED_MS = 1_000;

export type ForwardBody = Buffer | AsyncIterable<Uint8Array> | null;

/**
 * Body of a request to forward. Small ones of known size are read first, so that a slow client holds no upstream; others flow. Nothing here
 * destroys the request when the upstream fails: the client still gets its answer.
 * @param smallMs until a small body must be there
 * @throws AppError PAYLOAD_TOO_LARGE, at once or while it flows; BODY_TOO_SLOW for a small one
 */
export async function bodyOf(request: IncomingMessage, maxBytes: number, smallMs: number): Promise<ForwardBody> {
  const announced = request.headers['content-length'];
  const hasBody = request.headers['transfer-encoding'] !== undefined || (announced !== undefined && announced !== '0');
  if (!hasBody || request.method === 'GET' || request.method === 'HEAD') return null;
  if (announced !== undefined && Number(announced) > maxBytes) throw tooLarge(maxBytes);
  if (announced === undefined || Number(announced) > SMALL) return limited(request, maxBytes);
  return wholeWithin(smallMs, request, maxBytes);
}

/**
 * Takes the rest of a body whose request is refused. A connection that is closed while its client still sends may be reset before the client
 * has read the answer. Ends when the body has come, the client has gone, or it is too large or too slow for that.
 */
export function discardBody(request: IncomingMessage): Promise<void> {
  if (request.complete || request.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    let size = 0;
    const end = (): void => {
      clearTimeout(timer);
      request.off('data', count).off('end', end).off('close', end).pause();
      resolve();
    };
    const count = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > REFUSED_BYTES) end();
    };
    const timer = setTimeout(end, REFUSED_MS);
    request.on('data', count).on('end', end).on('close', end);
  });
}

async function wholeWithin(ms: number, request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () =>
        reject(
          new AppError(
            'BODY_TOO_SLOW',
            `the body of ${request.headers['content-length'] ?? ''} bytes did not come within ${ms / 1_000} s; send it at once`,
          ),
        ),
      ms,
    );
  });
  try {
    return await Promise.race([whole(request, maxBytes), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function whole(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of limited(request, maxBytes)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function* limited(request: IncomingMessage, maxBytes: number): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += (chunk as Buffer).length;
    if (size > maxBytes) throw tooLarge(maxBytes);
    yield chunk as Buffer;
  }
}

function tooLarge(maxBytes: number): AppError {
  return new AppError(
    'PAYLOAD_TOO_LARGE',
    `the body is larger than the ${maxBytes} bytes this address takes; send less at a time`,
  );
}
