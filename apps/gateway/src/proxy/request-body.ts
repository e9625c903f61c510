import type { IncomingMessage } from 'node:http';
import { AppError } from '@sluice/kernel';

const SMALL = 65_536;

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

async function wholeWithin(ms: number, request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new AppError('BODY_TOO_SLOW', `the body of ${request.headers['content-length'] ?? ''} bytes did not come within ${ms / 1_000} s; send it at once`)), ms);
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
  return new AppError('PAYLOAD_TOO_LARGE', `the body is larger than the ${maxBytes} bytes this address takes; send less at a time`);
}
