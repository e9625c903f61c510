import type { IncomingHttpHeaders } from 'node:http';
import { AppError } from '@sluice/kernel';

/**
 * The version a client says it changes: header `If-Match`, an entity's `version` with or without quotes or `W/` in front; undefined when the header
 * is absent or `*`, which means "whatever there is".
 * @throws AppError INVALID_REQUEST when the header holds something else
 */
export function expectedVersionOf(headers: IncomingHttpHeaders): number | undefined {
  const text = headers['if-match']?.trim();
  if (text === undefined || text === '' || text === '*') return undefined;
  const version = /^(?:W\/)?"?(\d{1,15})"?$/.exec(text)?.[1];
  if (version === undefined)
    throw new AppError(
      'INVALID_REQUEST',
      `If-Match is "${text.slice(0, 64)}"; send the entity's version, a whole number`,
      { fields: [{ field: 'If-Match', error: 'not a version' }] },
    );
  return Number(version);
}

/** @throws AppError OPTIMISTIC_LOCK when the entity has another version than the client expects */
export function requireVersion(what: string, actual: number, expected: number | undefined): void {
  if (expected === undefined || expected === actual) return;
  throw new AppError(
    'OPTIMISTIC_LOCK',
    `${what} is at version ${actual}, the request changes version ${expected}; read it again and repeat the change`,
  );
}
