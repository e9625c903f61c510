import { Inject, Injectable } from '@nestjs/common';
import { AppError } from '@sluice/kernel';
import { LOG_LIMITS } from '@sluice/log-api';
import type { LogScope } from '../access/log-access.js';
import { withIndex } from '../stream/log-lines.js';
import { StreamStore } from '../stream/stream-store.js';
import { assertArchivable, type ArchiveEntry } from './archive.js';
import { BLOB_STORE, type BlobStore } from './blob-store.js';

/** Whether the asker may read a log that was opened with this scope. */
export type MayRead = (key: string, scope: LogScope) => boolean;

/** Finds what goes into the archive of a prefix: stored logs, and live ones that are not stored yet. */
@Injectable()
export class ArchiveService {
  constructor(
    @Inject(BLOB_STORE) private readonly blobs: BlobStore,
    private readonly streams: StreamStore,
  ) {}

  /**
   * The logs below a prefix that the asker may read, and the scopes they were opened with.
   * @throws AppError RESOURCE_NOT_FOUND, ACCESS_DENIED when there are logs but none the asker may read, INVALID_REQUEST when there are too many
   */
  async below(
    prefix: string,
    mayRead: MayRead,
  ): Promise<{ readonly entries: readonly ArchiveEntry[]; readonly scopes: readonly LogScope[] }> {
    const stored = await this.blobs.list(prefix, LOG_LIMITS.archiveLogs + 1);
    const live = await this.liveBelow(prefix, new Set(stored.map(({ key }) => key)));
    const all = [
      ...stored.map((info) => ({
        scope: info.scope,
        entry: {
          key: info.key,
          sizeBytes: info.sizeBytes,
          modifiedAt: new Date(info.storedAt),
          open: () => this.openBlob(info.key),
        },
      })),
      ...live,
    ].sort((a, b) => (a.entry.key < b.entry.key ? -1 : 1));
    if (all.length === 0)
      throw new AppError('RESOURCE_NOT_FOUND', `there is no log below ${prefix}; is the step still waiting to start?`);
    const readable = all.filter(({ scope, entry }) => mayRead(entry.key, scope));
    const entries = readable.map(({ entry }) => entry);
    if (entries.length === 0)
      throw new AppError('ACCESS_DENIED', `the caller lacks log.view for every log below ${prefix}`);
    assertArchivable(prefix, entries);
    const scopes = new Map(readable.map(({ scope }) => [`${scope.orgId ?? ''}/${scope.projectId ?? ''}`, scope]));
    return { entries, scopes: [...scopes.values()] };
  }

  /** Stored logs can be had while Redis is away, so live ones are left out then. */
  private async liveBelow(prefix: string, known: ReadonlySet<string>) {
    const keys = await this.streams.keysBelow(prefix).catch(() => []);
    const found: { scope: NonNullable<Awaited<ReturnType<StreamStore['info']>>>['scope']; entry: ArchiveEntry }[] = [];
    for (const key of keys.filter((name) => !known.has(name))) {
      const info = await this.streams.info(key);
      if (info && info.nextIndex > 0)
        found.push({
          scope: info.scope,
          entry: {
            key,
            sizeBytes: 0,
            modifiedAt: new Date(),
            open: async () => streamContent(this.streams, key, info.nextIndex),
          },
        });
    }
    return found;
  }

  private async openBlob(key: string): Promise<AsyncIterable<Uint8Array>> {
    const blob = await this.blobs.open(key);
    if (!blob) throw new AppError('RESOURCE_NOT_FOUND', `the log ${key} went away meanwhile`);
    return blob.stream;
  }
}

/** The kept lines of a live log up to index `until`, as newline-delimited JSON. */
export async function* streamContent(
  streams: Pick<StreamStore, 'read'>,
  key: string,
  until: number,
): AsyncGenerator<Uint8Array> {
  for (let position = 0; position < until;) {
    const batch = await streams.read(key, position);
    if (!batch || batch.lines.length === 0) return;
    const lines = batch.lines
      .slice(0, Math.max(0, until - batch.firstIndex))
      .map((line, at) => withIndex(line, batch.firstIndex + at));
    if (lines.length > 0) yield Buffer.from(`${lines.join('\n')}\n`);
    position = batch.firstIndex + batch.lines.length;
  }
}
