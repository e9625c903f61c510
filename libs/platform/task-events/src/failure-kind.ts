import { AppError, type ErrorCode } from '@sluice/kernel';

/**
 * What a failure says about trying the same again:
 * `retryable` – something is away or busy, and it works once that is over;
 * `final` – what was asked for can never be done, because of what is in it;
 * `unclear` – it may be either, so it is tried a limited number of times.
 */
export type FailureKind = 'retryable' | 'final' | 'unclear';

/** Codes that say less than their catalogue entry: a defect may be mended, keys may be on their way. */
const UNCLEAR_CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'INTERNAL',
  'INVALID_TOKEN',
  'EXPIRED_TOKEN',
  'REVOKED_TOKEN',
  'ROUTE_NOT_FOUND',
  'METHOD_NOT_ALLOWED',
  'NOT_IMPLEMENTED',
]);

/** By class of SQLSTATE: connection, transaction rollback, insufficient resources, object in use, operator intervention, system error. */
const RETRYABLE_CLASSES: ReadonlySet<string> = new Set(['08', '40', '53', '55', '57', '58']);
/** Data exception, program limit exceeded (a row or value that is too large). */
const FINAL_CLASSES: ReadonlySet<string> = new Set(['22', '54']);
/** Exceptions of their class. A NUL in a bound text is answered with a protocol violation; a session that idles too long or may only read, with a wrong transaction state. */
const BY_STATE: Readonly<Record<string, FailureKind>> = {
  '08P01': 'final',
  '25P03': 'retryable',
  '25006': 'retryable',
};

const NETWORK_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EMFILE',
  'ENFILE',
]);
/** What the database driver and its pool say without a code. */
const NETWORK_TEXT =
  /connection (terminated|ended|closed)|timeout (exceeded|expired)|not connected|client has encountered a connection error/i;
const DEEPEST = 5;

/** Judges anything thrown, through the errors it was made of. */
export function failureKindOf(cause: unknown): FailureKind {
  if (cause instanceof AppError) return kindOfCode(cause);
  for (let error = cause, depth = 0; error instanceof Error && depth < DEEPEST; error = innerOf(error), depth += 1) {
    if (error instanceof AppError) return kindOfCode(error);
    const kind = kindOf(error);
    if (kind) return kind;
  }
  return 'unclear';
}

function kindOfCode(error: AppError): FailureKind {
  if (error.isRetryable) return 'retryable';
  return UNCLEAR_CODES.has(error.code) ? 'unclear' : 'final';
}

function kindOf(error: Error): FailureKind | undefined {
  // Text that is no JSON, JSON of another shape than the contract has, a text longer than the process can hold.
  if (error instanceof SyntaxError || error instanceof RangeError || error.name === 'ZodError') return 'final';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (NETWORK_CODES.has(code) || code.startsWith('UND_ERR_')) return 'retryable';
  if (/^[0-9A-Z]{5}$/.test(code)) return BY_STATE[code] ?? kindOfClass(code.slice(0, 2));
  return NETWORK_TEXT.test(error.message) ? 'retryable' : undefined;
}

function kindOfClass(sqlClass: string): FailureKind | undefined {
  if (RETRYABLE_CLASSES.has(sqlClass)) return 'retryable';
  return FINAL_CLASSES.has(sqlClass) ? 'final' : undefined;
}

/** The error below: TypeORM keeps the driver's as `driverError`, others as `cause`. */
function innerOf(error: Error): unknown {
  return 'driverError' in error ? error.driverError : error.cause;
}
