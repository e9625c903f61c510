import type { WireLogLine } from '@sluice/log-api';

/** The bytes of a log as it is stored: newline-delimited JSON. */
export interface LogContent {
  readonly sizeBytes: number;
  /** May be called again for another attempt. */
  open(): AsyncIterable<Buffer>;
}

/** What a stored log that is too large begins with. */
export const KEPT_HEAD_BYTES = 1024 * 1024;
/** More than the line that says what is left out ever takes. */
export const MARK_BYTES = 512;

/** The line that stands in the place of those left out; it has the index of the last of them. */
export function leftOutMark({
  at,
  lines,
  bytes,
  maxBytes,
  time,
}: {
  readonly at: number;
  readonly lines: number;
  readonly bytes: number;
  readonly maxBytes: number;
  readonly time: string;
}): WireLogLine {
  const mebibytes = (value: number): string => (value / 1024 / 1024).toFixed(1);
  const out = `… ${lines} lines (${mebibytes(bytes)} MiB) are left out here: a log of more than ${mebibytes(maxBytes)} MiB keeps its first MiB and its newest rest …`;
  return { level: 'WARN', pos: at, out, time, args: null };
}
