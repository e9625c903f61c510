import { AppError } from '@sluice/kernel';
import { LOG_LIMITS } from '@sluice/log-api';
import { Zip, ZipDeflate } from 'fflate';

/** One log of an archive. */
export interface ArchiveEntry {
  readonly key: string;
  readonly sizeBytes: number;
  readonly modifiedAt: Date;
  /** Newline-delimited JSON. */
  open(): Promise<AsyncIterable<Uint8Array>>;
}

/** A zip without 64-bit sizes ends below 4 GiB. */
const MAX_BYTES = 3 * 1024 ** 3;

/** @throws AppError INVALID_REQUEST when the logs below a prefix are too many or too large for one archive */
export function assertArchivable(prefix: string, entries: readonly ArchiveEntry[]): void {
  if (entries.length > LOG_LIMITS.archiveLogs) {
    throw new AppError(
      'INVALID_REQUEST',
      `more than ${LOG_LIMITS.archiveLogs} logs lie below ${prefix}; name a stage or a step`,
    );
  }
  const bytes = entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  if (bytes > MAX_BYTES)
    throw new AppError(
      'INVALID_REQUEST',
      `the logs below ${prefix} hold ${bytes} bytes, more than one archive takes; name a stage or a step`,
    );
}

/** Zip of the entries, made while it is read: one chunk of one log is in memory at a time. */
export async function* zipOf(prefix: string, entries: readonly ArchiveEntry[]): AsyncGenerator<Uint8Array> {
  let made: Uint8Array[] = [];
  let failure: Error | undefined;
  const zip = new Zip((error, chunk) => {
    if (error) failure = error;
    else made.push(chunk);
  });
  const take = (): Uint8Array[] => {
    if (failure) throw failure;
    const chunks = made;
    made = [];
    return chunks;
  };
  for (const entry of entries) {
    const file = new ZipDeflate(entryName(prefix, entry.key), { level: 6 });
    file.mtime = entry.modifiedAt;
    zip.add(file);
    for await (const chunk of await entry.open()) {
      file.push(chunk);
      yield* take();
    }
    file.push(new Uint8Array(0), true);
    yield* take();
  }
  zip.end();
  yield* take();
}

/** Path of a log within the archive of a prefix. Keys hold no `..`, so no name leaves the folder it is unpacked in. */
function entryName(prefix: string, key: string): string {
  const base = prefix.endsWith('/') ? prefix : `${prefix}/`;
  const below = key.startsWith(base) ? key.slice(base.length) : (key.split('/').at(-1) ?? key);
  return `${below.replaceAll(':', '_')}.log`;
}
