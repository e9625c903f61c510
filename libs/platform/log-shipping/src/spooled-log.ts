import { createHash } from 'node:crypto';
import { mkdir, open, readFile, readdir, rename, rm, stat, writeFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { LogLine } from '@sluice/delegate-protocol';
import { messageOf } from '@sluice/kernel';
import { LOG_LIMITS, wireLogLine, type WireLogLine } from '@sluice/log-api';
import { z } from 'zod';
import { KEPT_HEAD_BYTES, MARK_BYTES, leftOutMark, type LogContent } from './log-content.js';

const LINES = '.log.jsonl';
const ORIGIN = '.log.json';
const BLOCK_BYTES = 64 * 1024;
/** A spool that has grown to this many times the size of a stored log is cut to that size. */
const CUT_AT = 2;

const origin = z.object({
  key: z.string(),
  /** Of the log service. */
  baseUrl: z.string(),
  accountId: z.string(),
  /** May write below the log prefix of the run, nothing else. */
  token: z.string(),
  traceparent: z.string().optional(),
  /** The writer has written its last line. */
  isComplete: z.boolean().default(false),
});
/** Which log it is, and what it takes to send it. Stored beside its lines, so that a process that never knew the writer can send them. */
export type LogOrigin = z.input<typeof origin>;

/** Files of the spool are named after the log's key, which may hold characters and lengths that file names do not. */
export function spoolName(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 32);
}

/**
 * One log on the disk: `<name>.log.jsonl` with the lines as they go over the wire, and `<name>.log.json` with its origin. A line that was
 * appended survives the end of this process, however sudden. The spool is bounded: of a log that grows beyond twice what may be stored, the first
 * MiB and the newest rest stay, and a line says what is left out.
 */
export class SpooledLog {
  private handle: FileHandle | undefined;
  private pending: LogLine[] = [];
  /** Work on the file, one after the other. */
  private turn: Promise<void> = Promise.resolve();
  private size = 0;
  private next = 0;
  private lost = 0;
  /** Where the line `index` begins; reading goes on from the last one read. */
  private cursor = { index: 0, offset: 0 };

  private constructor(
    private readonly directory: string,
    private readonly name: string,
    private known: z.output<typeof origin>,
    private readonly maxBytes: number,
  ) {}

  /** A new log. Nothing is on the disk before the first line. @param maxBytes what may be stored of it */
  static create(directory: string, from: LogOrigin, maxBytes: number = LOG_LIMITS.blobBytes): SpooledLog {
    return new SpooledLog(directory, spoolName(from.key), origin.parse(from), maxBytes);
  }

  /** Names of the logs whose lines are in a directory. */
  static async list(directory: string): Promise<readonly string[]> {
    const names = await readdir(directory).catch(() => []);
    return names.filter((name) => name.endsWith(LINES)).map((name) => name.slice(0, -LINES.length));
  }

  /**
   * A log that another process left. Its last line goes when it is torn, and a log that was not finished gets a line that says so.
   * @returns undefined when it cannot be known whose it is
   */
  static async reopen(
    directory: string,
    name: string,
    maxBytes: number = LOG_LIMITS.blobBytes,
  ): Promise<SpooledLog | undefined> {
    const parsed = origin.safeParse(await readJson(join(directory, `${name}${ORIGIN}`)));
    if (!parsed.success) return undefined;
    const log = new SpooledLog(directory, name, parsed.data, maxBytes);
    await log.adopt();
    return log;
  }

  /** Moves a log that nobody writes any more. Its lines go first: a log without origin is none. */
  static async move(from: string, to: string, name: string): Promise<void> {
    await mkdir(to, { recursive: true, mode: 0o700 });
    await rename(join(from, `${name}${LINES}`), join(to, `${name}${LINES}`));
    await rename(join(from, `${name}${ORIGIN}`), join(to, `${name}${ORIGIN}`));
  }

  static async remove(directory: string, name: string): Promise<void> {
    await rm(join(directory, `${name}${ORIGIN}`), { force: true });
    await rm(join(directory, `${name}${LINES}`), { force: true });
  }

  /** Bytes on the disk; 0 when it is gone. */
  static async sizeOf(directory: string, name: string): Promise<number> {
    return stat(join(directory, `${name}${LINES}`)).then(
      ({ size }) => size,
      () => 0,
    );
  }

  get origin(): z.output<typeof origin> {
    return this.known;
  }

  /** Lines on the disk, counting those left out. */
  get count(): number {
    return this.next;
  }

  /** Settles when the line is on the disk, or when the disk did not take it: then a later line says how many are missing. */
  append(line: LogLine): Promise<void> {
    this.pending.push(line);
    if (this.pending.length > 1) return this.turn; // the write that is queued takes this one along
    return this.exclusive(() => this.writePending());
  }

  /** No more lines follow. */
  complete(): Promise<void> {
    return this.exclusive(async () => {
      if (this.known.isComplete || this.handle === undefined) return;
      await this.writeOrigin({ ...this.known, isComplete: true });
    });
  }

  /** Lines from index `from` on. The first one has a higher index when lines were left out. */
  async read(
    from: number,
    limits: { readonly lines: number; readonly bytes: number },
  ): Promise<readonly WireLogLine[]> {
    const batch: WireLogLine[] = [];
    await this.exclusive(async () => {
      if (this.handle === undefined) return;
      let bytes = 0;
      const start = from >= this.cursor.index ? this.cursor.offset : 0;
      for await (const { text, end } of linesOf(this.handle, start, this.size)) {
        const line = wireLogLine.parse(JSON.parse(text));
        if (line.pos < from) continue;
        bytes += Buffer.byteLength(line.out);
        if (batch.length > 0 && (bytes > limits.bytes || batch.length >= limits.lines)) break;
        batch.push(line);
        this.cursor = { index: line.pos + 1, offset: end };
      }
    });
    return batch;
  }

  /** What is stored of it. No line may be appended after this. */
  async content(): Promise<LogContent> {
    let parts: readonly Part[] = [];
    await this.exclusive(async () => {
      parts = await this.cut();
    });
    return {
      sizeBytes: parts.reduce((sum, part) => sum + (part.kind === 'text' ? part.text.length : part.to - part.from), 0),
      open: () => this.bytesOf(parts),
    };
  }

  /** It is stored elsewhere. */
  remove(): Promise<void> {
    return this.exclusive(async () => {
      await this.close();
      await SpooledLog.remove(this.directory, this.name);
    });
  }

  /** Lets the file go; the log stays on the disk. */
  release(): Promise<void> {
    return this.exclusive(() => this.close());
  }

  private exclusive(work: () => Promise<void>): Promise<void> {
    const mine = this.turn.then(work);
    this.turn = mine.catch(() => undefined);
    return mine;
  }

  private async writePending(): Promise<void> {
    const batch = this.pending;
    this.pending = [];
    const lines: WireLogLine[] = [];
    const add = (line: LogLine): void =>
      void lines.push({ level: line.level, pos: this.next + lines.length, out: line.out, time: line.time, args: null });
    if (this.lost > 0)
      add({
        level: 'WARN',
        time: new Date().toISOString(),
        out: `… ${this.lost} lines are missing here: the disk of the delegate did not take them …`,
      });
    for (const line of batch) add(line);
    const bytes = Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    try {
      const handle = await this.opened();
      await writeAll(handle, bytes, this.size);
      this.size += bytes.length;
      this.next += lines.length;
      this.lost = 0;
    } catch (cause) {
      // A part of it may be on the disk; the next write begins at the same place.
      this.lost += batch.length;
      throw new Error(`the disk did not take ${batch.length} lines of the log: ${messageOf(cause)}`, { cause });
    }
    if (this.size > this.maxBytes * CUT_AT) await this.shorten();
  }

  private async opened(): Promise<FileHandle> {
    if (this.handle) return this.handle;
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    const handle = await open(this.path(LINES), 'w+', 0o600);
    try {
      await this.writeOrigin(this.known);
    } catch (cause) {
      await handle.close();
      throw cause;
    }
    this.handle = handle;
    return handle;
  }

  private async adopt(): Promise<void> {
    this.handle = await open(this.path(LINES), 'r+');
    const { size } = await this.handle.stat();
    let last: WireLogLine | undefined;
    for await (const { text, end } of linesOf(this.handle, 0, size)) {
      const parsed = parsedLine(text);
      if (!parsed) break;
      last = parsed;
      this.size = end;
    }
    await this.handle.truncate(this.size);
    this.next = last === undefined ? 0 : last.pos + 1;
    if (this.known.isComplete) return;
    await this.append({
      level: 'ERROR',
      time: new Date().toISOString(),
      out: 'The lite engine of this pod ended before this log did. What it had kept is above; lines that came after are lost.',
    });
    await this.complete();
  }

  private async shorten(): Promise<void> {
    const parts = await this.cut();
    const aside = `${this.path(LINES)}.part`;
    const short = await open(aside, 'w+', 0o600);
    let size = 0;
    try {
      for await (const bytes of this.bytesOf(parts)) {
        await writeAll(short, bytes, size);
        size += bytes.length;
      }
      await rename(aside, this.path(LINES));
    } catch (cause) {
      await short.close();
      throw cause;
    }
    await this.handle?.close();
    this.handle = short;
    this.size = size;
    this.cursor = { index: 0, offset: 0 };
  }

  /** The parts of the file that may be stored, and the line between them. */
  private async cut(): Promise<readonly Part[]> {
    const { handle, size, maxBytes } = this;
    if (!handle || size <= maxBytes) return [{ kind: 'range', from: 0, to: size }];
    const head = { lines: 0, to: 0 };
    const headBytes = Math.min(KEPT_HEAD_BYTES, Math.floor(maxBytes / 4));
    for await (const { text, end } of linesOf(handle, 0, size)) {
      // A mark of an earlier cut ends the head: what follows it is not its neighbour.
      if (end > headBytes || wireLogLine.parse(JSON.parse(text)).pos !== head.lines) break;
      head.lines += 1;
      head.to = end;
    }
    const earliest = size - (maxBytes - head.to - MARK_BYTES);
    let tail = { from: size, pos: this.next, time: new Date().toISOString() };
    let from: number | undefined;
    // Begins in the middle of a line, whose rest is no line.
    for await (const { text, end } of linesOf(handle, earliest - 1, size)) {
      if (from === undefined) {
        from = end;
        continue;
      }
      const { pos, time } = wireLogLine.parse(JSON.parse(text));
      tail = { from, pos, time };
      break;
    }
    const mark = leftOutMark({
      at: tail.pos - 1,
      lines: tail.pos - head.lines,
      bytes: tail.from - head.to,
      maxBytes,
      time: tail.time,
    });
    return [
      { kind: 'range', from: 0, to: head.to },
      { kind: 'text', text: Buffer.from(`${JSON.stringify(mark)}\n`) },
      { kind: 'range', from: tail.from, to: size },
    ];
  }

  private async *bytesOf(parts: readonly Part[]): AsyncGenerator<Buffer> {
    for (const part of parts) {
      if (part.kind === 'text') yield part.text;
      else if (this.handle) yield* blocksOf(this.handle, part.from, part.to);
    }
  }

  private async writeOrigin(value: z.output<typeof origin>): Promise<void> {
    const path = this.path(ORIGIN);
    await writeFile(`${path}.part`, JSON.stringify(value), { mode: 0o600 });
    await rename(`${path}.part`, path);
    this.known = value;
  }

  private async close(): Promise<void> {
    await this.handle?.close();
    this.handle = undefined;
  }

  private path(ending: string): string {
    return join(this.directory, `${this.name}${ending}`);
  }
}

type Part =
  | { readonly kind: 'range'; readonly from: number; readonly to: number }
  | { readonly kind: 'text'; readonly text: Buffer };

async function writeAll(handle: FileHandle, bytes: Buffer, at: number): Promise<void> {
  for (let done = 0; done < bytes.length;)
    done += (await handle.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
}

async function* blocksOf(handle: FileHandle, from: number, to: number): AsyncGenerator<Buffer> {
  for (let at = from; at < to;) {
    const { bytesRead, buffer } = await handle.read(
      Buffer.allocUnsafe(Math.min(BLOCK_BYTES, to - at)),
      0,
      Math.min(BLOCK_BYTES, to - at),
      at,
    );
    if (bytesRead === 0) return;
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** Whole lines, each with where it ends; a last one without its newline is none. */
async function* linesOf(
  handle: FileHandle,
  from: number,
  to: number,
): AsyncGenerator<{ readonly text: string; readonly end: number }> {
  let kept: Buffer[] = [];
  let at = from;
  for await (const block of blocksOf(handle, from, to)) {
    let start = 0;
    for (let newline = block.indexOf(10); newline >= 0; newline = block.indexOf(10, start)) {
      const text = Buffer.concat([...kept, block.subarray(start, newline)]).toString();
      kept = [];
      start = newline + 1;
      yield { text, end: at + start };
    }
    kept.push(block.subarray(start));
    at += block.length;
  }
}

function parsedLine(text: string): WireLogLine | undefined {
  try {
    return wireLogLine.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as unknown;
  } catch {
    return undefined;
  }
}
