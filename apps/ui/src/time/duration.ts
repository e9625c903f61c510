const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Short length of time with at most two units: `0.4s`, `12s`, `3m 05s`, `2h 07m`, `1d 4h`. Negative counts as zero. */
export function formatDuration(ms: number): string {
  const length = Math.max(0, ms);
  if (length < 10 * SECOND) return `${(Math.floor(length / 100) / 10).toFixed(1)}s`;
  if (length < MINUTE) return `${Math.floor(length / SECOND)}s`;
  if (length < HOUR) return `${Math.floor(length / MINUTE)}m ${pad(Math.floor((length % MINUTE) / SECOND))}s`;
  if (length < DAY) return `${Math.floor(length / HOUR)}h ${pad(Math.floor((length % HOUR) / MINUTE))}m`;
  return `${Math.floor(length / DAY)}d ${Math.floor((length % DAY) / HOUR)}h`;
}

export interface TimeSpan {
  readonly startTs?: number | null | undefined;
  readonly endTs?: number | null | undefined;
}

/** Length of something that may not have started (undefined) or may still go on (until `now`). */
export function durationOf(span: TimeSpan, now: number): number | undefined {
  if (!span.startTs) return undefined;
  return Math.max(0, (span.endTs || now) - span.startTs);
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
