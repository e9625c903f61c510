import { promisify } from 'node:util';
import { gunzip, gzipSync } from 'node:zlib';
import { mebibytes } from './limits.js';
import { AppError } from './errors.js';

const unzip = promisify(gunzip);

/** A value as base64 of its gzipped JSON: what is long and repeats itself takes about a tenth on its way. */
export function pack(value: unknown): string {
  return gzipSync(JSON.stringify(value), { level: 6 }).toString('base64');
}

/**
 * What {@link pack} was given, unchecked.
 * @param maxBytes of the JSON; a small text can hold a very large one
 * @throws AppError INVALID_REQUEST when it is longer, or was not packed
 */
export async function unpack(packed: string, maxBytes: number): Promise<unknown> {
  try {
    return JSON.parse((await unzip(Buffer.from(packed, 'base64'), { maxOutputLength: maxBytes })).toString());
  } catch (cause) {
    const isTooLong =
      typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE';
    throw new AppError(
      'INVALID_REQUEST',
      isTooLong
        ? `what was packed has more than ${mebibytes(maxBytes)}`
        : 'what was packed cannot be read: it is not the base64 of gzipped JSON',
      {},
      { cause },
    );
  }
}
