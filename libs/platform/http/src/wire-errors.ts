import type { WireStyle } from '@sluice/api-conventions';
import { AppError, wireCodeOf } from '@sluice/kernel';

/** Header by which our own clients ask for `{code, message, correlationId, details}` whatever the route's style. */
export const ERROR_FORMAT_HEADER = 'x-sluice-errors';

export interface WireError {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** The body of an error in the style of its route (api-contract 1.7). Unknown errors never show their inner text. */
export function toWireError(cause: unknown, style: WireStyle, correlationId: string): WireError {
  const error =
    cause instanceof AppError
      ? cause
      : new AppError(
          'INTERNAL',
          'an unexpected error happened; quote the correlation id to your administrator',
          {},
          { cause },
        );
  const status = error.httpStatus;
  switch (style) {
    case 'v1':
      return { status, body: { message: error.message } };
    case 'log':
      return { status, body: { error_msg: error.message, message: error.message } };
    case 'internal':
      return { status, body: { code: error.code, message: error.message, correlationId, details: error.details } };
    case 'ng':
    case 'rest':
    case 'bare':
      return { status, body: ngErrorBody(error, correlationId) };
  }
}

function ngErrorBody(error: AppError, correlationId: string): Record<string, unknown> {
  const code = wireCodeOf(error.code);
  const responseMessages = [{ code, level: 'ERROR', message: error.message, exception: null, failureTypes: [] }];
  if (error.httpStatus >= 500) {
    return {
      status: 'ERROR',
      code,
      message: error.message,
      correlationId,
      detailedMessage: null,
      responseMessages,
      metadata: null,
    };
  }
  const errors = (error.details.fields ?? []).map(({ field, error: text }) => ({ fieldId: field, error: text }));
  return { status: 'FAILURE', code, message: error.message, correlationId, errors, responseMessages };
}
