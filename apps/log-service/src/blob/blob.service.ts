import { Inject, Injectable } from '@nestjs/common';
import { AppError } from '@sluice/kernel';
import { LOG_LIMITS } from '@sluice/log-api';
import {
  assertMayRead,
  assertMayWrite,
  ownerFor,
  scopeOfWriter,
  type LogCaller,
  type LogScope,
  type LogWriter,
} from '../access/log-access.js';
import { LogEvents } from '../security/log-events.js';
import type { LogPlace } from '../stream/stream.service.js';
import { StreamStore } from '../stream/stream-store.js';
import { BLOB_STORE, type BlobInfo, type BlobStore } from './blob-store.js';

/** Where a log is stored, by whom, and the scope it gets. */
export interface BlobPlace {
  readonly key: string;
  readonly scope: LogScope;
  readonly writer: LogWriter;
}

/** Stored logs: who may write and read them, and the scope they get. */
@Injectable()
export class BlobService {
  constructor(
    @Inject(BLOB_STORE) private readonly blobs: BlobStore,
    private readonly streams: StreamStore,
    private readonly events: LogEvents,
  ) {}

  /** What a log stored here by this caller gets. @throws AppError ACCESS_DENIED */
  async placeForWriting(caller: LogCaller, { key, accountID }: LogPlace): Promise<BlobPlace> {
    const owner = ownerFor(caller, key, accountID);
    const writer = assertMayWrite(caller, key);
    const scope = scopeOfWriter(caller, owner);
    if (scope.orgId) return { key, writer, scope };
    const live = await this.streams.info(key).catch(() => undefined); // storing must work while Redis is away
    return { key, writer, scope: live?.scope ?? scope };
  }

  /** @throws AppError PAYLOAD_TOO_LARGE, CONFLICT when another writer stored the log before; what was stored before stays */
  async store(place: BlobPlace, source: AsyncIterable<Uint8Array>, maxBytes = LOG_LIMITS.blobBytes): Promise<void> {
    const { key, scope, writer } = place;
    try {
      const { replaced } = await this.blobs.put(key, source, { scope, writer, maxBytes });
      if (replaced) this.events.overwritten('allowed', place, replaced.writer);
      this.events.uploaded(place);
    } catch (cause) {
      if (cause instanceof AppError && cause.code === 'CONFLICT')
        this.events.overwritten('refused', place, (await this.blobs.info(key))?.writer);
      throw cause;
    }
  }

  /** @throws AppError RESOURCE_NOT_FOUND, ACCESS_DENIED */
  async infoForReading(caller: LogCaller, { key, accountID }: LogPlace): Promise<BlobInfo> {
    ownerFor(caller, key, accountID);
    const info = await this.blobs.info(key);
    if (!info)
      throw new AppError(
        'RESOURCE_NOT_FOUND',
        `there is no stored log ${key}; while its step runs, tail GET /log-service/stream instead`,
      );
    assertMayRead(caller, key, info.scope);
    return info;
  }

  /** @throws AppError RESOURCE_NOT_FOUND */
  async open(key: string): Promise<NonNullable<Awaited<ReturnType<BlobStore['open']>>>> {
    const blob = await this.blobs.open(key);
    if (!blob) throw new AppError('RESOURCE_NOT_FOUND', `there is no stored log ${key}`);
    return blob;
  }
}
