import { Catch, type RpcExceptionFilter } from '@nestjs/common';
import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { AppError, ERRORS, isErrorCode, messageOf, noSpace, unstorableText, type ErrorCode } from '@sluice/kernel';
import { throwError, type Observable } from 'rxjs';

const CODE_KEY = 'sluice-code';

const BY_STATUS: Readonly<Partial<Record<status, ErrorCode>>> = {
  [status.UNAVAILABLE]: 'UPSTREAM_UNAVAILABLE',
  [status.DEADLINE_EXCEEDED]: 'REQUEST_TIMEOUT',
  [status.NOT_FOUND]: 'RESOURCE_NOT_FOUND',
  [status.PERMISSION_DENIED]: 'ACCESS_DENIED',
  [status.UNAUTHENTICATED]: 'INVALID_TOKEN',
  [status.INVALID_ARGUMENT]: 'INVALID_REQUEST',
};

/** One filter per app: an AppError keeps its code and message on the wire, anything else becomes INTERNAL without its text. */
@Catch()
export class GrpcErrorFilter implements RpcExceptionFilter {
  constructor(private readonly unexpected: (cause: unknown) => void = () => undefined) {}

  catch(cause: unknown): Observable<never> {
    if (!(cause instanceof AppError) && !unstorableText(cause)) this.unexpected(cause);
    return throwError(() => statusOf(cause));
  }
}

/** What goes over the wire for anything thrown: the status of the catalogue, the code in trailing metadata; INTERNAL without its text for what is not ours. */
export function statusOf(cause: unknown): {
  readonly code: status;
  readonly details: string;
  readonly message: string;
  readonly metadata: Metadata;
} {
  const error =
    cause instanceof AppError
      ? cause
      : (unstorableText(cause) ?? noSpace(cause) ?? new AppError('INTERNAL', 'unexpected error'));
  const metadata = new Metadata();
  metadata.set(CODE_KEY, error.code);
  return { code: status[ERRORS[error.code].grpc], details: error.message, message: error.message, metadata };
}

/** Rebuilds what the callee threw; a broken connection becomes UPSTREAM_UNAVAILABLE, a missed deadline REQUEST_TIMEOUT. */
export function errorFromGrpc(cause: unknown, what: string): AppError {
  if (cause instanceof AppError) return cause;
  if (!isServiceError(cause)) return new AppError('INTERNAL', `${what}: ${messageOf(cause)}`, {}, { cause });
  const [sent] = cause.metadata?.get(CODE_KEY) ?? [];
  if (isErrorCode(sent)) return new AppError(sent, cause.details, {}, { cause });
  return new AppError(BY_STATUS[cause.code] ?? 'INTERNAL', `${what}: ${cause.details || cause.message}`, {}, { cause });
}

function isServiceError(cause: unknown): cause is ServiceError {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'number' && 'details' in cause;
}
