import { Inject, Injectable } from '@nestjs/common';
import { AppError } from '@sluice/kernel';
import type { WireLogLine } from '@sluice/log-api';
import { assertMayWrite, ownerFor, scopeOfWriter, type LogCaller, type LogWriter } from '../access/log-access.js';
import { streamContent } from '../blob/archive.service.js';
import { BLOB_STORE, type BlobStore } from '../blob/blob-store.js';
import { BlobService } from '../blob/blob.service.js';
import { droppedMark } from './log-lines.js';
import { StreamStore } from './stream-store.js';

export interface LogPlace {
  readonly key: string;
  readonly accountID?: string | undefined;
}

/** Writing of live logs: open, append, close. */
@Injectable()
export class StreamService {
  constructor(
    private readonly streams: StreamStore,
    @Inject(BLOB_STORE) private readonly blobs: BlobStore,
    private readonly stored: BlobService,
  ) {}

  /** Creates the stream if absent. Answers the index the next line gets. @throws AppError CONFLICT when the log was closed before */
  async open(caller: LogCaller, { key, accountID }: LogPlace): Promise<number> {
    const owner = ownerFor(caller, key, accountID);
    const { state, nextIndex } = await this.streams.open(
      key,
      scopeOfWriter(caller, owner),
      assertMayWrite(caller, key),
    );
    if (state === 'open') return nextIndex;
    if (state === 'foreign') throw writtenByOther(key);
    throw new AppError('CONFLICT', `the log ${key} is closed; another attempt needs a key of its own`, { nextIndex });
  }

  /**
   * Answers the index the next line gets. With `from` (index of the first line) it is safe to repeat.
   * @throws AppError STREAM_NOT_FOUND, INVALID_REQUEST when it is closed, ACCESS_DENIED when another writer opened it, CONFLICT when lines before `from` are missing; `details.nextIndex` says where to go on
   */
  async append(
    caller: LogCaller,
    { key, accountID }: LogPlace,
    from: number | undefined,
    lines: readonly WireLogLine[],
  ): Promise<number> {
    ownerFor(caller, key, accountID);
    const result = await this.streams.append(key, from, lines, assertMayWrite(caller, key));
    switch (result.kind) {
      case 'appended':
        return result.nextIndex;
      case 'missing':
        throw new AppError('STREAM_NOT_FOUND', `the log ${key} is not open; open it first`);
      case 'foreign':
        throw writtenByOther(key);
      case 'closed':
        throw new AppError('INVALID_REQUEST', `the log ${key} is closed and takes no more lines`, {
          nextIndex: result.nextIndex,
        });
      case 'gap':
        throw new AppError(
          'CONFLICT',
          `the log ${key} has ${result.nextIndex} lines, so a line ${from ?? 0} would leave a gap; send from line ${result.nextIndex}`,
          { nextIndex: result.nextIndex },
        );
    }
  }

  /**
   * Closes one log, or with `isPrefix` every one of this writer below the key. `keepLines` stores the lines of those that have no stored log. Safe to repeat:
   * when storing fails the log stays closed and the next call stores it. @throws AppError STREAM_NOT_FOUND for one unknown log, ACCESS_DENIED for one of another writer
   */
  async close(
    caller: LogCaller,
    { key, accountID }: LogPlace,
    options: { readonly isPrefix: boolean; readonly keepLines: boolean },
  ): Promise<void> {
    ownerFor(caller, key, accountID);
    const writer = assertMayWrite(caller, key);
    const keys = options.isPrefix ? await this.streams.keysBelow(key) : [key];
    for (const one of keys) {
      const outcome = await this.streams.close(one, writer);
      if (outcome === 'foreign' && !options.isPrefix) throw writtenByOther(one);
      if (outcome === 'missing' && !options.isPrefix && !(await this.blobs.info(one)))
        throw new AppError('STREAM_NOT_FOUND', `the log ${one} is not open`);
      if (outcome === 'closed') await this.settle(one, writer, options.keepLines);
    }
  }

  private async settle(key: string, writer: LogWriter, keepLines: boolean): Promise<void> {
    const isStored = (await this.blobs.info(key)) !== undefined || (keepLines && (await this.store(key, writer)));
    if (isStored) await this.streams.expireSoon(key);
  }

  private async store(key: string, writer: LogWriter): Promise<boolean> {
    const info = await this.streams.info(key);
    if (!info) return false;
    const content = streamContent(this.streams, key, info.nextIndex);
    await this.stored.store(
      { key, scope: info.scope, writer },
      info.firstIndex > 0 ? withMark(info.firstIndex, content) : content,
      Number.MAX_SAFE_INTEGER,
    );
    return true;
  }
}

function writtenByOther(key: string): AppError {
  return new AppError(
    'ACCESS_DENIED',
    `the log ${key} was opened by another writer, and only that one may add to it or close it; use a key of your own`,
  );
}

async function* withMark(missing: number, content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield Buffer.from(`${droppedMark(missing, missing - 1)}\n`);
  yield* content;
}
