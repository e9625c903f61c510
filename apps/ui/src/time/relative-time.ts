const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
];

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

/** `just now`, `5 minutes ago`, `yesterday`; older than a week as a date. */
export function formatRelativeTime(timestampMs: number, nowMs: number): string {
  const difference = timestampMs - nowMs;
  const size = Math.abs(difference);
  if (size < 45_000) return 'just now';
  if (size > 7 * 86_400_000) return formatDate(timestampMs);
  for (const [unit, length] of UNITS) {
    if (size >= length) return relative.format(Math.trunc(difference / length), unit);
  }
  return relative.format(Math.sign(difference), 'minute');
}

/** Day and time to the second, with the zone, in the reader's own zone. */
export function formatTimestamp(timestampMs: number): string {
  return new Intl.DateTimeFormat('en-GB', {
    day: '2-digit',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'short',
  }).format(timestampMs);
}

function formatDate(timestampMs: number): string {
  return new Intl.DateTimeFormat('en-GB', { day: '2-digit', month: 'short', year: 'numeric' }).format(timestampMs);
}

/** Milliseconds of a time that the DB DevOps API gives in seconds, or in milliseconds where an older record has that. */
export function fromEpoch(value: number): number {
  return value > 0 && value < 100_000_000_000 ? value * 1_000 : value;
}
