import { wireLogLine } from '@sluice/log-api';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface LogLine {
  /** 0-based place in the step's log. */
  readonly index: number;
  readonly level: LogLevel;
  /** As it was written: may hold colour codes and inner line ends, never a trailing one. */
  readonly text: string;
  readonly timeMs: number | undefined;
}

/** Writers other than ours may leave fields out. */
const looseLine = wireLogLine.partial();

/**
 * Reads one line object of a stream or blob (api-contract 5.2). What is not such an object is kept as plain text.
 * @param index place of the line when the object itself does not tell.
 */
export function parseLogLine(json: string, index: number): LogLine {
  const parsed = looseLine.safeParse(parseJson(json));
  if (!parsed.success) return { index, level: 'info', text: trimLineEnd(json), timeMs: undefined };
  const { level, pos, out, time } = parsed.data;
  const timeMs = time ? Date.parse(time) : Number.NaN;
  return {
    index: pos ?? index,
    level: toLevel(level),
    text: trimLineEnd(out ?? ''),
    timeMs: Number.isNaN(timeMs) ? undefined : timeMs,
  };
}

function toLevel(level: string | undefined): LogLevel {
  const name = level?.toLowerCase() ?? '';
  if (name.startsWith('err') || name === 'fatal' || name === 'severe') return 'error';
  if (name.startsWith('warn')) return 'warn';
  if (name === 'debug' || name === 'trace' || name.startsWith('fine')) return 'debug';
  return 'info';
}

function trimLineEnd(text: string): string {
  return text.replace(/[\r\n]+$/, '');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
