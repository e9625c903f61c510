/**
 * The catalogue of everything that can go wrong on purpose. `wire` is the code clients of the public API see
 * (api-contract 1.7); it defaults to the catalogue's own name. `docs/errors.md` lists the same rows.
 */
export const ERRORS = {
  INVALID_REQUEST: { http: 400, grpc: 'INVALID_ARGUMENT', retryable: false },
  SCHEMA_VALIDATION_FAILED: { http: 400, grpc: 'INVALID_ARGUMENT', retryable: false },
  INVALID_YAML_ERROR: { http: 400, grpc: 'INVALID_ARGUMENT', retryable: false },
  INVALID_IDENTIFIER_REF: { http: 400, grpc: 'INVALID_ARGUMENT', retryable: false },
  PLAN_CREATION_ERROR: { http: 400, grpc: 'INVALID_ARGUMENT', retryable: false },
  DUPLICATE_FIELD: { http: 409, grpc: 'ALREADY_EXISTS', retryable: false },
  ENTITY_REFERENCED: { http: 400, grpc: 'FAILED_PRECONDITION', retryable: false },
  // Clients that keep state drop an entity that is gone only when they read this very code.
  RESOURCE_NOT_FOUND: { http: 404, grpc: 'NOT_FOUND', retryable: false, wire: 'RESOURCE_NOT_FOUND_EXCEPTION' },
  ENTITY_NOT_FOUND: { http: 404, grpc: 'NOT_FOUND', retryable: false },
  SECRET_NOT_FOUND: { http: 404, grpc: 'NOT_FOUND', retryable: false },
  ROUTE_NOT_FOUND: { http: 404, grpc: 'UNIMPLEMENTED', retryable: false },
  METHOD_NOT_ALLOWED: { http: 405, grpc: 'UNIMPLEMENTED', retryable: false },
  INVALID_TOKEN: { http: 401, grpc: 'UNAUTHENTICATED', retryable: false },
  EXPIRED_TOKEN: { http: 401, grpc: 'UNAUTHENTICATED', retryable: false },
  REVOKED_TOKEN: { http: 401, grpc: 'UNAUTHENTICATED', retryable: false },
  ACCESS_DENIED: { http: 403, grpc: 'PERMISSION_DENIED', retryable: false },
  OPTIMISTIC_LOCK: { http: 412, grpc: 'ABORTED', retryable: true },
  CONFLICT: { http: 409, grpc: 'ABORTED', retryable: true },
  PAYLOAD_TOO_LARGE: { http: 413, grpc: 'RESOURCE_EXHAUSTED', retryable: false },
  UNSUPPORTED_MEDIA_TYPE: { http: 415, grpc: 'INVALID_ARGUMENT', retryable: false },
  BODY_TOO_SLOW: { http: 408, grpc: 'DEADLINE_EXCEEDED', retryable: true },
  TOO_MANY_REQUESTS: { http: 429, grpc: 'RESOURCE_EXHAUSTED', retryable: true },
  UNAVAILABLE_DELEGATES: { http: 503, grpc: 'FAILED_PRECONDITION', retryable: true },
  DELEGATE_TASK_EXPIRED: { http: 504, grpc: 'DEADLINE_EXCEEDED', retryable: true },
  GIT_CONNECTION_ERROR: { http: 400, grpc: 'FAILED_PRECONDITION', retryable: true },
  GIT_FILE_NOT_FOUND: { http: 404, grpc: 'NOT_FOUND', retryable: false },
  PATH_OUTSIDE_REPOSITORY: { http: 400, grpc: 'INVALID_ARGUMENT', retryable: false },
  LEASE_LOST: { http: 409, grpc: 'ABORTED', retryable: false },
  STREAM_NOT_FOUND: { http: 404, grpc: 'NOT_FOUND', retryable: false },
  UPSTREAM_UNAVAILABLE: { http: 503, grpc: 'UNAVAILABLE', retryable: true },
  REQUEST_TIMEOUT: { http: 504, grpc: 'DEADLINE_EXCEEDED', retryable: true },
  NOT_IMPLEMENTED: { http: 422, grpc: 'UNIMPLEMENTED', retryable: false },
  INTERNAL: { http: 500, grpc: 'INTERNAL', retryable: false },
} as const satisfies Record<string, ErrorDefinition>;

interface ErrorDefinition {
  readonly http: number;
  readonly grpc: string;
  /** A later identical call may succeed without anyone changing anything. */
  readonly retryable: boolean;
  readonly wire?: string;
}

export type ErrorCode = keyof typeof ERRORS;

/** The code as clients of the public API see it. */
export function wireCodeOf(code: ErrorCode): string {
  const definition: ErrorDefinition = ERRORS[code];
  return definition.wire ?? code;
}

/** One problem with one field of a request. `field` is a path such as `connector.spec.url`. */
export interface FieldError {
  readonly field: string;
  readonly error: string;
}

export interface ErrorDetails {
  readonly fields?: readonly FieldError[];
  readonly [key: string]: unknown;
}

/**
 * The only error class our code throws on purpose. One filter per transport turns it into the wire shape.
 * The message is written for the person who reads it: what happened, to which field or entity, what to do.
 */
export class AppError extends Error {
  override readonly name = 'AppError';

  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly details: ErrorDetails = {},
    options?: { readonly cause?: unknown },
  ) {
    super(message, options);
  }

  get httpStatus(): number {
    return ERRORS[this.code].http;
  }

  get isRetryable(): boolean {
    return ERRORS[this.code].retryable;
  }
}

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(ERRORS, value);
}

/** Text of anything thrown, for messages and logs. */
export function messageOf(cause: unknown): string {
  if (cause instanceof AggregateError && !cause.message) return cause.errors.map(messageOf).join('; ');
  return cause instanceof Error ? cause.message : String(cause);
}
