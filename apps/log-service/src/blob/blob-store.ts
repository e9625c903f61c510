import type { Readable } from 'node:stream';
import type { LogScope } from '../access/log-access.js';

/** What is known of a stored log besides its bytes. */
export interface BlobInfo {
  readonly key: string;
  readonly scope: LogScope;
  readonly sizeBytes: number;
  readonly lines: number;
  readonly sha256: string;
  /** ISO 8601. */
  readonly storedAt: string;
}

export interface PutOptions {
  readonly scope: LogScope;
  /** @see {@link BlobStore.put} */
  readonly maxBytes: number;
}

/**
 * Finished logs: newline-delimited JSON by log key. A log is there whole or not at all, whatever dies meanwhile. Keys were checked by
 * `ownerOfLog` before they come here.
 */
export interface BlobStore {
  /** Stores or replaces a log. @throws AppError PAYLOAD_TOO_LARGE beyond `maxBytes`; the log stored before stays */
  put(key: string, source: AsyncIterable<Uint8Array>, options: PutOptions): Promise<BlobInfo>;
  info(key: string): Promise<BlobInfo | undefined>;
  /** The caller consumes or destroys the stream. */
  open(key: string): Promise<{ readonly info: BlobInfo; readonly stream: Readable } | undefined>;
  /** Logs at or below a prefix, by key, at most `limit`. */
  list(prefix: string, limit: number): Promise<BlobInfo[]>;
}

export const BLOB_STORE = Symbol('BlobStore');
