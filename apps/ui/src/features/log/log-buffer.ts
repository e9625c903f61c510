import { plainText } from '@sluice/kernel';
import type { LogLevel, LogLine } from './log-line.js';

/** One visual row. A log line with inner line ends gives several. */
export interface LogRow {
  /** 0-based index of the log line. */
  readonly index: number;
  readonly isContinuation: boolean;
  readonly level: LogLevel;
  /** With colour codes, cut to {@link MAX_ROW_LENGTH}. */
  readonly text: string;
  /** Without colour codes; what search looks at. */
  readonly plain: string;
  readonly timeMs: number | undefined;
  /** This row stands for lines that are not there (not kept, or not here yet). */
  readonly isGap: boolean;
}

/** A longer row is cut on the screen (never in copies and downloads): one very long row would make the page crawl. */
export const MAX_ROW_LENGTH = 10_000;

/**
 * The lines of one log, merged by line index: repeated lines (a resumed stream, a stream followed by the blob) count once,
 * lines that arrive late take their place.
 */
export class LogBuffer {
  #lines: LogLine[] = [];
  #rows: LogRow[] = [];
  #longestRow = 0;

  get lineCount(): number {
    return this.#lines.length;
  }

  get rows(): readonly LogRow[] {
    return this.#rows;
  }

  /** Characters of the longest row, for the width of the scrolled area. */
  get longestRow(): number {
    return this.#longestRow;
  }

  get lastIndex(): number | undefined {
    return this.#lines.at(-1)?.index;
  }

  /** Lines are missing before the last one. */
  get hasGaps(): boolean {
    const last = this.lastIndex;
    return last !== undefined && this.#lines.length < last + 1;
  }

  /** Adds live lines. @returns whether anything was new. */
  add(lines: readonly LogLine[]): boolean {
    return this.#add(lines, false);
  }

  /** Adds lines of the stored log, which take the place of live ones: a tail marks dropped lines where the store has them. */
  addStored(lines: readonly LogLine[]): boolean {
    return this.#add(lines, true);
  }

  #add(lines: readonly LogLine[], isReplacing: boolean): boolean {
    const last = this.lastIndex ?? -1;
    const isAppend = lines.every((line, position) => line.index > (lines[position - 1]?.index ?? last));
    if (isAppend) {
      for (const line of lines) this.#append(line);
      return lines.length > 0;
    }
    return this.#merge(lines, isReplacing);
  }

  /** The whole log as plain text, one line per row. */
  toText(options: { readonly withTimes: boolean }): string {
    return this.#lines
      .map((line) => {
        const text = plainText(line.text.replaceAll('\r\n', '\n'));
        if (!options.withTimes) return text;
        const time = line.timeMs === undefined ? '' : `${new Date(line.timeMs).toISOString()} `;
        return `${time}${line.level.toUpperCase().padEnd(5)} ${text}`;
      })
      .join('\n');
  }

  #merge(lines: readonly LogLine[], isReplacing: boolean): boolean {
    const known = new Map(this.#lines.map((line) => [line.index, line]));
    const before = known.size;
    let hasReplaced = false;
    for (const line of lines) {
      const old = known.get(line.index);
      if (old && (!isReplacing || old.text === line.text)) continue;
      hasReplaced ||= old !== undefined;
      known.set(line.index, line);
    }
    if (known.size === before && !hasReplaced) return false;
    this.#lines = [];
    this.#rows = [];
    for (const line of [...known.values()].sort((left, right) => left.index - right.index)) this.#append(line);
    return true;
  }

  #append(line: LogLine): void {
    const missing = line.index - (this.lastIndex ?? -1) - 1;
    if (missing > 0) this.#rows.push(gapRow(line.index - missing, missing));
    this.#lines.push(line);
    const parts = line.text.includes('\n') ? line.text.split(/\r?\n/) : [line.text];
    parts.forEach((part, position) => {
      const text =
        part.length > MAX_ROW_LENGTH
          ? `${part.slice(0, MAX_ROW_LENGTH)} … ${part.length - MAX_ROW_LENGTH} more characters (download to read)`
          : part;
      const plain = plainText(text);
      this.#longestRow = Math.max(this.#longestRow, plain.length);
      this.#rows.push({
        index: line.index,
        isContinuation: position > 0,
        level: line.level,
        text,
        plain,
        timeMs: line.timeMs,
        isGap: false,
      });
    });
  }
}

function gapRow(index: number, missing: number): LogRow {
  const plain = `… ${missing.toLocaleString('en')} ${missing === 1 ? 'line' : 'lines'} not kept`;
  return { index, isContinuation: true, level: 'info', text: plain, plain, timeMs: undefined, isGap: true };
}
