import { AppError } from './errors.js';

const DEEPEST = 5;
/** Of the operating system (disk, quota) and of PostgreSQL (SQLSTATE 53100, disk_full). */
const CODES: readonly unknown[] = ['ENOSPC', 'EDQUOT', '53100'];
/** As programs say it that end with a text and no code. */
const TEXT = /no space left on device|disk quota exceeded/i;

/** What to answer when a disk is full: it passes once there is space, and it is not the caller's fault. @returns undefined for any other failure */
export function noSpace(cause: unknown): AppError | undefined {
  for (
    let error = cause, depth = 0;
    typeof error === 'object' && error !== null && depth < DEEPEST;
    error = 'driverError' in error ? error.driverError : 'cause' in error ? error.cause : undefined, depth += 1
  ) {
    const isCoded = 'code' in error && CODES.includes(error.code);
    if (isCoded || ('message' in error && TEXT.test(String(error.message)))) {
      return new AppError(
        'UPSTREAM_UNAVAILABLE',
        'a disk of this service, or of its database, has no space left; free some space, then try again',
        {},
        { cause },
      );
    }
  }
  return undefined;
}
