import type { Readable } from 'node:stream';
import type { LogScope, LogWriter } from '../access/log-access.js';

/** What is known of a stored log besides its bytes. */
export interface BlobInfo {
  readonly key: string;
  readonly scope: LogScope;
  readonly sizeBytes: number;
  readonly lines: number;
  readonly sha256: string;
  /** ISO 8601. */
  readonly storedAt: string;
  /** Who stored it; absent for what was stored before writers were kept. */
  readonly writer?: string | undefined;
}

/** What was stored, and what was there before with other content. */
export interface StoredBlob {
  readonly info: BlobInfo;
  readonly replaced?: BlobInfo | undefined;
}

export interface PutOptions {
  readonly scope: LogScope;
  readonly writer: LogWriter;
  /** @see {@link BlobStore.put} */
  readonly maxBytes: number;
}

/**
 * Finished logs: newline-delimited JSON by log key. A log is there whole or not at all, whatever dies meanwhile. Keys were checked by
 * `ownerOfLog` before they come here.
 */
export interface BlobStore {
  /**
   * Stores a log. A finished log is written once: the first one stays, and a second is taken from the same writer, from one whom the first gives way to
   * (`mayStoreAgain`), or when it is the same to the byte, which changes nothing.
   * @throws AppError PAYLOAD_TOO_LARGE beyond `maxBytes`, CONFLICT when another writer stored another log before; the log stored before stays
   */
  put(key: string, source: AsyncIterable<Uint8Array>, options: PutOptions): Promise<StoredBlob>;
  info(key: string): Promise<BlobInfo | undefined>;
  /** The caller consumes or destroys the stream. */
  open(key: string): Promise<{ readonly info: BlobInfo; readonly stream: Readable } | undefined>;
  /** Logs at or below a prefix, by key, at most `limit`. */
  list(prefix: string, limit: number): Promise<BlobInfo[]>;
}

export const BLOB_STORE = Symbol('BlobStore');
