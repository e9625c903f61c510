import { AppError } from './errors.js';

const UNITS: Readonly<Record<string, number>> = {
  w: 604_800_000,
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1_000,
  ms: 1,
};

/** Milliseconds of a pipeline timeout such as `10m`, `1h 30m`, `90s` (api-contract 6.1). @throws AppError INVALID_REQUEST */
export function parseDuration(text: string): number {
  const parts = [...text.trim().matchAll(/(\d+)\s*(ms|[wdhms])\s*/g)];
  const consumed = parts.reduce((length, part) => length + part[0].length, 0);
  if (parts.length === 0 || consumed !== text.trim().length) {
    throw new AppError('INVALID_REQUEST', `"${text}" is not a duration; write for example 90s, 10m or 1h 30m`);
  }
  return parts.reduce((total, part) => total + Number(part[1]) * (UNITS[part[2] ?? 'ms'] ?? 1), 0);
}
