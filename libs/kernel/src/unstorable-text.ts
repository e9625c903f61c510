import { AppError, messageOf } from './errors.js';

/**
 * The request's fault behind a database error: what PostgreSQL answers to U+0000 in a text or in JSON, and to half a surrogate pair in JSON.
 * Undefined for every other error. Pure; both transports use it, so that such a text is a bad request wherever it is noticed.
 */
export function unstorableText(cause: unknown): AppError | undefined {
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
  const isUnstorable =
    code === '22021' || code === '22P05' || (code === '22P02' && messageOf(cause).endsWith('type json'));
  return isUnstorable
    ? new AppError(
        'INVALID_REQUEST',
        'the request holds a NUL character or half a surrogate pair, which cannot be stored; remove it',
      )
    : undefined;
}
