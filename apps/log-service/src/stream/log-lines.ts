import { LOG_LIMITS, type WireLogLine } from '@sluice/log-api';

/** Some lines of a stream as they are stored: one JSON object per text line, without `pos`, which is the index it is stored at. */
export interface LineChunk {
  readonly count: number;
  readonly text: string;
}

const CHUNK_BYTES = 65_536;
const CHUNK_LINES = 500;

/** Cuts a text to `maxBytes` of UTF-8 including the mark that says so. Never splits a character; a final newline stays. */
export function capText(text: string, maxBytes: number = LOG_LIMITS.lineBytes): string {
  if (text.length * 3 <= maxBytes) return text;
  const bytes = Buffer.byteLength(text);
  if (bytes <= maxBytes) return text;
  const end = text.endsWith('\n') ? '\n' : '';
  const mark = `… [line cut: it has ${bytes} bytes]${end}`;
  const kept = Buffer.from(text).subarray(0, maxBytes - Buffer.byteLength(mark));
  return `${dropPartialCharacter(kept).toString()}${mark}`;
}

function dropPartialCharacter(bytes: Buffer): Buffer {
  let start = bytes.length - 1;
  while (start > 0 && ((bytes[start] ?? 0) & 0xc0) === 0x80) start -= 1;
  const lead = bytes[start] ?? 0;
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
  return start + length > bytes.length ? bytes.subarray(0, start) : bytes;
}

/** Lines as they are stored, in chunks small enough to be read and dropped one by one. */
export function toChunks(lines: readonly WireLogLine[]): LineChunk[] {
  const chunks: LineChunk[] = [];
  let texts: string[] = [];
  let size = 0;
  const flush = (): void => {
    if (texts.length > 0) chunks.push({ count: texts.length, text: texts.join('\n') });
    texts = [];
    size = 0;
  };
  for (const { level, out, time, args } of lines) {
    const text = JSON.stringify({ level, out: capText(out), time, args: args ?? null });
    if (size + text.length > CHUNK_BYTES || texts.length >= CHUNK_LINES) flush();
    texts.push(text);
    size += text.length;
  }
  flush();
  return chunks;
}

/** The wire form of a stored line. */
export function withIndex(stored: string, index: number): string {
  return `{"pos":${index},${stored.slice(1)}`;
}

/** Server-sent event of one line. */
export function frame(wireLine: string, index: number): string {
  return `id: ${index}\ndata: ${wireLine}\n\n`;
}

/** Says honestly that lines are missing from what follows. It stands at the index of the last missing line. */
export function droppedMark(missing: number, at: number): string {
  const out = `… ${missing} earlier lines are no longer kept live; the stored log has what the step kept …\n`;
  return JSON.stringify({ pos: at, level: 'WARN', out, time: new Date(0).toISOString(), args: null });
}
