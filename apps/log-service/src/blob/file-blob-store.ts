import { createHash, randomUUID } from 'node:crypto';
import { link, mkdir, open, readFile, readdir, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { AppError } from '@sluice/kernel';
import { COMMAND_UNIT, ownerOfLog } from '@sluice/log-api';
import { z } from 'zod';
import { mayStoreAgain, type LogWriter } from '../access/log-access.js';
import type { BlobInfo, BlobStore, PutOptions, StoredBlob } from './blob-store.js';

/** Beside the content of every log; it names the content file, so that replacing this one small file replaces the log. */
const descriptor = z.object({
  key: z.string(),
  scope: z.object({ orgId: z.string().optional(), projectId: z.string().optional() }),
  sizeBytes: z.number(),
  lines: z.number(),
  sha256: z.string(),
  storedAt: z.string(),
  writer: z.string().optional(),
});

/** `@` is no character of log keys, so these names never meet a folder of another key. */
const DESCRIPTOR = '@log.json';

/** Logs as files below one folder, laid out like their keys. Several replicas may share the folder. */
export class FileBlobStore implements BlobStore {
  private constructor(
    private readonly root: string,
    private readonly temporary: string,
  ) {}

  /** Creates the folder; what a crash left half-written is removed. @throws Error when the folder cannot be written */
  static async at(root: string): Promise<FileBlobStore> {
    const temporary = join(root, '@unfinished');
    await mkdir(temporary, { recursive: true, mode: 0o700 });
    for (const name of await readdir(temporary))
      if (Number(name.split('-', 1)[0]) < Date.now() - 86_400_000) await rm(join(temporary, name), { force: true });
    return new FileBlobStore(root, temporary);
  }

  async put(key: string, source: AsyncIterable<Uint8Array>, options: PutOptions): Promise<StoredBlob> {
    const unfinished = this.temporaryFile();
    try {
      const written = await this.writeDurably(unfinished, source, options.maxBytes);
      const info: BlobInfo = {
        key,
        scope: options.scope,
        ...written,
        storedAt: new Date().toISOString(),
        writer: options.writer,
      };
      const previous = await this.info(key);
      if (previous && !mayStoreAgain(options.writer, previous.writer)) return sameOrRefused(previous, info);
      await mkdir(dirname(this.pathOf(key)), { recursive: true, mode: 0o700 });
      await rename(unfinished, this.contentFile(info));
      return await this.publish(info, options.writer, previous);
    } finally {
      await rm(unfinished, { force: true });
    }
  }

  async info(key: string): Promise<BlobInfo | undefined> {
    try {
      return descriptor.parse(JSON.parse(await readFile(this.pathOf(key) + DESCRIPTOR, 'utf8')));
    } catch (cause) {
      if (isMissing(cause)) return undefined;
      throw cause;
    }
  }

  async open(key: string): Promise<{ readonly info: BlobInfo; readonly stream: Readable } | undefined> {
    for (let attempt = 1; ; attempt += 1) {
      const info = await this.info(key);
      if (!info) return undefined;
      try {
        const file = await open(this.contentFile(info), 'r');
        return { info, stream: file.createReadStream({ highWaterMark: 65_536 }) };
      } catch (cause) {
        if (!isMissing(cause) || attempt > 3) throw cause; // replaced between the two reads: look again
      }
    }
  }

  async list(prefix: string, limit: number): Promise<BlobInfo[]> {
    const found: BlobInfo[] = [];
    const path = this.pathOf(stripSlash(prefix));
    const own = await this.info(stripSlash(prefix));
    if (own) found.push(own);
    await this.walk(path, found, limit);
    // The units of a step lie beside it. A run has none, and beside it lie all the others.
    const isStep = !prefix.endsWith('/') && ownerOfLog(prefix)?.base !== prefix;
    if (isStep) await this.walk(dirname(path), found, limit, basename(path) + COMMAND_UNIT);
    return found.sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  /** @param begin what the names in `folder` begin with; those below may have any */
  private async walk(folder: string, found: BlobInfo[], limit: number, begin = ''): Promise<void> {
    const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
      if (isMissing(cause)) return [];
      throw cause;
    });
    for (const entry of entries) {
      if (!entry.name.startsWith(begin)) continue;
      if (found.length >= limit) return;
      if (entry.isDirectory()) await this.walk(join(folder, entry.name), found, limit);
      else if (entry.name.endsWith(DESCRIPTOR))
        found.push(descriptor.parse(JSON.parse(await readFile(join(folder, entry.name), 'utf8'))));
    }
  }

  /** Makes the descriptor name the new content. Of two writers that store a log for the first time at once, one is first. */
  private async publish(info: BlobInfo, writer: LogWriter, known: BlobInfo | undefined): Promise<StoredBlob> {
    const path = this.pathOf(info.key) + DESCRIPTOR;
    const unfinished = this.temporaryFile();
    try {
      await this.writeSynced(unfinished, JSON.stringify(info));
      const previous = known ?? ((await isLinked(unfinished, path)) ? undefined : await this.info(info.key));
      if (previous && !mayStoreAgain(writer, previous.writer)) {
        if (previous.sha256 !== info.sha256) await rm(this.contentFile(info), { force: true });
        return sameOrRefused(previous, info);
      }
      await rename(unfinished, path);
      const folder = await open(dirname(path), 'r');
      await folder.sync().finally(() => folder.close());
      if (!previous || previous.sha256 === info.sha256) return { info };
      await rm(this.contentFile(previous), { force: true });
      return { info, replaced: previous };
    } finally {
      await rm(unfinished, { force: true }); // a linked file keeps its first name
    }
  }

  private async writeSynced(path: string, text: string): Promise<void> {
    const file = await this.create(path);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
  }

  private async writeDurably(
    path: string,
    source: AsyncIterable<Uint8Array>,
    maxBytes: number,
  ): Promise<Pick<BlobInfo, 'sizeBytes' | 'lines' | 'sha256'>> {
    const file = await this.create(path);
    try {
      const written = await copy(source, file, maxBytes);
      await file.sync();
      return written;
    } finally {
      await file.close();
    }
  }

  /** The folder of unfinished files is made again when somebody has cleared it away while the service runs; the folder of all logs is not. */
  private async create(path: string): Promise<FileHandle> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await open(path, 'wx', 0o600);
      } catch (cause) {
        if (!isMissing(cause) || attempt > 3) throw cause;
        await mkdir(this.temporary, { mode: 0o700 }).catch((other: unknown) => {
          if (codeOf(other) !== 'EEXIST') throw other;
        });
      }
    }
  }

  private pathOf(key: string): string {
    return join(this.root, ...key.split('/'));
  }

  private contentFile(info: BlobInfo): string {
    return `${this.pathOf(info.key)}@${info.sha256.slice(0, 24)}.ndjson`;
  }

  private temporaryFile(): string {
    return join(this.temporary, `${Date.now()}-${randomUUID()}`);
  }
}

/** What another writer sends again to the byte needs no place. @throws AppError CONFLICT */
function sameOrRefused(first: BlobInfo, second: BlobInfo): StoredBlob {
  if (first.sha256 === second.sha256) return { info: first };
  throw new AppError(
    'CONFLICT',
    `the log ${first.key} is finished and was stored by another writer at ${first.storedAt}; a finished log is not overwritten, use a key of your own`,
  );
}

/** Gives a file its second name unless that name is taken; atomic, also for several processes. */
async function isLinked(file: string, name: string): Promise<boolean> {
  try {
    await link(file, name);
    return true;
  } catch (cause) {
    if (codeOf(cause) === 'EEXIST') return false;
    throw cause;
  }
}

async function copy(
  source: AsyncIterable<Uint8Array>,
  file: FileHandle,
  maxBytes: number,
): Promise<Pick<BlobInfo, 'sizeBytes' | 'lines' | 'sha256'>> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  let newlines = 0;
  let last = 10;
  for await (const chunk of source) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) {
      throw new AppError(
        'PAYLOAD_TOO_LARGE',
        `the log of one step may hold ${maxBytes} bytes; keep its first MiB and the newest rest, and say in a line how much is left out`,
      );
    }
    hash.update(chunk);
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) newlines += 1;
    last = chunk.at(-1) ?? last;
    await file.appendFile(chunk);
  }
  return { sizeBytes, lines: newlines + (last === 10 ? 0 : 1), sha256: hash.digest('hex') };
}

function stripSlash(prefix: string): string {
  return prefix.endsWith('/') ? prefix.slice(0, -1) : prefix;
}

function isMissing(cause: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(codeOf(cause) ?? '');
}

function codeOf(cause: unknown): string | undefined {
  return typeof cause === 'object' && cause !== null && 'code' in cause && typeof cause.code === 'string'
    ? cause.code
    : undefined;
}
